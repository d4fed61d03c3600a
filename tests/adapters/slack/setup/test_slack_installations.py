"""Many workspaces: installing, tokens that expire, organisations, and removal of the app."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.slack.connection.workspaces import NotInstalled
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.timing import Timing
from bot.models import Answer
from bot.ports import Profile, UsageRow
from simulators.slack import SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter
from tests.support.slack.installing import install


@pytest.fixture
async def service(slack: SlackSimulator, core: RecordingCore) -> AsyncIterator[RunningAdapter]:
    async with RunningAdapter(slack, core, http=True, **_many(slack)) as service:
        yield service


def _many(slack: SlackSimulator) -> dict[str, Any]:
    return {
        "slack_bot_token": None,
        "slack_client_id": slack.client_id,
        "slack_client_secret": slack.client_secret,
    }


async def test_two_workspaces_with_the_same_channel(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Each workspace that installs the app is served with its own token; equal ids are kept apart."""
    other = slack.add_team("T0LAB2", "Lab 2")
    there = slack.add_channel("general", team=other, id="C0GENERAL")
    eve = slack.person("Eve", team=other, id="U0ADA")
    assert await install(slack, service.url, slack.team) == 200
    assert await install(slack, service.url, other) == 200
    slack.ada.mention("here")
    await core.wait_for_events(1)
    eve.mention("there")
    one, two = await core.wait_for_events(2)
    assert (one.actor.id, two.actor.id) == ("T0LAB.U0ADA", "T0LAB2.U0ADA")
    assert (one.location.channel, two.location.channel) == ("T0LAB.C0GENERAL", "T0LAB2.C0GENERAL")
    assert one.conversation != two.conversation
    for event in (one, two):
        draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
        await draft.finish(Answer(text=f"to {event.actor.name}"))
    assert [message.content for message in slack.from_bot(slack.general)] == ["to Ada"]
    assert [message.content for message in slack.from_bot(there)] == ["to Eve"]


async def test_follow_ups_need_no_mention_among_many_workspaces(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Participants of a conversation have the ids that are in their events."""
    await install(slack, service.url, slack.team)
    root = slack.ada.mention("hello")
    await core.wait_for_events(1)
    slack.ada.say("go on", thread=root)
    await core.wait_for_events(2)


async def test_installation_survives_a_restart(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Installations are in the service's storage, from which the next process reads them."""
    await install(slack, service.url, slack.team)
    await service.__aexit__()
    await service.__aenter__()
    slack.ada.mention("still there?")
    await core.wait_for_events(1)


async def test_state_is_good_once_and_for_one_browser(slack: SlackSimulator, service: RunningAdapter) -> None:
    """A second use of the redirect, and one from another browser, install nothing."""
    assert await install(slack, service.url, slack.team, twice=True) == 401
    assert await install(slack, service.url, slack.team, cookie=False) == 400


async def test_workspace_that_is_not_installed(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Events of an unknown workspace are acknowledged and ignored."""
    slack.ada.mention("hello?")
    await slack.until_delivered()
    assert core.events == []
    with pytest.raises(NotInstalled):
        await service.adapter.workspaces.find_client("T0LAB")


async def test_token_is_replaced_before_it_ends_once(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A token that is about to expire is renewed once, however many callers wait, and the fresh one is stored."""
    slack.consent.rotates = True
    await install(slack, service.url, slack.team)
    old = (await service.adapter.workspaces.find_client("T0LAB")).token
    _expire(core, slack, in_seconds=30)
    await service.__aexit__()
    await service.__aenter__()
    clients = await asyncio.gather(*(service.adapter.workspaces.find_client("T0LAB") for _ in range(20)))
    [token] = {client.token for client in clients}
    assert token != old
    assert [c.params["grant_type"] for c in slack.called("oauth.v2.access") if "grant_type" in c.params] == [
        "refresh_token"
    ]
    await service.__aexit__()
    await service.__aenter__()
    assert (await service.adapter.workspaces.find_client("T0LAB")).token == token


async def test_token_that_still_works_is_replaced_behind(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """An hour before its end a token is still used at once, and renewed in the background."""
    slack.consent.rotates = True
    await install(slack, service.url, slack.team)
    old = (await service.adapter.workspaces.find_client("T0LAB")).token
    _expire(core, slack, in_seconds=3600)
    await service.__aexit__()
    await service.__aenter__()
    hold = slack.faults.hold("oauth.v2.access")
    assert (await service.adapter.workspaces.find_client("T0LAB")).token == old
    hold.set()
    await slack.until(lambda: [c for c in slack.called("oauth.v2.access") if "grant_type" in c.params])
    async with asyncio.timeout(120):
        while (await service.adapter.workspaces.find_client("T0LAB")).token == old:  # noqa: ASYNC110 - asked as events ask
            await asyncio.sleep(0.01)


def _expire(core: RecordingCore, slack: SlackSimulator, *, in_seconds: float) -> None:
    """Let the installed token expire that soon."""
    book = core.stored["slack.installation.T0LAB"]
    ends = int(time.time() + in_seconds)
    book["installation"] = re.sub(
        r'"bot_token_expires_at": \d+', f'"bot_token_expires_at": {ends}', book["installation"]
    )
    assert str(ends) in book["installation"]


async def test_two_processes_replace_a_token_once(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Of two processes that find a token expired, one renews it and the other uses the renewed one."""
    slack.consent.rotates = True
    await install(slack, service.url, slack.team)
    _expire(core, slack, in_seconds=30)
    async with (
        RunningAdapter(slack, core, http=True, **_many(slack)) as one,
        RunningAdapter(slack, core, http=True, **_many(slack)) as two,
    ):
        first = await one.adapter.workspaces.find_client("T0LAB")
        second = await two.adapter.workspaces.find_client("T0LAB")
    assert first.token == second.token
    assert len([c for c in slack.called("oauth.v2.access") if "grant_type" in c.params]) == 1


async def test_organisation_installs_for_all_its_workspaces(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """An organisation's token serves each of its workspaces, and nobody of the organisation is a stranger."""
    team = slack.add_team("T0GRID", "Grid", enterprise="E0ORG")
    slack.add_channel("general", team=team, id="C0GRID")
    eve = slack.person("Eve", team=team)
    slack.consent.is_org = True
    assert await install(slack, service.url, team) == 200
    eve.mention("hello")
    [event] = await core.wait_for_events(1)
    assert event.conversation.startswith("E0ORG.C0GRID.")
    assert not event.actor.is_stranger
    assert ReplyTarget.of(event.reply_to).enterprise == "E0ORG"
    draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
    await draft.finish(Answer(text="hello, Grid"))
    slack.sender.gives_up = True
    eve.mention("missed")
    core.stored["slack.heard"]["until"] = str(event.written_at + 0.000001)
    async with RunningAdapter(slack, core, http=True, timing=Timing(absence_before_start=0.0), **_many(slack)):
        assert (await core.wait_for_events(2))[1].conversation.startswith("E0ORG.C0GRID.")
    assert ReplyTarget.of(core.events[1].reply_to).team == "T0GRID"


async def test_removed_app_leaves_no_token(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """When the app is removed its token is deleted; installed again it works, however late Slack tells of that."""
    await install(slack, service.url, slack.team)
    assert core.stored["slack.installation.T0LAB"]
    slack.people.uninstall(slack.team)
    await slack.until(lambda: not core.stored["slack.installation.T0LAB"])
    with pytest.raises(NotInstalled):
        await service.adapter.workspaces.find_client("T0LAB")
    removals = [
        one for one in slack.sender.deliveries if one.event.get("type") in ("tokens_revoked", "app_uninstalled")
    ]
    assert len(removals) == 2
    await install(slack, service.url, slack.team)
    for removal in removals:  # Slack has had no answer, and sends them again
        removal.body["event_time"] -= 60
        assert await slack.sender.again(removal) == 200
    slack.ada.mention("back again")
    await core.wait_for_events(1)


async def test_the_mentioned_bot_of_a_shared_channel_answers(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Slack sends a message once, for either installation: rules and token are those of the bot that is meant."""
    other = slack.add_team("T0LAB2", "Lab 2")
    eve = slack.person("Eve", team=other)
    shared = other.channels[slack.general.id] = slack.general
    shared.members += [eve.id, other.bot.id]
    shared.is_shared, shared.seen_by = True, slack.team.id
    await install(slack, service.url, slack.team)
    await install(slack, service.url, other)
    root = eve.mention("of Lab 2", channel=shared)
    await core.wait_for_events(1)
    eve.say("go on", thread=root)
    await core.wait_for_events(2)
    slack.ada.mention("of Lab")
    *theirs, ours = await core.wait_for_events(3)
    assert [(event.actor.id, event.actor.is_stranger) for event in theirs] == [(f"T0LAB2.{eve.id}", False)] * 2
    assert {event.location.workspace for event in theirs} == {"T0LAB2"}
    assert (ours.actor.id, ours.location.workspace) == ("T0LAB.U0ADA", "T0LAB")
    draft = await service.adapter.draft(theirs[0].reply_to, key=theirs[0].id, ref=None, private=False)
    await draft.finish(Answer(text="to Eve"))
    [answer] = slack.from_bot(shared, thread=root.ts)
    assert answer.user == other.bot.id


ROW = UsageRow(
    day="2026-11-24", kind="image", model="m", requests=1, prompt_tokens=0, completion_tokens=0, items=1, cost=9.0
)


async def test_administrators_see_the_use_of_their_workspace(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Among many workspaces the App Home's totals are limited to the channels of the person's workspace."""
    core.current_profile = Profile(everybody=(ROW,))
    await install(slack, service.url, slack.team)
    slack.ada.open_home()
    await slack.until(lambda: slack.team.homes)
    assert core.within == "T0LAB."
    assert "Everybody" in str(slack.team.homes)


async def test_administrators_of_one_workspace_see_nothing_of_an_organisation(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Where an organisation has installed the app, an administrator of one workspace is not shown the totals."""
    core.current_profile = Profile(everybody=(ROW,))
    team = slack.add_team("T0GRID", "Grid", enterprise="E0ORG")
    slack.consent.is_org = True
    await install(slack, service.url, team)
    slack.person("Eve", team=team).open_home()
    await slack.until(lambda: team.homes)
    assert "Everybody" not in str(team.homes)
