"""An administrator's session on Slack: limits, access, settings and pauses, typed and by forms."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.setup.manifest import build_manifest
from bot.ports import AuditEntry
from simulators.slack import Message, Person, SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import Service, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def see(running: Service, person: Person, words: str) -> Message:
    """Return the newest message with these words that a person sees."""
    try:
        found = await running.slack.until(lambda: [m for m in person.sees() if words in m.content])
    except TimeoutError:
        raise AssertionError([m.content for m in person.sees()][-3:]) from None
    return found[-1]  # type: ignore[no-any-return]


async def ask(running: Service, person: Person, text: str, words: str) -> str:
    """Use a slash command, and return the private answer that has these words."""
    before = sum(words in m.content for m in person.sees())
    command, _, rest = text.partition(" ")
    person.slash(command, rest)
    try:
        await running.slack.until(lambda: sum(words in m.content for m in person.sees()) > before)
    except TimeoutError:
        raise AssertionError([m.content for m in person.sees()][-3:]) from None
    return str((await see(running, person, words)).content)


async def test_mentions_and_forms(slack: SlackSimulator, tmp_path: Path) -> None:
    """People, groups and channels are named in one way for all commands, and picked in forms."""
    carol = slack.person("Carol Smith Jr", id="U0CAROL")
    slack.group("Design", carol, id="S0DESIGN")
    async with service(slack, tmp_path) as running:
        manifest = build_manifest(running.core.registry.specs, url=None, prefix="")
        escaped = {one["command"] for one in manifest["features"]["slash_commands"] if one["should_escape"]}
        assert {"/access", "/audit", "/export", "/forget", "/limits", "/settings"} <= escaped
        # typed after the command, as Slack escapes them, and in a message, where names have spaces
        await ask(running, slack.ada, f"/limits 1 --of pictures --for <@{slack.bob.id}|bob>", "1 picture a day")
        slack.ada.mention(f"/limits 0 --of tokens --for <@{carol.id}> --per month")
        await see(running, slack.ada, "0 tokens a month")
        await ask(running, slack.ada, "/limits 7 --of sound --who <!subteam^S0DESIGN|@design>", "7 seconds of sound")
        await ask(running, slack.ada, "/limits 9 --of video --for here", "9 seconds of video")
        await ask(running, slack.ada, "/limits 5 --of media --for bob", "--for takes")
        shown = await ask(running, slack.ada, "/limits", "Limits that administrators set")
        channel = next(iter(slack.team.channels))
        for whom in (f"person {slack.bob.id}", f"person {carol.id}", "role S0DESIGN", f"channel {channel}"):
            assert whom in shown
        blocks = str((await see(running, slack.ada, "Limits that administrators set")).blocks)
        assert f"'type': 'user', 'user_id': '{slack.bob.id}'" in blocks, "Slack shows the name"
        carol.mention("hello")
        await see(running, carol, "used up your limit here: 0 tokens a month")
        # the forms behind the overviews
        slack.ada.press(await see(running, slack.ada, "Limits that administrators set"), "Change…")
        form = await slack.ada.modal()
        await slack.ada.submit(form, {"amount": "3", "of": "pictures", "per": "month", "who": [carol.id]})
        await see(running, slack.ada, "3 pictures a month")
        await ask(running, slack.ada, "/access", "Administrators have set no rules")
        slack.ada.press(await see(running, slack.ada, "Administrators have set no rules"), "Change…")
        form = await slack.ada.modal()
        filled = {"do": "deny", "what": "image", "who": [slack.bob.id, carol.id], "for": "workspace"}
        await slack.ada.submit(form, {**filled, "what": "imagine", "until": "soon"})
        assert "Did you mean image?" in form.errors["what"]
        assert "not a time in the future" in form.errors["until"]
        await slack.ada.submit(form, filled)
        done = await see(running, slack.ada, "Done: image deny")
        assert done.content.count("Done: image deny") == 2
        await ask(running, slack.bob, "/image a fox", "You may not use image here")
        # approvers and the channel in which they are asked
        named = f"<@{carol.id}|c> <!subteam^S0DESIGN|@design>"
        await ask(running, slack.ada, f"/settings approvers {named} --for workspace", "approvers is set")
        assert f"{carol.id} S0DESIGN (" in await ask(running, slack.ada, "/settings approvers", "approvers:")
        await ask(running, slack.ada, f"/forget --person <@{carol.id}|carol>", "Carol Smith Jr")


async def test_whom_to_ask_and_what_managers_may(slack: SlackSimulator, tmp_path: Path) -> None:
    """A refusal names managers and `BOT_ADMINS` to its reader alone; a manager has the own workspace's or channel's."""
    carol, dora = slack.person("Carol", id="U0CAROL"), slack.person("Dora", id="U0DORA")
    slack.group("Design", carol, id="S0DESIGN")
    slack.group("Leads", dora, id="S0LEADS")
    named = (f"slack:{dora.id}", "1457473602180878604")
    managers = f"<@{carol.id}|carol> <!subteam^S0LEADS|@leads>"
    async with service(slack, tmp_path, bot_admins=named) as running:
        await ask(running, slack.ada, f"/settings managers {managers} --for channel", "managers is set")
        await ask(running, slack.ada, "/access allow chat <!subteam^S0DESIGN|@design>", "Done: chat allow")
        while not any("a rule on roles" in m.content for m in slack.bob.sees()):
            slack.bob.mention("may I?")
            await running.idle()
        refusal = await see(running, slack.bob, "You may not use chat here")
        assert refusal.is_ephemeral
        shown = [part for block in refusal.blocks for one in block["elements"] for part in one["elements"]]
        assert [part["user_id"] for part in shown if part["type"] == "user"] == [carol.id, dora.id]
        assert [part["usergroup_id"] for part in shown if part["type"] == "usergroup"] == ["S0LEADS"]
        # the roles of others count, where an administrator asks about them
        await ask(running, slack.ada, f"/access why chat <@{carol.id}|carol>", f"{carol.id}: nothing stands in the way")
        assert "chat allow S0DESIGN" in await ask(
            running, slack.ada, f"/access why chat <@{slack.bob.id}|bob>", "What decides"
        )
        # nobody's own direct messages make them an administrator
        direct = slack.team.direct(slack.bob.id)
        for text in (
            "/settings commands_off image --for channel",
            f"/settings managers <@{slack.bob.id}|bob> --for channel",
        ):
            command, _, rest = text.partition(" ")
            slack.bob.slash(command, rest, channel=direct)
        slack.bob.slash("/audit", channel=direct)
        refused = await slack.until(
            lambda: (
                [m for m in slack.bob.sees(direct) if "Only a" in m.content] if len(slack.bob.sees(direct)) > 2 else []
            )
        )
        assert len(refused) == 3
        # a manager of the channel sets and reads what is the channel's
        await ask(running, slack.ada, "/settings temperature 0.3 --for workspace", "is set (this workspace)")
        await ask(running, carol, "/settings commands_off image --for channel", "is set (this channel)")
        await ask(running, carol, "/limits 3 --of pictures --for here", "3 pictures a day")
        await ask(running, carol, "/limits 3 --of pictures", "Only an administrator")
        audit = await ask(running, carol, "/audit", "commands_off (channel)")
        assert "temperature" not in audit
        assert "temperature" in await ask(running, slack.ada, "/audit", "commands_off (channel)")
        # what people set for their direct messages no administrator reads
        for text in ("system_prompt I am ill --for channel", "temperature 0.9 --for thread"):
            slack.bob.slash("/settings", text, channel=direct)
        await slack.until(lambda: len([m for m in slack.bob.sees(direct) if " is set (" in m.content]) == 2)
        earlier = AuditEntry(adapter="slack", actor=slack.bob.id, action="settings.set", workspace=slack.team.id)
        earlier = replace(earlier, channel=direct.id, scope="channel", subject="system_prompt", after="I am ill")
        await running.core.store.add_audit(earlier)
        audit = await ask(running, slack.ada, "/audit --n 2", "commands_off (channel)")
        assert "system_prompt" not in audit
        assert "0.9" not in audit
        # who may not change something reads whom to ask; a setting says where its value comes from
        for text in ("/pause", f"/access deny all <@{slack.bob.id}|bob>", "/settings temperature 1 --for channel"):
            assert dora.id in await ask(running, slack.bob, text, carol.id)
        await ask(running, slack.bob, "/settings temperature", "In effect here: 0.3 (this workspace)")
        await ask(running, slack.ada, "/settings temprature 0.2 --for channel", "Did you mean temperature?")
        await ask(running, slack.ada, "/settings temperature --for workspace --clear yes", "temperature")
        slack.bob.slash("/image", "a fox")
        assert (await see(running, slack.bob, "switched off here")).content.count(carol.id) == 1
        # approvers are asked where the bot may write
        hidden = slack.add_channel("hidden", members=[slack.ada.id])
        change = "/settings approval_channel <#{}|x> --for workspace"
        await ask(running, slack.ada, change.format(hidden.id), "can't write in that channel")
        await ask(running, slack.ada, change.format("C0NOWHERE"), "no such channel")
        hidden.members.append(slack.team.bot.id)
        await ask(running, slack.ada, change.format(hidden.id), "approval_channel is set")
