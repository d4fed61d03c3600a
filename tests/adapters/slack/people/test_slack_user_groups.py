"""Roles of people on Slack: their user groups."""

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.slack.timing import Timing
from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

QUICK = Timing(groups_pause=0.0)


async def logged(logs: list[MutableMapping[str, Any]], words: str, count: int = 1) -> None:
    """Wait until so many lines have these words."""
    async with asyncio.timeout(120):
        while len([line for line in logs if words in str(line)]) < count:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.01)


async def refusals(slack: SlackSimulator, words: str) -> int:
    """Wait until Bob is refused with these words; return how often."""
    found = await slack.until(lambda: [m for m in slack.bob.sees() if words in m.content])
    return len(found)


async def test_a_rule_names_a_user_group(slack: SlackSimulator, tmp_path: Path) -> None:
    """Who is in the group is answered, nobody else; each change of groups holds for the next question."""
    group = slack.group("Design", slack.ada, id="S0DESIGN")
    with capture_logs() as logs:
        async with service(slack, tmp_path, timing=QUICK, bot_allow_roles="S0DESIGN") as running:
            await logged(logs, "user groups read")
            await running.answers(slack.ada.mention("hello from ada"))
            slack.bob.mention("hello from bob")
            await refusals(slack, "Your role does not allow")
            reads = len(slack.called("usergroups.list"))
            slack.people.group_members(slack.team, group, added=[slack.bob.id], removed=[slack.ada.id])
            await logged(logs, "user groups read", 2)
            await running.answers(slack.bob.mention("bob again"))
            slack.ada.mention("ada again")
            await slack.until(lambda: [m for m in slack.ada.sees() if "Your role does not allow" in m.content])
            await running.idle()
            assert running.echo.prompts == ["hello from ada", "bob again"]
            assert len(slack.called("usergroups.list")) == reads + 1, "no question asks Slack"
            group.users.append(slack.ada.id)  # as one that is enabled again
            slack.people.group_updated(slack.team, group)
            await logged(logs, "user groups read", 3)
            await running.answers(slack.ada.mention("a third time"))
            group.users.remove(slack.ada.id)
            slack.people.group_updated(slack.team, slack.group("New", slack.ada), is_new=True)
            await logged(logs, "user groups read", 4)


async def test_nothing_is_read_where_no_rule_names_a_user_group(slack: SlackSimulator, tmp_path: Path) -> None:
    """A list of administrators that names people alone costs no call."""
    async with service(slack, tmp_path, bot_admins="U0ADA") as running:
        await running.answers(slack.bob.mention("hello"))
        assert not slack.called("usergroups.list")


async def test_groups_that_are_not_read_yet_refuse_with_a_reason(slack: SlackSimulator, tmp_path: Path) -> None:
    """Neither list is guessed while the groups are on their way: the question is told to come again."""
    slack.group("Banned", slack.ada, id="S0BANNED")
    held = slack.faults.hold("usergroups.list")
    with capture_logs() as logs:
        async with service(slack, tmp_path, timing=QUICK, bot_deny_roles="slack:S0BANNED") as running:
            slack.bob.mention("one")
            assert await refusals(slack, "can't see your groups yet") == 1
            held.set()
            await logged(logs, "user groups read")
            await running.answers(slack.bob.mention("two"))
            assert running.echo.prompts == ["two"]


async def test_a_lost_event_and_a_failed_read_heal(slack: SlackSimulator, tmp_path: Path) -> None:
    """A read that fails is repeated, and what is known is renewed after its lifetime, by the next question."""
    group = slack.group("Design", slack.bob, id="S0DESIGN")
    slack.faults.fail("usergroups.list", "fatal_error", times=None)
    always = Timing(groups_pause=0.0, groups_retry=0.0, groups_lifetime=0.0)
    with capture_logs() as logs:
        async with service(slack, tmp_path, timing=always, bot_allow_roles="S0DESIGN") as running:
            await logged(logs, "user groups not read")
            slack.bob.mention("one")
            assert await refusals(slack, "can't see your groups yet") == 1
            slack.faults.clear()
            slack.bob.mention("one again")
            await logged(logs, "user groups read")
            await running.answers(slack.bob.mention("two"))
            group.users.clear()  # without an event
            while not any("Your role does not allow" in m.content for m in slack.bob.sees()):
                slack.bob.mention("three")
                await running.idle()
            assert running.echo.prompts[0] == "two"


async def test_many_changes_are_few_reads(slack: SlackSimulator, tmp_path: Path) -> None:
    """Slack allows twenty reads a minute: changes that follow each other closely wait for one read."""
    group = slack.group("Design", slack.ada, id="S0DESIGN")
    with capture_logs() as logs:
        async with service(slack, tmp_path, timing=Timing(groups_pause=3600.0), bot_allow_roles="S0DESIGN") as running:
            await logged(logs, "user groups read")
            for number in range(3):
                slack.people.group_members(slack.team, group, added=[f"U0{number}"], removed=[])
                await running.answers(slack.ada.mention(f"question {number}"))
            assert len([line for line in logs if "user groups read" in str(line)]) == 1


async def test_the_operator_reads_which_rule_matches_nobody(slack: SlackSimulator, tmp_path: Path) -> None:
    """A group without members, and a missing scope, are warnings of the start."""
    slack.group("Empty", id="S0EMPTY")
    with capture_logs() as logs:
        async with service(slack, tmp_path, bot_allow_roles="S0EMPTY"):
            await logged(logs, "nobody has the role S0EMPTY")
    slack.grants[slack.token].scopes.discard("usergroups:read")
    with capture_logs() as logs:
        async with service(slack, tmp_path, bot_allow_roles="S0EMPTY"):
            await logged(logs, "missing_scope")
