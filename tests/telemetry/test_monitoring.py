"""The dashboard and the alert rules: what they read exists, and Prometheus' own tool accepts and tries them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.models import Actor, Answer, Event, Media, Usage
from bot.telemetry.metrics import Metrics
from tests.support.documents import ROOT

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
CASES = Path(__file__).with_name("alert_cases.yml")


@dataclass(frozen=True)
class Call:
    endpoint: str = "/chat/completions"
    status: int | None = 200
    seconds: float = 0.3
    attempt: int = 2


@dataclass(frozen=True)
class RateLimit:
    limit: int | None = 60
    remaining: int | None = 59
    waiting: int = 0


def render() -> str:
    """All metrics, each with a value."""
    metrics = Metrics(("chat",), health={"here": str}, circuits=lambda: {"m": "open"})
    event = Event(id="e", adapter="here", conversation="c", actor=Actor(id="ada"), received_at=datetime.now(UTC))
    for outcome in ("accepted", "refused", "duplicate"):
        metrics.received(event, outcome)
    metrics.first_sign(event)
    metrics.answered(event, Answer(media=(Media(name="a.png", content_type="image/png", size=1),)), 0.2)
    metrics.undelivered(event)
    metrics.retried(event)
    metrics.used([Usage(kind="image", model="m", prompt_tokens=1, items=1, cost=1)])
    metrics.fell_back("chat")
    metrics.loop_failed("schedules")
    metrics.api_call(Call())
    return metrics.render({}, RateLimit(), {"here": (1, 1)}).decode()


def labels() -> dict[str, set[str]]:
    """The labels of each metric; Prometheus adds `instance`."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(render()):
        for sample in family.samples:
            found.setdefault(sample.name, {"instance"}).update(sample.labels)
    return found


def panels() -> Iterator[dict[str, Any]]:
    yield from json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel.get("targets", ())]


def test_what_they_read_exists() -> None:
    """Each metric, and each label of it, of the dashboard and of the alert rules is one that the service has."""
    known = labels()
    rules = re.findall(r"expr: (?:\|\n(.*?)\n        [a-z]|(.*?)\n)", ALERTS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(expressions()) > 20
    for expression in (*expressions(), *(block or line for block, line in rules)):
        named = set(re.findall(r"\b(?:bot|process|python)_[a-z_]+", expression))
        assert named, expression
        assert named <= known.keys(), expression
        for name, selected in re.findall(r"([a-z_]+)\{(.*?)\}", expression):
            assert set(re.findall(r"(\w+)=|(\w+)!=", selected)) <= {(label, "") for label in known[name]} | {
                ("", label) for label in known[name]
            }, expression
        grouped = {label for group in re.findall(r"\b(?:by|on) \((.*?)\)", expression) for label in group.split(", ")}
        assert grouped <= set().union(*(known[name] for name in named)), expression


def test_the_dashboard_is_whole() -> None:
    """No two panels have the same id or place, and a legend names what the expression leaves."""
    known = labels()
    everything = list(panels())
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        at = panel["gridPos"]
        area = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not area & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= area
        for target in panel.get("targets", ()):
            kept = set(re.findall(r"\bby \((.*?)\)", target["expr"]))
            names = set(re.findall(r"\b(?:bot|process|python)_[a-z_]+", target["expr"]))
            left = set(", ".join(kept).split(", ")) if kept else set().union(*(known[name] for name in names))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left, panel["title"]


@pytest.mark.programs
@pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's package prometheus has promtool")
def test_prometheus_accepts_and_tries_them(tmp_path: Path) -> None:
    """Metrics, queries and rules are well formed; each alert fires in its trouble, and none without."""
    promtool("check", "metrics", given=render())
    queries = tmp_path / "queries.yml"
    records = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions())
    ]
    queries.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": records}]}), encoding="utf-8")
    promtool("check", "rules", str(queries), str(ALERTS))
    names = re.findall(r"alert: (\w+)", ALERTS.read_text(encoding="utf-8"))
    elsewhere = {"BotIsGone", "BotCostJumps"}  # they have cases of their own
    firing = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in names if name not in elsewhere]
    cases = tmp_path / "cases.yml"
    text = CASES.read_text(encoding="utf-8").replace("RULES", str(ALERTS)).replace("FIRING", json.dumps(firing))
    cases.write_text(text, encoding="utf-8")
    promtool("test", "rules", str(cases))


def promtool(*arguments: str, given: str = "") -> None:
    ended = subprocess.run(["promtool", *arguments], input=given, text=True, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
