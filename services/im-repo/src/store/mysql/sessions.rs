use super::{
    super::{EndedSession, NewSession, Page, Result, Rotated, Rotation, SessionRecord, SessionStore},
    MysqlStore,
};
use async_trait::async_trait;
use futures::FutureExt as _;
use im_schema::ids::{SessionId, UserId};
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};

#[async_trait]
impl SessionStore for MysqlStore {
    async fn open_session(&self, session: NewSession, now_ms: u64) -> Result<Option<SessionId>> {
        self.write(&(session, now_ms), |db, (session, now_ms)| {
            open(db, session, *now_ms).boxed()
        })
        .await
    }

    async fn rotate_session(&self, rotation: Rotation) -> Result<Rotated> {
        self.write(&rotation, |db, rotation| rotate(db, rotation).boxed()).await
    }

    async fn end_sessions(&self, user: UserId, session: Option<SessionId>, now_ms: u64) -> Result<Vec<SessionId>> {
        self.write(&(user, session, now_ms), |db, (user, session, now_ms)| {
            end(db, *user, *session, *now_ms).boxed()
        })
        .await
    }

    async fn session_open(&self, session: SessionId) -> Result<bool> {
        self.read(&session, |db, session| is_open(db, *session).boxed()).await
    }

    async fn ended_sessions(&self, after: EndedSession, limit: u32) -> Result<Page<EndedSession>> {
        self.read(&(after, limit), |db, (after, limit)| ended(db, *after, *limit).boxed())
            .await
    }
}

async fn open(db: &mut MySqlConnection, session: &NewSession, now_ms: u64) -> Result<Option<SessionId>> {
    let user = u64::from(session.user);
    // what can no longer be refreshed or reused need not be known any more
    let forget = "DELETE t FROM sessions s JOIN refresh_tokens t ON t.session_id = s.session_id \
                  WHERE s.user_id = ? AND s.expires_at_ms <= ?";
    sqlx::query(forget).bind(user).bind(now_ms).execute(&mut *db).await?;
    let forget = "DELETE FROM sessions WHERE user_id = ? AND expires_at_ms <= ? AND ended_at_ms IS NOT NULL";
    sqlx::query(forget).bind(user).bind(now_ms).execute(&mut *db).await?;
    let open = "SELECT session_id FROM sessions WHERE user_id = ? AND open_device = ? FOR UPDATE";
    let replaced: Option<u64> = sqlx::query_scalar(open)
        .bind(user)
        .bind(&session.device)
        .fetch_optional(&mut *db)
        .await?;
    if let Some(replaced) = replaced {
        end_one(db, replaced, now_ms).await?;
    }
    let insert = "INSERT INTO sessions (session_id, user_id, device_id, expires_at_ms) VALUES (?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(u64::from(session.id))
        .bind(user)
        .bind(&session.device)
        .bind(session.expires_at_ms)
        .execute(&mut *db)
        .await?;
    insert_token(db, &session.refresh_hash, session.id, session.expires_at_ms).await?;
    Ok(replaced.map(Into::into))
}

async fn rotate(db: &mut MySqlConnection, rotation: &Rotation) -> Result<Rotated> {
    let sql = "SELECT s.session_id, s.user_id, s.device_id, s.ended_at_ms, t.replaced, t.expires_at_ms AS token_expires_at_ms \
               FROM refresh_tokens t STRAIGHT_JOIN sessions s ON s.session_id = t.session_id WHERE t.hash = ? FOR UPDATE";
    let row = sqlx::query(sql)
        .bind(rotation.old_hash.as_slice())
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(Rotated::Invalid) };
    let found = session(&row)?;
    let id = u64::from(found.id);
    // reuse before the rest: a stolen token tells so even when its session is over
    if row.try_get("replaced")? {
        end_one(db, id, rotation.now_ms).await?;
        return Ok(Rotated::Reused(found));
    }
    let expired = row.try_get::<u64, _>("token_expires_at_ms")? <= rotation.now_ms;
    if expired || row.try_get::<Option<u64>, _>("ended_at_ms")?.is_some() {
        return Ok(Rotated::Invalid);
    }
    sqlx::query("UPDATE refresh_tokens SET replaced = TRUE WHERE hash = ?")
        .bind(rotation.old_hash.as_slice())
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM refresh_tokens WHERE session_id = ? AND replaced AND expires_at_ms <= ?")
        .bind(id)
        .bind(rotation.now_ms)
        .execute(&mut *db)
        .await?;
    sqlx::query("UPDATE sessions SET expires_at_ms = ? WHERE session_id = ?")
        .bind(rotation.expires_at_ms)
        .bind(id)
        .execute(&mut *db)
        .await?;
    insert_token(db, &rotation.new_hash, found.id, rotation.expires_at_ms).await?;
    Ok(Rotated::Done(found))
}

async fn end(
    db: &mut MySqlConnection,
    user: UserId,
    session: Option<SessionId>,
    now_ms: u64,
) -> Result<Vec<SessionId>> {
    let sql = "SELECT session_id FROM sessions WHERE user_id = ? AND ended_at_ms IS NULL AND (? = 0 OR session_id = ?) \
               ORDER BY session_id FOR UPDATE";
    let only = session.map_or(0, u64::from);
    let ending: Vec<u64> = sqlx::query_scalar(sql)
        .bind(u64::from(user))
        .bind(only)
        .bind(only)
        .fetch_all(&mut *db)
        .await?;
    for id in &ending {
        end_one(db, *id, now_ms).await?;
    }
    Ok(ending.into_iter().map(Into::into).collect())
}

/// A session that has ended stays as it is.
async fn end_one(db: &mut MySqlConnection, session: u64, now_ms: u64) -> Result<()> {
    sqlx::query("UPDATE sessions SET ended_at_ms = ? WHERE session_id = ? AND ended_at_ms IS NULL")
        .bind(now_ms)
        .bind(session)
        .execute(db)
        .await?;
    Ok(())
}

async fn is_open(db: &mut MySqlConnection, session: SessionId) -> Result<bool> {
    let sql = "SELECT 1 FROM sessions WHERE session_id = ? AND ended_at_ms IS NULL";
    let row = sqlx::query(sql).bind(u64::from(session)).fetch_optional(db).await?;
    Ok(row.is_some())
}

async fn ended(db: &mut MySqlConnection, after: EndedSession, limit: u32) -> Result<Page<EndedSession>> {
    // a comparison of pairs would not use the index
    let sql = "SELECT ended_at_ms, session_id FROM sessions \
               WHERE ended_at_ms >= ? AND (ended_at_ms > ? OR session_id > ?) ORDER BY ended_at_ms, session_id LIMIT ?";
    let rows = sqlx::query(sql)
        .bind(after.at_ms)
        .bind(after.at_ms)
        .bind(u64::from(after.id))
        .bind(u64::from(limit) + 1)
        .fetch_all(db)
        .await?;
    let ended = |row: &MySqlRow| {
        Ok(EndedSession {
            at_ms: row.try_get(0)?,
            id: row.try_get::<u64, _>(1)?.into(),
        })
    };
    Ok(Page::of(rows.iter().map(ended).collect::<Result<_>>()?, limit))
}

async fn insert_token(db: &mut MySqlConnection, hash: &[u8], session: SessionId, expires_at_ms: u64) -> Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (hash, session_id, expires_at_ms) VALUES (?, ?, ?)")
        .bind(hash)
        .bind(u64::from(session))
        .bind(expires_at_ms)
        .execute(db)
        .await?;
    Ok(())
}

fn session(row: &MySqlRow) -> Result<SessionRecord> {
    Ok(SessionRecord {
        id: row.try_get::<u64, _>("session_id")?.into(),
        user: row.try_get::<u64, _>("user_id")?.into(),
        device: row.try_get("device_id")?,
    })
}
