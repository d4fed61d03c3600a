"""People who may not use the bot are told so once a day, where they asked, and nobody is given a thread to read."""

from pathlib import Path

from bot.i18n import translate
from simulators.discord.values import BOB, CHANNEL, ME, member
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole

_BOB = {"member": {**member(BOB), "permissions": "0"}}


async def test_a_denied_person_is_told_once(tmp_path: Path) -> None:
    """Mentions get one reply and no thread; commands are not left thinking and say in private that it was said."""
    async with whole(tmp_path, bot_deny_people=(BOB,)) as one:
        for number in range(3):
            await one.simulator.say(CHANNEL, f"<@{ME}> question {number}", by=BOB)
        thread = await one.mention("hello")  # Ada's, so that all before it were handled
        await one.see(thread, "re: hello")
        await one.idle()
        [told] = [m for m in one.simulator.bot_messages(CHANNEL) if m.get("message_reference")]
        assert text_of(told) == translate("policy.person", "en-US")
        assert len(one.simulator.threads) == 1  # Ada's
        await one.command("chat", prompt="and now?", told=_BOB)
        [answer] = await one.simulator.until(lambda: one.simulator.called("POST", "callback"))
        assert answer["data"]["content"] == translate("request.refused_before", "zh-TW")
        assert answer["data"]["flags"] & 64
        await one.idle()
        assert "question" not in str(one.echo.prompts)
