"""A film on Slack: its board fills in, one message all the time; only its maker changes it."""

from pathlib import Path

import pytest

from simulators.slack import Message, SlackSimulator
from tests.support.film.studio import Studio
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import FAST, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_film_in_a_thread(slack: SlackSimulator, tmp_path: Path) -> None:
    """Planned, made, a shot made again, the music changed; somebody else may not."""
    async with service(slack, tmp_path, timing=FAST) as running:
        api = Studio()
        running.api.play(api)
        question = slack.bob.mention("/film a fox --transition none")

        def texts() -> list[Message]:
            return [m for m in slack.from_bot(thread=question.root) if "The fox" in m.content]

        async def board(words: str) -> Message:
            await slack.until(lambda: [m for m in texts() if words in m.content])
            await running.idle()
            [found] = texts()
            return found

        plan = await board("Nothing is made until")
        assert plan.blocks[0]["type"] == "plan"
        assert {task["status"] for task in plan.blocks[0]["tasks"]} == {"pending"}
        assert labels(plan) == ["Make it", "Edit the shots", "Fewer shots", "Shorter", "Cancel"]
        assert not api.made
        slack.ada.press(plan, "Make it")
        assert labels(await running.see(slack.ada, "Only the person who asked for this film")) == []
        slack.bob.press(plan, "Make it")
        made = await board("Cost so far: 7.00")
        files = [m for m in slack.from_bot(thread=question.root) if m.files]
        assert [[file.name.rpartition(".")[2] for file in m.files] for m in files] == [["mp4"] * 4 + ["wav"]]
        slack.bob.press(made, "Shot 2 again")
        made = await board("Cost so far: 8.50")
        assert (api.made_by("image"), api.made_by("video"), api.made_by("audio")) == (5, 5, 1)
        await slack.until(lambda: len([m for m in slack.from_bot(thread=question.root) if m.files]) == 1)
        slack.bob.press(made, "Edit the shots")
        form = await slack.bob.modal()
        shown = form.content["blocks"][0]["element"]["initial_value"].splitlines()
        assert shown[1] == "5 | Shot two | a fox, two"
        await slack.bob.submit(form, {"prompt": "\n".join((shown[3], "5 | A wolf | a wolf", *shown[1:3]))})
        made = await board("1. Shot four (5 s) · picture ✓ · clip ✓\n2. A wolf (5 s) · picture ✓ · clip ✓\n3. Shot two")
        slack.bob.press(made, "Describe the music")
        form = await slack.bob.modal()
        assert form.content["blocks"][0]["element"]["initial_value"] == "slow strings"
        await slack.bob.submit(form, {"music": "a drum"})
        await board("♪ a drum · music ✓")
        assert (api.made_by("image"), api.made_by("video"), api.made_by("audio")) == (6, 6, 2)


async def test_the_steps_of_a_film_are_in_its_makers_language(slack: SlackSimulator, tmp_path: Path) -> None:
    """So are their lengths; the joined film is named once, before it is made and after."""
    async with service(slack, tmp_path, timing=FAST) as running:
        running.api.play(Studio())
        chen = slack.person("Chen", locale="zh-TW")
        question = chen.mention("/film a fox --shots 1 --duration 5 --music no")

        async def board(button: str) -> Message:
            await slack.until(lambda: [m for m in slack.from_bot(thread=question.root) if button in str(m.blocks)])
            await running.idle()
            [found] = [m for m in slack.from_bot(thread=question.root) if m.blocks and m.blocks[0]["type"] == "plan"]
            return found

        plan = await board("開始製作")
        assert [task["title"] for task in plan.blocks[0]["tasks"]] == ["1. Shot one (5 秒)", "影片"]
        chen.press(plan, "開始製作")
        stuck = await board("繼續")  # its clip can't be joined
        assert [task["title"].split(" ✗")[0] for task in stuck.blocks[0]["tasks"]] == [
            "1. Shot one (5 秒) · 圖片 ✓ · 片段 ✓",
            "影片",
        ]
