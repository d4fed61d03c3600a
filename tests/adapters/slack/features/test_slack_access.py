"""Rules on who may use what, set in Slack while the service runs."""

from pathlib import Path

import pytest

from adapters.slack.timing import Timing
from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_rule_on_a_person(slack: SlackSimulator, tmp_path: Path) -> None:
    """It holds for the next request and after a restart, is explained, and is lifted; others are not concerned."""
    bob = f"<@{slack.bob.id}|bob>"
    async with service(slack, tmp_path) as running:
        await running.ask(slack.bob, f"/access deny chat <@{slack.ada.id}|ada>", "Only those who administer")
        await running.ask(slack.ada, f"/access deny chat {bob} --until 3d", "Done: chat deny until 2")
        slack.bob.mention("may I?")
        refusal = (await running.see(slack.bob, "You may not use chat here")).content
        assert "Ask somebody who administers this channel" in refusal
        await running.restart()
        slack.bob.mention("now?")
        await running.answers(slack.ada.mention("ada may"))
        why = await running.ask(slack.ada, f"/access why chat {bob}", "What decides")
        assert f"{slack.bob.id} (this channel)" in why
        assert "You may not use chat here" in await running.ask(slack.bob, "/access", "What you may not use here")
        shown = await running.ask(slack.bob, "/access why chat", "What decides: a rule for this channel")
        assert slack.bob.id not in shown
        await running.ask(slack.ada, f"/access clear chat {bob}", "Cleared: chat")
        await running.answers(slack.bob.mention("bob may"))
        assert running.echo.prompts == ["ada may", "bob may"]
        audit = await running.ask(slack.ada, "/audit", "access.clear")
        assert "access.set" in audit
        assert "chat @Bob (channel)" in audit


async def test_a_manager_of_the_channel(slack: SlackSimulator, tmp_path: Path) -> None:
    """Whom an administrator names changes the channel's rules and settings, and neither the workspace nor managers."""
    carol = slack.person("Carol", id="U0CAROL")
    async with service(slack, tmp_path) as running:
        slack.ada.mention(f"/settings managers <@{slack.bob.id}> --for channel")
        await running.see(slack.ada, "managers is set (this channel)")
        await running.ask(slack.bob, "/settings temperature 0.2 --for channel", "is set (this channel)")
        await running.ask(slack.bob, f"/access deny kind:chat <@{carol.id}|carol>", "Done: kind:chat")
        carol.mention("may I?")
        await running.see(carol, "You may not use chat here")
        wide = f"/access deny all <@{carol.id}|carol> --for workspace"
        await running.ask(slack.bob, wide, "Only administrators of this workspace")
        await running.ask(slack.bob, f"/settings managers <@{carol.id}|c> --for channel", "Only an administrator")
        await running.idle()
        assert running.echo.prompts == []


async def test_a_rule_names_a_user_group(slack: SlackSimulator, tmp_path: Path) -> None:
    """From the first rule that names one the groups are read; nobody is let in or refused by guessing."""
    slack.group("Design", slack.ada, id="S0DESIGN")
    async with service(slack, tmp_path, timing=Timing(groups_pause=0.0)) as running:
        held = slack.faults.hold("usergroups.list")
        await running.ask(slack.ada, "/access allow chat <!subteam^S0DESIGN|@design> --for workspace", "Done")
        assert not slack.called("usergroups.list")
        slack.bob.mention("one")
        await running.see(slack.bob, "can't see your groups yet")
        held.set()
        slack.bob.mention("two")
        while not any("You may not use chat here" in m.content for m in slack.bob.sees()):
            await running.idle()
            slack.bob.mention("three")
        assert "a rule on roles" in (await running.see(slack.bob, "You may not use chat here")).content
        await running.answers(slack.ada.mention("ada may"))
        assert running.echo.prompts == ["ada may"]


async def test_a_pause_keeps_requests(slack: SlackSimulator, tmp_path: Path) -> None:
    """Each is told once and kept over a restart; commands that ask no API work; after resume all are answered."""
    async with service(slack, tmp_path, bot_admins=(slack.ada.id,)) as running:
        await running.ask(slack.bob, "/pause", "Only those who administer this channel may pause it, or end a pause")
        await running.ask(slack.ada, "/pause Back on Monday. --for service", "Paused (everybody)")
        question = slack.bob.mention("are you there?")
        notice = "Your request is kept, and will be answered when the pause ends. Back on Monday."
        [shown] = await slack.until(lambda: [m for m in slack.from_bot(thread=question.ts) if notice in m.content])
        await running.ask(slack.bob, "/help", "/image")
        await running.ask(slack.bob, "/access why chat", "It is paused, so requests wait: everybody.")
        await running.ask(slack.ada, "/pause --for channel", "Paused (this channel)")
        await running.restart()
        await running.ask(slack.ada, "/resume", "Still paused: everybody")
        other = slack.ada.mention("and me?")
        await slack.until(lambda: [m for m in slack.from_bot(thread=other.ts) if notice in m.content])
        assert running.echo.prompts == []
        assert len([m for m in slack.from_bot(thread=question.ts) if notice in m.content]) == 1
        await running.ask(slack.ada, "/resume --for service", "Resumed (everybody)")
        await slack.until(lambda: [m for m in slack.from_bot(thread=question.ts) if "re: are you" in m.content])
        await slack.until(lambda: [m for m in slack.from_bot(thread=other.ts) if "re: and me?" in m.content])
        await running.idle()
        assert [m.ts for m in slack.from_bot(thread=question.ts)] == [shown.ts]
        assert "pause.begin" in await running.ask(slack.ada, "/audit", "pause.end")
