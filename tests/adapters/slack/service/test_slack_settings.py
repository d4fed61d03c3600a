"""Settings that administrators change while the service runs: who may, what Slack's side obeys, forms."""

from pathlib import Path

import pytest

from simulators.slack import Message, SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import Service, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def see(slack: SlackSimulator, text: str) -> Message:
    """Return the ephemeral or public message of the bot that Ada sees with this text."""
    [*_, found] = await slack.until(lambda: [m for m in slack.ada.sees() if text in m.content])
    return found  # type: ignore[no-any-return]


async def switch(slack: SlackSimulator, running: Service, change: str) -> None:
    """Change a setting of the channel, as its administrator."""
    slack.ada.slash("/settings", f"{change} --for channel")
    await see(slack, f"{change.partition(' ')[0]} is set (this channel)")
    await running.idle()


async def test_every_message_is_answered_where_an_administrator_wants_it(slack: SlackSimulator, tmp_path: Path) -> None:
    """Once each, mentions included; not what is said to others or by bots, and not in other people's threads."""
    async with service(slack, tmp_path) as running:
        slack.bob.say("not yet")
        slack.bob.slash("/settings", "answer_all on --for channel")
        await slack.until(lambda: [m for m in slack.bob.sees() if "administrator" in m.content])
        await switch(slack, running, "answer_all on")
        robot = slack.person("Robot", is_bot=True)
        said = slack.bob.say("is it raining?")
        robot.say("beep")
        slack.bob.say(f"<@{slack.ada.id}> what about you?")
        slack.ada.say("a reply to the robot", thread=robot.say("news"))
        mentioned = slack.bob.mention("and you?")
        await running.answers(said)
        await running.answers(mentioned)
        slack.ada.say("and tomorrow?", thread=said)
        await running.answers(said, 2)
        assert running.echo.prompts == ["is it raining?", "and you?", "Ada: and tomorrow?"]
        await switch(slack, running, "answer_all off")
        slack.bob.say("not any more")
        await running.answers(slack.bob.mention("the end"))
        assert running.echo.prompts[3:] == ["the end"]


async def test_answers_in_place(slack: SlackSimulator, tmp_path: Path) -> None:
    """In the channel and not in a thread; a restart finds the answer; a thread below the question goes on with it."""
    async with service(slack, tmp_path, bot_shutdown_timeout=0) as running:
        await switch(slack, running, "reply_mode reply")
        question = slack.bob.mention("what is a monad?")
        answer = await see(slack, "re: what is a monad?")
        assert not answer.thread_ts
        await running.idle()
        slack.bob.say("go on", thread=question)
        [more] = await running.answers(question)
        assert "re: go on" in more.content
        assert len(running.echo.bodies[-1]["messages"]) > len(running.echo.bodies[0]["messages"])
        assert [m.content for m in slack.ada.sees() if "monad" in m.content] == [answer.content]
        release = running.echo.hold("slow")
        slack.bob.mention("a slow one")
        await running.echo.until(lambda: "a slow one" in running.echo.prompts)
        await running.restart()
        release.set()
        await see(slack, "re: a slow one")
        await running.idle()
        in_place = [m.content for m in slack.ada.sees() if not m.thread_ts]
        assert in_place[1:] == [answer.content, "re: a slow one"]


async def test_a_form_of_the_table_and_of_one_setting(slack: SlackSimulator, tmp_path: Path) -> None:
    """The table has a button that opens a form with all names; one setting's form has its own choices."""
    async with service(slack, tmp_path) as running:
        slack.ada.slash("/settings")
        slack.ada.press(await see(slack, "Settings in effect here"), "Change…")
        form = await slack.ada.modal()
        names = [option["value"] for option in form.content["blocks"][0]["element"]["options"]]
        assert {"image.style", "answer_all", "language"} <= set(names)
        assert "spoiler" not in names
        await slack.ada.submit(form, {"name": "image.style", "value": "anine", "for": "channel"})
        assert "Did you mean anime?" in form.errors["value"], "the form stays open, with what was typed"
        await slack.ada.submit(form, {"name": "image.style", "value": "anime", "for": "channel"})
        await see(slack, "image.style is set (this channel)")
        slack.ada.slash("/settings", "image.style")
        slack.ada.press(await see(slack, "Can be set for"), "Change…")
        form = await slack.ada.modal()
        assert [block["block_id"] for block in form.content["blocks"]] == ["image.style", "for", "clear"]
        style, reach, clear = (block["element"] for block in form.content["blocks"])
        assert [style["type"], reach["type"], clear["type"]] == ["radio_buttons", "radio_buttons", "checkboxes"]
        assert style["initial_option"] == style["options"][0], "nothing is chosen until somebody chooses"
        await slack.ada.submit(form, {"image.style": "digital-art", "for": "channel"})
        await see(slack, "In effect here: digital-art (this channel)")
        slack.bob.slash("/image", "a fox")
        await running.echo.until(lambda: "a fox" in running.echo.prompts)
        assert running.echo.bodies[-1]["style"] == "digital-art"
        slack.ada.slash("/settings", "commands_off")
        slack.ada.press(await see(slack, "Commands that are switched off"), "Change…")
        await slack.ada.submit(await slack.ada.modal(), {"commands_off": ["audio", "video"], "for": "channel"})
        await see(slack, "commands_off is set (this channel)")
        slack.bob.slash("/audio", "hello")
        await slack.until(lambda: [m for m in slack.bob.sees() if "audio is switched off" in m.content])
        await running.idle()


async def test_a_setting_of_the_channel_holds_for_everybody(slack: SlackSimulator, tmp_path: Path) -> None:
    """Bob may not change the channel; Ada, an administrator, may; it holds for Bob and after a restart."""
    async with service(slack, tmp_path) as running:
        slack.bob.slash("/settings", "temperature 0.2 --for channel")
        await slack.until(lambda: [m for m in slack.bob.sees() if "administrator" in m.content])
        slack.ada.slash("/settings", "temperature 0.2 --for channel")
        await slack.until(lambda: [m for m in slack.ada.sees() if "is set (this channel)" in m.content])
        await running.answers(slack.bob.mention("hello"))
        assert running.echo.bodies[-1]["temperature"] == 0.2
        await running.restart()
        await running.answers(slack.bob.mention("hello again"))
        assert running.echo.bodies[-1]["temperature"] == 0.2
        slack.ada.slash("/settings", "commands_off chat --for workspace")
        await slack.until(lambda: [m for m in slack.ada.sees() if "is set (this workspace)" in m.content])
        slack.bob.mention("are you there?")
        await slack.until(lambda: [m for m in slack.bob.sees() if "switched off here" in m.content])
        await running.idle()
        assert "are you there?" not in running.echo.prompts
        slack.ada.slash("/audit")
        await slack.until(lambda: [m for m in slack.ada.sees() if "commands_off (workspace)" in m.content])


async def test_words_are_replaced_and_refused(slack: SlackSimulator, tmp_path: Path) -> None:
    """Slack's own form of an address is replaced and put back; a refusal is for the asker alone, and leaves nothing."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[refuse.words]\n"project names" = ["Falcon"]', encoding="utf-8")
    async with service(slack, tmp_path, bot_content_rules=rules) as running:
        slack.ada.slash("/settings", "redaction pseudonyms --for channel")
        await slack.until(lambda: [m for m in slack.ada.sees() if "is set (this channel)" in m.content])
        question = slack.bob.mention("write to <mailto:ann@example.com|ann@example.com>")
        [answer, *_] = await running.answers(question)
        assert "ann@example.com" in answer.content
        assert "EMAIL_" in running.echo.prompts[-1]
        assert "ann@" not in str(running.echo.bodies)
        before = len(running.echo.bodies)
        slack.bob.mention("draw the falcon")
        await slack.until(lambda: [m for m in slack.bob.sees() if "project names" in m.content])
        await running.idle()
        assert not [m for m in slack.ada.sees() if "project names" in m.content]
        assert len(running.echo.bodies) == before


async def test_the_home_has_a_persons_own_settings(slack: SlackSimulator, tmp_path: Path) -> None:
    """Lists of values and numbers; what is chosen there holds for the person's next request, and can be cleared.

    What everybody used is shown to whom the operator names as administrators.
    """
    async with service(slack, tmp_path, bot_admins=(f"slack:{slack.bob.id}",)) as running:
        slack.bob.open_home()
        home = await slack.until(lambda: slack.team.homes.get(slack.bob.id))
        shown = {block.get("block_id") for block in home["blocks"]}
        assert {"language", "temperature", "image.style", "video.duration"} <= shown
        assert not {"system_prompt", "answer_all", "spoiler", "model.code"} & shown
        for value, sent in (("1.5", 1.5), ("", None)):
            slack.bob.press_home("home:prefer:temperature", value=value)
            await slack.until_delivered()
            await running.answers(slack.bob.mention(f"hello {sent}"))
            assert running.echo.bodies[-1].get("temperature") == sent
        slack.bob.open_home()
        await slack.until(lambda: "Everybody's usage" in str(slack.team.homes[slack.bob.id]))


async def test_an_administrator_exports_and_erases_a_person(slack: SlackSimulator, tmp_path: Path) -> None:
    """Bob is named as Slack shows him; the file is Ada's alone; her button erases after a restart."""
    async with service(slack, tmp_path) as running:
        await running.answers(slack.bob.mention("my secret"))
        slack.bob.slash("/export", f"--person {slack.ada.user.name}")
        await slack.until(lambda: [m for m in slack.bob.sees() if "Only administrators" in m.content])
        slack.ada.slash("/export", f"--person {slack.bob.id}")
        office = slack.team.direct(slack.ada.id)
        [exported] = await slack.until(lambda: [m for m in slack.from_bot(office) if m.files])
        assert exported.files[0].name == "person.json"
        assert not [m for m in slack.bob.sees() if "person.json" in str(m)]
        slack.ada.slash("/forget", f"--person {slack.bob.id}")
        await slack.until(lambda: [m for m in slack.ada.sees() if m.is_ephemeral and m.blocks])
        await running.restart()
        question = next(m for m in slack.ada.sees() if m.is_ephemeral and m.blocks)
        slack.ada.press(question, f"Erase the data of {slack.bob.user.name}")
        await slack.until(lambda: [m for m in slack.ada.sees() if "Erased: the messages" in m.content])
        assert await running.core.store.people("slack") == {slack.ada.id}
        slack.ada.slash("/audit")
        await slack.until(lambda: [m for m in slack.ada.sees() if "person.erased" in m.content])
