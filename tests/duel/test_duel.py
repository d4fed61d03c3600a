"""Duels: laws of the ranking, and a duel on the whole service over a restart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.duel.duel import Duel, Entrant
from bot.duel.ranking import ranking
from bot.models import Actor, Job
from tests.support.channel.adapter import Message
from tests.support.scripted_api import failure
from tests.support.service import Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def judged(*votes: int, alike: int = 0, lost: int = -1) -> Duel:
    """A duel of the models a, b, c… with these votes."""
    entrants = tuple(
        Entrant(model="abc"[n], seconds=1.0, votes=count, has_no_answer=n == lost) for n, count in enumerate(votes)
    )
    return Duel(
        id="d", kind="chat", prompt="?", entrants=entrants, locale="en", channel="c", is_shown=True, alike=alike
    )


def test_the_ranking_says_how_sure_it_is() -> None:
    """Few duels leave a wide interval; ties and "as good" are shared; what nobody judged, or gave no answer, is out."""
    duels = [judged(3, 1), judged(2, 2), judged(0, 1, alike=4), judged(0, 0), judged(5, 1, 0, lost=2)]
    first, second = ranking(duels)
    assert (first.model, first.wins, first.duels) == ("a", 3.0, 4)
    assert (second.model, second.wins, second.duels) == ("b", 1.0, 4)
    assert first.low < 0.5 < first.high  # four duels prove nothing
    [many, _] = ranking([judged(1, 0)] * 30)
    assert (round(many.low, 3), many.high) == (0.886, 1.0)  # Wilson's interval for 30 of 30
    assert ranking([judged(0, 0)]) == []


async def press(one: Service, duel: str, action: str, who: str = "ada") -> Message:
    """Press a button of a duel; return what the presser reads."""
    return await one.ask("", command="press", options={"event": duel, "action": action}, who=who)


async def test_a_duel_is_answered_judged_and_ranked(tmp_path: Path) -> None:
    """Both answer, unnamed; votes count once a person, over a restart; then names, and the channel's ranking."""
    async with service(tmp_path, bot_chat_models=("alpha", "beta", "gamma"), bot_media_concurrency=1) as one:
        asked = await one.channel.ask("why is the sky blue?", command="duel", options={"models": "beta, gamma"})
        await one.channel.until(lambda: any("Which is better?" in m.text for m in one.channel.answers(asked)))
        await one.core.worker.drain()
        board = one.answer(asked)
        assert board.text.count("re: why is the sky blue?") == 2
        assert not any(model in board.text for model in ("beta", "gamma"))
        assert board.actions == ["vote-0", "vote-1", "vote-alike", "vote-show"]
        assert sorted(body["model"] for body in one.echo.bodies) == ["beta", "gamma"]
        assert "is counted" in (await press(one, asked, "vote-0")).text
        await press(one, asked, "vote-1")
        await press(one, asked, "vote-1", "bob")
        await one.core.worker.drain()
        job, duels = await one.core.store.job("channel", asked), one.core.worker.composites.duels
        assert job is not None
        duel = await duels.find("channel", asked)
        assert duel is not None
        late = Job(seq=1, event=replace(job.event, actor=Actor(id="bob")))  # pressed earlier, and worked on later
        await duels.vote(duel, "0", late, job.event)
        assert "2 votes so far" in one.answer(asked).text
        await press(one, asked, "vote-alike", "cleo")
        await one.ask("", command="forget", options={"confirm": "yes"}, who="cleo")
        await one.core.worker.drain()
        assert "2 votes so far" in one.answer(asked).text  # without hers, as soon as it is erased
        await one.stop()
        await one.start()
        await press(one, asked, "vote-show")
        await one.core.worker.drain()
        shown = one.answer(asked)
        second = next(line for line in shown.text.splitlines() if line.startswith("**B** · "))
        assert "2 votes" in second
        assert shown.actions == []
        winner = "beta" if "`beta`" in second else "gamma"
        told = await one.ask("ranking", command="duel")
        assert f"| `{winner}` | 1 / 1 | 100% (21% – 100%) |" in told.text
        assert len(one.echo.bodies) == 2
        assert "no model `delta`" in (await one.ask("x", command="duel", options={"models": "alpha, delta"})).text
        assert "2 to 4" in (await one.ask("x", command="duel", options={"models": "alpha"})).text
        assert "to `BOT_IMAGE_MODELS`" in (await one.ask("x", command="duel", options={"kind": "image"})).text
        other = await one.channel.ask("who?", command="duel", options={"models": "alpha, beta"})
        await one.channel.until(lambda: any("Which is better?" in m.text for m in one.channel.answers(other)))
        await one.core.worker.drain()
        asked_other = await one.core.store.job("channel", other)
        assert asked_other is not None
        await one.core.services.revise(replace(asked_other.event, prompt="what?"))  # a duel of its own
        await one.channel.until(lambda: sum("Which is better?" in m.text for m in one.channel.answers(other)) == 2)
        assert [m.text.count("re: what?") for m in one.channel.answers(other)] == [0, 2]


async def test_pictures_stay_unnamed_and_nothing_is_spent_unasked(tmp_path: Path) -> None:
    """The family of files keeps the secret until the names are shown; what may not be spent unasked is refused."""
    prices = ("alpha=picture:0.5", "beta=picture:0.3")
    models, signed = ("alpha", "beta"), dict[str, Any](bot_content_credentials=True)
    async with service(tmp_path, bot_image_models=models, bot_prices=prices, bot_quote_above=0.9, **signed) as one:
        asked = await one.channel.ask("a fox", command="duel", options={"kind": "image"})
        await one.channel.until(lambda: any("vote-show" in m.actions for m in one.channel.answers(asked)))
        await one.core.worker.drain()
        assert "alpha" not in (await one.ask("", command="tree")).text
        [picture, _] = [path.read_bytes() for path in tmp_path.rglob("*-a-fox.png")]
        sent = {"command": "verify", "encoding": "latin-1", "files": {"A.png": picture.decode("latin-1")}}
        assert "by a model that is named after the vote for Ada" in (await one.ask("", **sent)).text
        for number in ("1", "2"):  # made with the model in use, whichever made the picture
            await one.ask("darker", command="edit", options={"number": number})
        assert [body["model"] for body in one.echo.bodies[2:] if "size" in body] == ["alpha", "alpha"]
        await press(one, asked, "vote-show")
        assert "alpha" in (await one.ask("", command="tree")).text
        assert "named after the vote" not in (await one.ask("", **sent)).text
        await one.ask("quote_above 0.7", command="settings", options={"for": "workspace"})
        told = await one.ask("a wolf", command="duel", options={"kind": "image"})
        assert "would cost 0.80" in told.text
        assert sum("a wolf" in str(body) for body in one.echo.bodies) == 0
        await one.ask("", command="delete", options={"event": asked})
        assert (await one.ask("", command="tree")).text.count("- **") == 2  # what was made from them


async def test_who_gives_no_answer_is_no_winner(tmp_path: Path) -> None:
    """A model that fails is said to, with the reason; with one answer left there is nothing to vote on."""
    models: dict[str, Any] = {"bot_chat_models": ("alpha", "beta", "mini"), "bot_chat_fallbacks": ("mini",)}
    async with service(tmp_path, bot_max_attempts=1, **models) as one:
        one.echo.instead = [failure(404, "model_not_found")]
        asked = await one.channel.ask("hello there", command="duel", options={"models": "alpha, beta"})
        await one.channel.until(lambda: any("nothing to choose" in m.text for m in one.channel.answers(asked)))
        await one.core.worker.drain()
        board = one.answer(asked)
        assert "did not answer" in board.text
        assert board.actions == ["vote-show"]
        assert {body["model"] for body in one.echo.bodies} == {"alpha", "beta"}  # no other stands in for one
        await press(one, asked, "vote-show", "bob")
        assert "`alpha`" not in one.answer(asked).text
        await press(one, asked, "vote-show")
        await one.core.worker.drain()
        assert "`alpha`" in one.answer(asked).text
        assert "Nobody has judged" in (await one.ask("ranking", command="duel")).text
