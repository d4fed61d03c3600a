"""The synchronous client, and the page that shows it."""

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aimodels import AIModels
from aimodels.errors import AuthenticationFailed
from tests.support.scripted_api import QUICK, ScriptedApi, chat, data, events, failure, piece, scripted_api

PAGE = Path(__file__).parents[2] / "docs" / "python-sdk.md"
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def served() -> Iterator[ScriptedApi]:
    """A scripted API on another thread, for code that blocks."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    manager = scripted_api()
    try:
        yield asyncio.run_coroutine_threadsafe(manager.__aenter__(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(manager.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_page_runs(served: ScriptedApi) -> None:
    """The page's first samples run as they are, but for the address, and leave nothing open."""
    samples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(samples) == 4
    served.play(
        chat("你好!"), data({"images": [{"url": "https://x/1.png"}]}), data({"video": {"url": "https://x/1.mp4"}})
    )
    code = "\n".join(samples[:2]).replace('api_key="YOUR_API_KEY"', f'api_key="YOUR_API_KEY", base_url="{served.url}"')
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "utf8", "-c", code],
        capture_output=True,
        encoding="utf-8",
        cwd=PAGE.parents[1],
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["你好!", "https://x/1.png", "https://x/1.mp4"]


def test_every_resource(served: ScriptedApi) -> None:
    """Each call of the asynchronous client has its synchronous twin."""
    with AIModels(timing=QUICK, api_key="k", base_url=served.url) as client:
        served.play(chat("hi"))
        assert client.chat.completions.create(model="m", messages=HELLO).data.choices[0].message.content == "hi"
        served.play(data({"code": "pass"}))
        assert client.code.completions.create(model="m", prompt="p").data.code == "pass"
        served.play(data({"audio": {"url": "https://x/1.mp3"}}))
        assert client.audio.create(model="m", prompt="p").data.items[0].url == "https://x/1.mp3"
        served.play(data({"video": {"url": "https://x/1.mp4"}}))
        assert client.video.create(model="m", prompt="p").data.items[0].url == "https://x/1.mp4"
        served.play(failure(400))
        client.verify()
        assert client.rate_limiter.remaining is None


def test_streams(served: ScriptedApi) -> None:
    """Pieces come through the synchronous client, and one may leave early."""
    served.play(events(piece("a"), piece("b", finish="stop")))
    with AIModels(timing=QUICK, api_key="k", base_url=served.url, streaming=True) as client:
        deltas = client.chat.completions.stream(model="m", messages=HELLO)
        assert next(deltas).text == "a"
        assert [delta.text for delta in deltas] == ["b"]
        for delta in client.chat.completions.stream(model="m", messages=HELLO):
            assert delta.text == "a"
            break


async def test_inside_a_running_loop(api: ScriptedApi) -> None:
    """It works where a loop is running already, as in a notebook."""
    api.play(chat("hi"))

    def cell() -> str:
        async def running() -> str:
            with AIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
                return client.chat.completions.create(model="m", messages=HELLO).data.choices[0].message.content

        return asyncio.run(running())

    assert await asyncio.to_thread(cell) == "hi"


def test_errors_and_close(served: ScriptedApi) -> None:
    """Errors come through as they are; a closed client says so, and closing twice is fine."""
    served.play(failure(401, "invalid_api_key"))
    client = AIModels(timing=QUICK, api_key="k", base_url=served.url)
    with pytest.raises(AuthenticationFailed):
        client.verify()
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.verify()
    assert not any(thread.name == "aimodels" for thread in threading.enumerate())
