use super::{
    super::{ConversationStore, ConversationView, NewDirect, NewGroup, Page, Result, RosterRecord},
    MysqlStore,
    lists::ListStatement,
    members::insert_members,
    messages, users,
};
use async_trait::async_trait;
use futures::FutureExt as _;
use im_schema::{
    ids::{ConversationId, UserId},
    v1::{ConversationKind, MemberRole},
};
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::{collections::HashMap, sync::LazyLock};

/// First which members, from narrow rows, then the rest of only these conversations. STRAIGHT_JOIN: in this order, however small the tables are.
macro_rules! view {
    (before) => {
        "SELECT c.conversation_id AS id, c.kind, c.title, c.low_user_id, c.high_user_id, c.member_count, \
         c.created_at_ms, m.last_sequence, m.last_at_ms, m.role, m.read_sequence, messages.* FROM \
         (SELECT m.conversation_id, m.role, m.read_sequence, h.last_sequence, h.last_at_ms \
         FROM members m STRAIGHT_JOIN heads h ON h.conversation_id = m.conversation_id WHERE m.user_id = ? AND"
    };
    (after) => {
        ") AS m STRAIGHT_JOIN conversations c ON c.conversation_id = m.conversation_id LEFT JOIN \
         messages ON messages.conversation_id = m.conversation_id AND messages.sequence = m.last_sequence \
         ORDER BY m.last_at_ms DESC, m.conversation_id DESC"
    };
    ($which:literal) => {
        concat!(view!(before), $which, view!(after))
    };
}

pub(super) const ONE: &str = view!(" m.conversation_id = ?");
pub(super) const PAGE: &str = view!(
    " (h.last_at_ms < ? OR (h.last_at_ms = ? AND m.conversation_id < ?)) \
     ORDER BY h.last_at_ms DESC, m.conversation_id DESC LIMIT ?"
);
pub(super) static THESE: LazyLock<ListStatement> =
    LazyLock::new(|| ListStatement::of_values(view!(before), "m.conversation_id", view!(after)));
/// Count and members of a conversation are of one moment.
pub(super) static ROSTERS: LazyLock<ListStatement> = LazyLock::new(|| {
    ListStatement::of_values(
        "SELECT c.conversation_id, c.kind, c.title, c.member_count, m.user_id, m.role FROM conversations c \
         LEFT JOIN members m ON m.conversation_id = c.conversation_id AND c.member_count <= ? WHERE",
        "c.conversation_id",
        "ORDER BY c.conversation_id, m.user_id",
    )
});

struct Before {
    user: UserId,
    at_ms: u64,
    id: u64,
    limit: u32,
}

#[async_trait]
impl ConversationStore for MysqlStore {
    async fn ensure_direct(&self, direct: NewDirect) -> Result<Option<(ConversationView, bool)>> {
        let found = self.read(&direct, |db, direct| find_direct(db, direct).boxed()).await?;
        if let Some(view) = found {
            return Ok(Some((view, false)));
        }
        self.write(&direct, |db, direct| ensure_direct(db, direct).boxed())
            .await
    }

    async fn insert_group(&self, group: NewGroup) -> Result<Option<ConversationView>> {
        self.write(&group, |db, group| insert_group(db, group).boxed()).await
    }

    async fn conversations(&self, user: UserId, ids: &[ConversationId]) -> Result<Vec<ConversationView>> {
        let views = self
            .read(&(user, ids), |db, (user, ids)| these(db, *user, ids).boxed())
            .await?;
        Ok(ids.iter().filter_map(|id| views.get(id).cloned()).collect())
    }

    async fn page_conversations(
        &self,
        user: UserId,
        before: Option<(u64, ConversationId)>,
        limit: u32,
    ) -> Result<Page<ConversationView>> {
        let (at_ms, id) = before.map_or((u64::MAX, u64::MAX), |(at_ms, id)| (at_ms, id.into()));
        let before = Before { user, at_ms, id, limit };
        self.read_large(&before, |db, before| page(db, before).boxed()).await
    }

    async fn set_title(&self, conversation: ConversationId, title: &str) -> Result<bool> {
        self.write(&(conversation, title), |db, (conversation, title)| {
            set_title(db, *conversation, title).boxed()
        })
        .await
    }

    async fn rosters(&self, ids: &[ConversationId], max_members: u32) -> Result<Vec<RosterRecord>> {
        self.read_large(&(ids, max_members), |db, (ids, max_members)| {
            rosters(db, ids, *max_members).boxed()
        })
        .await
    }
}

/// The lower id first, as the pair is stored.
fn pair(direct: &NewDirect) -> (u64, u64) {
    let (user, peer) = (u64::from(direct.user), u64::from(direct.peer));
    (user.min(peer), user.max(peer))
}

async fn find_direct(db: &mut MySqlConnection, direct: &NewDirect) -> Result<Option<ConversationView>> {
    let (low, high) = pair(direct);
    let sql = "SELECT conversation_id FROM conversations WHERE low_user_id = ? AND high_user_id = ?";
    let id: Option<u64> = sqlx::query_scalar(sql)
        .bind(low)
        .bind(high)
        .fetch_optional(&mut *db)
        .await?;
    match id {
        Some(id) => view_of(db, direct.user, id.into()).await,
        None => Ok(None),
    }
}

/// If another one makes the same pair at the same time, one of them breaks a key and begins anew.
async fn ensure_direct(db: &mut MySqlConnection, direct: &NewDirect) -> Result<Option<(ConversationView, bool)>> {
    if let Some(view) = find_direct(db, direct).await? {
        return Ok(Some((view, false)));
    }
    let both = [direct.user, direct.peer];
    if !users::all_exist(db, &both).await? {
        return Ok(None);
    }
    let (low, high) = pair(direct);
    let sql = "INSERT INTO conversations \
               (conversation_id, kind, title, low_user_id, high_user_id, member_count, created_at_ms) \
               VALUES (?, ?, '', ?, ?, 2, ?)";
    sqlx::query(sql)
        .bind(u64::from(direct.id))
        .bind(ConversationKind::Direct as i32)
        .bind(low)
        .bind(high)
        .bind(direct.created_at_ms)
        .execute(&mut *db)
        .await?;
    insert_head(db, direct.id, direct.created_at_ms).await?;
    insert_members(db, direct.id, &both, MemberRole::Member, direct.created_at_ms).await?;
    Ok(view_of(db, direct.user, direct.id).await?.map(|view| (view, true)))
}

async fn insert_group(db: &mut MySqlConnection, group: &NewGroup) -> Result<Option<ConversationView>> {
    let mut all = group.members.clone();
    all.push(group.owner);
    all.sort_unstable();
    all.dedup();
    if !users::all_exist(db, &all).await? {
        return Ok(None);
    }
    let sql = "INSERT INTO conversations (conversation_id, kind, title, member_count, created_at_ms) \
               VALUES (?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(u64::from(group.id))
        .bind(ConversationKind::Group as i32)
        .bind(&group.title)
        .bind(all.len() as u32)
        .bind(group.created_at_ms)
        .execute(&mut *db)
        .await?;
    insert_head(db, group.id, group.created_at_ms).await?;
    insert_members(db, group.id, &[group.owner], MemberRole::Owner, group.created_at_ms).await?;
    all.retain(|user| *user != group.owner);
    insert_members(db, group.id, &all, MemberRole::Member, group.created_at_ms).await?;
    view_of(db, group.owner, group.id).await
}

async fn insert_head(db: &mut MySqlConnection, conversation: ConversationId, at_ms: u64) -> Result<()> {
    sqlx::query("INSERT INTO heads (conversation_id, last_sequence, last_at_ms) VALUES (?, 0, ?)")
        .bind(u64::from(conversation))
        .bind(at_ms)
        .execute(db)
        .await?;
    Ok(())
}

async fn set_title(db: &mut MySqlConnection, conversation: ConversationId, title: &str) -> Result<bool> {
    let set = sqlx::query("UPDATE conversations SET title = ? WHERE conversation_id = ? AND kind = ?")
        .bind(title)
        .bind(u64::from(conversation))
        .bind(ConversationKind::Group as i32)
        .execute(db)
        .await?;
    // rows that were found, even if they had that title
    Ok(set.rows_affected() == 1)
}

async fn view_of(
    db: &mut MySqlConnection,
    user: UserId,
    conversation: ConversationId,
) -> Result<Option<ConversationView>> {
    let row = sqlx::query(ONE)
        .bind(u64::from(user))
        .bind(u64::from(conversation))
        .fetch_optional(db)
        .await?;
    row.map(|row| view(user, &row)).transpose()
}

async fn these(
    db: &mut MySqlConnection,
    user: UserId,
    ids: &[ConversationId],
) -> Result<HashMap<ConversationId, ConversationView>> {
    let rows = THESE
        .fetch(
            db,
            ids,
            |row| row.value(u64::from(user)).map(drop),
            |row, id| row.value(u64::from(*id)).map(drop),
        )
        .await?;
    let views = rows.iter().map(|row| view(user, row).map(|view| (view.id, view)));
    views.collect()
}

async fn page(db: &mut MySqlConnection, before: &Before) -> Result<Page<ConversationView>> {
    let rows = sqlx::query(PAGE)
        .bind(u64::from(before.user))
        .bind(before.at_ms)
        .bind(before.at_ms)
        .bind(before.id)
        .bind(u64::from(before.limit) + 1)
        .fetch_all(db)
        .await?;
    let views: Result<Vec<_>> = rows.iter().map(|row| view(before.user, row)).collect();
    Ok(Page::of(views?, before.limit))
}

async fn rosters(db: &mut MySqlConnection, ids: &[ConversationId], max_members: u32) -> Result<Vec<RosterRecord>> {
    let mut ids: Vec<u64> = ids.iter().map(|id| (*id).into()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = ROSTERS
        .fetch(
            db,
            &ids,
            |row| row.value(max_members).map(drop),
            |row, id| row.value(*id).map(drop),
        )
        .await?;
    let mut rosters: Vec<RosterRecord> = Vec::new();
    for row in &rows {
        let id = ConversationId::from(row.try_get::<u64, _>(0)?);
        if rosters.last().is_none_or(|roster| roster.id != id) {
            rosters.push(RosterRecord {
                id,
                kind: row.try_get(1)?,
                title: row.try_get(2)?,
                member_count: row.try_get(3)?,
                members: Vec::new(),
            });
        }
        if let (Some(roster), Some(user)) = (rosters.last_mut(), row.try_get::<Option<u64>, _>(4)?) {
            roster.members.push((user.into(), row.try_get(5)?));
        }
    }
    Ok(rosters)
}

fn view(user: UserId, row: &MySqlRow) -> Result<ConversationView> {
    let number = |column: &str| row.try_get::<u64, _>(column);
    let pair: (Option<u64>, Option<u64>) = (row.try_get("low_user_id")?, row.try_get("high_user_id")?);
    let peer = match pair {
        (Some(low), Some(high)) if low == u64::from(user) => Some(high),
        (low, _) => low,
    };
    Ok(ConversationView {
        id: number("id")?.into(),
        kind: row.try_get("kind")?,
        title: row.try_get("title")?,
        peer: peer.map(Into::into),
        member_count: row.try_get("member_count")?,
        created_at_ms: number("created_at_ms")?,
        last_activity_ms: number("last_at_ms")?,
        last_message: messages::optional(row)?,
        last_sequence: number("last_sequence")?,
        read_sequence: number("read_sequence")?,
        role: row.try_get("role")?,
    })
}
