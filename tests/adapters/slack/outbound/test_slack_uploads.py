"""Files of answers: shared once, streamed from the disk, whatever fails on the way."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.outbound.recovery import files_block_prefix
from bot.errors import DeliveryDelayed, UploadTooLarge
from bot.models import Answer, Media, Status
from simulators.slack import SlackSimulator
from tests.support.slack.drafts import ACTIONS, PROMPT_HISTORY, DraftStage, labels, read


def picture(folder: Path, name: str = "fox.png", size: int = 1000) -> Media:
    path = folder / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n".ljust(size, name.encode()[:1]))
    return Media(name=name, content_type="image/png", size=size, path=path, description="雪中的紅狐狸" * 200)


async def test_pictures_with_their_caption(slack: SlackSimulator, stage: DraftStage, tmp_path: Path) -> None:
    """Pictures, caption and buttons are one message; each picture is described for those who can't see it.

    A description of 1,000 Chinese characters is longer than an address may be.
    """
    files = (picture(tmp_path), picture(tmp_path, "hare.png", 2000))
    draft = await stage.draft()
    await draft.status(Status("Painting…", progress=0.5, elapsed=20))
    await draft.finish(Answer(text="`seeddream-4.0` · 512x512 · cost 0.0016", media=files, actions=ACTIONS))
    (answer,) = stage.answers()
    assert read(answer) == "seeddream-4.0 · 512x512 · cost 0.0016"
    assert labels(answer) == ["Again", "👍", "Make a video of it", "Delete"]
    assert [(file.name, file.size) for file in answer.files] == [("fox.png", 1000), ("hare.png", 2000)]
    assert [file.content for file in answer.files] == [media.path.read_bytes() for media in files if media.path]
    assert [file.alt_txt for file in answer.files] == [("雪中的紅狐狸" * 200)[:1000]] * 2
    assert answer.thread_ts == stage.question.ts


async def test_links_to_files_that_are_too_big(slack: SlackSimulator, stage: DraftStage) -> None:
    """A file that is only linked is a link under its name."""
    video = Media(name="waves.mp4", content_type="video/mp4", size=9**9, url="https://files.example/waves.mp4")
    draft = await stage.draft()
    await draft.finish(Answer(text="Here.", media=(video,)))
    (answer,) = stage.answers()
    link = {"type": "link", "url": "https://files.example/waves.mp4", "text": "waves.mp4"}
    assert link in answer.blocks[0]["elements"][0]["elements"]


async def test_long_code_is_a_snippet_too(slack: SlackSimulator, stage: DraftStage) -> None:
    """Long code is shown, and shared as a file of its kind."""
    code = "\n".join(f"value_{number} = {number}" for number in range(80))
    draft = await stage.draft()
    await draft.finish(Answer(text=f"Look:\n\n```python\n{code}\n```\n\nDone.", actions=ACTIONS))
    texts, shared = stage.answers()
    assert code in read(texts)
    (file,) = shared.files
    assert (file.name, file.snippet_type, file.content) == ("code.py", "python", (code + "\n").encode())
    assert (labels(texts), bool(labels(shared))) == ([], True)


async def test_a_slack_that_takes_no_caption(slack: SlackSimulator, stage: DraftStage, tmp_path: Path) -> None:
    """Where blocks beside files are refused, caption and buttons are a message of their own.

    One refusal may be the fault of one answer. After two, captions are no longer tried for a while.
    """
    slack.faults.fail(
        "files.completeUploadExternal", "invalid_blocks", times=2, where=lambda params: "blocks" in params
    )
    for key in ("Ev1", "Ev2", "Ev3"):
        draft = await stage.draft(key)
        await draft.finish(Answer(text="A fox.", media=(picture(tmp_path),), actions=ACTIONS))
        await draft.finish(Answer(text="A fox.", media=(picture(tmp_path),), actions=ACTIONS))
    texts = stage.answers()
    assert sorted(read(m) for m in texts if not m.files) == ["A fox."] * 3
    assert len([m for m in texts if m.files]) == 3
    assert len(slack.called("files.completeUploadExternal")) == 5


@pytest.mark.parametrize(
    ("what", "when"),
    [
        ("files.getUploadURLExternal", "after"),
        ("upload", "before"),
        ("upload", "after"),
        ("files.completeUploadExternal", "before"),
        ("files.completeUploadExternal", "after"),
        ("files.info", "before"),
    ],
)
@pytest.mark.parametrize("restarts", [False, True], ids=["same", "restarted"])
async def test_files_are_shared_once(
    slack: SlackSimulator, stage: DraftStage, tmp_path: Path, what: str, when: Any, restarts: bool
) -> None:
    """At whichever call the connection is lost, a later try shows the files once, also when they appear late."""
    answer = Answer(text="A fox.", media=(picture(tmp_path),), actions=ACTIONS)
    slack.storage.delay = 0.1
    patient = replace(PROMPT_HISTORY, late_messages=0.7)
    await stage.restart(patient)
    slack.faults.drop(what, when=when, times=2)
    draft = await stage.draft()
    try:
        await draft.finish(answer)
    except DeliveryDelayed:
        if restarts:
            del draft
            await stage.restart(patient)
            draft = await stage.draft(ref="")
        slack.faults.clear()
        await draft.finish(answer)
    await draft.finish(answer)
    await slack.until(lambda: bool(stage.answers()))
    assert [(read(m), len(m.files)) for m in stage.answers()] == [("A fox.", 1)]


async def test_an_upload_cut_half_way_is_sent_again(slack: SlackSimulator, stage: DraftStage, tmp_path: Path) -> None:
    """A connection that is cut in the middle of a file costs only time: the upload is repeated."""
    slack.storage.cut_after = 100_000
    draft = await stage.draft()
    await draft.finish(Answer(media=(picture(tmp_path, size=400_000),)))
    (answer,) = stage.answers()
    assert [file.size for file in answer.files] == [400_000]
    assert slack.storage.uploads == 2


@pytest.mark.parametrize("error", ["file_upload_size_restricted", "file_too_large"])
async def test_files_that_are_too_large(slack: SlackSimulator, stage: DraftStage, tmp_path: Path, error: str) -> None:
    """A file over Slack's limit raises an error with the limit, by which the core shrinks the file or leaves it out."""
    slack.faults.fail("files.getUploadURLExternal", error)
    draft = await stage.draft()
    with pytest.raises(UploadTooLarge) as caught:
        await draft.finish(Answer(text="A fox.", media=(picture(tmp_path),)))
    assert 0 < caught.value.limit < 1000
    await draft.finish(Answer(text="A fox, too large."))
    assert stage.texts() == ["A fox, too large."]


async def test_a_file_that_is_gone(slack: SlackSimulator, stage: DraftStage, tmp_path: Path) -> None:
    """A file that is no longer on the disk is named in a sentence, which is shown in its place."""
    media = picture(tmp_path)
    assert media.path is not None
    media.path.unlink()
    draft = await stage.draft()
    await draft.finish(Answer(media=(media,)))
    assert [message.content for message in stage.answers()] == [
        "fox.png is no longer kept here. Please have it made again."
    ]
    assert not stage.answers()[0].files


async def test_made_again_the_old_files_go(slack: SlackSimulator, stage: DraftStage, tmp_path: Path) -> None:
    """Another answer in place of one with files deletes them, also from Slack's list of files."""
    draft = await stage.draft()
    await draft.finish(Answer(text="A fox.", media=(picture(tmp_path),), actions=ACTIONS))
    del draft
    await stage.restart()
    again = await stage.draft(ref="")
    await again.finish(Answer(text="A hare.", media=(picture(tmp_path, "野兔.png"),), actions=ACTIONS))
    assert [(read(m), m.files[0].name) for m in stage.answers()] == [("A hare.", "野兔.png")]
    assert [file.name for file in slack.team.files.values() if not file.is_deleted] == ["野兔.png"]
    await again.finish(Answer())
    assert stage.answers() == []
    assert all(file.is_deleted for file in slack.team.files.values())


async def test_private_files_are_direct(slack: SlackSimulator, stage: DraftStage, tmp_path: Path) -> None:
    """A private file is sent in direct messages: Slack can't share one with one person of a channel."""
    draft = await stage.draft(private=True)
    await draft.finish(Answer(text="Your data.", media=(picture(tmp_path, "export.zip"),), private=True))
    (message,) = stage.answers(slack.team.direct(slack.ada.id))
    assert (read(message), [file.name for file in message.files]) == ("Your data.", ["export.zip"])
    assert stage.answers(viewer=slack.ada.id) == []


async def test_files_are_sent_in_pieces(slack: SlackSimulator, stage: DraftStage, tmp_path: Path) -> None:
    """A file is never in memory as a whole: it is sent in pieces."""
    slack.storage.keep = 0
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate(48_000_000)
    film = Media(name="film.mp4", content_type="video/mp4", size=48_000_000, path=path)
    draft = await stage.draft()
    tracemalloc.start()
    try:
        await draft.finish(Answer(media=(film,)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8_000_000
    assert [file.size for message in stage.answers() for file in message.files] == [48_000_000]


def test_marks_tell_answers_apart() -> None:
    """Files of different events have block ids with different prefixes."""
    assert files_block_prefix("Ev1") != files_block_prefix("Ev2")
