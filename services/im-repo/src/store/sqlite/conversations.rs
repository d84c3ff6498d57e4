use super::{
    super::{ConversationStore, ConversationView, NewDirect, NewGroup, Page, Result, RosterRecord},
    SqliteStore, id_list,
    members::insert_members,
    messages, users,
};
use async_trait::async_trait;
use im_schema::{
    ids::{ConversationId, UserId},
    v1::{ConversationKind, MemberRole},
};
use sqlx::{Row, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};
use std::collections::HashMap;

/// Conversations as the members `m` with the given condition see them; what follows the condition may order and limit them.
macro_rules! view {
    ($which:literal) => {
        concat!(
            // first which, from narrow rows, then the rest of only these
            "SELECT c.conversation_id AS id, c.kind, c.title, c.low_user_id, c.high_user_id, c.member_count, \
             c.created_at_ms, m.last_sequence, m.last_at_ms, m.role, m.read_sequence, messages.* FROM \
             (SELECT m.conversation_id, m.role, m.read_sequence, h.last_sequence, h.last_at_ms \
             FROM members m JOIN heads h ON h.conversation_id = m.conversation_id WHERE ",
            $which,
            ") AS m JOIN conversations c ON c.conversation_id = m.conversation_id LEFT JOIN \
             message_rows AS messages ON messages.message_id = coalesce(\
             (SELECT p.message_id FROM recent_places p WHERE p.conversation_id = m.conversation_id AND p.sequence = m.last_sequence), \
             (SELECT p.message_id FROM places p WHERE p.conversation_id = m.conversation_id AND p.sequence = m.last_sequence)) \
             ORDER BY m.last_at_ms DESC, m.conversation_id DESC"
        )
    };
}

#[async_trait]
impl ConversationStore for SqliteStore {
    async fn ensure_direct(&self, direct: NewDirect) -> Result<Option<(ConversationView, bool)>> {
        if let Some(id) = direct_of(&self.readers, &direct).await? {
            return Ok(view_of(&self.readers, direct.user, id).await?.map(|view| (view, false)));
        }
        self.write(move |db| {
            Box::pin(async move {
                // another one may have been faster
                let (id, created) = match direct_of(&mut *db, &direct).await? {
                    Some(id) => (id, false),
                    None if users::all_exist(db, &[direct.user, direct.peer]).await? => {
                        insert_direct(db, &direct).await?;
                        (direct.id, true)
                    }
                    None => return Ok(None),
                };
                Ok(view_of(db, direct.user, id).await?.map(|view| (view, created)))
            })
        })
        .await
    }

    async fn insert_group(&self, group: NewGroup) -> Result<Option<ConversationView>> {
        self.write(move |db| Box::pin(insert_group(db, group))).await
    }

    async fn conversations(&self, user: UserId, ids: &[ConversationId]) -> Result<Vec<ConversationView>> {
        let sql = view!("m.user_id = ? AND m.conversation_id IN (SELECT value FROM json_each(?))");
        let rows = sqlx::query(sql)
            .bind(u64::from(user) as i64)
            .bind(id_list(ids.iter().map(|id| (*id).into())))
            .fetch_all(&self.readers)
            .await?;
        let mut views = HashMap::with_capacity(rows.len());
        for row in &rows {
            let view = view(user, row)?;
            views.insert(view.id, view);
        }
        Ok(ids.iter().filter_map(|id| views.get(id).cloned()).collect())
    }

    async fn page_conversations(
        &self,
        user: UserId,
        before: Option<(u64, ConversationId)>,
        limit: u32,
    ) -> Result<Page<ConversationView>> {
        let sql = view!(
            "m.user_id = ? AND (h.last_at_ms, m.conversation_id) < (?, ?) \
             ORDER BY h.last_at_ms DESC, m.conversation_id DESC LIMIT ?"
        );
        let (before_ms, before_id) = before.map_or((i64::MAX, i64::MAX), |(at_ms, id)| {
            (i64::try_from(at_ms).unwrap_or(i64::MAX), u64::from(id) as i64)
        });
        let rows = sqlx::query(sql)
            .bind(u64::from(user) as i64)
            .bind(before_ms)
            .bind(before_id)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.readers)
            .await?;
        let views: Result<Vec<_>> = rows.iter().map(|row| view(user, row)).collect();
        Ok(Page::of(views?, limit))
    }

    async fn set_title(&self, conversation: ConversationId, title: &str) -> Result<bool> {
        let title = title.to_owned();
        self.write(move |db| {
            Box::pin(async move {
                let set = sqlx::query("UPDATE conversations SET title = ? WHERE conversation_id = ? AND kind = ?")
                    .bind(title)
                    .bind(u64::from(conversation) as i64)
                    .bind(ConversationKind::Group as i32)
                    .execute(db)
                    .await?;
                Ok(set.rows_affected() == 1)
            })
        })
        .await
    }

    async fn rosters(&self, ids: &[ConversationId], max_members: u32) -> Result<Vec<RosterRecord>> {
        // one statement, so that count and members are of one moment
        let sql = "SELECT c.conversation_id, c.kind, c.title, c.member_count, m.user_id, m.role FROM conversations c \
                   LEFT JOIN members m ON m.conversation_id = c.conversation_id AND c.member_count <= ? \
                   WHERE c.conversation_id IN (SELECT value FROM json_each(?)) ORDER BY c.conversation_id, m.user_id";
        let rows = sqlx::query(sql)
            .bind(i64::from(max_members))
            .bind(id_list(ids.iter().map(|id| (*id).into())))
            .fetch_all(&self.readers)
            .await?;
        let mut rosters: Vec<RosterRecord> = Vec::new();
        for row in &rows {
            let id = ConversationId::from(row.try_get::<i64, _>(0)? as u64);
            if rosters.last().is_none_or(|roster| roster.id != id) {
                rosters.push(RosterRecord {
                    id,
                    kind: row.try_get(1)?,
                    title: row.try_get(2)?,
                    member_count: row.try_get::<i64, _>(3)? as u32,
                    members: Vec::new(),
                });
            }
            if let (Some(roster), Some(user)) = (rosters.last_mut(), row.try_get::<Option<i64>, _>(4)?) {
                roster.members.push(((user as u64).into(), row.try_get(5)?));
            }
        }
        Ok(rosters)
    }
}

/// The lower id first, as the pair is stored.
fn pair(direct: &NewDirect) -> (i64, i64) {
    let (user, peer) = (u64::from(direct.user), u64::from(direct.peer));
    (user.min(peer) as i64, user.max(peer) as i64)
}

async fn direct_of(db: impl SqliteExecutor<'_>, direct: &NewDirect) -> Result<Option<ConversationId>> {
    let (low, high) = pair(direct);
    let sql = "SELECT conversation_id FROM conversations WHERE low_user_id = ? AND high_user_id = ?";
    let id: Option<i64> = sqlx::query_scalar(sql).bind(low).bind(high).fetch_optional(db).await?;
    Ok(id.map(|id| (id as u64).into()))
}

async fn insert_direct(db: &mut SqliteConnection, direct: &NewDirect) -> Result<()> {
    let (low, high) = pair(direct);
    let sql = "INSERT INTO conversations \
               (conversation_id, kind, title, low_user_id, high_user_id, member_count, created_at_ms) \
               VALUES (?, ?, '', ?, ?, 2, ?)";
    sqlx::query(sql)
        .bind(u64::from(direct.id) as i64)
        .bind(ConversationKind::Direct as i32)
        .bind(low)
        .bind(high)
        .bind(direct.created_at_ms as i64)
        .execute(&mut *db)
        .await?;
    insert_head(db, direct.id, direct.created_at_ms).await?;
    insert_members(
        db,
        direct.id,
        &[direct.user, direct.peer],
        MemberRole::Member,
        direct.created_at_ms,
    )
    .await?;
    Ok(())
}

async fn insert_group(db: &mut SqliteConnection, group: NewGroup) -> Result<Option<ConversationView>> {
    let mut all = group.members;
    all.push(group.owner);
    all.sort_unstable();
    all.dedup();
    if !users::all_exist(db, &all).await? {
        return Ok(None);
    }
    let sql = "INSERT INTO conversations (conversation_id, kind, title, member_count, created_at_ms) \
               VALUES (?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(u64::from(group.id) as i64)
        .bind(ConversationKind::Group as i32)
        .bind(group.title)
        .bind(all.len() as i64)
        .bind(group.created_at_ms as i64)
        .execute(&mut *db)
        .await?;
    insert_head(db, group.id, group.created_at_ms).await?;
    insert_members(db, group.id, &[group.owner], MemberRole::Owner, group.created_at_ms).await?;
    insert_members(db, group.id, &all, MemberRole::Member, group.created_at_ms).await?;
    view_of(db, group.owner, group.id).await
}

async fn insert_head(db: &mut SqliteConnection, conversation: ConversationId, at_ms: u64) -> Result<()> {
    sqlx::query("INSERT INTO heads (conversation_id, last_sequence, last_at_ms) VALUES (?, 0, ?)")
        .bind(u64::from(conversation) as i64)
        .bind(at_ms as i64)
        .execute(db)
        .await?;
    Ok(())
}

async fn view_of(
    db: impl SqliteExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<Option<ConversationView>> {
    let row = sqlx::query(view!("m.user_id = ? AND m.conversation_id = ?"))
        .bind(u64::from(user) as i64)
        .bind(u64::from(conversation) as i64)
        .fetch_optional(db)
        .await?;
    row.map(|row| view(user, &row)).transpose()
}

fn view(user: UserId, row: &SqliteRow) -> Result<ConversationView> {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|value| value as u64);
    let pair: (Option<i64>, Option<i64>) = (row.try_get("low_user_id")?, row.try_get("high_user_id")?);
    let peer = match pair {
        (Some(low), Some(high)) if low as u64 == u64::from(user) => Some(high),
        (low, _) => low,
    };
    Ok(ConversationView {
        id: number("id")?.into(),
        kind: row.try_get("kind")?,
        title: row.try_get("title")?,
        peer: peer.map(|peer| (peer as u64).into()),
        member_count: number("member_count")? as u32,
        created_at_ms: number("created_at_ms")?,
        last_activity_ms: number("last_at_ms")?,
        last_message: messages::optional(row)?,
        last_sequence: number("last_sequence")?,
        read_sequence: number("read_sequence")?,
        role: row.try_get("role")?,
    })
}
