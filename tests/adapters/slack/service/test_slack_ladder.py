"""Answers that Slack refuses for a reason that nobody foresaw: down to the last rung somebody hears of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.slack import SlackSimulator
from tests.support.slack.service import FAST, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

ERRORS = ("invalid_blocks", "msg_too_long", "an_error_of_next_year")
PROMPT = "see [the page](https://example.org/a?b=c) and https://example.com/x"


def has_blocks(params: dict[str, Any]) -> bool:
    return bool(params.get("blocks"))


def has_link(params: dict[str, Any]) -> bool:
    return '"type": "link"' in json.dumps(params.get("blocks") or "")


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(("where", "shown"), [(has_link, "blocks"), (has_blocks, "text")])
async def test_a_simpler_form_is_shown(
    slack: SlackSimulator, tmp_path: Path, where: Any, shown: str, error: str
) -> None:
    """Blocks, or a link in them, are refused: the same words come without, once."""
    for method in ("chat.postMessage", "chat.update"):
        slack.faults.fail(method, error, times=None, where=where)
    async with service(slack, tmp_path, timing=FAST) as running:
        question = slack.ada.mention(PROMPT)
        [answer] = await running.answers(question)
    assert "re: see" in answer.content
    for address in ("https://example.org/a?b=c", "https://example.com/x"):
        assert address in answer.content
    assert bool(answer.blocks) == (shown == "blocks")


@pytest.mark.parametrize("error", ERRORS)
async def test_an_answer_that_no_message_shows_comes_as_a_file(
    slack: SlackSimulator, tmp_path: Path, error: str
) -> None:
    """Every message is refused: the answer is a file in the thread, once, and nothing else is left there."""
    for method in ("chat.postMessage", "chat.update", "chat.startStream"):
        slack.faults.fail(method, error, times=None)
    async with service(slack, tmp_path, timing=FAST) as running:
        question = slack.ada.mention("hello")
        [answer] = await running.answers(question)
        [file] = answer.files
        assert file.content == b"re: hello"


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("refused", ["files", "files and ephemeral messages"])
async def test_at_the_end_the_person_knows_and_the_answer_is_kept(
    slack: SlackSimulator, tmp_path: Path, error: str, refused: str
) -> None:
    """Messages and files are refused: a private sentence, else one in direct messages; `retry` delivers later."""
    general = slack.general

    def is_there(params: dict[str, Any]) -> bool:
        return str(params.get("channel") or params.get("channel_id") or "") == general.id

    methods = ["chat.postMessage", "chat.update", "chat.startStream", "files.completeUploadExternal"]
    methods += ["chat.postEphemeral"] * ("ephemeral" in refused)
    rules = [slack.faults.fail(method, error, times=None, where=is_there) for method in methods]
    async with service(slack, tmp_path, timing=FAST) as running:
        question = slack.ada.mention("hello")
        direct = slack.team.direct(slack.ada.id)
        place, viewer = (direct, "") if "ephemeral" in refused else (general, slack.ada.id)
        await slack.until(lambda: slack.from_bot(place, viewer=viewer))
        await running.idle()
        [told] = slack.from_bot(place, viewer=viewer)
        assert error in told.content
        assert "retry" in told.content
        counted = running.core.metrics.render(await running.core.store.counts(), running.core.api.rate_limiter).decode()
        assert 'bot_events_total{adapter="slack",command="chat",outcome="undelivered"} 1.0' in counted
        for rule in rules:
            slack.faults.rules.remove(rule)
        slack.ada.say(f"<@{slack.team.bot.id}> retry", thread=question.ts)
        await slack.until(lambda: any("re: hello" in m.content for m in slack.from_bot(general, thread=question.ts)))
        await running.idle()
    assert running.echo.prompts == ["hello"]
