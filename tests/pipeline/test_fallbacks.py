"""Another model answers where the chosen one fails."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.support.database.engines import engine, server, url
from tests.support.scripted_api import Step, answer, events, failure, hang_up, piece, scripted_api, silence
from tests.support.service import EchoApi, Service, quiet_logs, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

CHAT: dict[str, Any] = {"bot_chat_models": ("big", "mini"), "bot_chat_fallbacks": ("mini",)}
IMAGE: dict[str, Any] = {"bot_image_models": ("big", "mini"), "bot_image_fallbacks": ("mini",)}
NOTE = "\n\n*`big` is not available at the moment; `mini` answered.*"


def play(one: Service, **steps: Step) -> Callable[[], list[str]]:
    """Let models answer by their steps, others as usual; return a function that lists the models asked from now on."""
    asked: list[str] = []

    async def step(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return await one.echo(request)
        model = (await request.json())["model"]
        asked.append(model)
        return await steps.get(model, one.echo)(request)

    one.api.play(step)
    return lambda: list(dict.fromkeys(asked)) if len(set(asked)) > 1 else asked


async def usage(one: Service) -> dict[str, tuple[int, int]]:
    """Return requests and files by model."""
    rows = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
    return {row.model: (row.requests, row.items) for row in rows}


@pytest.mark.parametrize(
    "step",
    [
        failure(503),
        failure(404, "model_not_found"),
        failure(429, headers={"Retry-After": "60"}),
        failure(403, "model_not_permitted"),
        answer({"error": {"code": "insufficient_quota", "message": "used up"}}, 429),
        hang_up,
    ],
)
async def test_the_next_model_answers(tmp_path: Path, step: Step) -> None:
    """And the answer says so, in a footnote that is not part of the conversation."""
    async with service(tmp_path, **CHAT) as one:
        asked = play(one, big=step)
        assert (await one.ask("hello")).text == f"re: hello{NOTE}"
        assert asked() == ["big", "mini"]
        await one.ask("next")
        assert "not available" not in str(one.echo.bodies[-1]["messages"])


async def test_each_kind_has_models_of_its_own(tmp_path: Path) -> None:
    """In the operator's order, for whatever is asked for; the last one that is left answers, or fails."""
    kinds = ("code", "image", "audio", "video")
    models = {kind: tuple(f"{size}-{kind}" for size in ("big", "mid", "mini")) for kind in kinds}
    given: dict[str, Any] = {f"bot_{kind}_models": models[kind] for kind in kinds}
    given |= {f"bot_{kind}_fallbacks": models[kind][1:] for kind in kinds}
    async with service(tmp_path, **given) as one:
        for kind, (big, mid, _) in models.items():
            asked = play(one, **{big: failure(404, "model_not_found"), mid: failure(503)})
            await one.ask("a fox", command=kind)
            assert asked() == [*models[kind]]


async def test_a_time_out_counts_and_the_next_model_answers(tmp_path: Path) -> None:
    """What the failed model may have used counts; nothing is asked for again."""
    async with service(tmp_path, **IMAGE, bot_patience=600, aimodels_media_timeout=0.4) as one:
        asked = play(one, big=silence)
        told = await one.ask("a fox", command="image", locale="zh-CN")
        assert told.files
        assert "*`big` 目前无法使用，由 `mini` 回答。*" in told.text
        assert await usage(one) == {"big": (1, 1), "mini": (1, 1)}
        asked = play(one, big=silence, mini=silence)
        assert "took too long" in (await one.ask("a dog", command="image")).text
        assert asked() == ["big", "mini"]
        assert await usage(one) == {"big": (2, 2), "mini": (2, 2)}


async def test_a_dearer_model_needs_the_money(tmp_path: Path) -> None:
    """It answers only where the budget has room for it, at the price of a quote never; a lost call leaves less room."""
    money: dict[str, Any] = {"bot_prices": ("big=picture:0.2", "mini=picture:0.8"), "bot_budget_per_day": 1.2}
    async with service(tmp_path, **IMAGE, **money, aimodels_media_timeout=0.4, bot_breaker_failures=100) as one:

        async def models(**steps: Step) -> list[str]:
            asked = play(one, **steps)
            await one.ask("a fox", command="image")
            return asked()

        assert await models(big=failure(404, "model_not_found")) == ["big", "mini"]
        assert await models(big=failure(404, "model_not_found")) == ["big"]
        assert await models() == ["big"]
        await one.stop()
        await one.start(bot_budget_per_day=10, bot_quote_above=0.5)
        assert await models(big=failure(404, "model_not_found")) == ["big"]
        await one.stop()
        await one.start(bot_budget_per_day=1.9)
        assert await models(big=silence) == ["big"]
        assert await usage(one) == {"big": (2, 2), "mini": (1, 1)}


async def test_a_request_s_own_error_is_not_repeated(tmp_path: Path) -> None:
    """What no model will take is not asked of the next."""
    async with service(tmp_path, **CHAT) as one:
        asked = play(one, big=failure(400, "content_policy_violation"))
        assert "content rules" in (await one.ask("hello")).text
        assert asked() == ["big"]


async def test_a_stream_that_has_begun_is_not_continued_by_another(tmp_path: Path) -> None:
    """The whole answer is made anew by the next model."""
    async with service(tmp_path, **CHAT, aimodels_streaming=True) as one:
        asked = play(one, big=events(piece("Half an "), abort=True))
        assert (await one.ask("hello")).text == f"re: hello{NOTE}"
        assert asked() == ["big", "mini"]


async def test_a_model_that_takes_too_long_is_skipped(tmp_path: Path) -> None:
    """After a time-out nobody waits for it any more; the metrics say so. Another account's model is asked."""
    async with scripted_api() as own:
        given: dict[str, Any] = {"bot_breaker_failures": 1, "bot_workspace_api_origins": (own.url.removesuffix("/v1"),)}
        async with service(tmp_path, **CHAT, **given, aimodels_timeout=0.6) as one:
            own.play(EchoApi(own.url))
            brought = {"event": await one.channel.ask("", command="apikey"), "action": "bring", "url": own.url}
            await one.channel.wait_for_answers(brought["event"])
            await one.ask("", command="press", options={**brought, "key": "sk-own-of-the-workspace"})

            def shown(metric: str) -> list[str]:
                metrics = one.core.metrics.render({}, one.core.api.rate_limiter).decode()
                return [line.removeprefix(metric) for line in metrics.splitlines() if line.startswith(f"{metric}{{")]

            own.play(silence)
            for _ in range(2):
                assert (await one.ask("hello")).actions == ["retry"]
            assert len(own.requests) > 2
            assert shown("bot_model_circuit") == []
            elsewhere = {"workspace": "w2", "conversation": "c2"}
            for asked_for in (["big", "mini"], ["mini"]):
                asked = play(one, big=silence)
                assert (await one.ask("hello", **elsewhere)).text == f"re: hello{NOTE}"
                assert asked() == asked_for
            assert shown("bot_model_circuit") == ['{model="big"} 2.0']
            assert '{kind="chat"} 2.0' in shown("bot_model_fallbacks_total")


async def test_an_outage_of_all_models_is_waited_out(tmp_path: Path) -> None:
    """The patience begins when the last model has failed; then all are asked again."""
    async with service(tmp_path, **CHAT, bot_patience=600, bot_breaker_failures=100) as one:
        asked = play(one, big=failure(503), mini=failure(503))
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: any("unavailable" in change["text"] for _, change in one.channel.seen))
        assert asked() == ["big", "mini"]
        play(one)
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: hello"


async def test_a_restart_pays_no_failed_model_again(tmp_path: Path, engine: dict[str, Any]) -> None:
    """The model that failed before the process ended is not asked again for this event."""
    async with service(tmp_path, **IMAGE, **engine, aimodels_media_timeout=5, bot_shutdown_timeout=0) as one:
        begun = asyncio.Event()

        async def hold(_: web.Request) -> web.StreamResponse:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        play(one, big=failure(404, "model_not_found"), mini=hold)
        event = await one.channel.ask("a fox", command="image")
        await begun.wait()
        await one.stop()
        asked = play(one)
        await one.start()
        await one.channel.wait_for_answers(event)
        assert asked() == ["mini"]
        assert NOTE.strip() in one.answer(event).text


async def test_a_channel_chooses_within_the_operator_s_list(tmp_path: Path) -> None:
    """Another order, or none; no model beyond the list."""
    models: dict[str, Any] = {
        "bot_chat_models": ("big", "mini", "tiny", "huge"),
        "bot_chat_fallbacks": ("mini", "tiny"),
    }
    async with service(tmp_path, **models) as one:
        play(one, big=failure(503))
        assert "huge" in (await one.ask("fallback.chat huge", command="settings")).text
        await one.ask("fallback.chat tiny, mini", command="settings", options={"for": "channel"})
        assert "`tiny` answered" in (await one.ask("hello")).text
        await one.ask("fallback.chat none", command="settings", options={"for": "channel"})
        assert (await one.ask("hello")).actions == ["retry"]
