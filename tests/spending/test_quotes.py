"""Cheaper ways to make a request."""

from pathlib import Path
from typing import Any

from bot.commands import load_offered
from bot.settings.core import Settings
from bot.spending.money import money, rounded_money
from bot.spending.prices import PriceBook
from bot.spending.quotes import PricedRequest, cheaper
from bot.store.sqlite.store import SqliteStore
from tests.support.database.store import event

GIVEN: dict[str, Any] = {
    "bot_image_models": ("big", "small"),
    "bot_video_models": ("film", "sora-2"),
    "bot_prices": (
        "big=picture:0.1|512x512:0.04",
        "small=picture:0.02",
        "film=second:0.05|1920x1080:0.1",
        "sora-2=second:0.1",
    ),
}


async def offers(folder: Path, command: str, model: str, **options: str) -> list[tuple[dict[str, str], str]]:
    """Return the changes of each offer, and its price."""
    settings = Settings(_env_file=None, **GIVEN, aimodels_api_flavor="openai")  # type: ignore[call-arg]
    spec = load_offered(settings).find_spec(command)
    assert spec is not None
    async with SqliteStore(folder / "bot.db") as store:
        prices = await PriceBook(settings, store).current()
    asked = event("e", prompt="a fox", options=options)
    price = prices.estimate(asked, spec, model)
    request = PricedRequest(event=asked, spec=spec, model=model, price=price)
    return [(dict(offer.changes), money(offer.price)) for offer in cheaper(prices, settings, request)]


async def test_offers_are_cheaper_and_real(tmp_path: Path) -> None:
    """Fewer, smaller, shorter, by another model, each with its own price; nothing that saves nothing."""
    assert await offers(tmp_path, "image", "big", n="3", size="1024x1024") == [
        ({"n": "1"}, "0.10"),
        ({"size": "512x512"}, "0.12"),
        ({"model": "small"}, "0.06"),
    ]
    assert await offers(tmp_path, "image", "small") == []
    assert await offers(tmp_path, "video", "film", duration="10", resolution="1920x1080") == [
        ({"resolution": "1280x720"}, "0.50"),
        ({"duration": "5"}, "0.50"),
    ]
    assert await offers(tmp_path, "video", "film", duration="1") == []
    assert await offers(tmp_path, "video", "film", duration="long") == []
    # a length that the model does not make is not offered
    assert await offers(tmp_path, "video", "sora-2", duration="60", resolution="1280x720") == [
        ({"duration": "4"}, "0.40")
    ]
    assert await offers(tmp_path, "video", "sora-2", duration="2") == [({"model": "film"}, "0.10")]


def test_money_is_written_as_people_read_it() -> None:
    """Prices exactly, with two digits after the point at least; sums rounded, but for tiny ones."""
    assert [money(micros) for micros in (0, 500_000, 1_234_500, 7, 3_000_000)] == [
        "0.00",
        "0.50",
        "1.2345",
        "0.000007",
        "3.00",
    ]
    amounts = (0, 0.000007, 0.01234567, 0.5, 12.3456, 1234.5)
    assert [rounded_money(amount) for amount in amounts] == ["0.00", "0.000007", "0.0123", "0.50", "12.35", "1,234.50"]
