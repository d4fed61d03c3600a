-- The next event is found without looking through what waits. Three tables follow from `events`:
-- `arrivals`, to which triggers append in the transaction of each change after which something may be claimed;
-- `heads`, the events that may be claimed, of each lane key the first; and `queues`, one for each person and lane.
-- Only `claim_event` reads them, one claim at a time. What they hold may be out of date, so each head is checked when
-- its turn has come; but whatever may be claimed is in `heads`, or its arrival is.

-- Rows are only added and deleted: a transaction that appends waits for no other.
CREATE TABLE arrivals (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- read by this index: the table is full of deleted rows
    seq bigint,                                 -- an event without a lane key, or
    lane_key text                               -- a lane key whose first event may have become another
);
CREATE TABLE queues (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    adapter text NOT NULL,
    actor text NOT NULL,
    lane text NOT NULL,
    only_process integer NOT NULL,              -- `home` of its events; 0: any process can answer
    served bigint NOT NULL,                     -- as in `people`
    first bigint NOT NULL,                      -- the first of its heads
    UNIQUE (adapter, actor, lane, only_process)
);
CREATE INDEX queues_by_turn ON queues (lane, adapter, served, first);
CREATE TABLE heads (
    seq bigint PRIMARY KEY,
    queue bigint NOT NULL
);
CREATE INDEX heads_of_queue ON heads (queue, seq);
CREATE INDEX events_delayed ON events (ready_at) WHERE NOT done AND owner IS NULL AND ready_at > 0;

CREATE FUNCTION event_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO arrivals (seq, lane_key) VALUES (CASE WHEN NEW.lane_key IS NULL THEN NEW.seq END, NEW.lane_key);
    RETURN NULL;
END $$;
CREATE FUNCTION event_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lane_key IS NOT NULL THEN  -- the next of its lane key may be the first now
        INSERT INTO arrivals (seq, lane_key) VALUES (NULL, OLD.lane_key);
    END IF;
    IF NOT NEW.done AND (NEW.lane_key IS NULL OR NEW.lane_key IS DISTINCT FROM OLD.lane_key) THEN
        INSERT INTO arrivals (seq, lane_key) VALUES (CASE WHEN NEW.lane_key IS NULL THEN NEW.seq END, NEW.lane_key);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION event_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO arrivals (seq, lane_key) VALUES (NULL, OLD.lane_key);
    RETURN NULL;
END $$;
CREATE TRIGGER event_came AFTER INSERT ON events
    FOR EACH ROW WHEN (NEW.owner IS NULL AND NOT NEW.done) EXECUTE FUNCTION event_came();
-- Completed, given back, cancelled, woken, reopened …; not when it is claimed, or changed by its owner.
CREATE TRIGGER event_changed AFTER UPDATE ON events
    FOR EACH ROW WHEN (
        NEW.owner IS NULL AND NOT (OLD.done AND NEW.done) AND (
            OLD.owner IS NOT NULL OR OLD.done <> NEW.done OR OLD.ready_at <> NEW.ready_at OR OLD.actor <> NEW.actor
            OR OLD.lane_key IS DISTINCT FROM NEW.lane_key OR OLD.home IS DISTINCT FROM NEW.home
            OR (OLD.answer IS NULL) <> (NEW.answer IS NULL) OR (OLD.event IS NULL) <> (NEW.event IS NULL)))
    EXECUTE FUNCTION event_changed();
CREATE TRIGGER event_gone AFTER DELETE ON events
    FOR EACH ROW WHEN (OLD.lane_key IS NOT NULL AND NOT OLD.done) EXECUTE FUNCTION event_gone();
-- What waits already. The triggers, which wait for all who write, are there first: nothing is missed in between.
INSERT INTO arrivals (seq, lane_key) SELECT CASE WHEN lane_key IS NULL THEN seq END, lane_key FROM events
    WHERE NOT done AND owner IS NULL ORDER BY seq;

-- Claims an event; returns one row, without one `seq` is NULL. `event` and `answer` are NULL where they are long: they
-- are to be read from the table. `next_at`: time from which on there may be another.
-- `process`: number of the new owner; `numbers`: all that it has had; `at`: the time, until which events are due;
-- `bound`: the time after which they are due, too, as no wait is that long; `free`: kinds of lane with a free slot;
-- `occupied`: those that had one at the last claim; `channel`: of notifications, one is sent where another process may
-- have a free slot for what this one has not.
CREATE FUNCTION claim_event(
    process integer, numbers integer[], at double precision, bound double precision, free text[], occupied text[],
    adapters text[], channel text)
RETURNS TABLE (
    seq bigint, event text, attempts integer, ref text, answer text, failing_since double precision, id text,
    next_at double precision)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    most CONSTANT integer := 500;               -- arrivals, or heads that are out of date, in one call
    longest CONSTANT integer := 65536;          -- bytes of texts in the answer
    soonest double precision;
    latest double precision;
    taken integer;
    for_others text[];                          -- kinds of lane in which something waits that another may take
    queue queues%ROWTYPE;
    head bigint;
    found_event events%ROWTYPE;
    turn bigint;
BEGIN
    -- Claims take turns, each for less than a millisecond: none collides with another. No process that is paused holds
    -- the others up: rows that another transaction has locked are passed over, and the answer fits into the connection.
    PERFORM pg_advisory_xact_lock(1668117878);

    -- What has waited for its time: the ends of the index tell.
    SELECT min(ready_at), max(ready_at) INTO soonest, latest FROM events
    WHERE NOT done AND owner IS NULL AND ready_at > 0;
    IF soonest <= at OR latest > bound THEN
        UPDATE events SET ready_at = 0 WHERE seq = ANY (ARRAY(
            SELECT seq FROM events WHERE NOT done AND owner IS NULL AND ready_at > 0 AND ready_at <= at
            ORDER BY ready_at LIMIT most FOR UPDATE SKIP LOCKED));
        UPDATE events SET ready_at = 0 WHERE seq = ANY (ARRAY(
            SELECT seq FROM events WHERE NOT done AND owner IS NULL AND ready_at > 0 AND ready_at > bound
            ORDER BY ready_at DESC LIMIT most FOR UPDATE SKIP LOCKED));
        SELECT min(ready_at) INTO soonest FROM events
        WHERE NOT done AND owner IS NULL AND ready_at > 0 AND ready_at > at;
    END IF;

    -- Arrivals become heads.
    taken := 0;
    IF EXISTS (SELECT FROM arrivals WHERE n > 0) THEN
        WITH came AS (
            DELETE FROM arrivals WHERE n = ANY (ARRAY(SELECT n FROM arrivals ORDER BY n LIMIT most))
            RETURNING seq, lane_key),
        first AS (
            SELECT seq FROM came WHERE seq IS NOT NULL
            UNION SELECT of_key.seq FROM (SELECT DISTINCT lane_key FROM came WHERE lane_key IS NOT NULL) AS keys
            CROSS JOIN LATERAL (
                SELECT seq FROM events WHERE lane_key = keys.lane_key AND NOT done ORDER BY seq LIMIT 1) AS of_key),
        waiting AS MATERIALIZED (
            SELECT events.seq, adapter, actor, CASE WHEN answer IS NULL THEN lane ELSE 'free' END AS lane,
                coalesce(home, 0) AS only_process
            FROM first JOIN events ON events.seq = first.seq
            WHERE NOT done AND owner IS NULL AND event IS NOT NULL AND ready_at = 0),
        queued AS (
            INSERT INTO queues (adapter, actor, lane, only_process, served, first)
            SELECT adapter, actor, lane, only_process, coalesce((
                SELECT served FROM people WHERE people.adapter = waiting.adapter AND people.actor = waiting.actor), 0),
                min(seq)
            FROM waiting GROUP BY adapter, actor, lane, only_process
            ON CONFLICT (adapter, actor, lane, only_process) DO UPDATE SET first = least(queues.first, excluded.first)
            RETURNING id, adapter, actor, lane, only_process),
        added AS (
            INSERT INTO heads SELECT seq, queued.id FROM waiting JOIN queued USING (adapter, actor, lane, only_process)
            ON CONFLICT (seq) DO UPDATE SET queue = excluded.queue)
        SELECT (SELECT count(*) FROM came), array_agg(DISTINCT lane) FILTER (
            WHERE NOT (lane = ANY (free) AND adapter = ANY (adapters)) OR (only_process <> 0 AND NOT only_process = ANY (numbers)))
        INTO taken, for_others FROM queued;
    END IF;
    IF cardinality(occupied) > 0 THEN
        for_others := for_others || (
            SELECT array_agg(kind) FROM unnest(occupied) AS kind WHERE NOT kind = ANY (coalesce(for_others, '{}'))
            AND EXISTS (
                SELECT FROM unnest(adapters) AS of_adapter CROSS JOIN LATERAL (
                    SELECT FROM queues WHERE lane = kind AND adapter = of_adapter LIMIT 1) AS one));
    END IF;
    IF for_others IS NOT NULL THEN
        PERFORM pg_notify(channel, 'events ' || array_to_string(for_others, ' '));
    END IF;

    -- The head of the queue whose person was served least recently, if it may still be claimed, else the next one.
    FOR step IN 1..most LOOP
        SELECT of_lane.* INTO queue FROM unnest(free) AS kind CROSS JOIN unnest(adapters) AS of_adapter
        CROSS JOIN LATERAL (
            SELECT * FROM queues WHERE lane = kind AND adapter = of_adapter
            AND (only_process = 0 OR only_process = ANY (numbers))
            ORDER BY served, first LIMIT 1) AS of_lane
        ORDER BY of_lane.served, of_lane.first LIMIT 1;
        IF NOT FOUND THEN  -- but more arrivals may be there than were looked at
            next_at := CASE WHEN taken = most THEN at ELSE soonest END;
            RETURN NEXT;
            RETURN;
        END IF;
        turn := queue.served;
        SELECT min(heads.seq) INTO head FROM heads WHERE heads.queue = queue.id;
        IF head = queue.first THEN  -- the index knows its place
            SELECT * INTO found_event FROM events
            WHERE events.seq = head AND NOT done AND owner IS NULL AND event IS NOT NULL AND ready_at = 0
            AND CASE WHEN answer IS NULL THEN lane ELSE 'free' END = queue.lane FOR UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                -- It is changed at this moment: it may be looked at again when that has ended.
                INSERT INTO arrivals (seq, lane_key) SELECT CASE WHEN lane_key IS NULL THEN events.seq END, lane_key FROM events
                WHERE events.seq = head AND NOT done AND owner IS NULL;
            ELSIF found_event.lane_key IS NULL OR NOT (
                EXISTS (
                    SELECT FROM events WHERE lane_key = found_event.lane_key AND NOT done AND seq < found_event.seq)
                OR EXISTS (SELECT FROM events WHERE lane_key = found_event.lane_key AND NOT done AND owner IS NOT NULL))
            THEN
                UPDATE events SET owner = process WHERE events.seq = head;
                turn := nextval('served');
                UPDATE people SET served = turn WHERE (adapter, actor) IN (
                    SELECT adapter, actor FROM people
                    WHERE adapter = found_event.adapter AND actor = found_event.actor FOR UPDATE SKIP LOCKED);
                IF NOT FOUND THEN  -- a new person, or one who is just being erased
                    INSERT INTO people VALUES (found_event.adapter, found_event.actor, turn) ON CONFLICT DO NOTHING;
                END IF;
                UPDATE queues SET served = turn WHERE adapter = found_event.adapter AND actor = found_event.actor;
                seq := head;
            END IF;  -- else it waits for one whose end is an arrival of the lane key
            DELETE FROM heads WHERE heads.seq = head;
            SELECT min(heads.seq) INTO head FROM heads WHERE heads.queue = queue.id;
        END IF;
        IF head IS NULL THEN
            DELETE FROM queues WHERE queues.id = queue.id;
        ELSE
            UPDATE queues SET first = head WHERE queues.id = queue.id;
        END IF;
        IF seq IS NOT NULL THEN
            attempts := found_event.attempts;
            ref := found_event.ref;
            IF octet_length(found_event.event) + coalesce(octet_length(found_event.answer), 0) < longest THEN
                event := found_event.event;
                answer := found_event.answer;
            END IF;
            failing_since := found_event.failing_since;
            id := found_event.id;
            next_at := CASE
                WHEN taken = most OR EXISTS (
                    SELECT FROM unnest(free) AS kind CROSS JOIN unnest(adapters) AS of_adapter CROSS JOIN LATERAL (
                        SELECT FROM queues WHERE lane = kind AND adapter = of_adapter LIMIT 1) AS one) THEN at
                ELSE soonest END;
            RETURN NEXT;
            RETURN;
        END IF;
    END LOOP;
    next_at := at;
    RETURN NEXT;
END $$;

-- Erases what the tables hold of events that wait no more, such as those of a person who was erased.
CREATE FUNCTION tidy_queues() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1668117878);
    DELETE FROM arrivals WHERE lane_key IS NOT NULL AND NOT EXISTS (
        SELECT FROM events WHERE events.lane_key = arrivals.lane_key AND NOT done);
    DELETE FROM heads WHERE NOT EXISTS (
        SELECT FROM events WHERE events.seq = heads.seq AND NOT done AND owner IS NULL);
    DELETE FROM queues WHERE NOT EXISTS (SELECT FROM heads WHERE heads.queue = queues.id);
END $$;
