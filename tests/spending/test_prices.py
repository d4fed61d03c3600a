"""Prices: the operator's, and those learnt from what the API reports."""

from pathlib import Path
from typing import Any

import pytest

from bot.commands import load_offered
from bot.errors import SettingsError
from bot.models import CommandSpec, Usage
from bot.settings.core import Settings
from bot.spending.prices import PriceBook
from bot.store.sqlite.store import SqliteStore
from tests.support.database.store import event
from tests.support.service import service

PRICES = (
    "gpt-4-turbo=input:2.5|output:10",
    "seeddream-4.0=picture:0.04|2048x2048:0.1",
    "videogen-pro=second:0.05|request:0.01",
)


def make_settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


def spec_of(name: str) -> CommandSpec:
    command = load_offered(make_settings()).find(name)
    assert command is not None
    return command.spec


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    async with SqliteStore(tmp_path / "bot.db") as store:
        yield store


async def test_a_request_is_priced_before_it_is_made(store: SqliteStore) -> None:
    """Number, size and length count, the defaults where they are not given; of a chat the most that it may cost."""
    prices = PriceBook(
        make_settings(
            bot_prices=PRICES,
            bot_context_tokens=700,
            bot_memory_tokens=100,  # of the person, the channel and the workspace
            bot_attachment_tokens=0,
            bot_system_prompt="",
            bot_answer_tokens=50,
        ),
        store,
    ).given

    def estimate(command: str, model: str, prompt: str = "", **options: str) -> int | None:
        return prices.estimate(event("e", prompt=prompt, options=options), spec_of(command), model)

    assert estimate("image", "seeddream-4.0") == 40_000
    assert estimate("image", "seeddream-4.0", n="3", size="2048x2048") == 300_000
    assert estimate("video", "videogen-pro") == 260_000
    assert estimate("video", "videogen-pro", duration="2.5") == 135_000
    assert estimate("chat", "gpt-4-turbo", prompt="x" * 200) == 1200 * 2.5 + 50 * 10
    assert estimate("help", "") == 0
    assert estimate("audio", "audiogen") is None
    assert estimate("image", "another") is None


async def test_a_price_is_of_the_length_that_the_model_makes(store: SqliteStore) -> None:
    """A price is of the length that the model makes, the one that answers instead included; OpenAI's make some only."""
    given = ("sora-2=second:0.1", "veo=second:0.1")
    openai = PriceBook(make_settings(bot_prices=given, aimodels_api_flavor="openai"), store).given
    asked, spec = [event("e", options={"duration": seconds}) for seconds in ("1", "20", "long")], spec_of("video")
    assert [openai.estimate(each, spec, "sora-2") for each in asked] == [400_000, 1_200_000, 0]
    assert [openai.estimate(each, spec, "veo") for each in asked] == [100_000, 2_000_000, 0]
    assert [openai.expected_usage(each, spec, "video", "veo", instead_of="sora-2").seconds for each in asked] == [
        4,
        12,
        0,
    ]
    assert PriceBook(make_settings(bot_prices=given), store).given.estimate(asked[0], spec, "sora-2") == 100_000


async def test_prices_are_rounded_up(store: SqliteStore) -> None:
    """Ten thousand answers of one token cost at least what the API charges for them."""
    prices = PriceBook(make_settings(bot_prices=("m=input:0.15|output:0.6",)), store).given
    assert prices.cost_of(Usage(kind="chat", model="m", prompt_tokens=1, completion_tokens=1)) == 2
    assert prices.cost_of(Usage(kind="chat", model="m", prompt_tokens=2_000_000)) == 300_000


async def test_a_price_is_learnt_from_the_cost_of_an_answer(store: SqliteStore) -> None:
    """Of one picture or second, the highest of each model, in every process; an estimate teaches nothing."""
    book, other = (PriceBook(make_settings(), store) for _ in range(2))
    spec, asked = spec_of("image"), event("e", options={"n": "2"})
    assert (await book.current()).estimate(asked, spec, "m") is None
    for cost in (0.0, 0.0301, 0.02):
        await book.learn((Usage(kind="image", model="m", items=3, cost=cost),))
    await book.learn((Usage(kind="image", model="n", items=1, cost=1.0, is_estimate=True),))
    await book.learn((Usage(kind="audio", model="a", items=1, seconds=10, cost=0.5),))
    prices = await other.current()
    assert prices.estimate(asked, spec, "m") == 2 * 10_034
    assert prices.estimate(asked, spec, "n") is None
    assert prices.estimate(event("e", options={"duration": "3"}), spec_of("audio"), "a") == 150_000
    assert prices.unit_price("audio", "a") == {"second": 50_000}
    assert prices.unit_price("image", "n") == {}


async def test_the_operators_price_comes_before_the_apis(tmp_path: Path) -> None:
    """It is shown under the answer and counted, and nothing else is learnt; without it the API's cost is learnt."""
    async with service(tmp_path, bot_prices=("seeddream-4.0=picture:0.04",)) as one:
        answer = await one.ask("a fox", command="image")
        assert "cost 0.04" in answer.text
        assert "0.04" in (await one.ask("", command="usage")).text
        assert (await one.core.prices.current()).unit_price("image", "seeddream-4.0") == {"picture": 40_000}
        await one.stop()
        await one.start(bot_prices=())
        assert not (await one.core.prices.current()).unit_price("image", "seeddream-4.0")
        assert "cost 0.5" in (await one.ask("another", command="image")).text
        assert (await one.core.prices.current()).unit_price("image", "seeddream-4.0") == {"picture": 500_000}


def test_a_price_of_no_model_stops_the_start() -> None:
    """A misspelt model would never be priced."""
    with pytest.raises(SettingsError, match=r"BOT_PRICES.*seedraem"):
        load_offered(make_settings(bot_prices=("seedraem=picture:0.04",)))
