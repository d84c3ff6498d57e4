use super::{
    super::{ProfileChange, Result, UserRecord, UserStore, fold},
    MysqlStore,
    error::broken_key,
    lists::ListStatement,
    rows::Row,
};
use async_trait::async_trait;
use futures::FutureExt as _;
use im_schema::ids::UserId;
use sqlx::{MySqlConnection, Row as _, mysql::MySqlRow};
use std::{collections::HashSet, sync::LazyLock};

pub(super) static BY_ID: LazyLock<ListStatement> =
    LazyLock::new(|| ListStatement::of_values("SELECT * FROM users WHERE", "user_id", ""));
pub(super) static BY_NAME: LazyLock<ListStatement> =
    LazyLock::new(|| ListStatement::of_values("SELECT * FROM users WHERE", "folded_name", ""));
pub(super) static EXISTING: LazyLock<ListStatement> =
    LazyLock::new(|| ListStatement::of_values("SELECT user_id FROM users WHERE", "user_id", ""));

#[async_trait]
impl UserStore for MysqlStore {
    async fn insert_user(&self, user: UserRecord, password_hash: String) -> Result<bool> {
        let inserted = self
            .write(&(user, password_hash), |db, (user, hash)| {
                insert(db, user, hash).boxed()
            })
            .await;
        match inserted {
            Err(error) if broken_key(&error) == Some("users_by_folded_name") => Ok(false),
            inserted => inserted.map(|()| true),
        }
    }

    async fn find_users(&self, ids: &[UserId], names: &[String]) -> Result<Vec<UserRecord>> {
        self.read(&(ids, names), |db, (ids, names)| find(db, ids, names).boxed())
            .await
    }

    async fn credentials(&self, name: &str) -> Result<Option<(UserRecord, String)>> {
        self.read(&name, |db, name| credentials(db, name).boxed()).await
    }

    async fn update_user(&self, id: UserId, change: ProfileChange) -> Result<Option<UserRecord>> {
        self.write(&(id, change), |db, (id, change)| update(db, *id, change).boxed())
            .await
    }
}

async fn insert(db: &mut MySqlConnection, user: &UserRecord, password_hash: &str) -> Result<()> {
    let sql = "INSERT INTO users (user_id, name, folded_name, display_name, about, password_hash, created_at_ms) \
               VALUES (?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(u64::from(user.id))
        .bind(&user.name)
        .bind(fold(&user.name).into_bytes())
        .bind(&user.display_name)
        .bind(&user.about)
        .bind(password_hash)
        .bind(user.created_at_ms)
        .execute(db)
        .await?;
    Ok(())
}

async fn find(db: &mut MySqlConnection, ids: &[UserId], names: &[String]) -> Result<Vec<UserRecord>> {
    let mut found = BY_ID
        .fetch(db, ids, |_| Ok(()), |row, id| row.value(u64::from(*id)).map(drop))
        .await?;
    let bind = |row: &mut Row, name: &String| row.value(fold(name).into_bytes()).map(drop);
    found.extend(BY_NAME.fetch(db, names, |_| Ok(()), bind).await?);
    let mut users: Vec<UserRecord> = found.iter().map(user).collect::<Result<_>>()?;
    let mut seen = HashSet::new();
    users.retain(|user| seen.insert(user.id));
    Ok(users)
}

async fn credentials(db: &mut MySqlConnection, name: &str) -> Result<Option<(UserRecord, String)>> {
    let row = sqlx::query("SELECT * FROM users WHERE folded_name = ?")
        .bind(fold(name).into_bytes())
        .fetch_optional(db)
        .await?;
    row.map(|row| Ok((user(&row)?, row.try_get("password_hash")?)))
        .transpose()
}

async fn update(db: &mut MySqlConnection, id: UserId, change: &ProfileChange) -> Result<Option<UserRecord>> {
    let sql = "UPDATE users SET display_name = coalesce(?, display_name), about = coalesce(?, about) WHERE user_id = ?";
    sqlx::query(sql)
        .bind(&change.display_name)
        .bind(&change.about)
        .bind(u64::from(id))
        .execute(&mut *db)
        .await?;
    let row = sqlx::query("SELECT * FROM users WHERE user_id = ?")
        .bind(u64::from(id))
        .fetch_optional(db)
        .await?;
    row.map(|row| user(&row)).transpose()
}

fn user(row: &MySqlRow) -> Result<UserRecord> {
    Ok(UserRecord {
        id: row.try_get::<u64, _>("user_id")?.into(),
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        about: row.try_get("about")?,
        created_at_ms: row.try_get("created_at_ms")?,
    })
}

/// Whether all of these users exist. `ids` holds each once. Users are never deleted, so nothing is locked.
pub(super) async fn all_exist(db: &mut MySqlConnection, ids: &[UserId]) -> Result<bool> {
    let found = EXISTING
        .fetch(db, ids, |_| Ok(()), |row, id| row.value(u64::from(*id)).map(drop))
        .await?;
    Ok(found.len() == ids.len())
}
