use super::{
    super::{
        MemberDeleted, MemberRecord, MemberStore, MembersInserted, NewMembers, Page, ReadPosition, Result, RoleSet,
    },
    SqliteStore, id_list, users,
};
use async_trait::async_trait;
use im_schema::{
    ids::{ConversationId, UserId},
    v1::{ConversationKind, MemberRole},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

#[async_trait]
impl MemberStore for SqliteStore {
    async fn insert_members(&self, members: NewMembers) -> Result<MembersInserted> {
        self.write(move |db| Box::pin(add(db, members))).await
    }

    async fn delete_member(&self, conversation: ConversationId, user: UserId) -> Result<MemberDeleted> {
        self.write(move |db| Box::pin(remove(db, conversation, user))).await
    }

    async fn set_role(&self, conversation: ConversationId, user: UserId, role: i32) -> Result<RoleSet> {
        self.write(move |db| Box::pin(set_role(db, conversation, user, role)))
            .await
    }

    async fn standings(&self, pairs: &[(ConversationId, UserId)]) -> Result<Vec<(ConversationId, UserId, i32)>> {
        let pairs: Vec<(u64, u64)> = pairs.iter().map(|(at, who)| ((*at).into(), (*who).into())).collect();
        let sql = "SELECT DISTINCT m.conversation_id, m.user_id, m.role FROM json_each(?) AS pair \
                   JOIN members m ON m.conversation_id = pair.value ->> 0 AND m.user_id = pair.value ->> 1";
        let rows = sqlx::query(sql)
            .bind(serde_json::to_string(&pairs).expect("numbers are valid JSON"))
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                let number = |column: usize| row.try_get::<i64, _>(column).map(|value| value as u64);
                Ok((number(0)?.into(), number(1)?.into(), row.try_get(2)?))
            })
            .collect()
    }

    async fn page_members(
        &self,
        conversation: ConversationId,
        after: UserId,
        limit: u32,
    ) -> Result<Page<MemberRecord>> {
        let sql = "SELECT m.*, u.name, u.display_name FROM members m JOIN users u USING (user_id) \
                   WHERE m.conversation_id = ? AND m.user_id > ? ORDER BY m.user_id LIMIT ?";
        let rows = sqlx::query(sql)
            .bind(u64::from(conversation) as i64)
            .bind(u64::from(after) as i64)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.readers)
            .await?;
        let members: Result<Vec<_>> = rows.iter().map(member).collect();
        Ok(Page::of(members?, limit))
    }

    async fn page_member_ids(&self, conversation: ConversationId, after: UserId, limit: u32) -> Result<Page<UserId>> {
        let sql = "SELECT user_id FROM members WHERE conversation_id = ? AND user_id > ? ORDER BY user_id LIMIT ?";
        let ids: Vec<i64> = sqlx::query_scalar(sql)
            .bind(u64::from(conversation) as i64)
            .bind(u64::from(after) as i64)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.readers)
            .await?;
        Ok(Page::of(ids.into_iter().map(|id| (id as u64).into()).collect(), limit))
    }

    async fn advance_read(
        &self,
        conversation: ConversationId,
        user: UserId,
        sequence: u64,
    ) -> Result<Option<ReadPosition>> {
        self.write(move |db| Box::pin(advance(db, conversation, user, sequence)))
            .await
    }
}

/// Inserts those who are no members yet, who have read all that was said before; their ids, ascending. The count of members is the
/// caller's business.
pub(super) async fn insert_members(
    db: &mut SqliteConnection,
    conversation: ConversationId,
    users: &[UserId],
    role: MemberRole,
    joined_at_ms: u64,
) -> Result<Vec<UserId>> {
    let sql = "INSERT INTO members (conversation_id, user_id, role, joined_at_ms, read_sequence) \
               SELECT h.conversation_id, new.value, ?, ?, h.last_sequence \
               FROM json_each(?) AS new JOIN heads h ON h.conversation_id = ? \
               WHERE true ON CONFLICT DO NOTHING RETURNING user_id";
    let inserted: Vec<i64> = sqlx::query_scalar(sql)
        .bind(role as i32)
        .bind(joined_at_ms as i64)
        .bind(id_list(users.iter().map(|user| (*user).into())))
        .bind(u64::from(conversation) as i64)
        .fetch_all(db)
        .await?;
    let mut inserted: Vec<UserId> = inserted.into_iter().map(|id| (id as u64).into()).collect();
    inserted.sort_unstable();
    Ok(inserted)
}

async fn add(db: &mut SqliteConnection, new: NewMembers) -> Result<MembersInserted> {
    let id = u64::from(new.conversation) as i64;
    let group = "SELECT member_count FROM conversations WHERE conversation_id = ? AND kind = ?";
    let count: Option<i64> = sqlx::query_scalar(group)
        .bind(id)
        .bind(ConversationKind::Group as i32)
        .fetch_optional(&mut *db)
        .await?;
    let Some(count) = count else {
        return Ok(MembersInserted::NoGroup);
    };
    if !users::all_exist(db, &new.users).await? {
        return Ok(MembersInserted::NoUser);
    }
    let newcomers = "SELECT count(DISTINCT value) FROM json_each(?) AS new WHERE NOT EXISTS \
                     (SELECT 1 FROM members WHERE conversation_id = ? AND user_id = new.value)";
    let newcomers: i64 = sqlx::query_scalar(newcomers)
        .bind(id_list(new.users.iter().map(|user| (*user).into())))
        .bind(id)
        .fetch_one(&mut *db)
        .await?;
    if newcomers > 0 && count + newcomers > i64::from(new.max_members) {
        return Ok(MembersInserted::Full);
    }
    let added = insert_members(db, new.conversation, &new.users, MemberRole::Member, new.joined_at_ms).await?;
    change_count(db, new.conversation, added.len() as i64).await?;
    Ok(MembersInserted::Added(added))
}

async fn remove(db: &mut SqliteConnection, conversation: ConversationId, user: UserId) -> Result<MemberDeleted> {
    match role_in_group(db, conversation, user).await? {
        None => return Ok(MemberDeleted::NoMember),
        Some(role) if role == MemberRole::Owner as i32 => return Ok(MemberDeleted::Owner),
        Some(_) => {}
    }
    sqlx::query("DELETE FROM members WHERE conversation_id = ? AND user_id = ?")
        .bind(u64::from(conversation) as i64)
        .bind(u64::from(user) as i64)
        .execute(&mut *db)
        .await?;
    change_count(db, conversation, -1).await?;
    Ok(MemberDeleted::Done)
}

async fn set_role(db: &mut SqliteConnection, conversation: ConversationId, user: UserId, role: i32) -> Result<RoleSet> {
    let owner = MemberRole::Owner as i32;
    let Some(current) = role_in_group(db, conversation, user).await? else {
        return Ok(RoleSet::NoMember);
    };
    if current == owner && role != owner {
        return Ok(RoleSet::Owner);
    }
    let conversation = u64::from(conversation) as i64;
    let user = u64::from(user) as i64;
    if role == owner {
        let demote = "UPDATE members SET role = ? WHERE conversation_id = ? AND role = ? AND user_id <> ?";
        sqlx::query(demote)
            .bind(MemberRole::Admin as i32)
            .bind(conversation)
            .bind(owner)
            .bind(user)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query("UPDATE members SET role = ? WHERE conversation_id = ? AND user_id = ?")
        .bind(role)
        .bind(conversation)
        .bind(user)
        .execute(&mut *db)
        .await?;
    let sql = "SELECT m.*, u.name, u.display_name FROM members m JOIN users u USING (user_id) \
               WHERE m.conversation_id = ? AND m.user_id = ?";
    let row = sqlx::query(sql).bind(conversation).bind(user).fetch_one(db).await?;
    Ok(RoleSet::Done(member(&row)?))
}

async fn advance(
    db: &mut SqliteConnection,
    conversation: ConversationId,
    user: UserId,
    sequence: u64,
) -> Result<Option<ReadPosition>> {
    let (conversation, user) = (u64::from(conversation) as i64, u64::from(user) as i64);
    let sql = "SELECT read_sequence, last_sequence FROM members JOIN heads USING (conversation_id) \
               WHERE conversation_id = ? AND user_id = ?";
    let row = sqlx::query(sql)
        .bind(conversation)
        .bind(user)
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let read = row.try_get::<i64, _>(0)? as u64;
    let last = row.try_get::<i64, _>(1)? as u64;
    let to = sequence.min(last);
    if to <= read {
        return Ok(Some(ReadPosition {
            read_sequence: read,
            unread_count: last - read,
            moved: false,
        }));
    }
    sqlx::query("UPDATE members SET read_sequence = ? WHERE conversation_id = ? AND user_id = ?")
        .bind(to as i64)
        .bind(conversation)
        .bind(user)
        .execute(db)
        .await?;
    Ok(Some(ReadPosition {
        read_sequence: to,
        unread_count: last - to,
        moved: true,
    }))
}

async fn role_in_group(db: &mut SqliteConnection, conversation: ConversationId, user: UserId) -> Result<Option<i32>> {
    let sql = "SELECT role FROM members JOIN conversations USING (conversation_id) \
               WHERE conversation_id = ? AND user_id = ? AND kind = ?";
    let role = sqlx::query_scalar(sql)
        .bind(u64::from(conversation) as i64)
        .bind(u64::from(user) as i64)
        .bind(ConversationKind::Group as i32)
        .fetch_optional(db)
        .await?;
    Ok(role)
}

async fn change_count(db: &mut SqliteConnection, conversation: ConversationId, by: i64) -> Result<()> {
    sqlx::query("UPDATE conversations SET member_count = member_count + ? WHERE conversation_id = ?")
        .bind(by)
        .bind(u64::from(conversation) as i64)
        .execute(db)
        .await?;
    Ok(())
}

fn member(row: &SqliteRow) -> Result<MemberRecord> {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|value| value as u64);
    Ok(MemberRecord {
        user: number("user_id")?.into(),
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        role: row.try_get("role")?,
        joined_at_ms: number("joined_at_ms")?,
        read_sequence: number("read_sequence")?,
    })
}
