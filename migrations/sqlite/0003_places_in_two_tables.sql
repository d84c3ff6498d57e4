-- Where each message stands in its conversation, in two tables instead of an index over all messages. A batch of messages of many
-- conversations touches a page of such an index for each of them; it touches few pages of a table that is small. So places are written
-- to the small one and moved to the large one in bulk, in order.

ALTER TABLE messages RENAME TO message_rows;

CREATE TABLE places (
    conversation_id INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,      -- 1, 2, 3, … in each conversation
    message_id      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, sequence)
) STRICT, WITHOUT ROWID;

-- The newest ones, a few thousand at most; none of them is in `places`.
CREATE TABLE recent_places (
    conversation_id INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,
    message_id      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO places SELECT conversation_id, sequence, message_id FROM message_rows ORDER BY conversation_id, sequence;

DROP INDEX messages_by_sequence;

-- For looking messages up by conversation and sequence.
CREATE VIEW messages AS
SELECT m.message_id, p.conversation_id, p.sequence, m.sender_id, m.client_message_id, m.sent_at_ms, m.content
FROM places p CROSS JOIN message_rows m ON m.message_id = p.message_id
UNION ALL
SELECT m.message_id, p.conversation_id, p.sequence, m.sender_id, m.client_message_id, m.sent_at_ms, m.content
FROM recent_places p CROSS JOIN message_rows m ON m.message_id = p.message_id;
