-- The schema that the migrations lead to. A new database is made of it at once instead of step by step.
-- Each new migration changes this file, too: a test compares what both lead to.

-- One row per event, for as long as its conversation is kept. A row whose `event` is NULL was forgotten:
-- it stays so that a redelivery is not answered again.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    adapter TEXT NOT NULL,
    id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    lane TEXT NOT NULL CHECK (lane IN ('conversation', 'own', 'free')),
    command TEXT NOT NULL,
    actor TEXT NOT NULL,
    channel TEXT NOT NULL,
    replaces TEXT NOT NULL,                     -- id of the event whose turns this one's replace
    received_at REAL NOT NULL,                  -- seconds since 1970
    ready_at REAL NOT NULL DEFAULT 0,           -- not to be claimed before
    attempts INTEGER NOT NULL DEFAULT 0,        -- tries that opened a draft
    ref TEXT,                                   -- of that draft
    event TEXT,                                 -- JSON
    answer TEXT,                                -- JSON, set once, by the commit
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),  -- to be blanked when it is done
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),  -- deleted: turns yet to leave do not count
    failing_since REAL,                         -- the API's first failed try, seconds since 1970; NULL: none
    workspace TEXT NOT NULL DEFAULT '',
    UNIQUE (adapter, id)
) STRICT;
CREATE INDEX events_unfinished ON events (seq) WHERE done = 0;
CREATE INDEX events_finished ON events (received_at) WHERE done = 1;
CREATE INDEX events_of_conversation ON events (adapter, conversation, seq);
CREATE INDEX events_of_actor ON events (adapter, actor) WHERE actor <> '';
CREATE INDEX events_replacing ON events (adapter, replaces) WHERE replaces <> '';

CREATE TRIGGER events_answered_once BEFORE UPDATE OF answer ON events
WHEN OLD.answer IS NOT NULL AND NEW.answer IS NOT NULL AND NEW.answer <> OLD.answer
BEGIN
    SELECT RAISE(ABORT, 'the event has an answer');
END;

CREATE TABLE turns (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    n INTEGER NOT NULL,                         -- position within the event's turns
    adapter TEXT NOT NULL,
    conversation TEXT NOT NULL,
    data TEXT NOT NULL,                         -- JSON
    live INTEGER NOT NULL CHECK (live IN (0, 1)),  -- history: not folded into a summary, not left behind by a reset
    UNIQUE (event_seq, n)
) STRICT;
CREATE INDEX turns_of_conversation ON turns (adapter, conversation, seq);
CREATE INDEX turns_live ON turns (adapter, conversation, seq) WHERE live = 1;

-- What a conversation remembers besides its live turns.
CREATE TABLE contexts (
    adapter TEXT NOT NULL,
    conversation TEXT NOT NULL,
    summary TEXT NOT NULL DEFAULT '',
    through_seq INTEGER NOT NULL DEFAULT 0,     -- the last turn that the summary holds
    reset INTEGER NOT NULL DEFAULT 0,           -- turns of events up to this one were left behind
    reset_turn INTEGER NOT NULL DEFAULT 0,      -- the last turn left behind
    left_behind INTEGER NOT NULL DEFAULT 0,     -- how many turns the last reset left behind
    total INTEGER NOT NULL DEFAULT 0,           -- live turns, kept by the triggers below
    PRIMARY KEY (adapter, conversation)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER turns_added AFTER INSERT ON turns WHEN NEW.live = 1
BEGIN
    INSERT INTO contexts (adapter, conversation, total) VALUES (NEW.adapter, NEW.conversation, 1)
    ON CONFLICT (adapter, conversation) DO UPDATE SET total = total + 1;
END;
CREATE TRIGGER turns_left AFTER UPDATE OF live ON turns WHEN OLD.live = 1 AND NEW.live = 0
BEGIN
    UPDATE contexts SET total = total - 1 WHERE adapter = OLD.adapter AND conversation = OLD.conversation;
END;
CREATE TRIGGER turns_removed AFTER DELETE ON turns WHEN OLD.live = 1
BEGIN
    UPDATE contexts SET total = total - 1 WHERE adapter = OLD.adapter AND conversation = OLD.conversation;
END;

-- What people think of answers.
CREATE TABLE feedback (
    event_seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    is_good INTEGER NOT NULL CHECK (is_good IN (0, 1)),
    at REAL NOT NULL,                           -- seconds since 1970
    PRIMARY KEY (event_seq, actor)
) STRICT, WITHOUT ROWID;
CREATE INDEX feedback_of_actor ON feedback (actor);

-- Values that belong to no event: preferences, and what adapters store.
CREATE TABLE key_values (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    expires REAL,                               -- seconds since 1970; NULL: never
    -- The owner: a value is erased with its person or conversation.
    adapter TEXT NOT NULL,                      -- '' for a value without owner
    actor TEXT NOT NULL,                        -- '' for no person's
    conversation TEXT NOT NULL,                 -- '' for no conversation's
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_values_of_actor ON key_values (adapter, actor) WHERE actor <> '';
CREATE INDEX key_values_of_conversation ON key_values (adapter, conversation) WHERE conversation <> '';
CREATE INDEX key_values_expiring ON key_values (expires) WHERE expires IS NOT NULL;

-- What an event may use counts against the quotas for as long as it has no answer.
CREATE TABLE reservations (
    event_seq INTEGER PRIMARY KEY REFERENCES events (seq) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    items INTEGER NOT NULL,                     -- pictures, sounds or videos asked for
    tokens INTEGER NOT NULL DEFAULT 0,
    milliseconds INTEGER NOT NULL DEFAULT 0,    -- of sound or video
    micros INTEGER DEFAULT 0,                   -- NULL: the price is not known
    own INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What administrators did, oldest first. Rows are only added; they are erased when their time is over.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,                           -- seconds since 1970
    adapter TEXT NOT NULL,
    workspace TEXT NOT NULL,
    actor TEXT NOT NULL,                        -- '' for a person who was erased
    entry TEXT NOT NULL                         -- JSON of bot.ports.AuditEntry, without the person
) STRICT;
CREATE INDEX audit_of_workspace ON audit (adapter, workspace, seq);
CREATE INDEX audit_of_actor ON audit (adapter, actor) WHERE actor <> '';
CREATE INDEX audit_by_time ON audit (at);

-- Money is counted in micros, millionths of the API's currency, as whole numbers.
CREATE TABLE usage (
    hour INTEGER NOT NULL,                      -- hours since 1970
    adapter TEXT NOT NULL,
    actor TEXT NOT NULL,                        -- '' for those who asked to be forgotten
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    items INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    price INTEGER NOT NULL,                     -- the dearest of one item or request, in micros
    workspace TEXT NOT NULL DEFAULT '',
    roles TEXT NOT NULL DEFAULT '',             -- that the person had, a line each
    own_micros INTEGER NOT NULL DEFAULT 0,      -- of `micros`, what workspaces with an API of their own paid
    PRIMARY KEY (hour, adapter, actor, channel, kind, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_of_actor ON usage (adapter, actor, hour) WHERE actor <> '';
CREATE INDEX usage_of_channel ON usage (adapter, channel, hour);

-- What people who were forgotten have used, who are only numbers here: it counts until the end of the month.
CREATE TABLE carried (
    person INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    items INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    own_micros INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (person, hour, workspace, kind)
) STRICT, WITHOUT ROWID;

-- The API's calls that may cost something: reserved before they are posted, then settled or given back.
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY,
    event_seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    at REAL NOT NULL,                           -- seconds since 1970
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    items INTEGER NOT NULL,
    micros INTEGER,                             -- what it will cost at most, or did cost; NULL: not known yet
    state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'returned'))
) STRICT;
CREATE INDEX calls_of_event ON calls (event_seq);
-- One call of an event is open at a time.
CREATE UNIQUE INDEX calls_open ON calls (event_seq) WHERE state = 'reserved';

-- Requests that are made at set times.
CREATE TABLE schedules (
    adapter TEXT NOT NULL,
    id TEXT NOT NULL,
    workspace TEXT NOT NULL,
    actor TEXT NOT NULL,
    due REAL,                                   -- the next time, seconds since 1970; NULL: paused
    schedule TEXT NOT NULL,                     -- JSON of bot.ports.Schedule
    PRIMARY KEY (adapter, id)
) STRICT;
CREATE INDEX schedules_due ON schedules (due) WHERE due IS NOT NULL;
CREATE INDEX schedules_of_actor ON schedules (adapter, actor);
CREATE INDEX schedules_of_workspace ON schedules (adapter, workspace);

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
