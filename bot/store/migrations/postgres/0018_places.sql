-- Names of workspaces and of their channels, as their platform has them.
CREATE TABLE places (
    adapter text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,                      -- '': the workspace itself
    name text NOT NULL,
    folded text NOT NULL,                       -- the name without its case, to be found by it
    is_private boolean NOT NULL,
    read_at double precision NOT NULL,          -- when the platform last said so, seconds since 1970
    PRIMARY KEY (adapter, workspace, channel)
);
CREATE INDEX places_of_name ON places (folded);
