-- Calls: those that are under way, and what stays of them.

-- A live call as JSON; the row goes when the call ends.
CREATE TABLE calls (
    app      TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    id       TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

-- Calls that have ended, answered or not. Their rooms, if they had one, are in call_records.
CREATE TABLE ended_calls (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    app      TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    id       TEXT NOT NULL,
    status   TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    -- The whole record as JSON.
    record   TEXT NOT NULL,
    UNIQUE (app, id)
) STRICT;
CREATE INDEX ended_calls_by_end ON ended_calls (app, ended_at);

CREATE TABLE ended_call_members (
    app      TEXT NOT NULL,
    account  TEXT NOT NULL,
    position INTEGER NOT NULL REFERENCES ended_calls (position) ON DELETE CASCADE,
    PRIMARY KEY (app, account, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_call_members_by_position ON ended_call_members (position);

-- What accounts are told when they come online.
CREATE TABLE account_messages (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    app     TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    at      INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;
CREATE INDEX account_messages_by_account ON account_messages (app, account, id);
