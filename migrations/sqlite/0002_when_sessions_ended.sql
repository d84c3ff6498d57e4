-- When a session ended: its access tokens may still be good, and whoever checks tokens must know after a restart too.
ALTER TABLE sessions ADD COLUMN ended_at_ms INTEGER NOT NULL DEFAULT 0; -- 0: it has not

-- Of those that ended before this nobody knows when: now is late enough.
UPDATE sessions SET ended_at_ms = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE ended = 1;

CREATE INDEX sessions_by_end ON sessions (ended_at_ms, session_id) WHERE ended = 1;
