-- Claims events, as many as `slots` allow and at most `most`, in one call: what came is sorted in once for all of them.
-- Returns a row for each, and a last one without `seq`, whose `next_at` is the time from which on there may be another.
-- `event` and `answer` are NULL where they are long: they are to be read from the table.
-- `process`: number of the new owner; `numbers`: all that it has had; `at`: the time, until which events are due;
-- `bound`: the time after which they are due, too, as no wait is that long; `lanes` and `slots`: kinds of lane with free
-- slots, and how many; `occupied`: those that had one after the last claim; `channel`: of notifications, one is sent
-- where another process may have a free slot for what this one has not.
CREATE FUNCTION claim_events(
    process integer, numbers integer[], at double precision, bound double precision, lanes text[], slots integer[],
    most integer, occupied text[], adapters text[], channel text)
RETURNS TABLE (
    seq bigint, event text, attempts integer, ref text, answer text, failing_since double precision, id text,
    lane text, next_at double precision)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    steps CONSTANT integer := 500;              -- arrivals, or heads that are out of date, in one call
    room integer := 65536;                      -- bytes of texts in the answer
    free text[] := lanes;                       -- kinds of lane that still have a free slot
    bytes integer;
    place integer;
    claimed integer := 0;
    is_all boolean := false;                    -- nothing is left for a free slot
    soonest double precision;
    latest double precision;
    taken integer;
    for_others text[];                          -- kinds of lane in which something waits that another may take
    queue queues%ROWTYPE;
    head bigint;
    found_event events%ROWTYPE;
    turn bigint;
BEGIN
    -- Claims take turns, each for a few milliseconds at most: none collides with another. No process that is paused holds
    -- the others up: rows that another transaction has locked are passed over, and the answer fits into the connection.
    PERFORM pg_advisory_xact_lock(1668117878);

    -- What has waited for its time: the ends of the index tell.
    SELECT min(ready_at), max(ready_at) INTO soonest, latest FROM events
    WHERE NOT done AND owner IS NULL AND ready_at > 0;
    IF soonest <= at OR latest > bound THEN
        UPDATE events SET ready_at = 0 WHERE seq = ANY (ARRAY(
            SELECT seq FROM events WHERE NOT done AND owner IS NULL AND ready_at > 0 AND ready_at <= at
            ORDER BY ready_at LIMIT steps FOR UPDATE SKIP LOCKED));
        UPDATE events SET ready_at = 0 WHERE seq = ANY (ARRAY(
            SELECT seq FROM events WHERE NOT done AND owner IS NULL AND ready_at > 0 AND ready_at > bound
            ORDER BY ready_at DESC LIMIT steps FOR UPDATE SKIP LOCKED));
        SELECT min(ready_at) INTO soonest FROM events
        WHERE NOT done AND owner IS NULL AND ready_at > 0 AND ready_at > at;
    END IF;

    -- Arrivals become heads.
    taken := 0;
    IF EXISTS (SELECT FROM arrivals WHERE n > 0) THEN
        WITH came AS (
            DELETE FROM arrivals WHERE n = ANY (ARRAY(SELECT n FROM arrivals ORDER BY n LIMIT steps))
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

    -- The head of the queue whose person was served least recently, if it may still be claimed, else the next one.
    FOR step IN 1..steps LOOP
        EXIT WHEN claimed = most OR free = '{}';
        SELECT of_lane.* INTO queue FROM unnest(free) AS kind CROSS JOIN unnest(adapters) AS of_adapter
        CROSS JOIN LATERAL (
            SELECT * FROM queues WHERE lane = kind AND adapter = of_adapter
            AND (only_process = 0 OR only_process = ANY (numbers))
            ORDER BY served, first LIMIT 1) AS of_lane
        ORDER BY of_lane.served, of_lane.first LIMIT 1;
        IF NOT FOUND THEN
            is_all := true;
            EXIT;
        END IF;
        seq := NULL;
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
            event := NULL;
            answer := NULL;
            bytes := octet_length(found_event.event) + coalesce(octet_length(found_event.answer), 0);
            IF bytes < room THEN
                room := room - bytes;
                event := found_event.event;
                answer := found_event.answer;
            END IF;
            failing_since := found_event.failing_since;
            id := found_event.id;
            lane := queue.lane;
            RETURN NEXT;
            claimed := claimed + 1;
            place := array_position(lanes, queue.lane);
            slots[place] := slots[place] - 1;
            IF slots[place] = 0 THEN
                free := array_remove(free, queue.lane);
                occupied := occupied || queue.lane;
            END IF;
        END IF;
    END LOOP;

    IF cardinality(occupied) > 0 THEN
        for_others := for_others || (
            SELECT array_agg(kind) FROM unnest(occupied) AS kind WHERE NOT kind = ANY (coalesce(for_others, '{}'))
            AND EXISTS (
                SELECT FROM unnest(adapters) AS of_adapter CROSS JOIN LATERAL (
                    SELECT FROM queues WHERE queues.lane = kind AND adapter = of_adapter LIMIT 1) AS one));
    END IF;
    IF for_others IS NOT NULL THEN
        PERFORM pg_notify(channel, 'events ' || array_to_string(for_others, ' '));
    END IF;
    seq := NULL;
    next_at := CASE
        WHEN taken = steps OR NOT is_all AND EXISTS (
            SELECT FROM unnest(free) AS kind CROSS JOIN unnest(adapters) AS of_adapter CROSS JOIN LATERAL (
                SELECT FROM queues WHERE queues.lane = kind AND adapter = of_adapter LIMIT 1) AS one) THEN at
        ELSE soonest END;
    RETURN NEXT;
END $$;

-- For processes of the version before.
CREATE OR REPLACE FUNCTION claim_event(
    process integer, numbers integer[], at double precision, bound double precision, free text[], occupied text[],
    adapters text[], channel text)
RETURNS TABLE (
    seq bigint, event text, attempts integer, ref text, answer text, failing_since double precision, id text,
    next_at double precision)
LANGUAGE sql AS $$
    SELECT max(seq), max(event), max(attempts), max(ref), max(answer), max(failing_since), max(id), max(next_at)
    FROM claim_events(process, numbers, at, bound, free, array_fill(2, ARRAY[cardinality(free)]), 1, occupied, adapters,
        channel)
$$;
