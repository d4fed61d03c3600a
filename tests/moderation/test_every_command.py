"""Every command, option and setting that there is, with words that must not reach the AI API in any field."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from bot.models import KINDS, CommandSpec
from bot.scoped_settings.registry import load_settings_registry
from tests.support.scripted_api import ReceivedRequest
from tests.support.service import Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

PRIVATE = "ann.marker@example.com"
REFUSED = "Falcon"
#: Kinds of options that take no words.
CHOSEN = ("choice", "integer", "number")


def sent(one: Service) -> list[str]:
    """Return every request that the API got: its address, its headers and its body, as people would read them."""
    return [
        f"{unquote(request.path)} {_headers(request)} {json.dumps(_decoded(request.raw), ensure_ascii=False)}"
        for request in one.api.requests
    ]


def _headers(request: ReceivedRequest) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name != "Authorization"}


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def requests_of(spec: CommandSpec, words: str) -> list[dict[str, Any]]:
    """Return what is asked of a command: with the words as its text, in each of its options, and in a file."""
    asked: list[dict[str, Any]] = [{"text": words}]
    free = [option.name for option in spec.options if option.kind not in CHOSEN and not option.is_prompt]
    asked += [{"text": "a fox", "options": {name: words}} for name in free]
    if spec.kind is not None:
        asked += [{"text": "a fox", "files": {f"{words}.txt": f"in it: {words}"}}, {"text": "a fox", "who": words}]
        asked += [{"text": "a fox", "earlier": [[words, f"said {words}"]], "conversation": f"{spec.name} earlier"}]
    return asked


async def use_everything(one: Service, words: str, *, is_brief: bool = False) -> None:
    """Use each command with the words, then talk on in the same conversation; set each setting to them.

    `is_brief`: as the text of each command alone.
    """
    for spec in one.core.registry.specs:
        place = {"conversation": f"about {spec.name}"}
        first, *others = requests_of(spec, words)
        event = await one.channel.ask(**{**place, **first}, command=spec.name)
        await one.channel.wait_for_answers(event)
        for button in [] if is_brief else one.answer(event).actions:
            pressed = {"event": event, "action": button, "prompt": words}
            await one.ask("", command="press", options=pressed, **place)
        if spec.name == "pause":
            await one.ask("", command="resume", **place)
        for asked in [] if is_brief else others:
            await one.ask(**{**place, **asked}, command=spec.name)
        await one.ask("and then?", **place)
    for setting in load_settings_registry(one.core.settings, one.core.registry.specs).values():
        place = {"conversation": f"set {setting.name}"}
        for scope in setting.scopes if setting.has_words else setting.scopes[:1]:
            await one.ask(f"{setting.name} {words}", command="settings", options={"for": scope.value}, **place)
            if setting.has_words:
                await one.ask("and now?", **place)
                undo = {"for": scope.value, "clear": "yes"}
                await one.ask(setting.name, command="settings", options=undo, **place)


async def test_no_command_sends_what_is_private(tmp_path: Path) -> None:
    """Masked in whatever field it is; each kind of request is among them."""
    async with service(tmp_path, bot_redaction="mask", bot_extra_parameters=("chat.user_note", "chat.type")) as one:
        await use_everything(one, PRIVATE)
        everything = sent(one)
        assert not [request for request in everything if "ann.marker" in request]
        assert {
            request.path.split("/")[2].rstrip("s") for request in one.api.requests if request.method == "POST"
        } == set(KINDS)
        assert [request for request in everything if "[EMAIL]" in request]


async def test_no_command_sends_what_is_refused(tmp_path: Path) -> None:
    """A request with the word is not made; what others do goes on."""
    rules = tmp_path / "rules.toml"
    rules.write_text(f'[refuse.words]\n"project names" = ["{REFUSED}"]', encoding="utf-8")
    async with service(tmp_path, bot_content_rules=rules) as one:
        shown = await one.ask(f"talk like a {REFUSED}", command="system")
        assert "project names" in shown.text
        assert REFUSED not in (await one.ask("system_prompt", command="settings")).text
        await use_everything(one, REFUSED, is_brief=True)
        assert not [request for request in sent(one) if REFUSED.lower() in request.lower()]
        assert one.echo.bodies
