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
    again TEXT NOT NULL,                        -- id of the event whose turns this one's replace
    received_at REAL NOT NULL,                  -- seconds since 1970
    ready_at REAL NOT NULL DEFAULT 0,           -- not to be claimed before
    attempts INTEGER NOT NULL DEFAULT 0,        -- tries that opened a draft
    ref TEXT,                                   -- of that draft
    event TEXT,                                 -- JSON
    answer TEXT,                                -- JSON, set once, by the commit
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1)),  -- to be blanked when it is done
    UNIQUE (adapter, id)
) STRICT;
CREATE INDEX events_unfinished ON events (seq) WHERE done = 0;
CREATE INDEX events_finished ON events (received_at) WHERE done = 1;
CREATE INDEX events_of_conversation ON events (adapter, conversation, seq);
CREATE INDEX events_of_actor ON events (adapter, actor) WHERE actor <> '';
CREATE INDEX events_again ON events (adapter, again) WHERE again <> '';

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
    upto INTEGER NOT NULL DEFAULT 0,            -- the last turn that the summary holds
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
    cost REAL NOT NULL,
    PRIMARY KEY (hour, adapter, actor, channel, kind, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
