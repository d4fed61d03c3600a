"""`chat.*` and `reactions.*`: messages, edits and streams."""

import time
from typing import Any

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError
from simulators.slack.messages import Message
from simulators.slack.values import Json
from simulators.slack.web_api.calls import Caller, method
from simulators.slack.workspace import Channel

LONGEST_TEXT = 40_000  #: Slack cuts off what is beyond
LONGEST_EDIT = 4_000
LONGEST_MARKDOWN = 12_000


def body(caller: Caller, *, longest: int | None = None) -> Json:
    """The given content of a message: `text`, `blocks`, `markdown` and `attachments`. Raises `ApiError`."""
    given: Json = {}
    params = caller.params
    if params.get("text") is not None:
        given["text"] = str(params["text"])
        if longest and len(given["text"]) > longest:
            raise ApiError("msg_too_long")
        given["text"] = given["text"][:LONGEST_TEXT]
    if params.get("markdown_text") is not None:
        if given.get("text") or params.get("blocks"):
            raise ApiError("markdown_text_conflict")
        given["markdown"] = str(params["markdown_text"])
        if len(given["markdown"]) > LONGEST_MARKDOWN:
            raise ApiError("msg_too_long")
    if params.get("blocks") is not None:
        given["blocks"] = validate(params["blocks"], surface="message", files=caller.team.files)
    if params.get("attachments") is not None:
        given["attachments"] = params["attachments"]
    return given


def metadata(caller: Caller) -> Json | None:
    """A message's metadata. Raises `ApiError` for a malformed one."""
    given = caller.params.get("metadata")
    if not given:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("event_type"), str):
        raise ApiError("invalid_metadata_format")
    if not isinstance(given.get("event_payload"), dict):
        raise ApiError("invalid_metadata_schema")
    return given


def thread(caller: Caller, channel: Channel) -> str:
    """The timestamp of the thread to write to; "": none."""
    ts = caller.text("thread_ts")
    if not ts:
        return ""
    seconds, _, micro = ts.partition(".")
    if not (seconds.isdigit() and len(micro) == 6 and micro.isdigit()):
        raise ApiError("invalid_thread_ts")
    parent = channel.message(ts)
    return parent.root if parent else ts


def new_message(caller: Caller, channel: Channel, **more: Any) -> Message:
    """Make a message of the bot, not yet in the channel."""
    bot = caller.team.bot
    return Message(
        ts=caller.slack.clock.ts(),
        channel=channel.id,
        team=caller.team.id,
        user_team=caller.team.id,
        user=bot.id,
        bot_id=bot.bot_id,
        app_id=caller.slack.app_id,
        username=caller.text("username"),
        **more,
    )


async def put(caller: Caller, channel: Channel, message: Message) -> Json:
    """Add a message to its channel and deliver it to the app, as Slack does."""
    message.changed()
    message.posted_at = time.monotonic()
    channel.messages.append(message)
    caller.slack.notify()
    if not message.viewer:
        caller.team.statuses.pop((channel.id, message.thread_ts), None)
        caller.slack.people.message_posted(caller.team, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": message.to_json(caller.slack.url)}


@method("chat.postMessage", "chat:write")
async def post_message(caller: Caller) -> Json:
    channel = caller.channel(to_write=True)
    given = body(caller)
    if not any(given.values()):
        raise ApiError("no_text")
    more = {"metadata": metadata(caller), "thread_ts": thread(caller, channel)}
    return await put(caller, channel, new_message(caller, channel, **given, **more))


@method("chat.postEphemeral", "chat:write")
async def post_ephemeral(caller: Caller) -> Json:
    channel = caller.channel(to_write=True)
    given = body(caller)
    if not any(given.values()):
        raise ApiError("no_text")
    viewer = caller.required("user")
    if viewer not in channel.members:
        raise ApiError("user_not_in_channel")
    message = new_message(caller, channel, **given, thread_ts=thread(caller, channel), viewer=viewer)
    # "Ephemeral messages in threads are only shown if there is already an active thread":
    # https://docs.slack.dev/reference/methods/chat.postEphemeral
    if not message.thread_ts or any(one.thread_ts == message.thread_ts != one.ts for one in channel.visible()):
        await put(caller, channel, message)
    return {"message_ts": message.ts}


def own(caller: Caller, refusal: str) -> tuple[Channel, Message]:
    """The bot's message that a call names. Raises `ApiError`."""
    channel = caller.channel()
    message = channel.message(caller.required("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if message.user != caller.team.bot.id:
        raise ApiError(refusal)
    return channel, message


def stream_state(caller: Caller, message: Message) -> str:
    """The state of a stream; one that lasted too long has expired."""
    lived = time.monotonic() - message.stream_started
    if message.stream == "streaming" and lived > caller.slack.stream_lifetime:
        message.stream = "expired"
    return message.stream


@method("chat.update", "chat:write")
def update(caller: Caller) -> Json:
    channel, message = own(caller, "cant_update_message")
    if channel.is_archived:
        raise ApiError("is_archived")
    if stream_state(caller, message) == "streaming":
        raise ApiError("streaming_state_conflict")
    given = body(caller, longest=LONGEST_EDIT)
    if not any(given.values()) and not (message.files and given):
        raise ApiError("no_text")
    if "markdown" in given:
        given |= {"text": "", "blocks": []}
    elif given.get("text") or given.get("blocks"):
        message.markdown = ""
    for name, value in given.items():
        setattr(message, name, value)
    if caller.params.get("metadata") is not None:
        message.metadata = metadata(caller)
    message.edited = {"user": message.user, "ts": caller.slack.clock.ts()}
    message.changed()
    caller.slack.people.message_changed(caller.team, channel, message)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message.to_json(caller.slack.url),
    }


@method("chat.delete", "chat:write")
def delete(caller: Caller) -> Json:
    channel, message = own(caller, "cant_delete_message")
    message.is_deleted = True
    caller.slack.people.message_deleted(caller.team, channel, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink")
def permalink(caller: Caller) -> Json:
    """An address as in https://docs.slack.dev/reference/methods/chat.getPermalink, of a reply with its thread."""
    channel = caller.channel()
    ts = caller.required("message_ts")
    message = channel.message(ts)
    if message is None:
        raise ApiError("message_not_found")
    address = f"https://{caller.team.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    within = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts not in ("", ts) else ""
    return {"channel": channel.id, "permalink": address + within}


# ------------------------------------------------------------------ streams


def flow(caller: Caller, message: Message) -> None:
    """Append the text of a streaming call."""
    markdown, chunks = caller.params.get("markdown_text"), caller.params.get("chunks")
    if markdown is not None and len(str(markdown)) > LONGEST_MARKDOWN:
        raise ApiError("msg_too_long")
    if markdown and chunks:
        raise ApiError("invalid_arguments")
    for chunk in chunks or ():
        if chunk.get("type") not in {"markdown_text", "task_update", "plan_update", "blocks"}:
            raise ApiError("invalid_chunks")
        if chunk["type"] == "markdown_text":
            message.markdown += chunk["text"]
        elif chunk["type"] == "blocks":
            message.blocks += validate(chunk["blocks"], surface="message", files=caller.team.files)
        else:
            message.chunks.append(chunk)
    message.markdown += str(markdown or "")
    message.changed()


@method("chat.startStream", "chat:write")
async def start_stream(caller: Caller) -> Json:
    channel = caller.channel(to_write=True)
    if not caller.text("thread_ts"):
        raise ApiError("invalid_arguments")
    if not channel.is_im:
        for name in ("recipient_team_id", "recipient_user_id"):
            if not caller.text(name):
                raise ApiError(f"missing_{name}")
        if caller.text("recipient_user_id") not in caller.team.users:
            raise ApiError("user_not_found")
    message = new_message(caller, channel, thread_ts=thread(caller, channel), stream="streaming")
    message.stream_started = time.monotonic()
    flow(caller, message)
    posted = await put(caller, channel, message)
    return {"channel": channel.id, "ts": posted["ts"]}


def streaming(caller: Caller) -> tuple[Channel, Message]:
    """The open stream that a call names. Raises `ApiError`."""
    channel, message = own(caller, "message_not_owned_by_app")
    if stream_state(caller, message) != "streaming":
        raise ApiError("message_not_in_streaming_state")
    return channel, message


@method("chat.appendStream", "chat:write")
def append_stream(caller: Caller) -> Json:
    channel, message = streaming(caller)
    if not caller.params.get("markdown_text") and not caller.params.get("chunks"):
        raise ApiError("no_text")
    flow(caller, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.stopStream", "chat:write")
def stop_stream(caller: Caller) -> Json:
    channel, message = streaming(caller)
    blocks = caller.params.get("blocks")
    checked = validate(blocks, surface="message", files=caller.team.files) if blocks else []
    new_metadata = metadata(caller)
    flow(caller, message)
    message.blocks += checked
    message.metadata = new_metadata or message.metadata
    message.stream = "stopped"
    message.changed()
    caller.slack.people.message_changed(caller.team, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": message.to_json(caller.slack.url)}


# ------------------------------------------------------------------ reactions


@method("reactions.add", "reactions:write")
def add_reaction(caller: Caller) -> Json:
    message = _reacted(caller)
    users = message.reactions.setdefault(caller.required("name"), [])
    if caller.team.bot.id in users:
        raise ApiError("already_reacted")
    users.append(caller.team.bot.id)
    return {}


@method("reactions.remove", "reactions:write")
def remove_reaction(caller: Caller) -> Json:
    users = _reacted(caller).reactions.get(caller.required("name"), [])
    if caller.team.bot.id not in users:
        raise ApiError("no_reaction")
    users.remove(caller.team.bot.id)
    return {}


def _reacted(caller: Caller) -> Message:
    if (message := caller.channel().message(caller.required("timestamp"))) is None:
        raise ApiError("message_not_found")
    return message
