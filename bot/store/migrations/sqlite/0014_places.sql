-- Names of workspaces and of their channels, as their platform has them.
CREATE TABLE places (
    adapter TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel TEXT NOT NULL,                      -- '': the workspace itself
    name TEXT NOT NULL,
    folded TEXT NOT NULL,                       -- the name without its case, to be found by it
    is_private INTEGER NOT NULL CHECK (is_private IN (0, 1)),
    read_at REAL NOT NULL,                      -- when the platform last said so, seconds since 1970
    PRIMARY KEY (adapter, workspace, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX places_of_name ON places (folded);
