"""The statements of an event's life; each is one round trip."""

# ruff: noqa: S608 - only constants are joined

from bot.store.postgres.lease import CHANNEL
from bot.store.shared.rows import PLACE_REF

#: An event with an answer only needs delivery. Its own lane is kept for a later change of its content.
_LANE = "CASE WHEN answer IS NULL THEN lane ELSE 'free' END"
#: The functions are explained in the migration that makes them. Of one lane key one event runs at a time, the oldest
#: first; between people the one served least recently goes first.
CLAIM = """
SELECT claimed.*, CASE WHEN seq IS NOT NULL AND lane = 'conversation' THEN is_new_conversation(seq) END AS is_new
FROM claim_events(
    :owner::integer, :numbers::integer[], :now::float8, :bound::float8, :lanes::text[], :slots::integer[],
    :most::integer, :occupied::text[], :adapters::text[], :channel::text) AS claimed
"""
#: Content of claimed events that is too long for the answer of the function.
CONTENT = "SELECT seq, event, answer FROM events WHERE seq = ANY(:seqs::bigint[])"
TIDY = "SELECT tidy_queues()"
_IS_GONE = """NOT EXISTS (
    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = :lock
    AND objid::bigint = events.{} AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
#: `lock`: first key of the locks that processes hold.
TAKE_OVER = f"""
UPDATE events SET owner = NULL WHERE NOT done AND owner IS NOT NULL AND {_IS_GONE.format("owner")}
"""
#: What a process that ended has left unanswered in a conversation becomes this process's own.
INHERIT = f"""
UPDATE events SET home = :home WHERE NOT done AND home IS NOT NULL
AND adapter = :adapter AND conversation = :conversation AND {_IS_GONE.format("home")}
"""
#: What a process that ended has left is dropped where nobody went on with the conversation in time.
ABANDON = f"""
UPDATE events SET done = true WHERE NOT done AND owner IS NULL AND home IS NOT NULL AND received_at < :before
AND {_IS_GONE.format("home")}
"""
#: Running events move to the owner's new number; the others of its earlier numbers wait again.
ADOPT = """
UPDATE events SET owner = CASE WHEN seq = ANY(:running::bigint[]) THEN :owner::integer END
WHERE owner = ANY(:owners_before::integer[]) AND NOT done RETURNING seq, owner IS NOT NULL AS is_kept
"""
#: The events that only this process can answer move to its new number.
MOVE_HOME = "UPDATE events SET home = :home WHERE home = ANY(:before::integer[]) AND NOT done"
_RECORDED = """adapter, id, actor, conversation, lane, lane_key, command, channel, replaces, workspace, received_at,
    event, answer, kind, items, tokens, milliseconds, micros, own, home"""
#: Statements of many events at once take an array of each parameter, and return the keys of what they wrote.
_NEW = f"""unnest(:adapter::text[], :id::text[], :actor::text[], :conversation::text[], :lane::text[],
        :lane_key::text[], :command::text[], :channel::text[], :replaces::text[], :workspace::text[],
        :received_at::float8[], :event::text[], :answer::text[], :kind::text[], :items::integer[], :tokens::bigint[],
        :milliseconds::bigint[], :micros::bigint[], :is_own::boolean[], :home::integer[])
        WITH ORDINALITY AS new ({_RECORDED}, place)"""
_NOTIFY = f"CASE WHEN (:news::text[])[1] <> '' THEN pg_notify('{CHANNEL}', (:news::text[])[1]) END"


def _record(condition: str) -> str:
    """Return the insert of new events that meet a condition.

    `seq` is in the order of the arrays; rows are inserted in the order of their keys: of two processes that record the
    same events one waits for the other, and not each for the other. `news`: the notification of new events, if any.
    """
    return f"""
INSERT INTO events (seq, {_RECORDED}) OVERRIDING SYSTEM VALUE
SELECT seq, {_RECORDED}
FROM (SELECT nextval('events_seq_seq') AS seq, new.* FROM {_NEW}{condition}) AS numbered
ORDER BY adapter, id ON CONFLICT (adapter, id) DO NOTHING
RETURNING adapter, id, {_NOTIFY} AS notified"""


RECORD = _record("")
#: Records those that are within their limits of requests a minute. Of the others also the figures are returned. Each
#: event has `limits` of these; `subjects` and `amounts` are of all events in turn.
RECORD_WITHIN = f"""
WITH refused AS MATERIALIZED (
    SELECT * FROM count_requests(
        :adapter::text[], :id::text[], :limits::integer[], :subjects::bigint[], :amounts::bigint[])),
recorded AS ({_record(" WHERE new.place <> ALL (ARRAY(SELECT place FROM refused))")})
SELECT adapter, id, NULL AS recent, NULL::float8 AS at, notified::text FROM recorded
UNION ALL SELECT (:adapter::text[])[place], (:id::text[])[place], recent, at, '' FROM refused
"""
DRAFT = """
UPDATE events SET ref = coalesce(new.ref, events.ref), attempts = coalesce(new.attempts, events.attempts)
FROM unnest(:seq::bigint[], :owner::integer[], :ref::text[], :attempts::integer[]) AS new (seq, owner, ref, attempts)
WHERE events.seq = new.seq AND events.owner = new.owner RETURNING events.seq
"""

#: What `mine`, the rows of some events, have used: an array of each column.
_USED = """used AS MATERIALIZED (
    SELECT mine.owner, mine.adapter, mine.actor, mine.channel, mine.workspace, mine.roles, mine.is_reserved, new.*
    FROM mine JOIN unnest(:used_by::bigint[], :hours::bigint[], :kinds::text[], :models::text[], :requests::bigint[],
        :prompt_tokens::bigint[], :completion_tokens::bigint[], :items::bigint[], :milliseconds::bigint[],
        :micros::bigint[], :prices::bigint[], :own_micros::bigint[]) AS new (
            event_seq, hour, kind, model, requests, prompt_tokens, completion_tokens, items, milliseconds, micros,
            price, own_micros) ON new.event_seq = mine.seq)"""
_SUMS = """sum(requests), sum(prompt_tokens), sum(completion_tokens), sum(items), sum(milliseconds), sum(micros),
        sum(own_micros)"""
_NAMES = "requests, prompt_tokens, completion_tokens, items, milliseconds, micros, own_micros"
_PLACE = "hour, adapter, actor, channel, kind, model"
#: The key and the sums of usage.
ADDED = f"""ON CONFLICT ({_PLACE}) DO UPDATE SET
    requests = usage.requests + excluded.requests, prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = usage.completion_tokens + excluded.completion_tokens,
    items = usage.items + excluded.items, milliseconds = usage.milliseconds + excluded.milliseconds,
    micros = usage.micros + excluded.micros, own_micros = usage.own_micros + excluded.own_micros,
    workspace = excluded.workspace, roles = excluded.roles"""
#: Adds to the usage of each person, in the order of the keys.
_COUNTED = f"""counted AS (
    INSERT INTO usage ({_PLACE}, {_NAMES}, workspace, roles)
    SELECT {_PLACE}, {_SUMS}, max(workspace), max(roles) FROM used GROUP BY {_PLACE} ORDER BY {_PLACE}
    {ADDED})"""
#: Use by the hour, in rows of the owner's, which quotas add up.
_SPENT = f"""paid AS (
    INSERT INTO spent (hour, kind, owner, adapter, workspace, {_NAMES}, price)
    SELECT hour, kind, owner, adapter, workspace, {_SUMS}, max(price) FROM used GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (hour, kind, owner, adapter, workspace) DO UPDATE SET
    requests = spent.requests + excluded.requests, prompt_tokens = spent.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = spent.completion_tokens + excluded.completion_tokens,
    items = spent.items + excluded.items, milliseconds = spent.milliseconds + excluded.milliseconds,
    micros = spent.micros + excluded.micros, own_micros = spent.own_micros + excluded.own_micros,
    price = greatest(spent.price, excluded.price))"""
_MADE = """made AS (
    INSERT INTO calls (event_seq, at, kind, model, items, micros, state)
    SELECT event_seq, extract(epoch FROM now()), kind, model, items, micros, 'settled'
    FROM used WHERE NOT is_reserved)"""
#: A trigger sees to it that a turn that comes after a later reset is not live.
COMMIT = f"""
WITH mine AS (
    UPDATE events SET answer = new.answer, items = new.items, tokens = new.tokens, milliseconds = new.milliseconds,
        micros = new.micros, ref = coalesce(new.ref, events.ref), attempts = coalesce(new.attempts, events.attempts)
    FROM unnest(:seq::bigint[], :owner::integer[], :answer::text[], :used_items::integer[], :used_tokens::bigint[],
        :used_milliseconds::bigint[], :used_micros::bigint[], :workspace::text[], :roles::text[],
        :is_reserved::boolean[], :ref::text[], :attempts::integer[]) AS new (
            seq, owner, answer, items, tokens, milliseconds, micros, workspace, roles, is_reserved, ref, attempts)
    WHERE events.seq = new.seq AND events.owner = new.owner AND events.answer IS NULL
    RETURNING events.seq, events.owner, adapter, conversation, actor, channel, forgotten, withdrawn, new.workspace,
        new.roles, new.is_reserved),
said AS (
    INSERT INTO turns (event_seq, n, adapter, conversation, data, live)
    SELECT mine.seq, turn.n, mine.adapter, mine.conversation, turn.data, true
    FROM mine JOIN unnest(:said_by::bigint[], :turn_numbers::integer[], :turns::text[]) AS turn (event_seq, n, data)
        ON turn.event_seq = mine.seq
    WHERE NOT mine.forgotten AND NOT mine.withdrawn ORDER BY mine.seq, turn.n),
{_USED},
{_COUNTED},
{_SPENT},
{_MADE}
SELECT seq FROM mine
"""
USAGE = f"""
WITH mine AS (
    SELECT events.seq, new.owner, adapter, actor, channel, new.workspace, new.roles, new.is_reserved
    FROM unnest(:seq::bigint[], :owner::integer[], :workspace::text[], :roles::text[], :is_reserved::boolean[])
        AS new (seq, owner, workspace, roles, is_reserved)
    JOIN events ON events.seq = new.seq),
{_USED},
{_COUNTED},
{_SPENT},
{_MADE}
SELECT seq FROM mine
"""
#: Turns of the event that was replaced, and of its other replacements.
REPLACE = """
DELETE FROM turns WHERE event_seq IN (
    SELECT seq FROM events WHERE adapter = :adapter AND (id = :replaces OR (replaces = :replaces AND replaces <> ''))
    AND seq <> :seq)
"""
#: Condition of an event whose answer has files. JSON functions fail on answers with NUL; in a string quotes are
#: escaped, so that a match is the field.
HAS_MEDIA = """(strpos(answer, '"media":[{') > 0 OR strpos(answer, '"media": [{') > 0)"""
#: Content that is to be erased is erased now; an answer with files stays until these are pruned.
COMPLETE = f"""
UPDATE events SET done = true, owner = NULL, event = CASE WHEN forgotten THEN NULL ELSE event END,
    ref = CASE WHEN forgotten THEN NULL ELSE coalesce(new.ref, events.ref) END,
    lane_key = CASE WHEN forgotten THEN NULL ELSE lane_key END,
    answer = CASE WHEN forgotten AND {HAS_MEDIA} IS NOT TRUE THEN NULL ELSE answer END
FROM unnest(:seq::bigint[], :owner::integer[], :ref::text[]) AS new (seq, owner, ref)
WHERE events.seq = new.seq AND events.owner = new.owner RETURNING events.seq
"""
#: Statements as a transaction of their own, where they need not wait for the disk. Should the server crash at once, an
#: answer that was shown is delivered again, which changes nothing.
ALONE = {COMPLETE: f"{COMPLETE.rstrip()}, set_config('synchronous_commit', 'off', true)"}
#: Without `attempts` or `failing_since` these stay.
GIVE_BACK = """
UPDATE events SET owner = NULL, ready_at = new.ready_at, attempts = coalesce(new.attempts, events.attempts),
    failing_since = coalesce(new.failing_since, events.failing_since)
FROM unnest(:seq::bigint[], :owner::integer[], :ready_at::float8[], :attempts::integer[], :failing_since::float8[])
    AS new (seq, owner, ready_at, attempts, failing_since)
WHERE events.seq = new.seq AND events.owner = new.owner RETURNING events.seq
"""
WAKE = """
UPDATE events SET ready_at = 0 WHERE NOT done AND owner IS NULL AND answer IS NULL AND ready_at > :now
"""
#: Events that other processes are answering.
ANSWERED_ELSEWHERE = """
SELECT seq FROM events WHERE NOT done AND owner IS NOT NULL AND owner <> :owner AND answer IS NULL
AND (lane <> 'free' OR :id::text IS NOT NULL) AND adapter = :adapter
AND id = coalesce(:id, id) AND conversation = coalesce(:conversation, conversation) AND seq < coalesce(:before, seq + 1)
AND actor = coalesce(:actor, actor)
"""
IS_CLAIMED = "SELECT 1 FROM events WHERE seq = ANY(:seqs::bigint[]) AND owner <> :owner AND NOT done LIMIT 1"
CANCEL_WAITING = """
UPDATE events SET answer = :answer, lane_key = NULL, ready_at = 0, kind = ''
WHERE NOT done AND owner IS NULL AND answer IS NULL AND adapter = :adapter AND id = coalesce(:id, id)
AND conversation = coalesce(:conversation, conversation) AND seq < coalesce(:before, seq + 1)
AND actor = coalesce(:actor, actor) RETURNING seq
"""
#: Contents of events of these ids that wait, held until the end of the transaction.
WAITING = """
SELECT seq, event FROM events WHERE adapter = :adapter AND id = ANY(:ids::text[]) AND NOT done AND owner IS NULL
AND answer IS NULL AND event IS NOT NULL ORDER BY seq FOR UPDATE
"""
JOIN = "UPDATE events SET event = :event WHERE seq = :seq AND owner = :owner RETURNING seq"
JOINED = "UPDATE events SET event = :event, withdrawn = true, done = true WHERE seq = :seq"
TO_REOPEN = """
SELECT seq, adapter, conversation, command, actor, lane FROM events
WHERE adapter = :adapter AND id = :id AND event IS NOT NULL AND (owner IS NULL OR done) FOR UPDATE
"""
#: With an answer the event only needs delivery, and leaves no turns.
REOPEN = """
UPDATE events SET event = :event, answer = :answer, done = false, owner = NULL, attempts = 0, ready_at = 0,
    failing_since = NULL, withdrawn = :answer::text IS NOT NULL, lane_key = :lane_key WHERE seq = :seq
"""
#: Delivered once more, an event waits for nothing in its lane.
REPEAT = """
UPDATE events SET done = false, owner = NULL, attempts = 0, ready_at = 0, failing_since = NULL, lane_key = NULL
WHERE seq = :seq AND answer IS NOT NULL
"""
#: A waiting event is completed.
WITHDRAW = """
UPDATE events SET withdrawn = true, done = done OR owner IS NULL
WHERE adapter = :adapter AND id = :id AND event IS NOT NULL RETURNING seq
"""
PRICES = "SELECT kind, max(price) AS price FROM spent WHERE hour >= :hour GROUP BY kind"
DELETE_TURNS = "DELETE FROM turns WHERE event_seq = :seq"
IS_ANSWERED = "SELECT 1 FROM events WHERE seq = :seq AND owner = :owner AND answer IS NOT NULL"
COUNTS = f"""
SELECT count(*) FILTER (WHERE owner IS NULL), count(*) FILTER (WHERE owner IS NOT NULL),
    min(received_at) FILTER (WHERE owner IS NULL),
    count(*) FILTER (WHERE owner IS NULL AND {_LANE} = 'conversation'),
    count(*) FILTER (WHERE owner IS NULL AND {_LANE} = 'own'),
    count(*) FILTER (WHERE owner IS NULL AND {_LANE} = 'free')
FROM events WHERE NOT done AND event IS NOT NULL
"""
_WAITS = "NOT done AND owner IS NULL AND event IS NOT NULL AND answer IS NULL"
#: The slots of a kind of lane are taken where an event could begin; in a conversation one received before `before`,
#: as messages come so often that there is always one which is just about to begin. Then each person's first event comes
#: before anybody's second; else an event waits for the earlier ones of its lane key alone.
PLACES = f"""
WITH waiting AS MATERIALIZED (
    SELECT seq, adapter, id, actor, lane, received_at, row_number() OVER person AS turn,
        first_value(seq) OVER person AS first, row_number() OVER (PARTITION BY lane_key ORDER BY seq) AS of_key,
        EXISTS (
            SELECT FROM events AS other WHERE other.lane_key = events.lane_key AND NOT other.done
            AND (other.seq < events.seq OR other.owner IS NOT NULL)) AS follows
    FROM events WHERE {_WAITS} AND lane <> 'free' AND ready_at = 0
    WINDOW person AS (PARTITION BY lane, adapter, actor ORDER BY seq)),
taken AS (
    SELECT lane, (SELECT greatest(count(*), 1) FROM events WHERE NOT done AND owner IS NOT NULL
        AND events.answer IS NULL AND events.lane = waiting.lane) AS running
    FROM waiting WHERE NOT follows AND (lane = 'own' OR received_at < :before) GROUP BY lane)
SELECT adapter, id, CASE WHEN running IS NULL THEN of_key ELSE place END, coalesce(running, 1), follows
FROM (
    SELECT waiting.*, row_number() OVER (PARTITION BY lane ORDER BY turn, served, first) AS place
    FROM waiting CROSS JOIN LATERAL (
        SELECT coalesce((SELECT served FROM people WHERE (people.adapter, people.actor)
            = (waiting.adapter, waiting.actor)), 0) AS served) AS of_person) AS placed
LEFT JOIN taken USING (lane)
WHERE (adapter, id) IN (SELECT * FROM unnest(:adapters::text[], :ids::text[]))
"""
IS_WAITING = f"SELECT 1 FROM events WHERE adapter = :adapter AND id = :id AND {_WAITS}"
#: A message may be posted for an event that waits.
POSTED = f"""
UPDATE events SET ref = coalesce(ref, '{PLACE_REF}') WHERE adapter = :adapter AND id = :id AND {_WAITS} RETURNING seq
"""

READ_VALUES = "SELECT namespace, name, value, expires FROM key_values WHERE namespace = ANY(:namespaces::text[])"
