import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.outbound.layout import MAX_MESSAGES
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.ui.buttons import MODAL_ID, ActionButton, button_id
from bot.errors import DeliveryDelayed, UploadTooLarge
from bot.models import Action, Answer, Media, Status
from simulators.discord.server import Wire
from simulators.discord.values import CHANNEL, DM, ME, OTHER
from tests.contract.adapter_contract import long_markdown, media, words
from tests.support.discord.answers import AGAIN, asked, buttons, draft_of, text
from tests.support.discord.interactions import SLASH, slash
from tests.support.discord.stage import Core, Service

MIB = 1024 * 1024
GOOD = Action(name="good", label="Good answer", command="feedback")
VIDEO = Action(name="video", label="Make a video of it", command="video", prompts_for=("prompt", "duration"))
DELETE = Action(name="delete", label="Delete", command="delete", is_danger=True)


# ------------------------------------------------------------------ while it is written


async def test_growing_text_is_one_message(service: Service, wire: Wire) -> None:
    """An answer grows in one message that replies to its question and has a Stop button until it is finished."""
    event = await asked(service)
    draft = await draft_of(service, event)
    await draft.status(Status("Thinking…"))
    await draft.write("The answer")
    (message,) = wire.said(DM)
    assert message["content"] == "The answer"
    assert message["message_reference"]["message_id"] == event.id
    (stop,) = buttons(message)
    assert stop["custom_id"] == button_id("stop", event.id, event.conversation)
    await draft.finish(Answer(text="The answer is 42.", actions=(AGAIN, GOOD, DELETE)))
    assert wire.said(DM) == [message]
    assert message["content"] == "The answer is 42."
    again, good, delete = buttons(message)
    assert (again["label"], good["emoji"]["name"], good.get("label"), delete["style"]) == ("Again", "👍", None, 4)


async def test_text_that_did_not_change_is_not_sent_again(service: Service, wire: Wire) -> None:
    """What a message shows already is not sent once more."""
    draft = await draft_of(service, await asked(service))
    await draft.write("The answer")
    await draft.write("The answer")
    await draft.finish(Answer(text="The answer", actions=(AGAIN,)))
    await draft.finish(Answer(text="The answer", actions=(AGAIN,)))
    assert [call.method for call in wire.rest.calls if call.path.startswith(f"channels/{DM}/messages")] == [
        "POST",
        "PATCH",
    ]


async def test_typing_is_seen_until_there_is_something(service: Service, wire: Wire) -> None:
    """The bot types from the question on, not more often than it is shown, and never once the answer is there."""
    event = await asked(service)
    draft = await draft_of(service, event)
    await wire.until(lambda: wire.typing == [DM])
    await draft.status(Status("Thinking…"))
    await draft.status(Status("Still thinking…"))
    await draft.finish(Answer(text="Here."))
    assert not wire.typing
    assert len(wire.called("POST", "typing")) == 1


async def test_long_text_grows_over_several_messages(service: Service, wire: Wire) -> None:
    """Past two thousand characters an answer goes on in further messages; only the last can be stopped."""
    markdown = long_markdown(5000)
    event = await asked(service)
    draft = await draft_of(service, event)
    await draft.write(markdown[:1500])
    await draft.write(markdown)
    shown = wire.said(DM)
    assert len(shown) == 3
    assert [len(buttons(message)) for message in shown] == [0, 0, 1]
    assert words("\n".join(map(text, shown))) == words(markdown)
    assert [("message_reference" in message) for message in shown] == [True, False, False]
    assert draft.ref == ",".join(message["id"] for message in shown)
    await draft.finish(Answer(text="Short after all."))
    assert [message["content"] for message in wire.said(DM)] == ["Short after all."]


async def test_very_long_answer_comes_as_a_file(service: Service, wire: Wire) -> None:
    """What would take too many messages is shown to begin with and comes whole as a file."""
    markdown = long_markdown(30_000)
    draft = await draft_of(service, await asked(service))
    await draft.write(markdown[:9000])
    with pytest.raises(DeliveryDelayed):  # five messages are the channel's turns for the moment
        await draft.write(markdown[:20_000])
    await draft.finish(Answer(text=markdown, actions=(AGAIN,)))
    shown = wire.said(DM)
    assert len(shown) == MAX_MESSAGES
    assert words("\n".join(map(text, shown[:-1]))) == words(markdown)[: len(words("\n".join(map(text, shown[:-1]))))]
    (file,) = shown[-1]["attachments"]
    assert wire.cdn.uploads[file["id"]].content.decode() == markdown
    assert len(buttons(shown[-1])) == 1


async def test_only_the_asker_is_told(service: Service, wire: Wire) -> None:
    """The first message of a reply in a channel tells its asker; whatever an answer says, nobody else is called."""
    await asked(service, CHANNEL, f"<@{ME}> /image")  # a problem: answered in place
    draft = await draft_of(service, service.core.events[-1])
    await draft.finish(Answer(text=f"@everyone <@&1> {long_markdown(3000)}"))
    first, second = (body["allowed_mentions"] for body in wire.called("POST", f"channels/{CHANNEL}/messages"))
    assert first == {"parse": [], "replied_user": True}
    assert second == {"parse": []}
    assert "@everyone" not in text(wire.said(CHANNEL)[0])


async def test_chat_in_a_thread_tells_nobody(service: Service, wire: Wire) -> None:
    """In a thread, where one question follows the other, an answer is no notification."""
    event = await asked(service, CHANNEL, f"<@{ME}> what is love?")
    await (await draft_of(service, event)).finish(Answer(text="Patient."))
    (body,) = wire.called("POST", f"channels/{event.id}/messages")
    assert body["allowed_mentions"] == {"parse": []}
    assert wire.threads[event.id]["name"] == "what is love?"


async def test_channel_has_one_pace(service: Service, wire: Wire) -> None:
    """Answers in one channel share its turns: who has to wait is told how long; what is final waits for nobody."""
    drafts = [await draft_of(service, await asked(service, text=f"question {n}")) for n in range(6)]
    for draft in drafts[:5]:
        await draft.write("so far")
    with pytest.raises(DeliveryDelayed) as delayed:
        await drafts[5].write("so far")
    assert delayed.value.retry_after is not None
    assert 0 < delayed.value.retry_after <= 5
    other = await draft_of(service, await asked(service, CHANNEL, f"<@{ME}> and here?"))
    await other.write("so far")
    await asyncio.gather(*(draft.finish(Answer(text="done")) for draft in drafts))
    assert [message["content"] for message in wire.said(DM)] == ["done"] * 6


# ------------------------------------------------------------------ pictures, sound, video


async def test_pictures_are_a_gallery(service: Service, wire: Wire, tmp_path: Path) -> None:
    """The status becomes a gallery of the pictures with their caption and buttons that lead on."""
    event = await asked(service)
    draft = await draft_of(service, event)
    await draft.status(Status("Painting…"))
    files = tuple(replace(media(tmp_path, f"fox-{n}.png", 100 + n), description="a fox") for n in range(4))
    answer = Answer(text="seeddream-4.0 · anime · 0.04", media=files, actions=(AGAIN, VIDEO))
    await draft.finish(answer)
    await draft.finish(answer)
    (message,) = wire.said(DM)
    gallery, caption, row = message["components"]
    assert [item["media"]["url"] for item in gallery["items"]] == [f"attachment://fox-{n}.png" for n in range(4)]
    assert [item["description"] for item in gallery["items"]] == ["a fox"] * 4
    assert [file["size"] for file in message["attachments"]] == [100, 101, 102, 103]
    assert caption["content"] == "seeddream-4.0 · anime · 0.04"
    form = MODAL_ID.fullmatch(row["components"][1]["custom_id"].replace("cm:", "cf:"))
    assert form is not None
    assert (form["action"], form["event"], form["asks"]) == ("video", event.id, "video=prompt,duration")
    assert message["content"] == ""


async def test_gallery_is_made_again_in_place(service: Service, wire: Wire, core: Core, tmp_path: Path) -> None:
    """A picture that is made again, maybe by another process, takes the place of the first."""
    event = await asked(service)
    draft = await draft_of(service, event)
    await draft.finish(Answer(text="first", media=(media(tmp_path, "a.png", 10),)))
    ref = draft.ref
    async with Service(wire, core) as another:
        draft = await draft_of(another, event, ref=ref)
        await draft.status(Status("Painting…"))
        (message,) = wire.said(DM)
        assert (text(message), message["attachments"]) == ("Painting…", [])
        await draft.status(Status("Painting still…"))
        assert len(wire.called("PATCH", message["id"])) == 3  # one more, to learn what kind of message it is
        await draft.finish(Answer(text="second", media=(media(tmp_path, "b.png", 20),)))
    assert [file["filename"] for file in message["attachments"]] == ["b.png"]
    assert wire.said(DM) == [message]


async def test_sound_and_video_are_attached(service: Service, wire: Wire, tmp_path: Path) -> None:
    """Sound and video are plain attachments, which Discord plays in place."""
    file = replace(media(tmp_path, "waves.mp4", 1000), content_type="video/mp4")
    draft = await draft_of(service, await asked(service))
    await draft.status(Status("Filming…", 0.5))
    await draft.finish(Answer(text="videogen-pro", media=(file,), actions=(AGAIN,)))
    (message,) = wire.said(DM)
    assert (message["content"], message["flags"]) == ("videogen-pro", 0)
    assert [(file["filename"], file["size"]) for file in message["attachments"]] == [("waves.mp4", 1000)]


async def test_files_can_be_hidden(service: Service, wire: Wire, tmp_path: Path) -> None:
    """What was asked for as a spoiler is shown only when it is clicked, pictures and other files."""
    event = await asked(service)
    hidden = replace(event, reply_to={**event.reply_to, "spoiler": "1"})
    await (await draft_of(service, hidden)).finish(Answer(media=(media(tmp_path, "a.png", 10),)))
    assert wire.said(DM)[0]["components"][0]["items"][0]["spoiler"] is True
    hidden = replace(hidden, id="2")
    video = replace(media(tmp_path, "b.mp4", 10), content_type="video/mp4")
    await (await draft_of(service, hidden)).finish(Answer(media=(video,)))
    assert wire.said(DM)[1]["attachments"][0]["filename"] == "SPOILER_b.mp4"


async def test_removed_answer_leaves_nothing(service: Service, wire: Wire, core: Core, tmp_path: Path) -> None:
    """An answer that is taken back goes with all its messages, also by another process."""
    event = await asked(service)
    draft = await draft_of(service, event)
    await draft.finish(Answer(text=long_markdown(3000), media=(media(tmp_path, "a.png", 10),)))
    assert len(wire.said(DM)) == 2
    ref = draft.ref
    async with Service(wire, core) as another:
        await (await draft_of(another, event, ref=ref)).finish(Answer())
    assert wire.said(DM) == []


async def test_file_that_is_gone_is_told(service: Service, wire: Wire, tmp_path: Path) -> None:
    """A file that the disk has no more is named; the rest of the answer is there."""
    file = media(tmp_path, "a.png", 10)
    assert file.path is not None
    file.path.unlink()
    await (await draft_of(service, await asked(service))).finish(Answer(text="caption", media=(file,)))
    (message,) = wire.said(DM)
    assert message["content"].startswith("caption")
    assert "a.png" in message["content"]


# ------------------------------------------------------------------ how big files may be


def sized(folder: Path, name: str, size: int) -> Media:
    path = folder / name
    with path.open("wb") as file:
        file.truncate(size)
    return Media(name=name, content_type="video/mp4", size=size, path=path)


async def test_limit_is_learnt_from_a_refusal(service: Service, wire: Wire, tmp_path: Path) -> None:
    """A file that Discord refuses makes known what fits there; the next one is not even sent."""
    file = sized(tmp_path, "a.mp4", 12 * MIB)
    draft = await draft_of(service, await asked(service))
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(file,)))
    assert refused.value.limit == 10 * MIB
    calls = len(wire.rest.calls)
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(file,)))
    assert (refused.value.limit, len(wire.rest.calls)) == (10 * MIB, calls)
    await draft.finish(Answer(media=(sized(tmp_path, "b.mp4", 10 * MIB),)))
    assert wire.said(DM)[0]["attachments"][0]["size"] == 10 * MIB


async def test_bigger_files_where_they_are_allowed(service: Service, wire: Wire, tmp_path: Path) -> None:
    """A place that takes more than is usual gets more."""
    wire.cdn.limit = 20 * MIB
    await (await draft_of(service, await asked(service))).finish(Answer(media=(sized(tmp_path, "a.mp4", 19 * MIB),)))
    assert wire.said(DM)[0]["attachments"][0]["size"] == 19 * MIB


async def test_files_too_large_together(service: Service, wire: Wire, tmp_path: Path) -> None:
    """Files of which each would fit, but not all at once, are asked for smaller."""
    wire.cdn.total = 20 * MIB
    files = tuple(sized(tmp_path, f"{n}.mp4", 8 * MIB) for n in range(4))
    draft = await draft_of(service, await asked(service))
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=files))
    assert refused.value.limit == 4 * MIB
    await draft.finish(Answer(media=(sized(tmp_path, "5.mp4", 9 * MIB),)))  # no limit of a single file was learnt


async def test_connection_that_breaks_at_big_files(service: Service, wire: Wire, tmp_path: Path) -> None:
    """A connection that breaks each time a big file is sent is a refusal; with a small one it is tried again."""
    draft = await draft_of(service, await asked(service))
    wire.rest.cut("POST", f"channels/{DM}/messages", moment="before", times=5)
    for _ in range(3):
        with pytest.raises(DeliveryDelayed):
            await draft.finish(Answer(media=(sized(tmp_path, "small.mp4", MIB),)))
    big = sized(tmp_path, "big.mp4", 12 * MIB)
    with pytest.raises(DeliveryDelayed):
        await draft.finish(Answer(media=(big,)))
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(big,)))
    assert refused.value.limit == 10 * MIB


async def test_interaction_says_what_fits(service: Service, wire: Wire, core: Core, tmp_path: Path) -> None:
    """What an interaction allows is known before anything is sent."""
    wire.cdn.limit = 8 * MIB
    await wire.interact(SLASH, slash("video", prompt="waves"))
    (event,) = await core.count(1)
    draft = await draft_of(service, event)
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(sized(tmp_path, "a.mp4", 9 * MIB),)))
    assert refused.value.limit == 8 * MIB
    assert not wire.called("PATCH", "webhooks")


async def test_buttons_survive_a_round_trip(service: Service) -> None:
    """Every button of an answer is recognised when it is pressed, whatever made its id."""
    for custom_id in (
        button_id("again", "1457536551830421524", "t1457536551830421524"),
        button_id("variation-3", "1457536551830421524/0123456789ab", "c1"),
        button_id("video", "17", "r17", command="video", asks=("prompt", "duration", "resolution")),
    ):
        assert len(custom_id) <= 100
        assert ActionButton.__discord_ui_compiled_template__.fullmatch(custom_id)


def test_reply_target_is_read_back() -> None:
    """A reply target is read as this version, a later one or an earlier one recorded it."""
    target = ReplyTarget(conversation="c1", channel=OTHER, user="2", message="3", thread_name="hello", spoiler="1")
    assert ReplyTarget.of({**target.to_reply_to(), "of a later version": "x"}) == target
    recorded = {"conversation": "c1", "channel": OTHER, "user": "2", "message": "3", "opens": "hello", "hidden": "1"}
    assert ReplyTarget.of({**recorded, "member": "1"}) == target
    assert ReplyTarget.of({**recorded, "limit": "17"}) == replace(target, can_post="", upload_limit="17")
