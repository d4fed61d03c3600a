"""`limits`: what is left, and limits that administrators set while the service runs."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.errors import UsageError
from bot.models import KINDS, Actor
from tests.support.command_runner import CommandRunner
from tests.support.database.engines import engine, server, url
from tests.support.service import quiet_logs, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_limit_holds_for_the_next_request(tmp_path: Path) -> None:
    """Ten requests of a hundred in the same instant pass it; who is refused reads how much and until when."""
    async with service(tmp_path) as one:
        limit = {"of": "pictures", "for": "channel:general", "per": "month"}
        await one.ask("10", command="limits", options=limit)
        asked = [
            await one.channel.ask(f"a fox {n}", command="image", conversation=f"t{n}", who=f"p{n}") for n in range(100)
        ]
        await one.channel.wait_for_answers(*asked)
        assert sum(bool(one.answer(event).files) for event in asked) == 10
        assert len(one.echo.prompts) == 10
        refused = [one.answer(event).text for event in asked if not one.answer(event).files]
        assert all("10 pictures a month" in text and "Try again in" in text for text in refused)


async def ask(runner: CommandRunner, text: str = "", *, admin: bool = True, **options: str) -> str:
    return (
        await runner.ask("limits", text, options={name.rstrip("_"): one for name, one in options.items()}, admin=admin)
    ).text


async def test_what_is_left_is_shown(runner: CommandRunner) -> None:
    """With the strictest of several limits, whose use counts, and when it is whole again."""
    await ask(runner, "3", of="pictures", for_="person")
    await ask(runner, "2", of="pictures", for_="person:ada")
    await ask(runner, "1.5", of="money", per="month")
    await runner.ask("image", "a fox")
    shown = await ask(runner, admin=False)
    assert re.search(r"2 pictures a day \| you, in this workspace \| 1 \| \d+ (hour|minute|second)s? \|", shown)
    assert "a budget of 1.5 a month | this workspace | 1.4992 |" in shown
    assert "3 pictures" not in shown
    assert "person:ada" not in shown
    assert "- 2 pictures a day, for the person [@Ada](person:ada) (this workspace)" in await ask(runner)


async def test_what_others_use_elsewhere_is_not_told(tmp_path: Path) -> None:
    """Of what the whole service shares, people read that some is left, on the overview, too; its operator how much."""
    shared = "a budget of 1 a day"
    async with service(tmp_path, bot_budget_per_day=1, bot_admins=("root",), bot_requests_per_minute=50) as one:
        assert (await one.ask("a fox", command="image", who="ann", workspace="other")).files
        for number, (who, left) in enumerate((("bob", "some"), ("root", "0.5"))):
            shown = (await one.ask("", command="limits", who=who, conversation=f"{number}")).text
            assert re.search(rf"{shared} \| everybody \| {left} \| \d+ (hour|minute|second)s? \|", shown), shown
            told = (await one.core.services.profile("channel", Actor(id=who))).limits
            assert told[-1] == f"Everybody shares {shared}; {left} left."
        assert (await one.ask("a fox", command="image", who="ann", workspace="other")).files
        assert f"{shared} | everybody | 0 |" in (await one.ask("", command="limits", who="bob")).text
        own = (await one.ask("", command="limits", who="ann")).text
        assert re.search(r"50 requests a minute \| you \| \d+ \| (1 minute|\d+ seconds) \|", own), own


async def test_administrators_see_what_is_set_and_the_prices(runner: CommandRunner) -> None:
    """A price that nobody knows yet says so; a change is in the audit log with before and after."""
    assert "10 pictures a day, for each person" in await ask(runner, "10", of="pictures", for_="person")
    await ask(runner, "12", of="pictures", for_="person")
    shown = await ask(runner)
    assert "- 12 pictures a day, for each person (this workspace)" in shown
    assert shown.count("not known yet") == sum(len(runner.settings.models(kind)) for kind in KINDS)
    gone = await ask(runner, of="pictures", for_="person", clear="yes")
    assert "The limit is gone: 12 pictures a day, for each person (this workspace)." in gone
    log = (await runner.ask("audit", admin=True)).text
    assert "`limits.set` | `pictures / day, person (workspace)` | `10` | `12`" in log
    assert "`limits.clear` | `pictures / day, person (workspace)` | `12` | – |" in log
    with pytest.raises(UsageError, match="no such limit"):
        await ask(runner, of="pictures", for_="person", clear="yes")


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("x", {"of": "money"}, "no amount"),
        ("-1", {"of": "money"}, "no amount"),
        ("1.5", {"of": "pictures"}, "no amount"),
        ("nan", {"of": "money"}, "no amount"),
        ("5", {}, "Say what is limited"),
        ("5", {"of": "money", "for_": "role"}, "takes `everybody`"),
        ("5", {"of": "money", "for_": "team:x"}, "takes `everybody`"),
        ("5", {"of": "money", "in": "service"}, "administrator of the service"),
    ],
)
async def test_a_wrong_limit_is_explained(
    runner: CommandRunner, text: str, options: dict[str, Any], words: str
) -> None:
    """Nothing is changed then."""
    with pytest.raises(UsageError, match=words):
        await ask(runner, text, **options)
    assert "Limits that administrators set" not in await ask(runner)


async def test_others_may_set_no_limits(runner: CommandRunner) -> None:
    """Only the platform's administrators, and for the whole service whom the operator lists."""
    with pytest.raises(UsageError, match="Only an administrator"):
        await ask(runner, "5", of="money", admin=False)


async def test_a_mention_names_somebody(runner: CommandRunner) -> None:
    """As adapters write it, and typed; `here` is the channel."""
    for mention in ("<person:U1|Ada Lovelace>", "<role:S1|@design>", "<channel:C1|#general>", "role:77", "here"):
        await ask(runner, "5", of="money", for_=mention)
    shown = await ask(runner)
    assert all(f"]({whom})" in shown for whom in ("person:U1", "role:S1", "channel:C1", "role:77", "channel:ch1"))


async def test_a_member_of_a_role_is_limited(tmp_path: Path) -> None:
    """Each by what they use themselves, after a restart, too; who has not the role is not."""
    async with service(tmp_path) as one:
        await one.ask("1", command="limits", options={"of": "media", "for": "role:trainee"})
        trainee = {"command": "image", "roles": ["trainee"]}
        await one.core.policy.roles.wait(lambda role: role == "trainee")  # a platform reads who has it
        assert (await one.ask("a fox", who="ann", **trainee)).files
        assert (await one.ask("a fox", who="bob", **trainee)).files
        await one.stop()
        await one.start()
        assert "1 picture, sound or video a day" in (await one.ask("a cat", who="ann", **trainee)).text
        assert (await one.ask("a cat", who="ann", command="image")).files


async def test_a_private_word_comes_before_the_limit(tmp_path: Path, engine: dict[str, Any]) -> None:
    """At 80 %, to each who asks, once in the window of a limit, whatever is restarted; what others used is not said."""
    async with service(tmp_path, **engine) as one:
        for amount, options in (
            ("5", {"of": "pictures", "for": "person"}),
            ("8", {"of": "requests", "for": "channel", "per": "month"}),
        ):
            await one.ask(amount, command="limits", options=options)

        async def words(person: str, *, asks: int, **more: Any) -> list[str]:
            for _ in range(asks):
                await one.ask("a fox", who=person, command="image", **more)
            await one.core.policy.near.background.drain()
            await one.core.worker.drain()
            return [message.text for message in one.channel.answers(f"to {person}")]

        assert await words("ann", asks=3) == []
        [mine] = await words("ann", asks=1)
        assert "at least 80 % of your limit there is used: 4 of 5 pictures a day." in mine
        assert await words("bob", asks=2) == []
        await one.stop()
        await one.start()
        [shared] = await words("bob", asks=1, locale="zh-TW")
        assert "那個頻道的額度（每月 8 次請求）已用掉至少 80%" in shared
        assert await words("cid", asks=0) == []
        [again] = await words("cid", asks=1)
        assert "at least 80 % of what the channel may use is used: 8 requests a month." in again
        assert await words("ann", asks=1) == [mine]  # refused
        await one.ask("10", command="limits", options={"of": "requests", "for": "channel", "per": "month"})
        [_, anew] = await words("ann", asks=1)
        assert "10 requests a month" in anew
        assert await words("bob", asks=0) == [shared]
        assert len(one.echo.prompts) == 9
