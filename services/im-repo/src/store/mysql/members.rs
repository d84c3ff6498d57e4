use super::{
    super::{
        MemberDeleted, MemberRecord, MemberStore, MembersInserted, NewMembers, Page, ReadPosition, Result, RoleSet,
    },
    MysqlStore,
    lists::ListStatement,
    rows::RowStatement,
    users,
};
use async_trait::async_trait;
use futures::FutureExt as _;
use im_schema::{
    ids::{ConversationId, UserId},
    v1::{ConversationKind, MemberRole},
};
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::{collections::HashSet, sync::LazyLock};

pub(super) static STANDINGS: LazyLock<ListStatement> = LazyLock::new(|| {
    ListStatement::of_rows(
        "SELECT conversation_id, user_id, role FROM members FORCE INDEX (PRIMARY) WHERE",
        &["conversation_id", "user_id"],
        "",
    )
});
static INSERT: LazyLock<RowStatement> = LazyLock::new(|| {
    RowStatement::new(
        "INSERT INTO members (conversation_id, user_id, role, joined_at_ms, read_sequence) VALUES",
        5,
    )
});
pub(super) const PAGE: &str = "SELECT m.*, u.name, u.display_name FROM members m STRAIGHT_JOIN users u ON u.user_id = m.user_id \
    WHERE m.conversation_id = ? AND m.user_id > ? ORDER BY m.user_id LIMIT ?";
pub(super) const PAGE_OF_IDS: &str =
    "SELECT user_id FROM members WHERE conversation_id = ? AND user_id > ? ORDER BY user_id LIMIT ?";

#[async_trait]
impl MemberStore for MysqlStore {
    async fn insert_members(&self, members: NewMembers) -> Result<MembersInserted> {
        self.write(&members, |db, members| add(db, members).boxed()).await
    }

    async fn delete_member(&self, conversation: ConversationId, user: UserId) -> Result<MemberDeleted> {
        self.write(&(conversation, user), |db, (conversation, user)| {
            remove(db, *conversation, *user).boxed()
        })
        .await
    }

    async fn set_role(&self, conversation: ConversationId, user: UserId, role: i32) -> Result<RoleSet> {
        self.write(&(conversation, user, role), |db, (conversation, user, role)| {
            set_role(db, *conversation, *user, *role).boxed()
        })
        .await
    }

    async fn standings(&self, pairs: &[(ConversationId, UserId)]) -> Result<Vec<(ConversationId, UserId, i32)>> {
        self.read(&pairs, |db, pairs| standings(db, pairs).boxed()).await
    }

    async fn page_members(
        &self,
        conversation: ConversationId,
        after: UserId,
        limit: u32,
    ) -> Result<Page<MemberRecord>> {
        self.read_large(&(conversation, after, limit), |db, (conversation, after, limit)| {
            page(db, *conversation, *after, *limit).boxed()
        })
        .await
    }

    async fn page_member_ids(&self, conversation: ConversationId, after: UserId, limit: u32) -> Result<Page<UserId>> {
        self.read_large(&(conversation, after, limit), |db, (conversation, after, limit)| {
            page_of_ids(db, *conversation, *after, *limit).boxed()
        })
        .await
    }

    async fn advance_read(
        &self,
        conversation: ConversationId,
        user: UserId,
        sequence: u64,
    ) -> Result<Option<ReadPosition>> {
        self.write(&(conversation, user, sequence), |db, (conversation, user, sequence)| {
            advance(db, *conversation, *user, *sequence).boxed()
        })
        .await
    }
}

/// Inserts users, each once, who are no members yet and have read all that was said before. The count of members is the caller's business.
pub(super) async fn insert_members(
    db: &mut MySqlConnection,
    conversation: ConversationId,
    users: &[UserId],
    role: MemberRole,
    joined_at_ms: u64,
) -> Result<()> {
    let last: u64 = sqlx::query_scalar("SELECT last_sequence FROM heads WHERE conversation_id = ?")
        .bind(u64::from(conversation))
        .fetch_one(&mut *db)
        .await?;
    INSERT
        .execute(
            db,
            users,
            |_| size_of::<[u64; 5]>(),
            |row, user| {
                row.value(u64::from(conversation))?
                    .value(u64::from(*user))?
                    .value(role as i32)?
                    .value(joined_at_ms)?
                    .value(last)?;
                Ok(())
            },
        )
        .await
}

async fn add(db: &mut MySqlConnection, new: &NewMembers) -> Result<MembersInserted> {
    let Some(count) = lock_group(db, new.conversation).await? else {
        return Ok(MembersInserted::NoGroup);
    };
    let mut users = new.users.clone();
    users.sort_unstable();
    users.dedup();
    if !users::all_exist(db, &users).await? {
        return Ok(MembersInserted::NoUser);
    }
    let pairs: Vec<_> = users.iter().map(|user| (new.conversation, *user)).collect();
    let members: HashSet<UserId> = standings(db, &pairs)
        .await?
        .into_iter()
        .map(|(_, user, _)| user)
        .collect();
    users.retain(|user| !members.contains(user));
    if !users.is_empty() && count as usize + users.len() > new.max_members as usize {
        return Ok(MembersInserted::Full);
    }
    insert_members(db, new.conversation, &users, MemberRole::Member, new.joined_at_ms).await?;
    change_count(db, new.conversation, users.len() as i64).await?;
    Ok(MembersInserted::Added(users))
}

async fn remove(db: &mut MySqlConnection, conversation: ConversationId, user: UserId) -> Result<MemberDeleted> {
    match role_in_group(db, conversation, user).await? {
        None => return Ok(MemberDeleted::NoMember),
        Some(role) if role == MemberRole::Owner as i32 => return Ok(MemberDeleted::Owner),
        Some(_) => {}
    }
    sqlx::query("DELETE FROM members WHERE conversation_id = ? AND user_id = ?")
        .bind(u64::from(conversation))
        .bind(u64::from(user))
        .execute(&mut *db)
        .await?;
    change_count(db, conversation, -1).await?;
    Ok(MemberDeleted::Done)
}

async fn set_role(db: &mut MySqlConnection, conversation: ConversationId, user: UserId, role: i32) -> Result<RoleSet> {
    let owner = MemberRole::Owner as i32;
    let Some(current) = role_in_group(db, conversation, user).await? else {
        return Ok(RoleSet::NoMember);
    };
    if current == owner && role != owner {
        return Ok(RoleSet::Owner);
    }
    let (conversation, user) = (u64::from(conversation), u64::from(user));
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
    let sql = "SELECT m.*, u.name, u.display_name FROM members m JOIN users u ON u.user_id = m.user_id \
               WHERE m.conversation_id = ? AND m.user_id = ?";
    let row = sqlx::query(sql).bind(conversation).bind(user).fetch_one(db).await?;
    Ok(RoleSet::Done(member(&row)?))
}

async fn advance(
    db: &mut MySqlConnection,
    conversation: ConversationId,
    user: UserId,
    sequence: u64,
) -> Result<Option<ReadPosition>> {
    let (conversation, user) = (u64::from(conversation), u64::from(user));
    // the head is not locked: who stores messages locks it before the members, this one the other way round
    let read = "SELECT read_sequence FROM members WHERE conversation_id = ? AND user_id = ? FOR UPDATE";
    let read: Option<u64> = sqlx::query_scalar(read)
        .bind(conversation)
        .bind(user)
        .fetch_optional(&mut *db)
        .await?;
    let Some(read) = read else { return Ok(None) };
    let last: u64 = sqlx::query_scalar("SELECT last_sequence FROM heads WHERE conversation_id = ?")
        .bind(conversation)
        .fetch_one(&mut *db)
        .await?;
    let to = sequence.min(last);
    if to <= read {
        return Ok(Some(ReadPosition {
            read_sequence: read,
            unread_count: last - read,
            moved: false,
        }));
    }
    sqlx::query("UPDATE members SET read_sequence = ? WHERE conversation_id = ? AND user_id = ?")
        .bind(to)
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

/// Locks the row of a group, as everybody does who changes its members; their number, or `None` if there is no such group.
async fn lock_group(db: &mut MySqlConnection, conversation: ConversationId) -> Result<Option<u32>> {
    let sql = "SELECT member_count FROM conversations WHERE conversation_id = ? AND kind = ? FOR UPDATE";
    let count = sqlx::query_scalar(sql)
        .bind(u64::from(conversation))
        .bind(ConversationKind::Group as i32)
        .fetch_optional(db)
        .await?;
    Ok(count)
}

/// Locks the group, too.
async fn role_in_group(db: &mut MySqlConnection, conversation: ConversationId, user: UserId) -> Result<Option<i32>> {
    if lock_group(db, conversation).await?.is_none() {
        return Ok(None);
    }
    let role = sqlx::query_scalar("SELECT role FROM members WHERE conversation_id = ? AND user_id = ?")
        .bind(u64::from(conversation))
        .bind(u64::from(user))
        .fetch_optional(db)
        .await?;
    Ok(role)
}

async fn change_count(db: &mut MySqlConnection, conversation: ConversationId, by: i64) -> Result<()> {
    sqlx::query("UPDATE conversations SET member_count = member_count + ? WHERE conversation_id = ?")
        .bind(by)
        .bind(u64::from(conversation))
        .execute(db)
        .await?;
    Ok(())
}

async fn standings(
    db: &mut MySqlConnection,
    pairs: &[(ConversationId, UserId)],
) -> Result<Vec<(ConversationId, UserId, i32)>> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    pairs.dedup();
    let rows = STANDINGS
        .fetch(
            db,
            &pairs,
            |_| Ok(()),
            |row, (at, who)| {
                row.value(u64::from(*at))?.value(u64::from(*who))?;
                Ok(())
            },
        )
        .await?;
    let number = |row: &MySqlRow, column: usize| row.try_get::<u64, _>(column);
    rows.iter()
        .map(|row| Ok((number(row, 0)?.into(), number(row, 1)?.into(), row.try_get(2)?)))
        .collect()
}

async fn page(
    db: &mut MySqlConnection,
    conversation: ConversationId,
    after: UserId,
    limit: u32,
) -> Result<Page<MemberRecord>> {
    let rows = sqlx::query(PAGE)
        .bind(u64::from(conversation))
        .bind(u64::from(after))
        .bind(u64::from(limit) + 1)
        .fetch_all(db)
        .await?;
    let members: Result<Vec<_>> = rows.iter().map(member).collect();
    Ok(Page::of(members?, limit))
}

async fn page_of_ids(
    db: &mut MySqlConnection,
    conversation: ConversationId,
    after: UserId,
    limit: u32,
) -> Result<Page<UserId>> {
    let ids: Vec<u64> = sqlx::query_scalar(PAGE_OF_IDS)
        .bind(u64::from(conversation))
        .bind(u64::from(after))
        .bind(u64::from(limit) + 1)
        .fetch_all(db)
        .await?;
    Ok(Page::of(ids.into_iter().map(Into::into).collect(), limit))
}

fn member(row: &MySqlRow) -> Result<MemberRecord> {
    Ok(MemberRecord {
        user: row.try_get::<u64, _>("user_id")?.into(),
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        role: row.try_get("role")?,
        joined_at_ms: row.try_get("joined_at_ms")?,
        read_sequence: row.try_get("read_sequence")?,
    })
}
