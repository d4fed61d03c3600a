"""Metrics: every figure is counted, under few labels."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from bot import __version__
from bot.models import Actor, Answer, Event, Media, Usage
from bot.telemetry.metrics import Metrics

COMMANDS = ("chat", "image")


@dataclass(frozen=True)
class Call:
    endpoint: str = "/chat/completions"
    status: int | None = 200
    seconds: float = 0.3
    attempt: int = 1


@dataclass(frozen=True)
class Budget:
    limit: int | None = 60
    remaining: int | None = 59
    waiting: int = 2


def asked(command: str = "chat", *, id: str = "e", ago: float = 3.0) -> Event:  # noqa: A002
    received_at = datetime.now(UTC) - timedelta(seconds=ago)
    return Event(id=id, adapter="here", conversation="c", actor=Actor(id=id), command=command, received_at=received_at)


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    text = metrics.render({"waiting": 4, "waiting_own": 3, "running": 2, "oldest": 7.5}, Budget()).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_process_its_version_and_its_platforms_are_seen() -> None:
    """Memory and descriptors, the version, which platform is connected, and how many events wait in which lane."""
    problems = {"here": "", "there": "not connected"}
    metrics = Metrics(COMMANDS, health={name: lambda name=name: problems[name] for name in problems})  # type: ignore[misc]
    found = samples(metrics)
    assert found["process_resident_memory_bytes",] > 1_000_000
    assert found["bot_build_info", __version__] == 1
    assert (found["bot_platform_connected", "here"], found["bot_platform_connected", "there"]) == (1, 0)
    assert found["bot_queue_lane_waiting", "own"] == 3
    assert found["bot_cost_total", "video"] == found["bot_events_total", "there", "chat", "failed"] == 0  # before any
    problems["there"] = ""
    assert samples(metrics)["bot_platform_connected", "there"] == 1


def test_an_event_is_counted_and_timed() -> None:
    """Receipt, first sign, answer, files, retries and usage are counted."""
    metrics = Metrics(COMMANDS)
    event = asked()
    metrics.received(event, "accepted")
    metrics.first_sign(event)
    metrics.retried(event)
    metrics.answered(event, Answer(media=(Media(name="a.png", content_type="image/png", size=1000),)), 0.2)
    metrics.used([Usage(kind="chat", model="m", prompt_tokens=5, completion_tokens=7, cost=0.5)])
    metrics.used([Usage(kind="image", model="m", items=2)])
    found = samples(metrics)
    assert found["bot_events_total", "here", "chat", "accepted"] == 1
    assert found["bot_events_total", "here", "chat", "answered"] == 1
    assert found["bot_first_sign_seconds_sum", "here", "chat"] == pytest.approx(3, abs=2)
    assert found["bot_answer_seconds_count", "here", "chat"] == 1
    assert found["bot_retries_total", "here", "chat"] == 1
    assert found["bot_media_bytes_total", "image"] == 1000
    assert found["bot_tokens_total", "prompt", "chat"] == 5
    assert found["bot_tokens_total", "completion", "chat"] == 7
    assert found["bot_cost_total", "chat"] == 0.5
    assert found["bot_items_total", "image"] == 2


def test_the_queue_and_the_rate_limit_are_current() -> None:
    """Gauges have the current values of store and client; -1 stands for an unknown limit."""
    found = samples(Metrics(COMMANDS))
    assert (found["bot_queue_waiting",], found["bot_queue_running",], found["bot_queue_oldest_seconds",]) == (4, 2, 7.5)
    assert (found["bot_api_rate_limit",], found["bot_api_rate_limit_remaining",]) == (60, 59)
    assert found["bot_api_rate_limit_waiting",] == 2
    assert b"bot_api_rate_limit -1.0" in Metrics(COMMANDS).render({}, Budget(limit=None))


def test_api_calls_are_counted_and_remembered() -> None:
    """Calls are counted by endpoint and status; the last one decides whether the API works, except for 4xx.

    The log has a line when the API begins to fail, at most once a minute, and one when it answers again.
    """
    metrics = Metrics(COMMANDS)
    assert metrics.api_problem() == ""
    with capture_logs() as lines:
        for status in (200, 502, None, 502, 200, 200, 503, 200):
            metrics.api_call(Call("/images/generations", status))
    assert [(line["event"], line.get("reason")) for line in lines] == [
        ("API fails", "the API answered 502"),
        ("API answers again", None),
    ]
    for status, problem in ((None, "answer"), (500, "500"), (401, "401"), (400, ""), (429, ""), (200, "")):
        metrics.api_call(Call(status=status, attempt=2))
        assert (problem in metrics.api_problem()) if problem else not metrics.api_problem()
    found = samples(metrics)
    assert found["bot_api_calls_total", "/chat/completions", "none"] == 1
    assert found["bot_api_calls_total", "/chat/completions", "500"] == 1
    assert found["bot_api_call_seconds_count", "/chat/completions"] == 6
    assert found["bot_api_retries_total", "/chat/completions"] == 6


def test_labels_stay_few() -> None:
    """Ids and invented commands add no labels."""
    metrics = Metrics(COMMANDS)

    def go(number: int) -> None:
        event = asked(f"nonsense-{number}", id=f"id-{number}")
        metrics.received(event, "refused")
        metrics.first_sign(event)
        metrics.answered(event, Answer(media=(Media(name="a", content_type=f"made/up-{number}", size=1),)), 0.2)

    go(0)
    before = len(samples(metrics))
    for number in range(1000):
        go(number)
    assert len(samples(metrics)) == before
    assert "nonsense" not in metrics.render({}, Budget()).decode()


def test_a_clock_set_back_is_no_negative_time() -> None:
    """An event from the future has the age 0."""
    metrics = Metrics(COMMANDS)
    metrics.first_sign(asked(ago=-100))
    assert samples(metrics)["bot_first_sign_seconds_sum", "here", "chat"] == 0


def test_two_services_do_not_mix() -> None:
    """Each instance has its own registry."""
    one, other = Metrics(COMMANDS), Metrics(COMMANDS)
    one.received(asked(), "accepted")
    assert ("bot_events_total", "here", "chat", "accepted") not in samples(other)
