use super::{
    super::{EndedSession, NewSession, Page, Result, Rotated, Rotation, SessionRecord, SessionStore},
    SqliteStore,
};
use async_trait::async_trait;
use im_schema::ids::{SessionId, UserId};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

#[async_trait]
impl SessionStore for SqliteStore {
    async fn open_session(&self, session: NewSession, now_ms: u64) -> Result<Option<SessionId>> {
        self.write(move |db| Box::pin(open(db, session, now_ms))).await
    }

    async fn rotate_session(&self, rotation: Rotation) -> Result<Rotated> {
        self.write(move |db| Box::pin(rotate(db, rotation))).await
    }

    async fn end_sessions(&self, user: UserId, session: Option<SessionId>, now_ms: u64) -> Result<Vec<SessionId>> {
        self.write(move |db| {
            Box::pin(async move {
                let sql = "UPDATE sessions SET ended = 1, ended_at_ms = ?3 \
                           WHERE user_id = ?1 AND ended = 0 AND (?2 = 0 OR session_id = ?2) RETURNING session_id";
                let session = session.map_or(0, u64::from);
                let ended: Vec<i64> = sqlx::query_scalar(sql)
                    .bind(u64::from(user) as i64)
                    .bind(session as i64)
                    .bind(now_ms as i64)
                    .fetch_all(db)
                    .await?;
                let mut ended: Vec<SessionId> = ended.into_iter().map(|id| (id as u64).into()).collect();
                ended.sort_unstable();
                Ok(ended)
            })
        })
        .await
    }

    async fn session_open(&self, session: SessionId) -> Result<bool> {
        let ended: Option<i64> = sqlx::query_scalar("SELECT ended FROM sessions WHERE session_id = ?")
            .bind(u64::from(session) as i64)
            .fetch_optional(&self.readers)
            .await?;
        Ok(ended == Some(0))
    }

    async fn ended_sessions(&self, after: EndedSession, limit: u32) -> Result<Page<EndedSession>> {
        let sql = "SELECT ended_at_ms, session_id FROM sessions \
                   WHERE ended = 1 AND (ended_at_ms, session_id) > (?, ?) ORDER BY ended_at_ms, session_id LIMIT ?";
        let rows = sqlx::query(sql)
            .bind(after.at_ms as i64)
            .bind(u64::from(after.id) as i64)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.readers)
            .await?;
        let ended = |row: &SqliteRow| {
            Ok(EndedSession {
                at_ms: row.try_get::<i64, _>(0)? as u64,
                id: (row.try_get::<i64, _>(1)? as u64).into(),
            })
        };
        Ok(Page::of(rows.iter().map(ended).collect::<Result<_>>()?, limit))
    }
}

async fn open(db: &mut SqliteConnection, session: NewSession, now_ms: u64) -> Result<Option<SessionId>> {
    let user = u64::from(session.user) as i64;
    // what can no longer be refreshed or reused need not be known any more
    let forget = "DELETE FROM refresh_tokens WHERE session_id IN \
                  (SELECT session_id FROM sessions WHERE user_id = ? AND expires_at_ms <= ?); \
                  DELETE FROM sessions WHERE user_id = ? AND expires_at_ms <= ? AND ended = 1";
    sqlx::query(forget)
        .bind(user)
        .bind(now_ms as i64)
        .bind(user)
        .bind(now_ms as i64)
        .execute(&mut *db)
        .await?;
    let end = "UPDATE sessions SET ended = 1, ended_at_ms = ? \
               WHERE user_id = ? AND device_id = ? AND ended = 0 RETURNING session_id";
    let replaced: Option<i64> = sqlx::query_scalar(end)
        .bind(now_ms as i64)
        .bind(user)
        .bind(&session.device)
        .fetch_optional(&mut *db)
        .await?;
    let insert = "INSERT INTO sessions (session_id, user_id, device_id, expires_at_ms) VALUES (?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(u64::from(session.id) as i64)
        .bind(user)
        .bind(session.device)
        .bind(session.expires_at_ms as i64)
        .execute(&mut *db)
        .await?;
    insert_token(db, &session.refresh_hash, session.id, session.expires_at_ms).await?;
    Ok(replaced.map(|id| (id as u64).into()))
}

async fn rotate(db: &mut SqliteConnection, rotation: Rotation) -> Result<Rotated> {
    let sql = "SELECT session_id, user_id, device_id, ended, replaced, refresh_tokens.expires_at_ms AS token_expires_at_ms \
               FROM refresh_tokens JOIN sessions USING (session_id) WHERE hash = ?";
    let row = sqlx::query(sql)
        .bind(rotation.old_hash.as_slice())
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(Rotated::Invalid) };
    let found = session(&row)?;
    let id = u64::from(found.id) as i64;
    // reuse before the rest: a stolen token tells so even when its session is over
    if row.try_get::<i64, _>("replaced")? != 0 {
        sqlx::query("UPDATE sessions SET ended = 1, ended_at_ms = ? WHERE session_id = ? AND ended = 0")
            .bind(rotation.now_ms as i64)
            .bind(id)
            .execute(db)
            .await?;
        return Ok(Rotated::Reused(found));
    }
    let expired = row.try_get::<i64, _>("token_expires_at_ms")? as u64 <= rotation.now_ms;
    if expired || row.try_get::<i64, _>("ended")? != 0 {
        return Ok(Rotated::Invalid);
    }
    let replace = "UPDATE refresh_tokens SET replaced = 1 WHERE hash = ?; \
                   DELETE FROM refresh_tokens WHERE session_id = ? AND replaced = 1 AND expires_at_ms <= ?; \
                   UPDATE sessions SET expires_at_ms = ? WHERE session_id = ?";
    sqlx::query(replace)
        .bind(rotation.old_hash.as_slice())
        .bind(id)
        .bind(rotation.now_ms as i64)
        .bind(rotation.expires_at_ms as i64)
        .bind(id)
        .execute(&mut *db)
        .await?;
    insert_token(db, &rotation.new_hash, found.id, rotation.expires_at_ms).await?;
    Ok(Rotated::Done(found))
}

async fn insert_token(db: &mut SqliteConnection, hash: &[u8], session: SessionId, expires_at_ms: u64) -> Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (hash, session_id, expires_at_ms) VALUES (?, ?, ?)")
        .bind(hash)
        .bind(u64::from(session) as i64)
        .bind(expires_at_ms as i64)
        .execute(db)
        .await?;
    Ok(())
}

fn session(row: &SqliteRow) -> Result<SessionRecord> {
    Ok(SessionRecord {
        id: (row.try_get::<i64, _>("session_id")? as u64).into(),
        user: (row.try_get::<i64, _>("user_id")? as u64).into(),
        device: row.try_get("device_id")?,
    })
}
