-- What administrators did, oldest first. Rows are only added; they are erased when their time is over.
CREATE TABLE audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at double precision NOT NULL,                          -- seconds since 1970
    adapter text NOT NULL,
    workspace text NOT NULL,
    actor text NOT NULL,                          -- '' for a person who was erased
    entry text NOT NULL                           -- JSON of bot.ports.AuditEntry, without the person
);
CREATE INDEX audit_of_workspace ON audit (adapter, workspace, seq);
CREATE INDEX audit_of_actor ON audit (adapter, actor) WHERE actor <> '';
CREATE INDEX audit_by_time ON audit (at);
