"""The writer's statements. Each takes a JSON array of rows, so that fifty events cost little more than one."""

from collections.abc import Sequence

from bot.store.shared.rows import PLACE_REF

#: adapter, id, conversation, lane, command, actor, channel, replaces, workspace, received_at, event, answer
RECORD = """
INSERT INTO events
    (adapter, id, conversation, lane, command, actor, channel, replaces, workspace, received_at, event, answer)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9,
    value->>10, value->>11
FROM json_each(?) WHERE true
ON CONFLICT (adapter, id) DO NOTHING
"""
#: Of a recorded event: sequence number, adapter, id, and whether nothing was ever said in its conversation.
RECORDED = """
seq, adapter, id, NOT EXISTS (
    SELECT 1 FROM events AS earlier WHERE earlier.adapter = events.adapter
    AND earlier.conversation = events.conversation AND earlier.seq < events.seq)
AND NOT EXISTS (
    SELECT 1 FROM contexts WHERE contexts.adapter = events.adapter AND contexts.conversation = events.conversation)
"""
#: adapter, id, kind, items, tokens, milliseconds, micros, own; ignored for an event that was known
RESERVE = """
INSERT INTO reservations (event_seq, kind, items, tokens, milliseconds, micros, own)
SELECT events.seq, row.value->>2, row.value->>3, row.value->>4, row.value->>5, row.value->>6, row.value->>7
FROM json_each(?) AS row CROSS JOIN events ON events.adapter = row.value->>0 AND events.id = row.value->>1
WHERE events.seq > NEW.known
"""
#: seq, ref, attempts
DRAFT = """
UPDATE events SET ref = row.value->>1, attempts = row.value->>2
FROM json_each(?) AS row WHERE events.seq = row.value->>0
"""
#: seq; a message may be posted for an event that waits
POSTED = f"""
UPDATE events SET ref = coalesce(ref, '{PLACE_REF}') FROM json_each(?) AS row WHERE events.seq = row.value->>0
"""  # noqa: S608 - a constant
#: seq, answer
ANSWER = """
UPDATE events SET answer = row.value->>1
FROM json_each(?) AS row WHERE events.seq = row.value->>0
"""
#: seq, id of the event whose turns (and those of its other replacements) are replaced
REPLACE = """
DELETE FROM turns WHERE event_seq IN (
    SELECT old.seq FROM json_each(?) AS row CROSS JOIN events AS new ON new.seq = row.value->>0
    CROSS JOIN events AS old ON old.adapter = new.adapter AND old.id = row.value->>1
    WHERE old.seq <> new.seq
    UNION
    SELECT old.seq FROM json_each(?) AS row CROSS JOIN events AS new ON new.seq = row.value->>0
    CROSS JOIN events AS old INDEXED BY events_replacing
    ON old.adapter = new.adapter AND old.replaces = row.value->>1 AND old.replaces <> ''
    WHERE old.seq <> new.seq)
"""
#: seq, position, turn, its own seq. A turn that comes after a later reset is not live.
TURNS = """
INSERT INTO turns (seq, event_seq, n, adapter, conversation, data, live)
SELECT row.value->>3, events.seq, row.value->>1, events.adapter, events.conversation, row.value->>2, NOT EXISTS (
    SELECT 1 FROM contexts
    WHERE contexts.adapter = events.adapter AND contexts.conversation = events.conversation
    AND contexts.reset >= events.seq)
FROM json_each(?) AS row CROSS JOIN events ON events.seq = row.value->>0
WHERE events.forgotten = 0 AND events.withdrawn = 0
"""
#: seq, hour, kind, model, requests, prompt and completion tokens, items, milliseconds, micros, price of one, micros
#: of the workspace's own, workspace, roles
USAGE = """
INSERT INTO usage
    (hour, adapter, actor, channel, kind, model, requests, prompt_tokens, completion_tokens, items, milliseconds,
    micros, price, own_micros, workspace, roles)
SELECT row.value->>1, events.adapter, events.actor, events.channel, row.value->>2, row.value->>3, row.value->>4,
    row.value->>5, row.value->>6, row.value->>7, row.value->>8, row.value->>9, row.value->>10, row.value->>11,
    row.value->>12, row.value->>13
FROM json_each(?) AS row CROSS JOIN events ON events.seq = row.value->>0 WHERE true
ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens,
    items = items + excluded.items, milliseconds = milliseconds + excluded.milliseconds,
    micros = micros + excluded.micros, price = max(price, excluded.price),
    own_micros = own_micros + excluded.own_micros,
    workspace = excluded.workspace, roles = excluded.roles
"""
#: seq, time, kind, model, items, micros
MADE_CALL = """
INSERT INTO calls (event_seq, at, kind, model, items, micros, state)
SELECT events.seq, row.value->>1, row.value->>2, row.value->>3, row.value->>4, row.value->>5, 'settled'
FROM json_each(?) AS row CROSS JOIN events ON events.seq = row.value->>0
"""
#: seq, state, micros
END_CALL = """
UPDATE calls SET state = row.value->>1, micros = row.value->>2
FROM json_each(?) AS row WHERE calls.event_seq = row.value->>0 AND calls.state = 'reserved'
"""
#: seq, ref or null, which changes nothing. Content that is to be erased is erased now; an answer with files stays until
#: these are pruned.
COMPLETE = """
UPDATE events SET done = 1, event = iif(forgotten, NULL, event),
    ref = iif(forgotten, NULL, coalesce(row.value->>1, ref)),
    answer = iif(forgotten AND coalesce(json_array_length(answer, '$.media'), 0) = 0, NULL, answer)
FROM json_each(?) AS row WHERE events.seq = row.value->>0
"""
#: seq, not before, attempts or null, since when the API has failed it or null; null changes nothing
POSTPONE = """
UPDATE events SET ready_at = row.value->>1, attempts = coalesce(row.value->>2, attempts),
    failing_since = coalesce(row.value->>3, failing_since)
FROM json_each(?) AS row WHERE events.seq = row.value->>0
"""
#: namespace, name, value, expires or null, adapter, actor, conversation, id of the event that writes it; ignored where
#: that was erased
SET_VALUE = """
INSERT INTO key_values (namespace, name, value, expires, adapter, actor, conversation)
SELECT row.value->>0, row.value->>1, row.value->>2, row.value->>3, row.value->>4, row.value->>5, row.value->>6
FROM json_each(?) AS row WHERE NOT EXISTS (
    SELECT 1 FROM events WHERE events.adapter = row.value->>4 AND events.id = row.value->>7 AND events.forgotten)
ON CONFLICT (namespace, name) DO UPDATE SET value = excluded.value, expires = excluded.expires,
    adapter = excluded.adapter, actor = excluded.actor, conversation = excluded.conversation
"""

#: In the order in which they run within a transaction.
ALL = (
    RECORD,
    RESERVE,
    POSTED,
    DRAFT,
    ANSWER,
    REPLACE,
    TURNS,
    USAGE,
    MADE_CALL,
    END_CALL,
    COMPLETE,
    POSTPONE,
    SET_VALUE,
)

READ_VALUES = (
    "SELECT namespace, name, value, expires FROM key_values"
    " WHERE namespace IN (SELECT value FROM json_each(:namespaces))"
)


def _given(statement: str, column: str) -> str:
    return statement.replace("json_each(?)", f"json_each(NEW.{column})").strip()


def prepare(parts: Sequence[int]) -> tuple[str, str]:
    """Return the statements that prepare a connection for `combine` of the same parts. Safe to repeat."""
    view = _view(parts)
    columns = "".join(f"'' AS part{n}, " for n in parts)
    return (
        f"CREATE TEMP VIEW IF NOT EXISTS {view} AS SELECT {columns}0 AS known",
        f"CREATE TEMP TRIGGER IF NOT EXISTS write_{view} INSTEAD OF INSERT ON {view} BEGIN "
        + " ".join(_given(ALL[n], f"part{n}") + ";" for n in parts)
        + " END",
    )


def combine(parts: Sequence[int]) -> str:
    """Combine these of the statements in one, which is a transaction of its own.

    Sending a statement to the database's thread costs more than most statements do there, and one that has nothing to
    write costs as much as a small write. The combined statement takes a JSON array for each part, and the highest
    sequence number of events known so far; it returns the columns of `RECORDED` of new events as JSON.
    """
    recorded = f"SELECT json_group_array(json_array({RECORDED})) FROM events WHERE seq > known"  # noqa: S608 - constants
    returning = f" RETURNING ({recorded})" if ALL.index(RECORD) in parts else ""
    return f"INSERT INTO {_view(parts)} VALUES ({'?, ' * len(parts)}?){returning}"  # noqa: S608 - constants


def _view(parts: Sequence[int]) -> str:
    return "together_" + "_".join(map(str, parts))
