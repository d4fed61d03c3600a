-- One row per event, for as long as its conversation is kept. A row whose `event` is NULL was forgotten:
-- it stays so that a redelivery is not answered again. JSON is kept as text: jsonb refuses \u0000.
CREATE TABLE events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    adapter text NOT NULL,
    id text NOT NULL,
    conversation text NOT NULL,
    lane text NOT NULL CHECK (lane IN ('conversation', 'own', 'free')),
    lane_key text,                              -- events of one key run one at a time, in order; NULL: waits for nothing
    command text NOT NULL,
    actor text NOT NULL,
    channel text NOT NULL,
    again text NOT NULL,                        -- id of the event whose turns this one's replace
    received_at double precision NOT NULL,      -- seconds since 1970
    ready_at double precision NOT NULL DEFAULT 0,  -- not to be claimed before
    attempts integer NOT NULL DEFAULT 0,        -- tries that opened a draft
    ref text,                                   -- of that draft, JSON
    event text,                                 -- JSON
    answer text,                                -- JSON
    owner integer,                              -- of the process that has it; NULL: waiting
    done boolean NOT NULL DEFAULT false,
    forgotten boolean NOT NULL DEFAULT false,   -- to be blanked when it is done
    withdrawn boolean NOT NULL DEFAULT false,   -- its question was deleted: it leaves no turns
    UNIQUE (adapter, id)
);
-- The database itself lets one event of a lane key run at a time.
CREATE UNIQUE INDEX events_running ON events (lane_key) WHERE owner IS NOT NULL AND NOT done;
CREATE INDEX events_unfinished ON events (seq) WHERE NOT done;
CREATE INDEX events_in_lane ON events (lane_key, seq) WHERE NOT done;
CREATE INDEX events_finished ON events (received_at) WHERE done;
CREATE INDEX events_of_conversation ON events (adapter, conversation, seq);
CREATE INDEX events_of_actor ON events (adapter, actor, seq) WHERE actor <> '';
CREATE INDEX events_again ON events (adapter, again) WHERE again <> '';

-- Who was served when: the least recently served person comes first.
CREATE TABLE people (
    adapter text NOT NULL,
    actor text NOT NULL,
    served bigint NOT NULL,
    PRIMARY KEY (adapter, actor)
);
CREATE SEQUENCE served;
-- Numbers of processes: each holds the advisory lock of its own for as long as it lives.
CREATE SEQUENCE owners AS integer CYCLE;

CREATE TABLE turns (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_seq bigint NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    n integer NOT NULL,                         -- position within the event's turns
    adapter text NOT NULL,
    conversation text NOT NULL,
    data text NOT NULL,                         -- JSON
    live boolean NOT NULL,                      -- history: not folded into a summary, not left behind by a reset
    UNIQUE (event_seq, n)
);
CREATE INDEX turns_of_conversation ON turns (adapter, conversation, seq);
CREATE INDEX turns_live ON turns (adapter, conversation, seq) WHERE live;

-- What a conversation remembers besides its live turns.
CREATE TABLE contexts (
    adapter text NOT NULL,
    conversation text NOT NULL,
    summary text NOT NULL DEFAULT '',
    upto bigint NOT NULL DEFAULT 0,             -- the last turn that the summary holds
    reset bigint NOT NULL DEFAULT 0,            -- turns of events up to this one were left behind
    reset_turn bigint NOT NULL DEFAULT 0,       -- the last turn left behind
    left_behind bigint NOT NULL DEFAULT 0,      -- how many turns the last reset left behind
    total bigint NOT NULL DEFAULT 0,            -- live turns, kept by the triggers below
    PRIMARY KEY (adapter, conversation)
);

CREATE FUNCTION turns_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contexts (adapter, conversation, total)
    SELECT adapter, conversation, count(*) FROM added WHERE live GROUP BY adapter, conversation
    ORDER BY adapter, conversation
    ON CONFLICT (adapter, conversation) DO UPDATE SET total = contexts.total + excluded.total;
    -- What was asked before a reset is not history. The row of contexts, locked now, tells of every reset so far.
    UPDATE turns SET live = false FROM added, contexts
    WHERE turns.seq = added.seq AND turns.live AND contexts.adapter = turns.adapter
    AND contexts.conversation = turns.conversation AND contexts.reset >= turns.event_seq;
    RETURN NULL;
END $$;
CREATE FUNCTION turns_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contexts SET total = total - gone.number
    FROM (SELECT adapter, conversation, count(*) AS number FROM removed WHERE live GROUP BY 1, 2) AS gone
    WHERE contexts.adapter = gone.adapter AND contexts.conversation = gone.conversation;
    RETURN NULL;
END $$;
CREATE TRIGGER turns_added AFTER INSERT ON turns REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION turns_added();
-- Live turns are only ever updated to be live no more.
CREATE TRIGGER turns_left AFTER UPDATE ON turns REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION turns_left();
CREATE TRIGGER turns_removed AFTER DELETE ON turns REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION turns_left();

CREATE TABLE usage (
    hour bigint NOT NULL,                       -- hours since 1970
    adapter text NOT NULL,
    actor text NOT NULL,                        -- '' for those who asked to be forgotten
    channel text NOT NULL,
    kind text NOT NULL,
    model text NOT NULL,
    requests bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    items bigint NOT NULL,
    cost double precision NOT NULL,
    PRIMARY KEY (hour, adapter, actor, channel, kind, model)
);

CREATE TABLE settings (
    scope text NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (scope, name)
);

-- What people think of answers.
CREATE TABLE feedback (
    event_seq bigint NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    actor text NOT NULL,
    is_good boolean NOT NULL,
    at double precision NOT NULL,               -- seconds since 1970
    PRIMARY KEY (event_seq, actor)
);
CREATE INDEX feedback_of_actor ON feedback (actor);
