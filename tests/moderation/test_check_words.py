"""`check`: rules on words and the moderation endpoint."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from tests.support.openai_servers import OpenAiApi
from tests.support.scripted_api import failure, scripted_api

ROOT = Path(__file__).parents[2]


async def problems(folder: Path, **settings: str) -> str:
    """Return what `check` prints, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "AIMODELS_API_KEY": "sk-x", **settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "check", cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE
    )
    out, _ = await process.communicate()
    return "\n".join(line for line in out.decode().splitlines() if "MODERATION" in line or "CONTENT_RULES" in line)


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
