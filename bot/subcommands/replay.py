"""Replay: a recorded request on the simulated platforms, with the current code in a fresh service of its own."""

import asyncio
import json
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import structlog

from bot.bootstrap import Core, build
from bot.errors import BotError
from bot.i18n import operator_text
from bot.platforms import create_adapters, known_settings
from bot.ports import RequestFilter
from bot.recorder.recordings import SETTINGS
from bot.service import run_until
from bot.settings.core import load_settings
from simulators import replay as simulated
from simulators.replay.recording import from_json

_LONGEST = 300.0  #: seconds of a replay
_TAKEN = 30.0  #: seconds for the service to take what came in as a request
_SHORT = 160  #: characters of a message that are shown


class CannotReplay(BotError):
    """A recording that can't be played again."""

    exit_status = 2


def replay(file: Path) -> list[str]:
    """Play a recording; return what came out differently, a sentence each. Raises `CannotReplay`."""
    try:
        recording = simulated.read_recording(file)
        kind = simulated.STAGES.get(recording.platform)
        if kind is None:
            raise CannotReplay(operator_text("replay.cannot.platform", platform=repr(recording.platform)))
        with _few_logs():
            again, unexpected = asyncio.run(_play(recording, kind))
    except simulated.CannotReplayError as exc:
        raise CannotReplay(operator_text(f"replay.cannot.{exc.reason}", **exc.details)) from exc
    refuse_hidden_choice(recording, again, kind.find_beginning(recording.payload))
    found = [operator_text("replay.more_calls", call=call) for call in unexpected]
    found += compare_messages(kind.visible(recording), kind.visible(again))
    return found + _compare_calls(kind.lasting_calls(recording), kind.lasting_calls(again))


async def _play(
    recording: simulated.Recording, kind: type[simulated.Stage]
) -> tuple[simulated.Recording, Sequence[str]]:
    """Return the recording of the replay, and the calls of the AI API that the first one does not have."""
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        async with kind(recording) as stage, simulated.RecordedApi(recording) as api:
            recorded = {name.upper(): recording.settings.get(name.upper(), "") for name in SETTINGS}
            given = {name: str(value) for name, value in recorded.items() if value not in ("", "None")}
            given |= {"BOT_DATA_DIR": folder, "BOT_RECORDER": "full" if recording.has_texts else "redacted"}
            given |= {"BOT_ALLOW_BOTS": "false", "BOT_REQUESTS_PER_MINUTE": "0", "BOT_SHUTDOWN_TIMEOUT": "0"}
            given |= {"BOT_LINKS": "off"}  # offline
            given |= {"BOT_PLATFORMS": recording.platform}
            with _environment(folder, {**api.environment, **stage.environment, **given}):
                settings = load_settings()
                adapters, _ = create_adapters(settings)
            async with build(settings, adapters) as core:
                stopping = asyncio.Event()
                running = asyncio.create_task(run_until(core, stopping))
                try:
                    await _send(stage)
                    made = await _wait(core, stage.requests)
                finally:
                    stopping.set()
                    await running
            return from_json(json.loads(json.dumps(made))), api.unexpected


async def _send(stage: simulated.Stage) -> None:
    """Send what the platform sent; what lacks a field of the platform can't be sent."""
    try:
        await stage.play()
    except (LookupError, TypeError, ValueError, AttributeError) as exc:
        raise CannotReplay(operator_text("replay.cannot.damaged")) from exc


async def _wait(core: Core, requests: int) -> Mapping[str, Any]:
    """Wait for the end of the newest of so many requests; return its recording."""
    assert core.recorder is not None
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        rows = await core.store.list_requests(RequestFilter(), limit=requests)
        rows = rows if len(rows) == requests else []
        if rows and rows[0].state in {"answered", "failed"}:
            found = await core.recorder.find(rows[0].id)
            assert found is not None
            return found.to_json(core.settings)
        waited = loop.time() - began
        if waited > (_LONGEST if rows else _TAKEN):
            if rows:
                raise CannotReplay(operator_text("replay.cannot.endless"))
            raise CannotReplay(operator_text("replay.cannot.ignored"))
        await asyncio.sleep(0.05)


@contextmanager
def _few_logs() -> Iterator[None]:
    """Log as good as nothing in the block: faults are what a recording is about."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _environment(folder: str, given: Mapping[str, str]) -> Iterator[None]:
    """Have only these settings, and no `.env`, in the block: the service must never act with real tokens.

    Raises `CannotReplay`.
    """
    before, place = dict(os.environ), Path.cwd()
    known = {name.upper() for kind in known_settings() for name in kind.model_fields}
    for name in [name for name in os.environ if name.upper() in known or name.startswith("OTEL_")]:
        del os.environ[name]
    try:
        try:
            os.environ.update(given)
        except ValueError as exc:  # a NUL or half a character in a value
            raise CannotReplay(operator_text("replay.cannot.damaged")) from exc
        os.chdir(folder)
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)


def refuse_hidden_choice(recording: simulated.Recording, again: simulated.Recording, beginning: str) -> None:
    """Raises `CannotReplay` where a message was taken for another command by words that are not recorded."""
    is_other = recording.command and again.command != recording.command
    if is_other and not recording.has_texts and beginning in ("message", "edit"):
        raise CannotReplay(operator_text("replay.cannot.words", before=recording.command, now=again.command))


def compare_messages(before: Sequence[Any], now: Sequence[Any]) -> list[str]:
    """Return in which messages two sequences differ, and where, a sentence each."""
    found = []
    if len(before) != len(now):
        found.append(operator_text("replay.messages", now=len(now), before=len(before)))
    for number, (one, other) in enumerate(zip(before, now, strict=False), 1):
        if one != other:
            place, before_there, there = _difference(one, other)
            found.append(operator_text("replay.message", number=number, place=place, before=before_there, now=there))
    return found


def _compare_calls(before: Sequence[str], now: Sequence[str]) -> list[str]:
    recorded, made = Counter(before), Counter(now)
    return [
        operator_text("replay.calls", name=name, now=made[name], before=recorded[name])
        for name in sorted(recorded.keys() | made.keys())
        if recorded[name] != made[name]
    ]


def _difference(before: Any, now: Any, place: str = "") -> tuple[str, str, str]:
    """Return where two values differ first, and what is there."""
    pairs: list[tuple[str, Any, Any]] = []
    if isinstance(before, dict) and isinstance(now, dict):
        joint = f"{place}." if place else ""
        pairs = [(f"{joint}{key}", before.get(key), now.get(key)) for key in {**before, **now}]
    elif isinstance(before, list) and isinstance(now, list):
        pairs = [(f"{place}[{at}]", one, other) for at, (one, other) in enumerate(zip_longest(before, now))]
    for deeper, one, other in pairs:
        if one != other:
            return _difference(one, other, deeper)
    one, other = (json.dumps(value, ensure_ascii=False) for value in (before, now))
    same = next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)
    start = max(0, same - _SHORT // 3)
    return place, _cut(one, start), _cut(other, start)


def _cut(text: str, start: int) -> str:
    """Return `_SHORT` characters of a text."""
    end = start + _SHORT
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
