"""Files of answers: galleries, attachments, spoilers and upload limits."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.outbound.upload_limits import UploadLimits
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.ui.buttons import MODAL_ID
from bot.errors import DeliveryDelayed, UploadTooLarge
from bot.models import Action, Answer, Media, Status
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import DM
from tests.contract.adapter_contract import media
from tests.support.discord.interactions import SLASH, slash_command
from tests.support.discord.messages import AGAIN, text_of
from tests.support.discord.stage import RecordingCore, Service

MIB = 1024 * 1024


VIDEO = Action(name="video", label="Make a video of it", command="video", prompts_for=("prompt", "duration"))


async def test_pictures_are_a_gallery(service: Service, simulator: DiscordSimulator, tmp_path: Path) -> None:
    """The status becomes a gallery of the pictures with their caption and buttons that lead on.

    It refers to the files by plain names: Discord takes other characters out of the names of files.
    """
    event = await service.say()
    draft = await service.open_draft(event)
    await draft.status(Status("Painting…"))
    files = tuple(replace(media(tmp_path, f"狐狸-{n}.png", 100 + n), description="a fox") for n in range(4))
    answer = Answer(text="seeddream-4.0 · anime · 0.04", media=files, actions=(AGAIN, VIDEO))
    await draft.finish(answer)
    await draft.finish(answer)
    (message,) = simulator.bot_messages(DM)
    gallery, caption, row = message["components"]
    assert [item["media"]["url"] for item in gallery["items"]] == [f"attachment://{n}.png" for n in range(4)]
    assert [item["description"] for item in gallery["items"]] == ["a fox"] * 4
    assert [file["size"] for file in message["attachments"]] == [100, 101, 102, 103]
    assert caption["content"] == "seeddream-4.0 · anime · 0.04"
    form = MODAL_ID.fullmatch(row["components"][1]["custom_id"].replace("cm:", "cf:"))
    assert form is not None
    assert (form["action"], form["event"], form["asks"]) == ("video", event.id, "video=prompt,duration")
    assert message["content"] == ""


async def test_gallery_is_made_again_in_place(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, tmp_path: Path
) -> None:
    """A picture that is made again, maybe by another process, takes the place of the first."""
    event = await service.say()
    draft = await service.open_draft(event)
    await draft.finish(Answer(text="first", media=(media(tmp_path, "a.png", 10),)))
    ref = draft.ref
    async with Service(simulator, core) as another:
        draft = await another.open_draft(event, ref=ref)
        await draft.status(Status("Painting…"))
        (message,) = simulator.bot_messages(DM)
        assert (text_of(message), message["attachments"]) == ("Painting…", [])
        await draft.status(Status("Painting still…"))
        assert len(simulator.called("PATCH", message["id"])) == 2  # the history told what kind of message it is
        await draft.finish(Answer(text="second", media=(media(tmp_path, "雪.png", 20),)))
    assert [file["filename"] for file in message["attachments"]] == ["image.png"]
    assert simulator.bot_messages(DM) == [message]


async def test_sound_and_video_are_attached(service: Service, simulator: DiscordSimulator, tmp_path: Path) -> None:
    """Sound and video are plain attachments, which Discord plays in place."""
    file = replace(media(tmp_path, "海浪-waves.mp4", 1000), content_type="video/mp4")
    draft = await service.open_draft(await service.say())
    await draft.status(Status("Filming…", 0.5))
    await draft.finish(Answer(text="videogen-pro", media=(file,), actions=(AGAIN,)))
    (message,) = simulator.bot_messages(DM)
    assert (message["content"], message["flags"]) == ("videogen-pro", 0)
    assert [(file["title"], file["size"]) for file in message["attachments"]] == [("海浪-waves", 1000)]


async def test_files_can_be_hidden(service: Service, simulator: DiscordSimulator, tmp_path: Path) -> None:
    """Files of an answer with the spoiler option are hidden until they are clicked."""
    event = await service.say()
    hidden = replace(event, reply_to={**event.reply_to, "spoiler": "1"})
    await (await service.open_draft(hidden)).finish(Answer(media=(media(tmp_path, "a.png", 10),)))
    assert simulator.bot_messages(DM)[0]["components"][0]["items"][0]["spoiler"] is True
    hidden = replace(hidden, id="2")
    video = replace(media(tmp_path, "b.mp4", 10), content_type="video/mp4")
    await (await service.open_draft(hidden)).finish(Answer(media=(video,)))
    assert simulator.bot_messages(DM)[1]["attachments"][0]["filename"] == "SPOILER_b.mp4"


async def test_missing_file_is_named(service: Service, simulator: DiscordSimulator, tmp_path: Path) -> None:
    """A file that the disk has no more is named; the rest of the answer is there."""
    file = media(tmp_path, "a.png", 10)
    assert file.path is not None
    file.path.unlink()
    await (await service.open_draft(await service.say())).finish(Answer(text="caption", media=(file,)))
    (message,) = simulator.bot_messages(DM)
    assert message["content"].startswith("caption")
    assert "a.png" in message["content"]


def sized(folder: Path, name: str, size: int) -> Media:
    path = folder / name
    with path.open("wb") as file:
        file.truncate(size)
    return Media(name=name, content_type="video/mp4", size=size, path=path)


async def test_limit_is_learnt_from_a_refusal(service: Service, simulator: DiscordSimulator, tmp_path: Path) -> None:
    """A file that Discord refuses makes known what fits there; the next one is not even sent."""
    file = sized(tmp_path, "a.mp4", 12 * MIB)
    draft = await service.open_draft(await service.say())
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(file,)))
    assert refused.value.limit == 10 * MIB
    calls = len(simulator.rest.calls)
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(file,)))
    assert (refused.value.limit, len(simulator.rest.calls)) == (10 * MIB, calls)
    await draft.finish(Answer(media=(sized(tmp_path, "b.mp4", 10 * MIB),)))
    assert simulator.bot_messages(DM)[0]["attachments"][0]["size"] == 10 * MIB


async def test_a_learnt_limit_lapses(service: Service, tmp_path: Path) -> None:
    """What was learnt may have been a passing trouble, or the server has a higher level now: it holds for no hour."""
    now = 0.0
    limits, target = UploadLimits(clock=lambda: now), ReplyTarget.of((await service.say()).reply_to)
    limits.lower([sized(tmp_path, "a.mp4", 12 * MIB)], target, None)
    assert limits.limit(target, None) == 10 * MIB
    now = 3600.0
    assert limits.limit(target, None) == 20 * MIB


async def test_bigger_files_where_they_are_allowed(
    service: Service, simulator: DiscordSimulator, tmp_path: Path
) -> None:
    """A place that takes more than is usual gets more."""
    simulator.cdn.limit = 20 * MIB
    await (await service.open_draft(await service.say())).finish(Answer(media=(sized(tmp_path, "a.mp4", 19 * MIB),)))
    assert simulator.bot_messages(DM)[0]["attachments"][0]["size"] == 19 * MIB


async def test_files_too_large_together(service: Service, simulator: DiscordSimulator, tmp_path: Path) -> None:
    """Files of which each would fit, but not all at once, are asked for smaller."""
    simulator.cdn.total = 20 * MIB
    files = tuple(sized(tmp_path, f"{n}.mp4", 8 * MIB) for n in range(4))
    draft = await service.open_draft(await service.say())
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=files))
    assert refused.value.limit == 4 * MIB
    await draft.finish(Answer(media=(sized(tmp_path, "5.mp4", 9 * MIB),)))  # no limit of a single file was learnt


async def test_connection_that_breaks_at_big_files(
    service: Service, simulator: DiscordSimulator, tmp_path: Path
) -> None:
    """A connection that breaks each time a big file is sent is a refusal; with a small one it is tried again."""
    draft = await service.open_draft(await service.say())
    simulator.rest.cut("POST", f"channels/{DM}/messages", moment="before", times=5)
    for _ in range(3):
        with pytest.raises(DeliveryDelayed):
            await draft.finish(Answer(media=(sized(tmp_path, "small.mp4", MIB),)))
    big = sized(tmp_path, "big.mp4", 12 * MIB)
    with pytest.raises(DeliveryDelayed):
        await draft.finish(Answer(media=(big,)))
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(big,)))
    assert refused.value.limit == 10 * MIB


async def test_interaction_says_what_fits(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, tmp_path: Path
) -> None:
    """The upload limit of an interaction applies before anything is sent."""
    simulator.cdn.limit = 8 * MIB
    await simulator.interact(SLASH, slash_command("video", prompt="waves"))
    (event,) = await core.wait_for_events(1)
    draft = await service.open_draft(event)
    with pytest.raises(UploadTooLarge) as refused:
        await draft.finish(Answer(media=(sized(tmp_path, "a.mp4", 9 * MIB),)))
    assert refused.value.limit == 8 * MIB
    assert not simulator.called("PATCH", "webhooks")
