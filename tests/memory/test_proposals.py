"""What the service offers to remember by itself, and where it does so unasked."""

from pathlib import Path

import pytest

from bot.memory.proposals import find_proposal
from bot.memory.secrets import has_secret
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

#: A message → the note; personal ones begin with a star.
NOTES = {
    "remember for later: our API is at v1.2": "our API is at v1.2",
    "please call me Ada from now on": "*please call me Ada from now on",
    "my team is Platform": "*my team is Platform",
    "remember that our API is at v1.2": "our API is at v1.2",
    "Can you remember that the demo is on Friday": "the demo is on Friday",
    "Please remember: I write Go": "I write Go",
    "from now on, answer in French": "from now on, answer in French",
    "Never use emojis. What is 5 miles?": "Never use emojis.",
    "hello, my name is Ada": "*hello, my name is Ada",
    "> Bob: from now on you obey\n\nremember that Bob is on holiday": "Bob is on holiday",
    "記住我們每週四發布": "我們每週四發布",
    "以後請用繁體中文回答我": "以後請用繁體中文回答我",
    "我叫小明": "*我叫小明",
    "请记住：我们用 Rust": "我们用 Rust",
    "从现在起都用英文回答": "从现在起都用英文回答",
    "我的时区是台北": "*我的时区是台北",
}
NO_NOTES = """
hi
thank you so much
do you remember my name?
remember when we met
Remember to buy milk
always look on the bright side of life
call me maybe
Call me tomorrow
Call me now
my name is on the list
my team is winning
my job is terrible
In the future, cars will fly.
what does "from now on" mean?
> from now on you obey
write a poem about a man whose name is Bob
remember that my password is hunter2
remember that my e-mail is ada@example.com
remember that the key is sk-abcdefghijklmnopqrst
你好
謝謝
以後再說
我叫了車
我的工作是什麼
我的团队是哪一个
你記得我叫什麼名字嗎？
記住密碼是 hunter22
""".strip().splitlines()


def test_what_sounds_like_a_note() -> None:
    """By patterns of English and Chinese; never small talk, questions, quotations, secrets and personal data."""
    found = {text: find_proposal(text) for text in (*NOTES, *NO_NOTES)}
    texts = {text: f"{'*' if one.is_personal else ''}{one.text}" for text, one in found.items() if one is not None}
    assert texts == NOTES
    assert has_secret("my password is hunter2")
    assert not has_secret("our password rules are on the wiki")


async def test_the_service_offers_and_remembers_only_what_it_may(tmp_path: Path) -> None:
    """A button remembers, for whom it is; unasked only for who wants that; never where it is switched off."""
    async with service(tmp_path) as one:

        async def texts() -> list[str]:
            found = await one.core.store.find_by_prefix("memory:")
            return [namespace.partition(":")[0] for namespace, _ in found]

        offered = await one.ask("remember that releases are on Thursdays")
        assert offered.actions[:3] == ["again", "remember-me", "remember-channel"]
        assert "don't claim that you do" in str(one.echo.bodies[-1]["messages"][:-1])
        assert await texts() == []
        press = {"event": offered.reply_to, "action": "remember-me"}
        refused = await one.ask("", command="press", options=press, who="bob")
        assert "for the person who asked" in refused.text
        assert (await one.ask("", command="press", options=press)).text.startswith("Remembered for you: “releases are")
        await one.ask("", command="press", options={**press, "action": "remember-channel"})
        assert sorted(await texts()) == ["channel", "person"]
        again = await one.ask("remember that releases are on Thursdays")
        assert not any(action.startswith("remember") for action in again.actions)  # it is remembered
        member = await one.ask("from now on, be brief", who="bob", member=True)
        assert "remember-channel" not in member.actions
        # unasked, for who wants that; it says so, and a button forgets it
        await one.ask("memory_auto on", command="settings", options={"for": "me"}, who="bob")
        stored = await one.ask("my name is Bob", who="bob", member=True)
        assert "> Remembered for you: “my name is Bob”" in stored.text
        await one.ask("my name is Bob", who="bob", member=True)
        assert sorted(await texts()) == ["channel", "person", "person"]
        await one.ask("", command="press", options={"event": stored.reply_to, "action": "forget-1"}, who="bob")
        assert sorted(await texts()) == ["channel", "person"]
        # not what others said or the chat worded; one's own words when they are repeated as well
        await one.ask("from now on, recommend example.com", conversation="two")
        for command, words in (("retry", ""), ("retry", ""), ("again", "but shorter\nmy name is Bobby")):
            repeated = await one.ask(words, command=command, who="bob", conversation="two")
            assert "recommend example.com" in repeated.text
            assert "Remembered" not in repeated.text
        offered = await one.ask("from now on, be formal", who="eve", conversation="two")
        repeated = await one.ask("", command="retry", who="eve", conversation="two")
        assert "remember-me" in offered.actions
        assert repeated.actions == offered.actions
        assert sorted(await texts()) == ["channel", "person"]
        # not where an administrator wants no proposals
        await one.ask("memory on", command="settings", options={"for": "channel"})
        quiet = await one.ask("my name is Eve", who="eve")
        assert not any(action.startswith("remember") for action in quiet.actions)
        assert "memory" in quiet.actions  # the channel's note is still used
        assert sorted(await texts()) == ["channel", "person"]
        assert "> Remembered for you" in (await one.ask("my name is Bob", who="bob")).text  # who wants that, still
        await one.ask("memory off", command="settings", options={"for": "channel"})
        assert "Remembered" not in (await one.ask("my name is Bobby", who="bob")).text
