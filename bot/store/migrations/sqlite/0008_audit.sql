-- What administrators did, oldest first. Rows are only added; they are erased when their time is over.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,                          -- seconds since 1970
    adapter TEXT NOT NULL,
    workspace TEXT NOT NULL,
    actor TEXT NOT NULL,                          -- '' for a person who was erased
    entry TEXT NOT NULL                           -- JSON of bot.ports.AuditEntry, without the person
) STRICT;
CREATE INDEX audit_of_workspace ON audit (adapter, workspace, seq);
CREATE INDEX audit_of_actor ON audit (adapter, actor) WHERE actor <> '';
CREATE INDEX audit_by_time ON audit (at);
