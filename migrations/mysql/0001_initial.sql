-- Users, sessions, conversations, members, messages. Times are milliseconds since 1970, ids are snowflakes. Texts are compared byte by
-- byte. There are no foreign keys: each would lock a row per message, and who writes a row has locked what it refers to.

CREATE TABLE IF NOT EXISTS users (
    user_id       BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    name          VARCHAR(255)    NOT NULL,
    folded_name   VARBINARY(1020) NOT NULL, -- the name in lower case: names are equal without regard to case
    display_name  VARCHAR(255)    NOT NULL, -- empty: the name is shown
    about         TEXT            NOT NULL,
    password_hash VARCHAR(255)    NOT NULL, -- bcrypt
    created_at_ms BIGINT UNSIGNED NOT NULL,
    UNIQUE KEY users_by_folded_name (folded_name)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    session_id    BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    user_id       BIGINT UNSIGNED NOT NULL,
    device_id     VARCHAR(255)    NOT NULL,
    expires_at_ms BIGINT UNSIGNED NOT NULL, -- of the newest refresh token
    ended_at_ms   BIGINT UNSIGNED,          -- NULL: it has not
    open_device   VARCHAR(255) GENERATED ALWAYS AS (IF(ended_at_ms IS NULL, device_id, NULL)) VIRTUAL,
    UNIQUE KEY sessions_open (user_id, open_device), -- one open session a device
    KEY sessions_by_end (ended_at_ms, session_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The refresh tokens of a session, the replaced ones too: whoever shows one of those has a stolen copy.
CREATE TABLE IF NOT EXISTS refresh_tokens (
    hash          BINARY(32)      NOT NULL PRIMARY KEY, -- SHA-256
    session_id    BIGINT UNSIGNED NOT NULL,
    expires_at_ms BIGINT UNSIGNED NOT NULL,
    replaced      BOOLEAN         NOT NULL DEFAULT FALSE,
    KEY refresh_tokens_by_session (session_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS conversations (
    conversation_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    kind            INT             NOT NULL, -- parlance.v1.ConversationKind
    title           VARCHAR(255)    NOT NULL,
    low_user_id     BIGINT UNSIGNED,          -- the pair of a direct conversation, the lower id first
    high_user_id    BIGINT UNSIGNED,
    member_count    INT UNSIGNED    NOT NULL,
    created_at_ms   BIGINT UNSIGNED NOT NULL,
    UNIQUE KEY conversations_of_pair (low_user_id, high_user_id) -- one direct conversation a pair
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What every message changes about its conversation. Apart from `conversations`: whoever stores messages locks a row of this table, and
-- nobody who changes a title waits for that.
CREATE TABLE IF NOT EXISTS heads (
    conversation_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    last_sequence   BIGINT UNSIGNED NOT NULL, -- 0: no message yet
    last_at_ms      BIGINT UNSIGNED NOT NULL  -- the creation if there is no message yet
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS members (
    conversation_id BIGINT UNSIGNED NOT NULL,
    user_id         BIGINT UNSIGNED NOT NULL,
    role            INT             NOT NULL, -- parlance.v1.MemberRole
    joined_at_ms    BIGINT UNSIGNED NOT NULL,
    read_sequence   BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (conversation_id, user_id),
    KEY members_by_user (user_id, conversation_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- In the order in which they are read. Both unique keys grow at few places: message ids with time, and the ids of one client in one
-- conversation too, because they are version 7 UUIDs.
CREATE TABLE IF NOT EXISTS messages (
    conversation_id   BIGINT UNSIGNED NOT NULL,
    sequence          BIGINT UNSIGNED NOT NULL, -- 1, 2, 3, … in each conversation
    message_id        BIGINT UNSIGNED NOT NULL,
    sender_id         BIGINT UNSIGNED NOT NULL,
    client_message_id BINARY(16)      NOT NULL, -- a version 7 UUID
    sent_at_ms        BIGINT UNSIGNED NOT NULL,
    content           MEDIUMBLOB      NOT NULL, -- parlance.v1.Content
    PRIMARY KEY (conversation_id, sequence),
    UNIQUE KEY messages_by_id (message_id),
    UNIQUE KEY messages_by_client_id (conversation_id, sender_id, client_message_id) -- each message is stored once
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
