use im_schema::ids::{ConversationId, MessageId, SessionId, UserId};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// Unique.
    pub id: UserId,
    /// As given at registration.
    pub name: String,
    /// Empty: the name is shown.
    pub display_name: String,
    /// A few words.
    pub about: String,
    /// When the user registered.
    pub created_at_ms: u64,
}

/// What to change about a user.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// The new display name.
    pub display_name: Option<String>,
    /// The new words.
    pub about: Option<String>,
}

/// SHA-256 of a refresh token.
pub type RefreshHash = [u8; 32];

/// A session to open.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Unique.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// On which device.
    pub device: String,
    /// Of its first refresh token.
    pub refresh_hash: RefreshHash,
    /// When that token ends.
    pub expires_at_ms: u64,
}

/// A refresh token to replace.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The one that was shown.
    pub old_hash: RefreshHash,
    /// Its successor.
    pub new_hash: RefreshHash,
    /// Tokens that end at or before this time are invalid.
    pub now_ms: u64,
    /// When the successor ends.
    pub expires_at_ms: u64,
}

/// What became of a [`Rotation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// The session goes on with the successor.
    Done(SessionRecord),
    /// The token is unknown, expired, or its session has ended.
    Invalid,
    /// The token had been replaced before: its session is ended now.
    Reused(SessionRecord),
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// On which device.
    pub device: String,
}

/// A session that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedSession {
    /// When it ended.
    pub at_ms: u64,
    /// Which.
    pub id: SessionId,
}

/// A direct conversation to find or create.
#[derive(Debug, Clone, Copy)]
pub struct NewDirect {
    /// The id if there is none yet.
    pub id: ConversationId,
    /// Who sees the answer.
    pub user: UserId,
    /// The other one.
    pub peer: UserId,
    /// When, if there is none yet.
    pub created_at_ms: u64,
}

/// A group to create.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// Unique.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// Its owner.
    pub owner: UserId,
    /// Its other members.
    pub members: Vec<UserId>,
    /// When.
    pub created_at_ms: u64,
}

/// A conversation as one member sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationView {
    /// Unique.
    pub id: ConversationId,
    /// `parlance.v1.ConversationKind`.
    pub kind: i32,
    /// Empty for a direct conversation.
    pub title: String,
    /// The other one of a direct conversation.
    pub peer: Option<UserId>,
    /// How many members.
    pub member_count: u32,
    /// When it was created.
    pub created_at_ms: u64,
    /// When the last message was stored, or the creation.
    pub last_activity_ms: u64,
    /// The newest message.
    pub last_message: Option<MessageRecord>,
    /// Its sequence, or 0.
    pub last_sequence: u64,
    /// Up to where the member has read; never beyond `last_sequence`.
    pub read_sequence: u64,
    /// The member's role, `parlance.v1.MemberRole`.
    pub role: i32,
}

/// Who is in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRecord {
    /// Which.
    pub id: ConversationId,
    /// `parlance.v1.ConversationKind`.
    pub kind: i32,
    /// Empty for a direct conversation.
    pub title: String,
    /// How many members.
    pub member_count: u32,
    /// Members by ascending id with their `parlance.v1.MemberRole`; empty if there are more than asked for.
    pub members: Vec<(UserId, i32)>,
}

/// Members to add.
#[derive(Debug, Clone)]
pub struct NewMembers {
    /// To which group.
    pub conversation: ConversationId,
    /// Whom.
    pub users: Vec<UserId>,
    /// When.
    pub joined_at_ms: u64,
    /// The group may have at most so many afterwards.
    pub max_members: u32,
}

/// What became of [`NewMembers`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersInserted {
    /// Those who were no members before, by ascending id.
    Added(Vec<UserId>),
    /// There is no such group.
    NoGroup,
    /// One of the users does not exist.
    NoUser,
    /// There would be too many.
    Full,
}

/// What became of a member to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberDeleted {
    /// No longer a member.
    Done,
    /// Was none, or it is no group.
    NoMember,
    /// The owner stays.
    Owner,
}

/// What became of a role to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleSet {
    /// The member in the new role.
    Done(MemberRecord),
    /// Not a member, or it is no group.
    NoMember,
    /// The owner keeps the role until another member gets it.
    Owner,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRecord {
    /// Who.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// Empty: the name is shown.
    pub display_name: String,
    /// `parlance.v1.MemberRole`.
    pub role: i32,
    /// Since when.
    pub joined_at_ms: u64,
    /// Up to where the member has read.
    pub read_sequence: u64,
}

/// A read position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadPosition {
    /// Up to where the member has read.
    pub read_sequence: u64,
    /// How many messages lie beyond it.
    pub unread_count: u64,
    /// Whether it has just moved.
    pub moved: bool,
}

/// Some of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// Whether the list goes on.
    pub more: bool,
}

impl<T> Page<T> {
    /// The page of `limit` items of which `items` holds one more, if there is one.
    #[must_use]
    pub fn of(mut items: Vec<T>, limit: u32) -> Self {
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        Self { items, more }
    }
}

/// A version 7 UUID.
pub type ClientMessageId = [u8; 16];

/// A message to store.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Unique, growing with time.
    pub id: MessageId,
    /// Where to.
    pub conversation: ConversationId,
    /// Who sent it.
    pub sender: UserId,
    /// What the client calls it.
    pub client_id: ClientMessageId,
    /// What it says, an encoded `parlance.v1.Content`.
    pub content: Vec<u8>,
    /// When the platform took it, in milliseconds since 1970: what comes again after a crash was not stored before that.
    pub accepted_at_ms: u64,
    /// Whether to look for it among the messages of the conversation that were stored from a minute before the time in
    /// `client_id` on.
    pub verify: bool,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreOutcome {
    /// It is stored now.
    Stored(Place),
    /// It was stored before, and this is where.
    Duplicate(Place),
    /// Another message of this sender, of this place, has the client's id.
    Conflict(Place),
    /// There is no such conversation.
    NoConversation,
    /// The client made the id so long before the message was accepted, and so much was said since, that it is not known whether the
    /// message was stored before. It is not stored now.
    TooOld,
}

/// Where a stored message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: MessageId,
    /// Its sequence.
    pub sequence: u64,
    /// When it was stored.
    pub sent_at_ms: u64,
}

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which.
    pub conversation: ConversationId,
    /// Sequence of its newest message; 0 if there is none.
    pub last_sequence: u64,
    /// When that was stored, or the conversation was made.
    pub last_at_ms: u64,
}

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// Unique.
    pub id: MessageId,
    /// Where.
    pub conversation: ConversationId,
    /// Its place there.
    pub sequence: u64,
    /// Who sent it.
    pub sender: UserId,
    /// What the client calls it.
    pub client_id: ClientMessageId,
    /// When it was stored.
    pub sent_at_ms: u64,
    /// What it says, an encoded `parlance.v1.Content`.
    pub content: Vec<u8>,
}
