-- Times are milliseconds since the Unix epoch.

CREATE TABLE apps (
    id         TEXT PRIMARY KEY,
    secret     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    policy     TEXT NOT NULL
) STRICT;

-- A live room; the row goes when the room ends.
CREATE TABLE rooms (
    app        TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    name       TEXT,
    kind       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    snapshot   TEXT NOT NULL,
    PRIMARY KEY (app, id)
) STRICT;

-- Every stay in a live room, also those that are over: the call record is made from them.
CREATE TABLE members (
    app       TEXT NOT NULL,
    room      TEXT NOT NULL,
    id        TEXT NOT NULL,
    account   TEXT NOT NULL,
    nick      TEXT NOT NULL,
    role      TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    left_at   INTEGER,
    reason    TEXT,
    PRIMARY KEY (app, room, id),
    FOREIGN KEY (app, room) REFERENCES rooms (app, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX members_by_account ON members (app, account);

CREATE TABLE streams (
    app       TEXT NOT NULL,
    id        TEXT NOT NULL,
    room      TEXT NOT NULL,
    member    TEXT,
    kind      TEXT NOT NULL,
    -- Version that new URLs carry.
    version   INTEGER NOT NULL,
    -- Lowest version that is still accepted, until previous_until.
    min_version    INTEGER NOT NULL,
    previous_until INTEGER,
    on_air    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (app, id),
    FOREIGN KEY (app, room) REFERENCES rooms (app, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX streams_by_room ON streams (app, room);

-- The newest events of each room, for those who resume. Outlives the room for a while.
CREATE TABLE events (
    app      TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    room     TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (app, room, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    app        TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    account    TEXT NOT NULL,
    device     TEXT NOT NULL,
    rooms      TEXT NOT NULL,
    last_seen  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_queue (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    app        TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    target     TEXT NOT NULL,
    -- Deliveries of one lane keep their order.
    lane       TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    sequence   INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_lanes ON webhook_queue (app, target, lane, id);

CREATE TABLE webhook_dead (
    app    TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (app, target)
) STRICT;

CREATE TABLE call_records (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    app        TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    room       TEXT NOT NULL,
    name       TEXT,
    kind       TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    members    TEXT NOT NULL
) STRICT;
CREATE INDEX call_records_by_end ON call_records (app, ended_at);
CREATE INDEX call_records_by_room ON call_records (app, room);
