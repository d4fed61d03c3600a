"""Files that Slack does not take, each reason in a sentence said once; and files that are made to do harm."""

from pathlib import Path

import pytest

from simulators.slack import SlackSimulator
from tests.support.hostile.children import parsers, until_parsing
from tests.support.media_files import slow_pdf
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import FAST, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

SENTENCES = {
    "file_uploads_disabled": "accepts no files",
    "storage_limit_reached": "storage of this workspace is full",
    "an_error_of_next_year": "Slack did not accept",
}


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize(("error", "sentence"), SENTENCES.items())
async def test_the_reason_is_said(
    slack: SlackSimulator, tmp_path: Path, method: str, error: str, sentence: str
) -> None:
    """One message says what happened to the picture: no sizes, no address of this machine; the buttons are there."""
    slack.faults.fail(method, error, times=None)
    async with service(slack, tmp_path, timing=FAST) as running:
        question = slack.ada.mention("image a fox")
        [answer] = await running.answers(question)
    assert answer.content.count(sentence) == 1
    assert "a-fox" in answer.content
    assert not any(words in answer.content for words in ("MB", "kB", "127.0.0.1", "smaller"))
    assert "Again" in labels(answer)


async def test_passing_trouble_switches_nothing_off(slack: SlackSimulator, tmp_path: Path) -> None:
    """After one internal error the picture comes with its caption, and so does the next. A scope that lacks is said."""
    slack.faults.fail("files.completeUploadExternal", "internal_error")
    async with service(slack, tmp_path, timing=FAST) as running:
        for _ in range(2):
            question = slack.ada.mention("image a fox")
            [answer] = await running.answers(question)
            assert len(answer.files) == 1
            assert answer.content
        slack.grants[slack.token].scopes.discard("files:write")  # the app was installed again, without it
        [answer] = await running.answers(slack.ada.mention("image a fox"))
        assert "accepts no files" in answer.content


async def test_a_prepared_file_holds_nobody_up(slack: SlackSimulator, tmp_path: Path) -> None:
    """While a PDF that takes minutes is read, another person's file is answered; a stop ends the reading."""
    async with service(slack, tmp_path) as running:
        bomb = slack.ada.mention("read this", files=[slack.ada.file("a.pdf", slow_pdf(), mimetype="application/pdf")])
        parser = await until_parsing()
        question = slack.bob.mention("when?", files=[slack.bob.file("plan.md", b"Ship on Friday.")])
        await slack.until(lambda: any("re: " in m.content for m in slack.from_bot(slack.general, thread=question.ts)))
        assert "Ship on Friday." in str(running.echo.bodies)
        assert parsers() == [parser]
        slack.ada.say("stop", thread=bomb)
        [stopped] = await running.answers(bomb)
        assert "Stopped" in stopped.content
        assert not parsers()
