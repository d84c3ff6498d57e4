-- Users, sessions, conversations, members, messages. Times are milliseconds since 1970, ids are snowflakes.
-- There are no foreign keys: each would cost a look-up per message, and the single writer checks what it refers to.

CREATE TABLE users (
    user_id       INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL,
    folded_name   TEXT    NOT NULL UNIQUE, -- the name in lower case: names are equal without regard to case
    display_name  TEXT    NOT NULL,        -- empty: the name is shown
    about         TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,        -- bcrypt
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    session_id    INTEGER PRIMARY KEY,
    user_id       INTEGER NOT NULL,
    device_id     TEXT    NOT NULL,
    expires_at_ms INTEGER NOT NULL,        -- of the newest refresh token
    ended         INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One open session a device.
CREATE UNIQUE INDEX sessions_open ON sessions (user_id, device_id) WHERE ended = 0;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- The refresh tokens of a session, the replaced ones too: whoever shows one of those has a stolen copy.
CREATE TABLE refresh_tokens (
    hash          BLOB    NOT NULL PRIMARY KEY, -- SHA-256
    session_id    INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    replaced      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE conversations (
    conversation_id INTEGER PRIMARY KEY,
    kind            INTEGER NOT NULL,      -- parlance.v1.ConversationKind
    title           TEXT    NOT NULL,
    low_user_id     INTEGER,               -- the pair of a direct conversation, the lower id first
    high_user_id    INTEGER,
    member_count    INTEGER NOT NULL,
    created_at_ms   INTEGER NOT NULL
) STRICT;

-- One direct conversation a pair.
CREATE UNIQUE INDEX conversations_of_pair ON conversations (low_user_id, high_user_id) WHERE low_user_id IS NOT NULL;

-- What every message changes about its conversation. Apart from `conversations` and narrow: a batch rewrites few pages.
CREATE TABLE heads (
    conversation_id INTEGER PRIMARY KEY,
    last_sequence   INTEGER NOT NULL,      -- 0: no message yet
    last_at_ms      INTEGER NOT NULL       -- the creation if there is no message yet
) STRICT;

CREATE TABLE members (
    conversation_id INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    role            INTEGER NOT NULL,      -- parlance.v1.MemberRole
    joined_at_ms    INTEGER NOT NULL,
    read_sequence   INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user_id, conversation_id);

-- Rows are appended: ids grow with time. One secondary index only, no key that is random: see services/im-repo/README.md.
CREATE TABLE messages (
    message_id        INTEGER PRIMARY KEY,
    conversation_id   INTEGER NOT NULL,
    sequence          INTEGER NOT NULL,    -- 1, 2, 3, … in each conversation
    sender_id         INTEGER NOT NULL,
    client_message_id BLOB    NOT NULL,    -- 16 bytes of a version 7 UUID
    sent_at_ms        INTEGER NOT NULL,
    content           BLOB    NOT NULL     -- parlance.v1.Content
) STRICT;

CREATE UNIQUE INDEX messages_by_sequence ON messages (conversation_id, sequence);
