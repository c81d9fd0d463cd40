-- Pictures that a room's mix may show. They go with the room.

CREATE TABLE mix_assets (
    app   TEXT NOT NULL,
    room  TEXT NOT NULL,
    name  TEXT NOT NULL,
    -- png or jpeg
    kind  TEXT NOT NULL,
    width  INTEGER NOT NULL,
    height INTEGER NOT NULL,
    data  BLOB NOT NULL,
    PRIMARY KEY (app, room, name),
    FOREIGN KEY (app, room) REFERENCES rooms (app, id) ON DELETE CASCADE
) STRICT;
