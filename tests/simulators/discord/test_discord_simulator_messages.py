"""The simulator accepts and refuses the requests that Discord does, as the unmodified library sees it."""

import io
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import ui

from simulators.discord import checks
from simulators.discord.errors import Refused, refused
from simulators.discord.rest import Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ATTACH, CHANNEL, DM, FORUM, ME, SEND, VIEW, Json, snowflake
from tests.support.discord.bare import Bot, bot


@pytest.fixture
async def client(simulator: DiscordSimulator) -> AsyncIterator[Bot]:
    async with bot(simulator, connects=False) as client:
        yield client


@pytest.fixture
def channel(client: Bot) -> discord.PartialMessageable:
    return client.get_partial_messageable(int(CHANNEL))


def file(size: int, name: str = "a.bin") -> discord.File:
    return discord.File(io.BytesIO(b"x" * size), name)


def wrong(**body: Any) -> Json:
    """Return the error body of a message that is refused."""
    with pytest.raises(Refused) as raised:
        checks.message(body, [])
    return raised.value.body


def button(**more: Any) -> Json:
    return {"type": 2, "style": 2, "label": "Again", "custom_id": "a", **more}


def row(*buttons: Json) -> Json:
    return {"type": 1, "components": list(buttons)}


def text(content: str) -> Json:
    return {"type": 10, "content": content}


def shown_file(name: str) -> Json:
    return {"type": 13, "file": {"url": f"attachment://{name}"}}


V2 = checks.IS_V2
FIRST, LONG, LENGTH = "components.0.components", "BASE_TYPE_MAX_LENGTH", "BASE_TYPE_BAD_LENGTH"
LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
MISSING = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"content": "x" * 2001}, "content", LONG),
        ({"content": "x", "nonce": "n" * 26}, "nonce", LONG),
        ({"content": "x", "embeds": [{"description": "d" * 4097}]}, "embeds.0.description", LONG),
        ({"embeds": [{"description": "d" * 4000}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
        ({"content": "x", "components": [row(button())] * 6}, "components", LONG),
        ({"components": [row(button(custom_id="i" * 101))]}, f"{FIRST}.0.custom_id", LENGTH),
        ({"components": [row(button(label="l" * 81))]}, f"{FIRST}.0.label", LONG),
        ({"components": [row(button(), button())]}, f"{FIRST}.1.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ({"components": [row(*(button(custom_id=c) for c in "abcdef"))]}, FIRST, LENGTH),
        ({"components": [text("x")]}, "components.0.type", "UNION_TYPE_CHOICES"),
        ({"flags": V2, "content": "x", "components": [text("x")]}, "content", LEGACY),
        ({"flags": V2, "components": [text("x")] * 41}, "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
        ({"flags": V2, "components": [text("x" * 2001)] * 2}, "components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"),
        ({"flags": V2, "components": [shown_file("b.bin")]}, "components", MISSING),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0", "BASE_TYPE_CHOICES"),
        ({"content": "x", "attachments": [{"id": 0}]}, "attachments.0.id", "ATTACHMENT_NOT_FOUND"),
    ],
)
def test_what_a_message_may_not_be(body: Json, field: str, code: str) -> None:
    """Each field is judged by Discord's rules, and the error names it."""
    told = wrong(**body)
    assert told["code"] == 50035
    at = told["errors"]
    for name in field.split("."):
        at = at[name]
    assert [error["code"] for error in at["_errors"]] == [code]


def test_limits_are_allowed_themselves() -> None:
    """A text of the maximal length is accepted; Chinese in components v2 fits less, as bytes count there too."""
    checks.message({"content": "x" * 2000, "nonce": "n" * 25}, [])
    checks.message({"flags": V2, "components": [text("x" * 4000)]}, [])
    checks.message({"flags": V2, "components": [text("字" * 3386)]}, [])
    with pytest.raises(Refused, match=r"^500"):
        checks.message({"flags": V2, "components": [text("字" * 3387)]}, [])


def test_message_without_anything() -> None:
    """A message of nothing is refused; files alone are something."""
    assert wrong(content="")["code"] == 50006
    checks.message({"attachments": [{"id": 0}]}, ["a.png"])


async def test_errors_are_those_of_the_library(channel: discord.PartialMessageable) -> None:
    """The library reads the errors as Discord's own."""
    with pytest.raises(discord.HTTPException, match="In content: Must be 2000 or fewer in length") as raised:
        await channel.send("x" * 2001)
    assert (raised.value.status, raised.value.code) == (400, 50035)


async def test_nonce_stands_for_one_message(channel: discord.PartialMessageable, simulator: DiscordSimulator) -> None:
    """The same nonce within minutes gives the same message, in that channel."""
    first, second = await channel.send("a", nonce="17"), await channel.send("b", nonce="17")
    assert (first.id, second.content) == (second.id, "a")
    await channel.send("c", nonce="18")
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == ["a", "c"]


async def test_files_have_addresses_that_expire(
    client: Bot, channel: discord.PartialMessageable, simulator: DiscordSimulator
) -> None:
    """Files are kept with their sizes, at addresses that expire; a fresh look at the message gives new ones."""
    sent = await channel.send("x", files=[file(3, "a.txt"), discord.File(io.BytesIO(b"xy"), "b.txt", description="b")])
    assert [(one.filename, one.size, one.description) for one in sent.attachments] == [
        ("a.txt", 3, None),
        ("b.txt", 2, "b"),
    ]
    assert await sent.attachments[1].read() == b"xy"
    simulator.cdn.expire()
    with pytest.raises(discord.NotFound):
        await sent.attachments[0].read()
    again = await channel.fetch_message(sent.id)
    assert await again.attachments[0].read() == b"xxx"
    edited = await again.edit(attachments=[again.attachments[1], file(5, "c.txt")])
    assert [one.filename for one in edited.attachments] == ["b.txt", "c.txt"]


async def test_file_that_is_too_big(channel: discord.PartialMessageable, simulator: DiscordSimulator) -> None:
    """A file over the limit is refused, and so is a request over that of requests."""
    simulator.cdn.limit, simulator.cdn.total = 1000, 1500
    await channel.send(files=[file(1000)])
    for files in ([file(1001)], [file(1000), file(1000)]):
        with pytest.raises(discord.HTTPException) as raised:
            await channel.send(files=files)
        assert (raised.value.status, raised.value.code) == (413, 40005)


async def test_a_layout_with_pictures_and_buttons_is_taken(
    channel: discord.PartialMessageable, simulator: DiscordSimulator
) -> None:
    """A layout with pictures and buttons is taken, and its flag stays."""
    view = ui.LayoutView()
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery(discord.MediaGalleryItem("attachment://a.png"))
    view.add_item(
        ui.Container(ui.TextDisplay("caption"), gallery, ui.ActionRow(ui.Button(custom_id="a", label="Again")))
    )
    sent = await channel.send(view=view, file=file(3, "a.png"))
    assert sent.flags.components_v2
    with pytest.raises(discord.HTTPException, match="IS_COMPONENTS_V2"):
        await sent.edit(content="x")


@pytest.mark.parametrize(
    ("denied", "sends", "code"),
    [(VIEW, {"content": "x"}, 50001), (SEND, {"content": "x"}, 50013), (ATTACH, {"file": True}, 50013)],
)
async def test_requests_without_permission_are_refused(
    channel: discord.PartialMessageable, simulator: DiscordSimulator, denied: int, sends: dict[str, Any], code: int
) -> None:
    """Requests without permission are refused as Discord does."""
    simulator.denied[CHANNEL] = denied
    with pytest.raises(discord.Forbidden) as raised:
        await channel.send(**({"file": file(1)} if "file" in sends else sends))
    assert raised.value.code == code


async def test_what_is_not_there(client: Bot, channel: discord.PartialMessageable, simulator: DiscordSimulator) -> None:
    """Channels and messages that are gone, and messages of others, have their error codes."""
    sent = await channel.send("x")
    said = simulator.message(CHANNEL, "mine")
    for code, request in (
        (10008, channel.fetch_message(17)),
        (10003, client.fetch_channel(17)),
        (50005, channel.get_partial_message(int(said["id"])).edit(content="y")),
    ):
        with pytest.raises(discord.HTTPException) as raised:
            await request
        assert raised.value.code == code
    await sent.delete()
    with pytest.raises(discord.NotFound):
        await sent.edit(content="y")
    with pytest.raises(discord.HTTPException, match="Unknown message"):
        await channel.send("z", reference=discord.MessageReference(message_id=sent.id, channel_id=int(CHANNEL)))
    gone = discord.MessageReference(message_id=sent.id, channel_id=int(CHANNEL), fail_if_not_exists=False)
    await channel.send("z", reference=gone)
    simulator.refuses_dms = True
    with pytest.raises(discord.Forbidden, match="50278"):
        await client.get_partial_messageable(int(DM)).send("x")


async def test_a_message_too_old_to_be_edited_says_when_to_come_again(
    channel: discord.PartialMessageable, simulator: DiscordSimulator
) -> None:
    """A message that is too old to be edited once more says when to come again, which is too long to wait for."""
    sent = await channel.send("x")
    simulator.old.add(str(sent.id))
    with pytest.raises(discord.RateLimited):
        await sent.edit(content="y")


async def test_a_thread_is_opened_once_and_takes_no_edits_when_archived(
    client: Bot, channel: discord.PartialMessageable, simulator: DiscordSimulator
) -> None:
    """A thread is opened once at a message; archived it takes no edits and opens by writing, locked nothing at all."""
    said = simulator.message(CHANNEL, "question")
    open_at = client.http.start_thread_with_message
    told = await open_at(int(CHANNEL), int(said["id"]), name="answer", auto_archive_duration=1440)
    assert (told["id"], told["owner_id"]) == (said["id"], ME)
    with pytest.raises(discord.HTTPException) as raised:
        await open_at(int(CHANNEL), int(said["id"]), name="answer", auto_archive_duration=1440)
    assert raised.value.code == 160004
    thread = client.get_partial_messageable(int(told["id"]))
    sent = await thread.send("x")
    await simulator.close_thread(said["id"])
    with pytest.raises(discord.HTTPException) as raised:
        await sent.edit(content="y")
    assert raised.value.code == 50083
    await thread.send("z")
    await sent.edit(content="y")
    await simulator.close_thread(said["id"], is_locked=True)
    with pytest.raises(discord.HTTPException) as raised:
        await thread.send("w")
    assert raised.value.code == 160005
    assert [m.content async for m in channel.history()] == ["question"]


async def test_a_forum_takes_posts_and_no_messages(client: Bot, simulator: DiscordSimulator) -> None:
    """A forum takes posts and no messages."""
    with pytest.raises(discord.Forbidden):
        await client.get_partial_messageable(int(FORUM)).send("x")
    async with bot(simulator) as connected:
        forum = connected.get_channel(int(FORUM))
        assert isinstance(forum, discord.ForumChannel)
        made = await forum.create_thread(name="a post", content="its beginning")
    assert (made.thread.id, made.message.content) == (made.message.id, "its beginning")


async def test_reactions_and_typing(channel: discord.PartialMessageable, simulator: DiscordSimulator) -> None:
    """Reactions are kept; typing ends with the message."""
    said = simulator.message(CHANNEL, "question")
    message = channel.get_partial_message(int(said["id"]))
    await message.add_reaction("👍")
    assert simulator.reactions[said["id"]] == {"👍"}
    async with channel.typing():
        assert simulator.typing == [CHANNEL]
        await channel.send("x")
        assert simulator.typing == []
    await message.remove_reaction("👍", discord.Object(int(ME)))
    assert not simulator.reactions[said["id"]]


async def test_commands_keep_their_ids_while_their_names_stay(client: Bot, simulator: DiscordSimulator) -> None:
    """Commands keep their ids while their names stay; each new one counts, and a day has so many."""

    async def tell(told: Any) -> Any:
        return await client.http.bulk_upsert_global_commands(int(ME), told)

    one: Json = {"name": "chat", "type": 1, "description": "Talk.", "options": []}
    simulator.creates = 2
    [first] = await tell([one])
    [again, _] = await tell([{**one, "description": "Talk!"}, {**one, "name": "code"}])
    assert first["id"] == again["id"]
    with pytest.raises(discord.RateLimited):
        await tell([one, {**one, "name": "draw"}])
    with pytest.raises(discord.HTTPException, match="Application command names must be unique"):
        await tell([one, one])
    option = {"name": "n", "type": 3, "description": "d"}
    with pytest.raises(discord.HTTPException, match="Required options"):
        await tell([{**one, "options": [option, {**option, "name": "m", "required": True}]}])
    with pytest.raises(discord.HTTPException, match="Command name is invalid"):
        await tell([{**one, "name_localizations": {"zh-TW": "聊 天"}}])


# ------------------------------------------------------------------ what goes wrong on the way


async def test_too_many_requests(channel: discord.PartialMessageable, simulator: DiscordSimulator) -> None:
    """A route that is used too much, and everything at once, makes the library wait; nothing is lost or doubled."""
    simulator.rest.limits.allow("POST", "messages", count=2, seconds=0.3)
    for number in range(5):
        await channel.send(str(number))
    assert simulator.rest.limits.refused == 0  # the library heeds the headers
    simulator.rest.limits.refuse("POST", "messages", is_global=True)
    simulator.rest.limits.refuse("POST", "messages")
    await channel.send("5")
    assert simulator.rest.limits.refused == 2
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == list("012345")


async def test_a_request_or_its_answer_can_be_lost(
    channel: discord.PartialMessageable, simulator: DiscordSimulator
) -> None:
    """A request can be lost before its effect, or its answer after it; an error can be answered instead."""
    moments: tuple[Moment, ...] = ("before", "after")
    for moment in moments:
        simulator.rest.cut("POST", "messages", moment=moment)
        with pytest.raises(Exception, match="disconnected"):
            await channel.send(moment)
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == ["after"]
    simulator.rest.fail("POST", "messages", refused(50013))
    with pytest.raises(discord.Forbidden):
        await channel.send("no")
    assert [call.status for call in simulator.rest.calls if call.method == "POST"] == [200, 403]


async def test_hook_sees_every_call(channel: discord.PartialMessageable, simulator: DiscordSimulator) -> None:
    """Before and after each effect the test may act; calls are numbered as they come."""
    seen: list[tuple[str, int, int]] = []

    async def hook(moment: str, call: Any) -> bool:
        seen.append((moment, call.number, len(simulator.bot_messages(CHANNEL))))
        return False

    before = len(simulator.rest.calls)
    simulator.rest.hook = hook
    await channel.send("x")
    assert seen == [("before", before + 1, 0), ("after", before + 1, 1)]


def test_ids_tell_their_moment() -> None:
    """Ids grow, and are of now."""
    first, second = snowflake(), snowflake()
    assert int(first) < int(second)
    assert abs((discord.utils.snowflake_time(int(second)) - discord.utils.utcnow()).total_seconds()) < 60
