//! The store port: what the services of this crate ask of a database.
//!
//! Every write is one transaction and durable when its call returns. Reads see every write that returned before they began.
//! Times are milliseconds since 1970. Lists of ids may hold repetitions unless said otherwise. An adapter keeps these promises by
//! passing the suite in `conformance`.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub(crate) mod migrations;
#[cfg(feature = "mysql")]
pub mod mysql;
mod records;
pub mod sqlite;

pub use crate::error::StoreError;
pub use migrations::{Migration, Schema};
pub use records::*;

use async_trait::async_trait;
use im_schema::ids::{ConversationId, SessionId, UserId};

/// The answer of every call.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Users and their password hashes.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Stores a user; `false` if the name, folded by [`fold`], is taken.
    async fn insert_user(&self, user: UserRecord, password_hash: String) -> Result<bool>;
    /// Users by id and by name in any case, each once, in no order; those that do not exist are left out.
    async fn find_users(&self, ids: &[UserId], names: &[String]) -> Result<Vec<UserRecord>>;
    /// A user and the hash of the password, by name in any case.
    async fn credentials(&self, name: &str) -> Result<Option<(UserRecord, String)>>;
    /// Changes what is `Some`; the user as it is now, or `None` if there is none.
    async fn update_user(&self, user: UserId, change: ProfileChange) -> Result<Option<UserRecord>>;
}

/// Sessions and their refresh tokens.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Opens a session; the session that the device had before is ended and returned. Forgets what of the user's sessions ended or
    /// expired before `now_ms`.
    async fn open_session(&self, session: NewSession, now_ms: u64) -> Result<Option<SessionId>>;
    /// Replaces a refresh token by its successor. A token that had been replaced already ends its session.
    async fn rotate_session(&self, rotation: Rotation) -> Result<Rotated>;
    /// Ends one session of the user, or all, at `now_ms`; those that were open, in ascending order.
    async fn end_sessions(&self, user: UserId, session: Option<SessionId>, now_ms: u64) -> Result<Vec<SessionId>>;
    /// Whether the session exists and has not ended.
    async fn session_open(&self, session: SessionId) -> Result<bool>;
    /// Sessions that ended after `after`, however that came, by when they ended, then id; at most `limit`. Nothing ends twice: the
    /// time is that of the first end.
    async fn ended_sessions(&self, after: EndedSession, limit: u32) -> Result<Page<EndedSession>>;
}

/// Conversations as their members see them.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// The direct conversation of a pair of different users, and whether it is new. `None` if one of them does not exist.
    async fn ensure_direct(&self, direct: NewDirect) -> Result<Option<(ConversationView, bool)>>;
    /// Stores a group; `None` if one of the users does not exist. The owner may be repeated among the members.
    async fn insert_group(&self, group: NewGroup) -> Result<Option<ConversationView>>;
    /// Those of the conversations that the user is a member of, in the order asked for.
    async fn conversations(&self, user: UserId, ids: &[ConversationId]) -> Result<Vec<ConversationView>>;
    /// The user's conversations by last activity, then id, both descending; `limit` of those that come after `before`.
    async fn page_conversations(
        &self,
        user: UserId,
        before: Option<(u64, ConversationId)>,
        limit: u32,
    ) -> Result<Page<ConversationView>>;
    /// Sets a group's title; `false` if there is no such group.
    async fn set_title(&self, conversation: ConversationId, title: &str) -> Result<bool>;
    /// The conversations that exist, in no order; members are left out of those that have more than `max_members`.
    async fn rosters(&self, ids: &[ConversationId], max_members: u32) -> Result<Vec<RosterRecord>>;
}

/// Members of conversations.
#[async_trait]
pub trait MemberStore: Send + Sync {
    /// Adds plain members to a group, all or none. What was said before is not unread for them.
    async fn insert_members(&self, members: NewMembers) -> Result<MembersInserted>;
    /// Removes a member of a group who is not its owner.
    async fn delete_member(&self, conversation: ConversationId, user: UserId) -> Result<MemberDeleted>;
    /// Gives a member of a group another role. A new owner makes the old one an admin.
    async fn set_role(&self, conversation: ConversationId, user: UserId, role: i32) -> Result<RoleSet>;
    /// The roles of those pairs that are members, in no order.
    async fn standings(&self, pairs: &[(ConversationId, UserId)]) -> Result<Vec<(ConversationId, UserId, i32)>>;
    /// Members by ascending id, beyond `after`.
    async fn page_members(&self, conversation: ConversationId, after: UserId, limit: u32)
    -> Result<Page<MemberRecord>>;
    /// Ids of members, ascending, beyond `after`.
    async fn page_member_ids(&self, conversation: ConversationId, after: UserId, limit: u32) -> Result<Page<UserId>>;
    /// Moves a read position forward, at most to the last message; `None` if the user is not a member.
    async fn advance_read(
        &self,
        conversation: ConversationId,
        user: UserId,
        sequence: u64,
    ) -> Result<Option<ReadPosition>>;
}

/// Messages.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Stores messages in their order, each once: the next sequences of their conversations without a gap, the read positions of
    /// their senders moved to them. One outcome for each, in the same order. Either all of it happens or none.
    ///
    /// A message whose client id another one of the same sender, conversation and call has is always found out; one that was stored
    /// before only where [`NewMessage::verify`] asks for it. What was stored since a minute before the message was accepted is found
    /// however much it is; beyond that a store may give up with [`StoreOutcome::TooOld`] rather than keep others waiting.
    async fn store_messages(&self, messages: Vec<NewMessage>, now_ms: u64) -> Result<Vec<StoreOutcome>>;
    /// At most `limit` messages from the sequence `from` on, forward or backward, and the last sequence of the conversation. 0 is the
    /// oldest or the newest. Nothing, and 0, for a conversation that does not exist.
    async fn read_messages(
        &self,
        conversation: ConversationId,
        from: u64,
        forward: bool,
        limit: u32,
    ) -> Result<(Vec<MessageRecord>, u64)>;
    /// How far these conversations have come; those that do not exist are left out. In no order.
    async fn read_heads(&self, conversations: &[ConversationId]) -> Result<Vec<Head>>;
}

/// All of it, on one engine.
#[async_trait]
pub trait Store: UserStore + SessionStore + ConversationStore + MemberStore + MessageStore + 'static {
    /// Whether the store can be used now.
    async fn health(&self) -> Result<()>;
    /// Finishes the writes that were asked for, refuses further ones and leaves the database tidy. Idempotent.
    async fn close(&self);
}

/// The form in which names are compared.
#[must_use]
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// The same client id again: the same message, or another one.
fn repeated(message: &NewMessage, content: &[u8], place: Place) -> StoreOutcome {
    metrics::counter!("repo_repeated_messages_total").increment(1);
    if message.content == content {
        StoreOutcome::Duplicate(place)
    } else {
        StoreOutcome::Conflict(place)
    }
}
