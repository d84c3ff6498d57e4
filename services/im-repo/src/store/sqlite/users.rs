use super::{
    super::{ProfileChange, Result, UserRecord, UserStore, fold},
    SqliteStore, id_list,
};
use async_trait::async_trait;
use im_schema::ids::UserId;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

#[async_trait]
impl UserStore for SqliteStore {
    async fn insert_user(&self, user: UserRecord, password_hash: String) -> Result<bool> {
        self.write(move |db| {
            Box::pin(async move {
                let sql = "INSERT INTO users \
                           (user_id, name, folded_name, display_name, about, password_hash, created_at_ms) \
                           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folded_name) DO NOTHING";
                let folded = fold(&user.name);
                let inserted = sqlx::query(sql)
                    .bind(u64::from(user.id) as i64)
                    .bind(user.name)
                    .bind(folded)
                    .bind(user.display_name)
                    .bind(user.about)
                    .bind(password_hash)
                    .bind(user.created_at_ms as i64)
                    .execute(db)
                    .await?;
                Ok(inserted.rows_affected() == 1)
            })
        })
        .await
    }

    async fn find_users(&self, ids: &[UserId], names: &[String]) -> Result<Vec<UserRecord>> {
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        let sql = "SELECT * FROM users WHERE user_id IN (SELECT value FROM json_each(?)) \
                   OR folded_name IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(sql)
            .bind(id_list(ids.iter().map(|id| (*id).into())))
            .bind(serde_json::to_string(&folded).expect("strings are valid JSON"))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(user).collect()
    }

    async fn credentials(&self, name: &str) -> Result<Option<(UserRecord, String)>> {
        let row = sqlx::query("SELECT * FROM users WHERE folded_name = ?")
            .bind(fold(name))
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((user(&row)?, row.try_get("password_hash")?)))
            .transpose()
    }

    async fn update_user(&self, id: UserId, change: ProfileChange) -> Result<Option<UserRecord>> {
        self.write(move |db| {
            Box::pin(async move {
                let sql = "UPDATE users SET display_name = coalesce(?, display_name), about = coalesce(?, about) \
                           WHERE user_id = ? RETURNING *";
                let row = sqlx::query(sql)
                    .bind(change.display_name)
                    .bind(change.about)
                    .bind(u64::from(id) as i64)
                    .fetch_optional(db)
                    .await?;
                row.map(|row| user(&row)).transpose()
            })
        })
        .await
    }
}

fn user(row: &SqliteRow) -> Result<UserRecord> {
    Ok(UserRecord {
        id: (row.try_get::<i64, _>("user_id")? as u64).into(),
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        about: row.try_get("about")?,
        created_at_ms: row.try_get::<i64, _>("created_at_ms")? as u64,
    })
}

/// Whether all of these users exist. `ids` may hold repetitions.
pub(super) async fn all_exist(db: &mut SqliteConnection, ids: &[UserId]) -> Result<bool> {
    let sql = "SELECT count(*) FROM (SELECT DISTINCT value AS id FROM json_each(?)) \
               WHERE id NOT IN (SELECT user_id FROM users)";
    let missing: i64 = sqlx::query_scalar(sql)
        .bind(id_list(ids.iter().map(|id| (*id).into())))
        .fetch_one(db)
        .await?;
    Ok(missing == 0)
}
