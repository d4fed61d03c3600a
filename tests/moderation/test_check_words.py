"""`check`: rules on words and the moderation endpoint."""

import asyncio
import os
from pathlib import Path

from tests.support.forked import command_line
from tests.support.scripted_api import failure, scripted_api
from tests.support.third_party.openai_servers import OpenAiApi


async def problems(folder: Path, **settings: str) -> str:
    """Return what `check` prints, in a process of its own."""
    environment = {**os.environ, "LANG": "C.UTF-8", "AIMODELS_API_KEY": "sk-x", **settings}
    done = await asyncio.to_thread(command_line.bot, "check", environment=environment, folder=folder, text=None)
    return "\n".join(line for line in done.stdout.splitlines() if "MODERATION" in line or "CONTENT_RULES" in line)


async def test_rules_are_checked(tmp_path: Path) -> None:
    """A pattern that takes more than linear time is named with its rule."""
    (tmp_path / "rules.toml").write_text(r"[refuse.patterns]" + "\n" + r"twice = '(a+)\1'", encoding="utf-8")
    async with scripted_api() as api:
        api.play(OpenAiApi())
        printed = await problems(tmp_path, AIMODELS_BASE_URL=api.url, BOT_CONTENT_RULES="rules.toml")
    assert "'twice'" in printed


async def test_the_moderation_endpoint_is_tried(tmp_path: Path) -> None:
    """A server without one is named before it refuses every request; so is the flavour that has none."""
    openai = OpenAiApi(moderation_fails=failure(404))
    async with scripted_api() as api:
        api.play(openai)
        given = {"AIMODELS_BASE_URL": api.url, "BOT_MODERATION": "both"}
        assert "FLAVOR=openai" in await problems(tmp_path, **given)
        given["AIMODELS_API_FLAVOR"] = "openai"
        assert "BOT_MODERATION_MODEL" in await problems(tmp_path, **given)
        openai.moderation_fails = None
        assert await problems(tmp_path, **given) == ""
        assert openai.moderated == ["hello"]
