-- Counts new events against limits of requests a minute, and returns those that are over one: their place, the times
-- at which requests of the last minute were counted (a JSON list for each of the event's limits), and the time now.
-- Known events are not counted. `limits`: how many limits each event has; `subjects`: whose requests they count, as in
-- `allowances`, and `amounts`: how many they allow, of all events in turn.
-- A lock for each subject is held until the end of the transaction, also in processes of the version before.
CREATE FUNCTION count_requests(adapters text[], ids text[], limits integer[], subjects bigint[], amounts bigint[])
RETURNS TABLE (place integer, recent text, at double precision)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    first integer;
    last integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(subject)
    FROM (SELECT DISTINCT unnest(subjects) AS subject ORDER BY subject) AS in_order;
    at := extract(epoch FROM clock_timestamp());  -- after the requests of those who held the locks
    FOR number IN 1..cardinality(ids) LOOP
        first := last + 1;
        last := last + limits[number];
        CONTINUE WHEN EXISTS (SELECT FROM events WHERE adapter = adapters[number] AND id = ids[number]);
        IF EXISTS (
            SELECT FROM unnest(subjects[first:last], amounts[first:last]) AS of_limit (subject, amount)
            WHERE amount <= (
                SELECT count(*) FROM allowances, unnest(allowances.recent) AS time
                WHERE person = subject AND time > at - 60))
        THEN
            place := number;
            recent := (
                SELECT json_agg(ARRAY(
                    SELECT time FROM allowances, unnest(allowances.recent) AS time
                    WHERE person = subject AND time > at - 60 ORDER BY time) ORDER BY n)
                FROM unnest(subjects[first:last]) WITH ORDINALITY AS of_limit (subject, n));
            RETURN NEXT;
        ELSE
            INSERT INTO allowances (person, recent)
            SELECT DISTINCT subject, ARRAY[at] FROM unnest(subjects[first:last]) AS subject
            ON CONFLICT (person) DO UPDATE SET recent = ARRAY(
                SELECT time FROM unnest(allowances.recent) AS time WHERE time > at - 60 ORDER BY time) || at;
        END IF;
    END LOOP;
END $$;
