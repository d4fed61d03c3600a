-- Values that belong to no event: preferences, and what adapters store. The rows of `settings` are moved here after
-- this script.
CREATE TABLE key_values (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    expires REAL,                              -- seconds since 1970; NULL: never
    -- The owner: a value is erased with its person or conversation.
    adapter TEXT NOT NULL,                        -- '' for a value without owner
    actor TEXT NOT NULL,                          -- '' for no person's
    conversation TEXT NOT NULL,                   -- '' for no conversation's
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_values_of_actor ON key_values (adapter, actor) WHERE actor <> '';
CREATE INDEX key_values_of_conversation ON key_values (adapter, conversation) WHERE conversation <> '';
CREATE INDEX key_values_expiring ON key_values (expires) WHERE expires IS NOT NULL;
