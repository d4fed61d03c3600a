"""A new kind of media costs eight files: those that docs/extending.md lists, changed in a copy, make `/music` work."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("bot", "adapters", "aimodels", "sandbox", "sdk/python")
#: File → what is inserted, and after which line.
CHANGES: dict[str, list[tuple[str, str]]] = {
    "aimodels/reference.py": [
        ('VIDEO_ENDPOINT: Final = "/video/generations"\n', 'MUSIC_ENDPOINT: Final = "/music/generations"\n'),
        ('        "video": "videogen-pro",\n', '        "music": "composer-1",\n'),
    ],
    "aimodels/resources.py": [
        (
            "            await self._api.session.send(request, self._caller, self._deadline())\n",
            '''

class AsyncMusic(Generations):
    """POST /music/generations."""

    async def create(
        self, *, model: str, prompt: str, on_progress: OnProgress | None = None, **extra: Any
    ) -> MediaResponse:
        """Generate music. Raises `ApiError`."""
        body = _body(extra, model=model, prompt=prompt)
        return parsing.parse_media(*await self._generate(reference.MUSIC_ENDPOINT, body, on_progress))
''',
        )
    ],
    "aimodels/client.py": [
        (
            "        return AsyncVideo(self._api, self._caller)\n",
            '''
    @property
    def music(self) -> AsyncMusic:
        """Music."""
        return AsyncMusic(self._api, self._caller)
''',
        ),
        (
            "from aimodels.responses import Flavor\n",
            "from aimodels.resources import AsyncMusic  # isort: skip\n",
        ),
    ],
    "bot/settings/groups/api.py": [
        (
            '        description="Video models that people may choose. The first is the default.",\n    )\n',
            """    bot_music_models: Words = Field(
        (reference.MODELS["music"],),
        min_length=1,
        description="Music models that people may choose. The first is the default.",
    )
""",
        )
    ],
    ".env.example": [
        (
            "#BOT_VIDEO_MODELS=videogen-pro\n",
            """
# Music models that people may choose. The first is the default.
#BOT_MUSIC_MODELS=composer-1
""",
        )
    ],
}
COMMAND = '''"""`music`: compose music from a description."""

from bot.commands import Context, Parts, command
from bot.commands._family import Wording
from bot.commands._media import MediaRequest, ProgressStream, media_answer
from bot.models import CommandSpec, Lane, Option, Status


@command(
    CommandSpec(
        name="music",
        description="Compose music from a description.",
        options=(
            Option(name="prompt", description="What it sounds like", is_prompt=True, required=True),
            Option(name="model", description="Use this model, once", models="music"),
        ),
        lane=Lane.OWN,
        kind="music",
        example="music a slow waltz for two guitars",
    )
)
async def music(ctx: Context) -> Parts:
    """Compose the music and show it."""
    prompt, model = ctx.prompt(), ctx.option("model") or ctx.effective.model("music")
    yield Status("Composing…")
    async with ProgressStream(
        lambda report: ctx.api.create_media("music", model=model, prompt=prompt, on_progress=report)
    ) as call:
        async for fraction in call:
            yield Status("Composing…", fraction)
        files = call.result
    request = MediaRequest(wording=Wording(prompt), file_kind="audio")
    async for part in media_answer(ctx, "music", request, files, model=model):
        yield part
'''
ENDPOINT = '''"""`POST /music/generations`."""

from pydantic import Field

from aimodels.reference import MUSIC_ENDPOINT
from sandbox.docs import example
from sandbox.endpoints import MediaEndpoint, MediaTools
from sandbox.endpoints._base import Data, FileUrl
from sandbox.schema import MediaBody, Prompt


class MusicBody(MediaBody):
    """Body of a music request."""

    prompt: Prompt = Field(description="What it sounds like.", examples=["a slow waltz"])


async def generate(tools: MediaTools, body: MusicBody, url: FileUrl) -> Data:
    """Generate ten seconds of music."""
    content, content_type = await tools.worker.run(
        "sandbox.media.audio:render_audio", prompt=f"music: {body.prompt}", duration=10.0, format="mp3"
    )
    path = tools.files.save("music", content, content_type)
    return {"audio": [{"url": url(path), "duration": 10.0, "format": "mp3"}], "usage": {"cost": 0.0}}


ENDPOINT = MediaEndpoint(
    kind="music",
    path=MUSIC_ENDPOINT,
    summary="Compose music",
    body=MusicBody,
    responses=example("The music.", {"audio": [{"url": "http://127.0.0.1:8081/files/music-1.mp3"}]}),
    generate=generate,
)
'''
ADDED = {"bot/commands/music.py": COMMAND, "sandbox/endpoints/music.py": ENDPOINT}
GENERATED = "aimodels/sync.py"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages with one kind of media more."""
    folder = tmp_path_factory.mktemp("copy")
    for package in COPIED:
        shutil.copytree(ROOT / package, folder / package)  # with what is compiled of it
    for file in ("pyproject.toml", ".env.example"):
        shutil.copy(ROOT / file, folder)
    for name, insertions in CHANGES.items():
        text = (folder / name).read_text(encoding="utf-8")
        if name == "aimodels/reference.py":
            text = text.replace('"audio", "video"]', '"audio", "video", "music"]')
        for anchor, inserted in insertions:
            assert text.count(anchor) == 1, f"{name}: {anchor}"
            text = text.replace(anchor, anchor + inserted)
        (folder / name).write_text(text, encoding="utf-8")
    for name, text in ADDED.items():
        (folder / name).write_text(text, encoding="utf-8")
    python(folder, str(folder / "sdk" / "python" / "generate_sync.py"))
    return folder


def python(copy: Path, *arguments: str, text: str = "") -> str:
    """The output of Python with these arguments, on the packages of the copy."""
    done = subprocess.run(
        [sys.executable, *arguments],
        input=text,
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "LANG": "C.UTF-8", "BOT_DATA_DIR": str(copy / "data")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_files_are_those_of_the_docs() -> None:
    """The list is complete, and not longer than eight."""
    docs = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    section = docs.split("## A kind of media", 1)[1].split("\n## ", 1)[0]
    listed = re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)
    assert set(listed) == {*CHANGES, *(name.removesuffix("music.py") for name in ADDED), GENERATED}
    assert len(listed) == 8


#: Prints what is answered, Slack's manifest, the options of Discord's command, and the lines for `.env.example`.
SHOWN = """
import contextlib, io, json
import adapters.discord
from adapters.discord.setup.application_commands import build_commands
from aimodels import AIModels
from aimodels.reference import MODELS
from bot.__main__ import main
from bot.commands import load_commands
from bot.settings.core import Settings, example

assert main([]) == 0
with contextlib.redirect_stdout(io.StringIO()) as manifest:
    assert main(["manifest", "slack"]) == 0
commands = build_commands(load_commands({k: (m,) for k, m in MODELS.items()}).specs)
options = [o["name"] for c in commands if c["name"] == "music" for o in c["options"]]
AIModels(api_key="k").music.create
print(json.dumps([manifest.getvalue(), options, example(Settings)]))
"""


@cache
def answers_and_surfaces(copy: Path) -> tuple[str, list[Any]]:
    printed = python(copy, "-c", SHOWN, text="/music a slow waltz\n/help\n/model\n/usage\n")
    answers, _, shown = printed.strip().rpartition("\n")
    return answers, json.loads(shown)


def test_it_is_made_and_explained(copy: Path) -> None:
    """The command is answered with a file by the sandbox; help, models and usage name the new kind."""
    out, _ = answers_and_surfaces(copy)
    assert re.search(r"composer-1 · 10 s · mp3\n", out)
    (saved,) = re.findall(r"saved: (\S+\.mp3)", out)
    assert Path(saved).stat().st_size > 10_000
    assert re.search(r"/music\W+Compose music from a description\.", out)
    assert re.search(r"Music \(`?music`?\):\W+composer-1", out)
    assert re.search(r"Music\W+1\b", out)


def test_it_is_offered_and_documented(copy: Path) -> None:
    """Slack's manifest has the command, Discord's its options; both SDK clients have the call.

    The line in `.env.example` is the one that the settings class makes.
    """
    _, (manifest, options, settings) = answers_and_surfaces(copy)
    assert '"/music"' in manifest
    assert options == ["prompt", "model"]
    assert settings.strip() in (copy / ".env.example").read_text(encoding="utf-8")
