-- Parts that are to be uploaded, and where those are that were.

-- local, both, s3
ALTER TABLE recording_parts ADD COLUMN location TEXT NOT NULL DEFAULT 'local';
-- The folder its objects are in, as s3://bucket/key.
ALTER TABLE recording_parts ADD COLUMN remote TEXT;

-- The row goes when the part is there and verified.
CREATE TABLE uploads (
    recording TEXT NOT NULL,
    part      INTEGER NOT NULL,
    -- waiting, given_up
    state     TEXT NOT NULL,
    bytes     INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    -- Failures in a row.
    attempts  INTEGER NOT NULL DEFAULT 0,
    next_at   INTEGER NOT NULL,
    -- What kind of failure the last one was, and in words.
    reason    TEXT,
    error     TEXT,
    -- How far it is, as JSON.
    progress  TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (recording, part),
    FOREIGN KEY (recording, part) REFERENCES recording_parts (recording, part) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_time ON uploads (state, next_at);

-- Objects of deleted recordings. They outlive everything that could say what they were.
CREATE TABLE remote_removals (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    -- As s3://bucket/key.
    object    TEXT NOT NULL,
    -- A multipart upload to be forgotten, instead of the object.
    upload    TEXT,
    queued_at INTEGER NOT NULL,
    attempts  INTEGER NOT NULL DEFAULT 0,
    next_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX remote_removals_by_time ON remote_removals (next_at);
