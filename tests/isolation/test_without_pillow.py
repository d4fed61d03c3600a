"""An installation without Pillow, which can't make pictures smaller: people read one true sentence."""

import sys
from pathlib import Path

import pytest

from bot.models import Capabilities
from tests.support.media_files import PNG, noise
from tests.support.scripted_api import chat_data, data
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def remove_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on as if it were not installed, which `find_spec` reports."""
    monkeypatch.setitem(sys.modules, "PIL", None)


async def test_a_picture_that_is_too_big_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the file and the limit; what fits is sent to the model as it came."""
    files = {name: content.decode("latin-1") for name, content in (("big.png", noise(1800, 1600)), ("a.png", PNG))}
    remove_pillow(monkeypatch)
    async with service(tmp_path, bot_seeing_models="seer", bot_chat_models="seer") as one:
        one.echo.instead.append(data(chat_data("I see one.")))
        answer = await one.ask("look", files=files, encoding="latin-1")
        assert answer.text.count("big.png") == 1
        assert "big.png was not looked at: the pictures of one message may have 8 MB together." in answer.text
        [_, picture] = one.echo.bodies[0]["messages"][-1]["content"]
        assert picture["image_url"]["url"].startswith("data:image/png;base64,")


async def test_a_made_picture_that_is_too_big_is_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the file, its size and the limit, and says what the link is."""
    picture = noise(100, 100)
    remove_pillow(monkeypatch)
    async with service(tmp_path, limits=Capabilities(max_upload=10_000), bot_public_url="https://muse.example") as one:
        one.echo.files["a.png"] = picture
        answer = await one.ask("a fox", command="image")
        assert "a-fox.png is 30.2 kB, more than the 10.0 kB that fit here. The link works for" in answer.text
        [file] = answer.files
        assert file["url"].startswith("https://muse.example/")
