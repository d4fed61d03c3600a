"""The README's picture shows messages that were really sent."""

import html
import re
from pathlib import Path

import pytest

from bench.pictures.slack_page import Page
from simulators.slack import SlackSimulator, words
from tests.support.slack.service import FAST, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def read(page: str) -> list[str]:
    """The words of a page."""
    body = page.partition("<main>")[2]
    return html.unescape(re.sub(r"<[^>]+>", " ", body)).split()


async def test_the_page_shows_the_messages_sent(slack: SlackSimulator, tmp_path: Path) -> None:
    """Every word, button and picture that the bot has sent is on the page; deleted messages are not."""
    async with service(slack, tmp_path, timing=FAST) as running:
        question = slack.ada.mention("what is **this** & that?")
        [answer] = await running.answers(question)
        drawing = slack.bob.mention("image a fox")
        [drawn] = await running.answers(drawing)
    whole = Page(slack, slack.ada.id).render("# general", [question, drawing])
    assert answer.blocks
    for message in (answer, drawn):
        text = re.sub(r"[*_`]", "", html.unescape(words(message.blocks)))
        assert set(text.split()) <= set(read(whole))
    assert whole.count("<img ") == len(drawn.files) == 1
    answer.is_deleted = True
    assert "re:" not in read(Page(slack, slack.ada.id).render("# general", [question]))


async def test_the_page_leaves_out_nothing_that_it_does_not_know(slack: SlackSimulator) -> None:
    """A kind of block that the page can't draw is an error, not a gap."""
    with pytest.raises(ValueError, match="no look for video"):
        Page(slack, slack.ada.id).block({"type": "video"})
