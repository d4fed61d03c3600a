"""A session of the pages: simulators, AI API, service and page, started together."""

import asyncio
import contextlib
import json
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulators.changes import Changes
from simulators.play.api_proxy import ApiProxy
from simulators.play.children import Child
from simulators.play.discord_side import DiscordSide
from simulators.play.errors import PlayError
from simulators.play.slack_side import SlackSide
from simulators.play.web import WebServer, create_app
from simulators.play.wire import Wire

_KEY = "the-key-of-the-play-page"
_MOST_SPOKEN = 500  #: characters
_STARTS, _LOOKS = 30.0, 0.1  #: seconds in which a service answers, and between two looks
_ROOT = Path(__file__).parents[2]
_CHAT_MODELS = "gpt-4-turbo,gpt-3.5-turbo"  # the sandbox's two
#: Prices for the sandbox, so that costs, quotes and limits can be seen.
_PRICES = (
    "gpt-4-turbo=input:10|output:30,gpt-3.5-turbo=input:0.5|output:1.5,codellama-70b=input:1|output:1,"
    "seeddream-4.0=picture:0.04,audiogen=second:0.002,videogen-pro=second:0.05,whisper-1=second:0.0001"
)


class PlaySession:
    """The simulators, AI API, service and page, as they run.

    `settings` are environment variables of the service that win over the page's own. `code` is the folder with the
    service's packages.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, *, code: Path = _ROOT) -> None:
        self.folder = folder
        self._code = code
        self.changes = Changes()
        self.wire = Wire()
        self.slack = SlackSide(self.wire)
        self.discord = DiscordSide(self.wire)
        self.sides: dict[str, SlackSide | DiscordSide] = {"slack": self.slack, "discord": self.discord}
        self.api = ApiProxy(self.wire, self.changes.notify)
        self.refused_for = 8.0  #: seconds for which the API answers 429 on demand
        self.is_slow = False
        self.kills = 0
        self.service: Child
        self._settings = dict(settings or {})
        self._sandbox: Child
        self._port = 0  #: of the service's own pages
        self._web: WebServer
        self._watching: asyncio.Task[None] | None = None
        self._started_at = 0.0  #: time of day
        self._restarting = asyncio.Lock()

    @property
    def url(self) -> str:
        """The address of the page."""
        return self._web.url

    async def start(self, port: int = 0) -> None:
        """Start everything; return when the page answers. Raises `OSError` when the port is taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._web = WebServer(create_app(self), port)  # first, as its port may be taken
        await asyncio.gather(self.slack.simulator.start(), self.discord.simulator.start(), self.api.start())
        for side in self.sides.values():
            side.simulator.changes.subscribe(self.changes.notify)
        number, self._port = _free_port(), _free_port()
        self.api.target = f"http://127.0.0.1:{number}"
        command = ("sandbox", "--port", str(number), "--api-key", _KEY)
        self._sandbox = Child("sandbox", command, self.folder, {}, code=self._code)
        self.service = Child("service", ("bot", "run"), self.folder, self._environment(), code=self._code)
        await self._web.start()
        await asyncio.gather(self._sandbox.start(), self._start_service(), self._read_manifest())

    async def stop(self) -> None:
        """End everything."""
        await self._stop_watching()
        await self._web.stop()
        await asyncio.gather(self.service.stop(), self._sandbox.stop())
        await asyncio.gather(self.slack.simulator.stop(), self.discord.simulator.stop(), self.api.stop())

    def _environment(self) -> dict[str, str]:
        return {
            "AIMODELS_BASE_URL": f"{self.api.url}/v1",
            "AIMODELS_API_KEY": _KEY,
            "AIMODELS_STREAMING": "true",
            "AIMODELS_SPEECH": "true",
            "BOT_CHAT_MODELS": _CHAT_MODELS,
            "BOT_DATA_DIR": "data",
            "BOT_PLATFORMS": ",".join(self.sides),
            "BOT_PORT": str(self._port),
            "BOT_COCKPIT_TEXTS": "true",
            "BOT_PLAY_URL": self.url,
            "BOT_RECORDER": "redacted",
            "BOT_PRICES": _PRICES,
            **self.slack.simulator.environment,
            **self.discord.simulator.environment,
            **self._settings,
        }

    async def speak(self, text: str) -> bytes:
        """Return a text as the sandbox speaks it, in Ogg with Opus. Raises `PlayError`."""
        if len(text) > _MOST_SPOKEN:
            raise PlayError("A voice message has at most {most} characters here.", most=str(_MOST_SPOKEN))
        body = {"model": "audiogen", "input": text, "voice": "alloy", "response_format": "opus"}
        return await self.api.ask("/v1/audio/speech", body, key=_KEY)

    # ---- the service

    @property
    def state(self) -> dict[str, Any]:
        """The state of the service, for the page."""
        connected = {name: side.is_connected for name, side in self.sides.items()}
        return {
            "is_alive": self.service.is_alive,
            "connected": connected,
            "is_slow": self.is_slow,
            "refuses": time.time() < self.api.refuses_until,
            "kills": self.kills,
        }

    async def _start_service(self) -> None:
        self._started_at = time.time()
        await self.service.start()
        self._watching = asyncio.create_task(self._watch())
        self.changes.notify()

    async def _watch(self) -> None:
        """Tell of an end that nobody asked for."""
        status = await self.service.ended()
        self.wire.note(
            "the service ended with status {status}: see {log}", is_wrong=True, status=status, log=str(self.service.log)
        )
        self.changes.notify()

    async def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching

    async def cockpit_link(self) -> str:
        """Return a link that signs in to the service's own pages, once they answer; "" where there are none.

        Raises `PlayError` where they do not answer.
        """
        link = (await self._ask("cockpit") or b"").decode().strip()
        if link:
            await wait_for_answer(link)
        return link

    async def _read_manifest(self) -> None:
        """Read the app's registration as an administrator would paste it."""
        text = await self._ask("manifest", "slack")
        if text is None:
            self.wire.note("no manifest: see python -m bot manifest slack", is_wrong=True)
            return
        self.slack.read_manifest(json.loads(text))
        self.changes.notify()

    async def _ask(self, *arguments: str) -> bytes | None:
        """Return what a command of the service prints; None: it fails."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments),
            env=self.service.environment,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        text, _ = await process.communicate()
        return None if process.returncode else text

    async def kill(self) -> None:
        """End the service with SIGKILL and start it again, with its data."""
        async with self._restarting:
            await self._stop_watching()
            self.kills += 1
            await self.service.kill()
            self.wire.note("the service was killed (SIGKILL)", is_wrong=True)
            self.changes.notify()
            await self._start_service()
            self.wire.note("the service starts again")
            self.changes.notify()

    async def reload(self) -> None:
        """Restart the service where its code changed since it was started."""
        async with self._restarting:
            if not is_code_newer(self._code, self._started_at):
                return
            await self._stop_watching()
            await self.service.stop()
            self.wire.note("the code changed: the service starts again")
            await self._start_service()
            await self._read_manifest()

    # ---- faults

    async def fault(self, name: str, platform: str) -> dict[str, Any]:
        """Do one of the page's faults. Raises `PlayError`."""
        side = self.sides.get(platform)
        if side is None:
            raise PlayError("There is no such platform.")
        match name:
            case "kill":
                await self.kill()
            case "twice":
                sent = await side.send_again()
                self.wire.note("{event} was sent again", platform=platform, event=sent)
            case "slow":
                self.is_slow = not self.is_slow
                for one in self.sides.values():
                    one.slow_down(is_slow=self.is_slow)
                self.wire.note("the platforms are slow" if self.is_slow else "the platforms are as quick as before")
            case "limit":
                self.api.refuses_until = time.time() + self.refused_for
                self.wire.note(
                    "the AI API answers 429 for {seconds} s", platform="api", seconds=f"{self.refused_for:g}"
                )
                asyncio.get_running_loop().call_later(self.refused_for + 0.1, self.changes.notify)
            case _:
                raise PlayError("There is no such fault.")
        self.changes.notify()
        return self.state


async def wait_for_answer(url: str) -> None:
    """Wait until somebody listens at an address, as of a service that is starting. Raises `PlayError`."""
    address = urlsplit(url)
    try:
        async with asyncio.timeout(_STARTS):
            while True:
                try:
                    _, writer = await asyncio.open_connection(address.hostname, address.port)
                except OSError:
                    await asyncio.sleep(_LOOKS)
                else:
                    writer.close()
                    return
    except TimeoutError as exc:
        raise PlayError("The service does not answer; it may not have started.") from exc


def is_code_newer(code: Path, since: float) -> bool:
    """Whether a file of the service's packages is newer than that time of day: code, sentences, templates or SQL."""
    found = (path for folder in ("bot", "adapters", "aimodels") for path in (code / folder).rglob("*"))
    return any("__pycache__" not in path.parts and path.is_file() and path.stat().st_mtime > since for path in found)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
        return number
