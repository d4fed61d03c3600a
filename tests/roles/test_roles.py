"""The service as processes with roles of their own: one receives, two answer, one serves the pages."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from simulators.slack import Message, SlackSimulator
from tests.support import processes
from tests.support.database.postgres import connected, server, url
from tests.support.deploy.images import free_port
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi
from tests.support.slack.drafts import labels, read

__all__ = ["server", "url"]

ROLES = ("receive", "work", "work", "web")


@dataclass
class Layout:
    """Processes with these roles on one database."""

    slack: SlackSimulator
    echo: EchoApi
    url: SecretStr
    running: list[processes.Process]
    folder: Path
    port: int
    ops: dict[str, int]

    async def ready(self, role: str) -> httpx.Response:
        """Return what the process with this role says of itself, once it answers."""
        async with httpx.AsyncClient() as http:
            while True:
                try:
                    return await http.get(f"http://127.0.0.1:{self.ops[role]}/readyz")
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)

    def answers(self, question: Message) -> list[str]:
        """Return the answers in the thread of a message."""
        return [read(message) for message in self.slack.from_bot(thread=question.root)]

    async def idle(self) -> None:
        """Wait until every event is answered."""
        async with connected(self.url) as connection:
            while await connection.fetchval("SELECT count(*) FROM events WHERE NOT done"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@asynccontextmanager
async def layout(folder: Path, url: SecretStr, roles: tuple[str, ...] = ROLES, **more: str) -> AsyncIterator[Layout]:
    """Run the processes; each has a data folder of its own, as on a machine of its own."""
    async with asyncio.timeout(100), SlackSimulator() as slack, scripted_api() as api, AsyncExitStack() as stack:
        api.play(echo := EchoApi(api.url))
        one = Layout(slack, echo, url, [], folder, free_port(), {role: free_port() for role in roles})
        for number, role in enumerate(roles):
            own = folder / f"{role}{number}"
            own.mkdir()
            environment = {
                "AIMODELS_BASE_URL": api.url,
                "AIMODELS_API_KEY": "sk-of-the-tests",
                "BOT_DATA_DIR": str(own),
                "BOT_DATABASE_URL": url.get_secret_value(),
                "BOT_REQUESTS_PER_MINUTE": "0",
                "BOT_SECRET_KEY": KEY,
                "BOT_ROLES": role,
                **({"BOT_OPS_PORT": str(one.ops[role])} if roles.count(role) == 1 else {}),
                **({"BOT_PORT": str(one.port)} if role == "web" else {}),
                **slack.environment,
                **more,
            }
            process = processes.process(processes.service, environment=environment, folder=own)
            one.running.append(await stack.enter_async_context(process))
        await slack.until(lambda: slack.sockets.open, 60)
        yield one
        for running in one.running:
            running.send_signal(signal.SIGTERM)
        assert [await running.wait() for running in one.running] == [0] * len(roles)


KEY = secrets.token_urlsafe(32)


async def test_processes_with_roles(tmp_path: Path, url: SecretStr) -> None:
    """One visible answer to each question, command, form and button; a Stop reaches the process that answers."""
    async with layout(tmp_path, url) as one:
        slack = one.slack
        slack.faults.unknown("assistant.*")  # so that a message tells what is being done, with a Stop button
        one.echo.cut = {"love"}
        question = slack.ada.mention("what is love?")
        await slack.until(lambda: [text[:17] for text in one.answers(question)] == ["re: what is love?"], 30)
        [answer] = slack.from_bot(thread=question.root)
        assert labels(answer) == ["Again", "Continue", "👍", "👎"]
        slack.ada.press(answer, "press:continue")
        await slack.until(lambda: one.answers(question)[1:] == ["re: Please continue."], 30)

        slack.ada.slash("/image", "a fox")
        await slack.until(lambda: any(message.files for message in slack.ada.sees()), 30)
        slack.ada.slash("/image", "")
        modal = await slack.ada.modal()
        await slack.ada.submit(modal, {"prompt": "an owl"})
        await slack.until(lambda: sum(bool(message.files) for message in slack.ada.sees()) == 2, 30)

        asked = slack.ada.upload("notes.txt", b"the fox is red", f"<@{slack.team.bot.id}> what colour?")
        await slack.until(lambda: any("the fox is red" in text for text in one.answers(asked)), 30)

        one.echo.hold("slow")
        slow = slack.ada.mention("image a slow fox")
        await one.echo.until(lambda: "a slow fox" in one.echo.prompts)
        shown = await slack.until(lambda: [m for m in slack.from_bot(thread=slow.root) if "Stop" in labels(m)], 30)
        slack.ada.press(shown[0], "press:stop")
        await slack.until(lambda: one.answers(slow) == ["Stopped."], 30)
        assert one.echo.left["a slow fox"] == 1

        await one.idle()
        assert len(one.echo.prompts) == len(set(one.echo.prompts)) == 6
        assert slack.sockets.connected == 1
        told = {role: (await one.ready(role)).json() for role in ("receive", "web")}
        assert {role: one["roles"] for role, one in told.items()} == {"receive": ["receive"], "web": ["web"]}
        assert told["receive"]["platforms"] == {"slack": "ok"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{one.port}") as http:
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.get("/cockpit")).status_code != 404


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"BOT_ROLES": "receive"}, "BOT_ROLES=receive: the other roles run in other processes, and an SQLite"),
        ({"BOT_ROLES": "work,web"}, "BOT_ROLES=work,web: the other roles run in other processes, and an SQLite"),
        ({"BOT_ROLES": "work", "BOT_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"}, "no platform is configured"),
    ],
)
async def test_roles_that_can_not_work(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    """Refused at the start with one sentence."""
    async with processes.process(processes.service, environment=settings, folder=tmp_path) as one:
        assert await one.wait() == 2
    [line] = (tmp_path / "log").read_text().splitlines()
    assert sentence in line
