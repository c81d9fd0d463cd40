-- Recordings and their parts. They outlive their room; a recording goes when it is deleted or past its time.

CREATE TABLE recordings (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    app        TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    room       TEXT NOT NULL,
    stream     TEXT NOT NULL,
    -- What is recorded and how, as JSON: everything that never changes.
    setup      TEXT NOT NULL,
    -- recording, paused, done, failed
    state      TEXT NOT NULL,
    -- A sentence, when it failed.
    error      TEXT,
    -- Who was in the room meanwhile, as JSON.
    members    TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX recordings_by_room ON recordings (app, room);

CREATE TABLE recording_parts (
    recording  TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    part       INTEGER NOT NULL,
    -- Files, tracks, duration, size, checksums, as JSON.
    facts      TEXT NOT NULL,
    -- open, complete
    state      TEXT NOT NULL,
    PRIMARY KEY (recording, part)
) STRICT, WITHOUT ROWID;
