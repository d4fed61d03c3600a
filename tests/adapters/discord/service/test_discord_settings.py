"""Settings that administrators change while the service runs: who may, what Discord's side obeys, forms."""

import re
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.timing import Timing
from simulators.discord.components import CHECKBOX, INPUT, RADIOS, SELECT, every
from simulators.discord.errors import refused
from simulators.discord.people.forms import fields
from simulators.discord.rest import Call
from simulators.discord.values import ADA, BOB, CHANNEL, FORUM, ROLE, member, snowflake, user
from tests.support.discord.interactions import slash_command
from tests.support.discord.messages import buttons_of, text_of
from tests.support.discord.whole import Whole, whole

AUTOCOMPLETE, MODAL = 4, 9
ROBOT = {"author": user("1033044521375764540", "Robot", bot=True)}
_BOB = {"member": {**member(BOB), "permissions": "0"}}


async def set_in_channel(one: Whole, change: str) -> None:
    """Change a setting of the channel, as its administrator."""
    reach: dict[str, Any] = {"for": "channel"}
    token = await one.command("settings", value=change, **reach)
    await one.simulator.until(lambda: any("已設定" in str(body) for body in one.simulator.called("PATCH", token)))


async def test_every_message_is_answered_where_an_administrator_wants_it(tmp_path: Path) -> None:
    """Once each, mentions included; not what is said to others or by bots."""
    async with whole(tmp_path) as one:
        await one.simulator.say(CHANNEL, "not yet", by=BOB)
        await set_in_channel(one, "answer_all on")
        said = await one.simulator.say(CHANNEL, "is it raining?", by=BOB)
        await one.simulator.say(CHANNEL, "beep", **ROBOT)
        await one.simulator.say(CHANNEL, f"<@{ADA}> what about you?", by=BOB)
        await one.see(said["id"], "re: is it raining?")
        await one.simulator.say(said["id"], "and tomorrow?", by=ADA)
        await one.see(said["id"], "and tomorrow?")
        await one.see(await one.mention("and you?"), "re: and you?")
        await set_in_channel(one, "answer_all off")
        await one.simulator.say(CHANNEL, "not any more", by=BOB)
        await one.idle()
        asked = [prompt for prompt in one.echo.prompts if not prompt.startswith("the end")]
        assert asked == ["is it raining?", "Ada: and tomorrow?", "and you?"]


async def test_every_post_of_a_forum_is_answered(tmp_path: Path) -> None:
    """A new post, and what is said there afterwards; not a thread of people that was there before."""
    async with whole(tmp_path) as one:
        desk, old, new = snowflake(), snowflake(), snowflake()
        for post in (desk, old):
            await one.simulator.open_thread(post, owner=BOB, parent=FORUM)
        await one.simulator.say(old, "an old post", by=BOB, id=old)
        reach: dict[str, Any] = {"for": "channel"}
        await one.command("settings", channel=desk, value="answer_all on", **reach)
        await one.idle()
        await one.simulator.open_thread(new, owner=BOB, parent=FORUM)
        await one.simulator.say(new, "a new post", by=BOB, id=new)
        await one.see(new, "re: a new post")
        await one.simulator.say(new, "and more", by=BOB)
        await one.see(new, "re: and more")
        await one.simulator.say(old, "somebody?", by=BOB)
        await one.idle()
        assert "somebody?" not in one.echo.prompts


async def test_without_the_intent_the_channel_is_told_once(tmp_path: Path) -> None:
    """Discord sends no words of messages without a mention: the bot says once that it can't read them."""
    async with whole(tmp_path) as one:
        await set_in_channel(one, "answer_all on")
        await one.stop()
        one.simulator.flags = 0
        await one.start()
        for text in ("one", "two"):
            await one.simulator.say(CHANNEL, text, by=BOB)
        await one.idle()
        assert (
            len([m for m in one.simulator.bot_messages(CHANNEL) if "only read messages that mention me" in text_of(m)])
            == 1
        )


async def test_where_answers_go(tmp_path: Path) -> None:
    """The setting decides between a thread and the channel; the short command sets the same."""
    async with whole(tmp_path) as one:
        await set_in_channel(one, "reply_mode reply")
        await one.mention("in place")
        await one.see(CHANNEL, "re: in place")
        await one.command("replies", mode="thread")
        await one.idle()
        await one.see(await one.mention("in a thread"), "re: in a thread")


async def test_generated_files_are_hidden(tmp_path: Path) -> None:
    """With the setting every picture is a spoiler, and without it none."""
    async with whole(tmp_path) as one:
        await set_in_channel(one, "spoiler on")
        await one.command("image", prompt="a fox")
        picture = await one.see(CHANNEL, "seeddream-4.0")
        assert [item["spoiler"] for part in picture["components"] for item in part.get("items", ())] == [True]


async def test_names_and_values_are_completed(tmp_path: Path) -> None:
    """Of a setting's value, and of its name; also where both are typed in one."""
    async with whole(tmp_path) as one:

        async def complete(focused: str, **options: Any) -> list[str]:
            data = slash_command("settings", **options)
            for option in data["options"]:
                option["focused"] = option["name"] == focused
            number = len(one.simulator.called("POST", "callback"))
            await one.simulator.interact(AUTOCOMPLETE, data)
            await one.simulator.until(lambda: len(one.simulator.called("POST", "callback")) > number)
            return [choice["value"] for choice in one.simulator.called("POST", "callback")[-1]["data"]["choices"]]

        assert "image.style" in await complete("name", name="imag")
        assert await complete("value", name="image.style", value="an") == ["anime"]
        assert await complete("value", value="answer_a") == ["answer_all"]
        assert await complete("value", value="answer_all o") == ["answer_all on", "answer_all off"]


async def test_one_settings_form_has_its_choices(tmp_path: Path) -> None:
    """The button under a setting opens a form with its values and scopes, and sending that sets it."""
    async with whole(tmp_path) as one:
        token = await one.command("settings", value="image.style")
        [shown] = await one.simulator.until(
            lambda: [m for t, m in one.simulator.originals.items() if t == token and "image.style" in text_of(m)]
        )
        await one.press(shown, "set")
        chosen: dict[str, Any] = {"image.style": "anime", "for": "channel"}
        await one.submit(shown, **chosen)
        [form] = [call for call in one.simulator.called("POST", "callback") if call["type"] == MODAL]
        style, reach, clear = fields(form["data"]["components"])
        assert [style["type"], reach["type"], clear["type"]] == [RADIOS, RADIOS, CHECKBOX]
        assert [option["label"] for option in style["options"]] == ["不指定", "數位藝術", "寫實", "動漫"]
        assert [option["default"] for option in style["options"]] == [True, False, False, False]
        await one.simulator.until(
            lambda: [m for m in one.simulator.originals.values() if "已設定 `image.style`" in text_of(m)]
        )
        await one.command("image", prompt="a fox")
        await one.echo.until(lambda: "a fox" in one.echo.prompts)
        assert one.echo.bodies[-1]["style"] == "anime"
        await one.idle()


@pytest.mark.parametrize("retry", [3600.0, 0.0])
async def test_a_form_without_radio_buttons(tmp_path: Path, retry: float) -> None:
    """Where Discord refuses them the same form opens with selects, and so do the next, for a while.

    A form that is refused with selects, too, says nothing about radio buttons.
    """
    async with whole(tmp_path, timing=Timing(feature_retry=retry)) as one:

        def is_modal(call: Call) -> bool:
            return bool(call.body["type"] == MODAL)

        def has_groups(call: Call) -> bool:
            return bool({RADIOS, CHECKBOX} & {part["type"] for part in every(call.body["data"].get("components", []))})

        def opened() -> list[Any]:
            return [call for call in one.simulator.called("POST", "callback") if call["type"] == MODAL]

        one.simulator.rest.fail("POST", "callback", refused(50035), times=2, where=is_modal)
        for number in (2, 4, 5 if retry else 6):
            if number == 4:  # from now on it is about radio buttons
                one.simulator.rest.fail("POST", "callback", refused(50035), times=1000, where=has_groups)
            await one.command("compose", command="image")
            await one.simulator.until(lambda number=number: len(opened()) == number)  # type: ignore[misc]
        kinds = [[field["type"] for field in fields(form["data"]["components"])] for form in opened()]
        groups, selects = [INPUT, RADIOS, RADIOS, INPUT, SELECT], [INPUT, SELECT, SELECT, INPUT, SELECT]
        assert kinds == [groups, selects, groups, selects, *([selects] if retry else [groups, selects])]


async def told(one: Whole, token: str) -> str:
    """Return what the private answer to a command says."""
    [body] = await one.simulator.until(lambda: one.simulator.called("PATCH", token))
    return str(body)


async def test_a_setting_of_the_channel_holds_for_everybody(tmp_path: Path) -> None:
    """Bob may not change the channel; Ada, who manages the server, may; it holds for Bob's next request.

    Whose use is limited is shown by name, and notifies nobody.
    """
    async with whole(tmp_path) as one:
        for whom in ({"who": BOB}, {"who": ROLE}, {"_channel": CHANNEL}):
            limit: dict[str, Any] = {"amount": "5", "of": "pictures", **whom}
            assert "從下一個請求開始" in await told(one, await one.command("limits", **limit))
        token = await one.command("limits")
        [shown] = await one.simulator.until(lambda: one.simulator.called("PATCH", token))
        prose = re.sub(r"```.*?```", "", text_of(shown), flags=re.DOTALL)
        assert {f"<@{BOB}>", f"<@&{ROLE}>", f"<#{CHANNEL}>"} <= {*re.findall(r"<[@#]\S+>", prose)}
        assert shown["allowed_mentions"] == {"parse": []}
        change: dict[str, Any] = {"value": "temperature 0.2", "for": "channel"}
        assert "只有管理員" in await told(one, await one.command("settings", told=_BOB, **change))
        assert "已設定 `temperature`" in await told(one, await one.command("settings", **change))
        await one.command("chat", prompt="hello", told=_BOB)
        await one.see(CHANNEL, "re: hello")
        await one.idle()
        assert one.echo.bodies[0]["temperature"] == 0.2


async def test_words_are_replaced_and_refused(tmp_path: Path) -> None:
    """An address is replaced and put back; a refused command is answered to the asker alone, in their language."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[refuse.words]\n"project names" = ["Falcon"]', encoding="utf-8")
    async with whole(tmp_path, bot_content_rules=rules) as one:
        change: dict[str, Any] = {"value": "redaction pseudonyms", "for": "channel"}
        token = await one.command("settings", **change)
        await one.simulator.until(lambda: one.simulator.called("PATCH", token))
        await one.command("chat", prompt="write to ann@example.com")
        await one.see(CHANNEL, "re: write to ann@example.com")
        assert one.echo.prompts[-1].startswith("write to EMAIL_")
        token = await one.command("image", prompt="the falcon")
        [refused] = await one.simulator.until(
            lambda: [body for body in one.simulator.called("POST", token) if "project names" in str(body)]
        )
        assert "沒有送出" in refused["content"]
        assert not [message for message in one.simulator.bot_messages(CHANNEL) if "project names" in text_of(message)]
        await one.idle()
        assert "falcon" not in str(one.echo.bodies)


async def test_an_administrator_exports_and_erases_a_person(tmp_path: Path) -> None:
    """Bob is named by his id; the file is in Ada's private answer; her button erases him."""
    async with whole(tmp_path) as one:
        await one.command("chat", prompt="my secret", told=_BOB)
        await one.see(CHANNEL, "re: my secret")
        assert "只有管理員" in await told(one, await one.command("export", person=ADA, told=_BOB))
        token = await one.command("export", person=BOB)
        assert "person.json" in await told(one, token)
        assert not [
            message for message in one.simulator.bot_messages(CHANNEL) if "person" in str(message["attachments"])
        ]
        token = await one.command("forget", person=BOB)
        question = await one.simulator.until(
            lambda: buttons_of(m := one.simulator.originals.get(token, {"components": []})) and m
        )
        await one.press(question, "forget")
        await one.idle()
        assert BOB not in await one.core.store.people("discord")
