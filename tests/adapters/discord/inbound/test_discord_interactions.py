"""Commands, context menus, modals and buttons, and their acknowledgements."""

import pytest

from adapters.discord.inbound.parse import conversation_of_commands
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.timing import Timing
from adapters.kit.store_outage import OutageTiming
from bot.ports import ChannelSettings
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, BOB, CHANNEL, DM, GUILD, ME, Json, member, snowflake, user
from tests.support.discord.interactions import PRESSED, SLASH, button_id, button_press, message_command, slash_command
from tests.support.discord.stage import RecordingCore, Service

ASKED_FOR_CHOICES, FORM = 4, 5


MODAL, THINKING, PRIVATE = 9, 5, 64


async def answered(simulator: DiscordSimulator, number: int = 1) -> Json:
    """How the newest interaction was acknowledged."""
    told = await simulator.until(lambda: len(found := simulator.called("POST", "callback")) >= number and found)
    return dict(told[number - 1])


async def test_slash_command(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A slash command is written down and acknowledged, in the asker's language, and can be answered by its token."""
    told = await simulator.interact(SLASH, slash_command("image", prompt="a fox", style="anime", n=2))
    (event,) = await core.wait_for_events(1)
    assert await answered(simulator) == {"type": THINKING}
    assert (event.id, event.command, event.prompt) == (told["id"], "image", "a fox")
    assert event.options == {"style": "anime", "n": "2"}
    assert (event.actor.id, event.actor.locale, event.actor.is_admin) == (ADA, "zh-TW", True)
    assert (event.conversation, event.location.workspace) == (conversation_of_commands(CHANNEL, ADA), GUILD)
    target = ReplyTarget.decrypt(event.reply_to, core)
    assert (target.token, target.application, target.deferred) == (told["token"], ME, "public")
    assert (target.can_post, target.upload_limit) == ("1", "10485760")
    assert await service.adapter.acknowledgements.wait(event.id) is True


async def test_private_command_is_acknowledged_privately(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A private answer is ephemeral from the acknowledgement on."""
    await simulator.interact(SLASH, slash_command("usage"))
    (event,) = await core.wait_for_events(1)
    assert await answered(simulator) == {"type": THINKING, "data": {"flags": PRIVATE}}
    assert event.reply_to["deferred"] == "private"


async def test_written_down_before_acknowledged(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """An acknowledged command is a durable one; only when writing it down takes too long it is acknowledged first."""
    core.sink_delay = 0.2
    await simulator.interact(SLASH, slash_command("chat", prompt="quick"))
    await answered(simulator)
    assert len(core.events) == 1
    core.sink_delay = 60.0
    await simulator.interact(SLASH, slash_command("chat", prompt="slow"))
    await answered(simulator, 2)
    assert len(core.events) == 1


@pytest.mark.parametrize("timing", [Timing(outage=OutageTiming(patience=0.05))])
async def test_command_that_is_not_recorded(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A command that can't be written down is answered so, to the asker alone."""
    core.is_failing = True
    await simulator.interact(SLASH, slash_command("chat", prompt="hello"))
    told = await answered(simulator)
    assert told["data"]["flags"] == PRIVATE
    assert told["data"]["content"]


async def test_interaction_delivered_twice(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """An interaction that is delivered twice is recorded and acknowledged once."""
    await simulator.interact(SLASH, slash_command("chat", prompt="hello"))
    await simulator.gateway.replay()
    await simulator.interact(SLASH, slash_command("chat", prompt="the end"))
    await answered(simulator, 2)
    assert [event.prompt for event in core.events] == ["hello", "the end"]
    assert len(simulator.called("POST", "callback")) == 2


async def test_installed_by_a_person_alone(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Where the bot is no member only the interaction can answer."""
    await simulator.interact(SLASH, slash_command("chat", prompt="hello"), authorizing_integration_owners={"1": ADA})
    (event,) = await core.wait_for_events(1)
    assert "can_post" not in event.reply_to


async def test_direct_message_command(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A command in direct messages shares their conversation."""
    await simulator.interact(SLASH, slash_command("chat", prompt="hello"), channel=DM)
    (event,) = await core.wait_for_events(1)
    assert (event.conversation, event.location.is_private) == (f"d{DM}", True)


async def test_files_come_along(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A file given to a command is read from where Discord keeps it."""
    number = snowflake()
    simulator.files["a.bin"] = bytes(range(256)) * 4096
    url = f"http://127.0.0.1:{simulator.port}/cdn/a.bin"
    file = {"id": number, "filename": "a.bin", "content_type": "image/png", "size": 1 << 20, "url": url}
    data = slash_command("video", prompt="move", image=number)
    await simulator.interact(SLASH, {**data, "resolved": {"attachments": {number: file}}})
    (event,) = await core.wait_for_events(1)
    assert "image" not in event.options
    pieces = [piece async for piece in service.adapter.open(event.attachments[0])]
    assert b"".join(pieces) == simulator.files["a.bin"]
    assert max(map(len, pieces)) <= 64 * 1024


async def test_spoiler_is_asked_for(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """The spoiler option is read by the adapter and is no option of the command."""
    data = slash_command("image", prompt="a fox")
    data["options"].append({"name": "spoiler", "type": 5, "value": True})
    await simulator.interact(SLASH, data)
    (event,) = await core.wait_for_events(1)
    assert (event.options, ReplyTarget.of(event.reply_to).spoiler) == ({}, "1")


async def test_choices_while_typing(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Models and languages are offered while they are typed, the best fitting first."""
    typed = slash_command("code", prompt="x", language="py")
    typed["options"][1]["focused"] = True
    await simulator.interact(ASKED_FOR_CHOICES, typed)
    assert (await answered(simulator))["data"]["choices"][0]["value"] == "python"
    typed = slash_command("model", kind="video", name="2")
    typed["options"][1]["focused"] = True
    await simulator.interact(ASKED_FOR_CHOICES, typed)
    assert [c["value"] for c in (await answered(simulator, 2))["data"]["choices"]] == ["videogen-pro-2"]


async def test_form_for_a_command(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A long prompt is written in a form made from the command's options; what is sent is that command."""
    await simulator.interact(SLASH, slash_command("compose", command="image"))
    form = await answered(simulator)
    assert form["type"] == MODAL
    fields = [label["component"] for label in form["data"]["components"]]
    assert [field["custom_id"] for field in fields] == ["prompt", "size", "style", "n", "model"]
    sent = {
        "custom_id": form["data"]["custom_id"],
        "components": [
            {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a fox\nin snow"}},
            {"type": 18, "component": {"type": 3, "custom_id": "style", "values": ["anime"]}},
            {"type": 18, "component": {"type": 4, "custom_id": "n", "value": ""}},
        ],
    }
    await simulator.interact(FORM, sent)
    (event,) = await core.wait_for_events(1)
    assert (event.command, event.prompt, event.options) == ("image", "a fox\nin snow", {"style": "anime"})
    assert (await answered(simulator, 2))["type"] == THINKING


async def test_command_without_anything_opens_its_form(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A command whose prompt may be left out asks for it in a form when nothing at all is given."""
    await simulator.interact(SLASH, slash_command("video"))
    assert (await answered(simulator))["type"] == MODAL
    assert not core.events


@pytest.mark.parametrize(
    ("menu", "command", "prompt"),
    [
        ("Explain", "chat", "請解釋這則訊息：\n\n> Bob: Cats are liquid."),
        ("Summarise", "chat", "請摘要這則訊息：\n\n> Bob: Cats are liquid."),
        (
            "Reply with code review",
            "chat",
            "請審查這段程式碼：先指出錯誤，再說可以改進之處，並各附上改法。\n\n> Bob: Cats are liquid.",
        ),
        ("Turn into picture", "image", "Cats are liquid."),
    ],
)
async def test_menus_of_messages(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, menu: str, command: str, prompt: str
) -> None:
    """A message can be explained, summarised, reviewed or drawn; an explanation or summary is for the asker alone."""
    message = simulator.message(CHANNEL, "Cats are liquid.", by=BOB)
    await simulator.interact(SLASH, message_command(menu, message))
    (event,) = await core.wait_for_events(1)
    assert (event.command, event.prompt, event.rejection) == (command, prompt, "")
    assert not event.has_prior_messages
    is_private = menu in ("Explain", "Summarise")
    assert event.reply_to["deferred"] == ("private" if is_private else "public")
    assert event.conversation == (f"i{event.id}" if is_private else conversation_of_commands(CHANNEL, ADA))


async def test_menu_that_animates(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Pictures of a message, and of a person, can be animated; a message without one is rejected."""
    file = {"id": snowflake(), "filename": "a.png", "size": 4, "url": "http://x/a.png", "proxy_url": ""}
    picture = simulator.message(CHANNEL, "", by=BOB, attachments=[{**file, "content_type": "image/png"}])
    for message in (picture, simulator.message(CHANNEL, "no picture", by=BOB)):
        await simulator.interact(SLASH, message_command("Animate this picture", message))
    person = {"id": snowflake(), "name": "Animate avatar", "type": 2, "target_id": BOB}
    await simulator.interact(SLASH, {**person, "resolved": {"users": {BOB: user(BOB, "Bob")}}})
    await core.wait_for_events(3)
    with_picture, without, avatar = sorted(core.events, key=lambda event: int(event.id))
    assert [file.name for file in with_picture.attachments] == ["a.png"]
    assert without.rejection
    assert (avatar.command, len(avatar.attachments)) == ("video", 1)


async def test_button_of_an_earlier_process(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A button that another process made is a press of the answer it belongs to, in that conversation."""
    data, message = button_press(simulator, button_id(core, "again", "17/abc", "r17"))
    await simulator.interact(PRESSED, data, message=message)
    (event,) = await core.wait_for_events(1)
    assert (event.command, event.conversation) == ("press", "r17")
    assert event.options == {"event": "17/abc", "action": "again"}
    assert event.actor.id == ADA
    assert await answered(simulator) == {"type": THINKING}


@pytest.mark.parametrize(("action", "flags"), [("good", 0), ("stop", 0), ("again", PRIVATE)])
async def test_ephemeral_buttons(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, action: str, flags: int
) -> None:
    """Opinions and the like, and buttons of private answers, are answered to who pressed alone."""
    data, message = button_press(simulator, button_id(core, action, "17", "r17"), flags=flags)
    await simulator.interact(PRESSED, data, message=message)
    await core.wait_for_events(1)
    assert await answered(simulator) == {"type": THINKING, "data": {"flags": PRIVATE}}


async def test_button_that_asks_first(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A button that needs something opens a form; what is sent is the press with what was filled in."""
    asks = ("prompt", "duration", "resolution")
    custom_id = button_id(core, "video", "1457536551830421524", "t1457536551830421524", command="video", asks=asks)
    data, message = button_press(simulator, custom_id)
    await simulator.interact(PRESSED, data, message=message)
    form = await answered(simulator)
    assert form["type"] == MODAL
    assert [label["component"]["custom_id"] for label in form["data"]["components"]] == list(asks)
    filled = [{"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "waves"}}]
    sent = {"custom_id": form["data"]["custom_id"], "components": filled}
    await simulator.interact(FORM, sent)
    (event,) = await core.wait_for_events(1)
    assert event.options == {"event": "1457536551830421524", "action": "video", "prompt": "waves"}
    assert event.conversation == "t1457536551830421524"


async def test_replies_are_set_by_who_manages_the_channel(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """The channel's setting decides where mentions are answered; not everybody may change it."""
    somebody = {**member(BOB), "permissions": "0"}
    await simulator.interact(SLASH, slash_command("replies", mode="thread"), member=somebody)
    assert (await answered(simulator))["data"]["flags"] == PRIVATE
    await simulator.interact(SLASH, slash_command("replies", mode="reply"))
    (event,) = await core.wait_for_events(1)
    assert (event.command, event.prompt, event.actor.is_admin) == ("settings", "reply", True)
    assert event.options == {"name": "reply_mode", "for": "channel"}
    core.channels[CHANNEL] = ChannelSettings(reply_mode="reply")
    await simulator.say(CHANNEL, f"<@{ME}> hello")
    assert "thread_name" not in (await core.wait_for_events(2))[1].reply_to


async def test_replies_of_an_earlier_version_hold(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """What was set with /replies before it set a setting holds until the setting has a value."""
    core.stored[f"discord.replies.{GUILD}"] = {CHANNEL: "reply"}
    await simulator.say(CHANNEL, f"<@{ME}> hello")
    assert "thread_name" not in (await core.wait_for_events(1))[0].reply_to
    core.channels[CHANNEL] = ChannelSettings(reply_mode="thread")
    await simulator.say(CHANNEL, f"<@{ME}> hello")
    assert "thread_name" in (await core.wait_for_events(2))[1].reply_to


async def test_form_of_an_earlier_version(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A form or command that no longer exists is answered with a sentence."""
    await simulator.interact(FORM, {"custom_id": "cf:paint", "components": []})
    await answered(simulator)
    await simulator.interact(SLASH, slash_command("paint"))
    assert (await answered(simulator, 2))["data"]["flags"] == PRIVATE


async def test_unknown_payload_is_answered(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A command of a shape that was never seen before is answered with a sentence, not with silence."""
    await simulator.interact(
        SLASH, {"id": snowflake(), "name": "Explain", "type": 3, "target_id": "17", "resolved": {}}
    )
    assert (await answered(simulator))["data"]["flags"] == PRIVATE
