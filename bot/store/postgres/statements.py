"""The statements of an event's life. Each is one round trip, whatever it writes."""

#: lanes, adapters, now, owner's number. Of one lane key one event runs at a time, the oldest first; between people the
#: one served least recently goes first. Whether a lane is idle is only asked in that order, until a few are found: more
#: than other processes can be about to take. The adapter is not to be looked up in an index, which has finished events.
CLAIM = """
WITH waiting AS (
    SELECT seq, lane_key FROM events
    LEFT JOIN people ON people.adapter = events.adapter AND people.actor = events.actor
    WHERE NOT done AND owner IS NULL AND event IS NOT NULL AND ready_at <= $3
    AND lane = ANY($1::text[]) AND events.adapter || '' = ANY($2::text[])
    ORDER BY coalesce(people.served, 0), events.seq),
ready AS (
    SELECT seq, row_number() OVER () AS place FROM (
        SELECT seq FROM waiting WHERE lane_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM events AS other WHERE other.lane_key = waiting.lane_key AND NOT other.done
            AND (other.seq < waiting.seq OR other.owner IS NOT NULL))
        LIMIT 32) AS first),
head AS (
    SELECT events.seq FROM ready JOIN events ON events.seq = ready.seq
    WHERE done IS NOT TRUE AND owner IS NULL ORDER BY place LIMIT 1 FOR UPDATE OF events SKIP LOCKED),
taken AS (
    UPDATE events SET owner = $4 FROM head WHERE events.seq = head.seq
    RETURNING events.seq, event, attempts, ref, answer, adapter, actor, id),
served AS (
    INSERT INTO people SELECT adapter, actor, nextval('served') FROM taken
    ON CONFLICT (adapter, actor) DO UPDATE SET served = excluded.served)
SELECT seq, event, attempts, ref, answer, id FROM taken
"""
#: first key of the locks
TAKE_OVER = """
UPDATE events SET owner = NULL WHERE NOT done AND owner IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = $1
    AND objid::bigint = events.owner AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
#: numbers before, number now, sequence numbers of what runs: that goes on, the rest waits again
ADOPT = """
UPDATE events SET owner = CASE WHEN seq = ANY($3::bigint[]) THEN $2::integer END
WHERE owner = ANY($1::integer[]) AND NOT done RETURNING seq, owner IS NOT NULL AS kept
"""
#: adapter, id, actor, conversation, lane, lane key, command, channel, replaces, received at, event, answer, kind, items
RECORD = """
INSERT INTO events (
    adapter, id, actor, conversation, lane, lane_key, command, channel, replaces, received_at, event, answer, kind,
    items)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (adapter, id) DO NOTHING RETURNING seq
"""
#: seq, owner, ref, attempts
DRAFT = "UPDATE events SET ref = $3, attempts = $4 WHERE seq = $1 AND owner = $2 RETURNING seq"
#: seq, owner, answer, turns, then columns of the usage: hours, kinds, models, requests, prompt tokens,
#: completion tokens, items, costs. A trigger sees to it that a turn that comes after a later reset is not live.
COMMIT = """
WITH mine AS (
    UPDATE events SET answer = $3 WHERE seq = $1 AND owner = $2 AND answer IS NULL
    RETURNING seq, adapter, conversation, actor, channel, forgotten, withdrawn),
said AS (
    INSERT INTO turns (event_seq, n, adapter, conversation, data, live)
    SELECT mine.seq, told.n, mine.adapter, mine.conversation, told.data, true
    FROM mine, unnest($4::text[]) WITH ORDINALITY AS told (data, n)
    WHERE NOT mine.forgotten AND NOT mine.withdrawn ORDER BY told.n),
spent AS (
    INSERT INTO usage
    SELECT used.hour, mine.adapter, mine.actor, mine.channel, used.kind, used.model, sum(used.requests),
        sum(used.prompt_tokens), sum(used.completion_tokens), sum(used.items), sum(used.cost)
    FROM mine, {used} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 5, 6
    {added}),
paid AS ({paid} FROM mine, {used} GROUP BY 1, 2 {paid_added})
SELECT seq FROM mine
"""
_USED = """unnest(${0}::bigint[], ${1}::text[], ${2}::text[], ${3}::bigint[], ${4}::bigint[], ${5}::bigint[],
        ${6}::bigint[], ${7}::float8[])
        AS used (hour, kind, model, requests, prompt_tokens, completion_tokens, items, cost)"""
#: What usage is summed by, and how.
ADDED = """ON CONFLICT (hour, adapter, actor, channel, kind, model) DO UPDATE SET
    requests = usage.requests + excluded.requests, prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = usage.completion_tokens + excluded.completion_tokens,
    items = usage.items + excluded.items, cost = usage.cost + excluded.cost"""
#: Money by day, in rows of the owner's: `limits` sums them up.
_PAID = """INSERT INTO spent SELECT used.hour / 24, used.kind, $2::integer, sum(used.cost),
    max(used.cost / greatest(used.items, used.requests, 1))"""
_PAID_ADDED = """ON CONFLICT (day, kind, owner) DO UPDATE SET
    cost = spent.cost + excluded.cost, price = greatest(spent.price, excluded.price)"""
COMMIT = COMMIT.format(used=_USED.format(*range(5, 13)), added=ADDED, paid=_PAID, paid_added=_PAID_ADDED)
#: seq, owner, then the columns of the usage
USAGE = f"""
WITH paid AS ({_PAID} FROM {_USED.format(*range(3, 11))} GROUP BY 1, 2 {_PAID_ADDED})
INSERT INTO usage
SELECT used.hour, adapter, actor, channel, used.kind, used.model, sum(used.requests), sum(used.prompt_tokens),
    sum(used.completion_tokens), sum(used.items), sum(used.cost)
FROM events, {_USED.format(*range(3, 11))} WHERE seq = $1 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 5, 6
{ADDED}
"""  # noqa: S608 - constants
#: adapter, id of the event whose turns (and those of its other replacements) are replaced, seq of the newest
REPLACE = """
DELETE FROM turns WHERE event_seq IN (
    SELECT seq FROM events WHERE adapter = $1 AND (id = $2 OR (replaces = $2 AND replaces <> '')) AND seq <> $3)
"""
#: seq, owner. What was to be forgotten goes now; an answer with files stays until these are pruned.
COMPLETE = """
UPDATE events SET done = true, owner = NULL, event = CASE WHEN forgotten THEN NULL ELSE event END,
    ref = CASE WHEN forgotten THEN NULL ELSE ref END,
    answer = CASE WHEN forgotten AND coalesce(json_array_length(answer::json->'media'), 0) = 0 THEN NULL ELSE answer END
WHERE seq = $1 AND owner = $2 RETURNING seq
"""
#: seq, owner, not before
GIVE_BACK = "UPDATE events SET owner = NULL, ready_at = $3 WHERE seq = $1 AND owner = $2 RETURNING seq"
#: seq, owner, attempts
RELEASE = "UPDATE events SET owner = NULL, ready_at = 0, attempts = $3 WHERE seq = $1 AND owner = $2 RETURNING seq"
#: owner, adapter, id, conversation, before: what other processes are answering
ELSEWHERE = """
SELECT seq FROM events WHERE NOT done AND owner IS NOT NULL AND owner <> $1 AND answer IS NULL
AND (lane <> 'free' OR $3::text IS NOT NULL)
AND adapter = $2 AND id = coalesce($3, id) AND conversation = coalesce($4, conversation) AND seq < coalesce($5, seq + 1)
"""
#: adapter, conversation, before, answer
CANCEL = """
UPDATE events SET answer = $4, lane = 'free', lane_key = NULL, ready_at = 0
WHERE NOT done AND owner IS NULL AND answer IS NULL AND adapter = $1 AND conversation = $2 AND seq < $3 RETURNING seq
"""
#: adapter, id
REOPENED = """
SELECT seq, adapter, conversation, command, actor, lane FROM events
WHERE adapter = $1 AND id = $2 AND event IS NOT NULL AND (owner IS NULL OR done) FOR UPDATE
"""
#: seq, event, answer, lane, lane key. With an answer only that is to be shown, and leaves no turns.
REOPEN = """
UPDATE events SET event = $2, answer = $3, done = false, owner = NULL, attempts = 0, ready_at = 0,
    withdrawn = $3::text IS NOT NULL, lane = $4, lane_key = $5 WHERE seq = $1
"""
#: adapter, id. What still waits is done.
WITHDRAW = """
UPDATE events SET withdrawn = true, done = done OR owner IS NULL
WHERE adapter = $1 AND id = $2 AND event IS NOT NULL RETURNING seq
"""
#: seq, owner
IS_ANSWERED = "SELECT answer IS NOT NULL FROM events WHERE seq = $1 AND owner = $2"
