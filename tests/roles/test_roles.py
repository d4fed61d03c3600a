"""The service as processes with roles of their own: one receives, two answer, one serves the pages."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml
from pydantic import SecretStr

from bot.settings.core import Settings
from bot.store.postgres.store import PostgresStore
from bot.subcommands.running_service import ServiceClient, show
from simulators.discord.files import Upload
from simulators.discord.people.person import Person
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, CHANNEL, DM, GUILD, ME, Json
from simulators.slack import Message, SlackSimulator
from tests.support import processes
from tests.support.database.postgres import connected, server, url
from tests.support.deploy.images import ROOT, free_port
from tests.support.discord.messages import actions_of, buttons_of, text_of
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi
from tests.support.slack.drafts import labels, read

__all__ = ["server", "url"]

#: Arguments of a process, and settings of its own.
Started = tuple[Sequence[str], Mapping[str, str]]


def of_compose() -> list[Started]:
    """The processes of the profile of compose.yaml, as its services start them."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    return [
        (one["command"], one["environment"])
        for one in services
        if one.get("profiles") == ["roles"]
        for _ in range(one.get("deploy", {}).get("replicas", 1))
    ]


def with_roles(*roles: str) -> list[Started]:
    """Processes with these roles."""
    return [(("run", "--roles", role), {}) for role in roles]


@dataclass
class Layout:
    """Processes with these roles on one database."""

    slack: SlackSimulator
    discord: DiscordSimulator
    echo: EchoApi
    url: SecretStr
    running: list[processes.Process]
    folder: Path
    ports: dict[str, int]
    ops: dict[str, int]
    environment: dict[str, str]  #: of the process that was started last

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

    async def holders(self) -> dict[int | None, str]:
        """Return what processes hold of what is shared out, by their ids."""
        async with PostgresStore(self.url) as store:
            return {int(one.name.split(":")[1]): one.holds[0] for one in await store.processes() if one.holds}

    async def idle(self) -> None:
        """Wait until every event is answered."""
        async with connected(self.url) as connection:
            while await connection.fetchval("SELECT count(*) FROM events WHERE NOT done"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@contextmanager
def logs_told(folder: Path) -> Iterator[None]:
    """Add what the processes logged to what the block raises."""
    try:
        yield
    except BaseException as exc:
        for log in sorted(folder.glob("*/log")):
            exc.add_note(f"{log.parent.name}:\n{log.read_text()[-4000:]}")
        raise


@asynccontextmanager
async def layout(folder: Path, url: SecretStr, started: Sequence[Started], **more: str) -> AsyncIterator[Layout]:
    """Run the processes; each has a data folder of its own, as on a machine of its own."""
    async with AsyncExitStack() as stack:
        stack.enter_context(logs_told(folder))
        await stack.enter_async_context(asyncio.timeout(300))
        slack = await stack.enter_async_context(SlackSimulator())
        discord = await stack.enter_async_context(DiscordSimulator())
        api = await stack.enter_async_context(scripted_api())
        api.play(echo := EchoApi(api.url))
        one = Layout(slack, discord, echo, url, [], folder, {}, {}, {})
        for number, (arguments, own_settings) in enumerate(started):
            role = arguments[-1]
            one.ports[role], one.ops[role] = free_port(), free_port()
            own = folder / f"{role}{number}"
            own.mkdir()
            one.environment = {
                **own_settings,
                "AIMODELS_BASE_URL": api.url,
                "AIMODELS_API_KEY": "sk-of-the-tests",
                "BOT_DATA_DIR": str(own),
                "BOT_DATABASE_URL": url.get_secret_value(),
                "BOT_REQUESTS_PER_MINUTE": "0",
                "BOT_SECRET_KEY": KEY,
                "BOT_HOST": "127.0.0.1",
                "BOT_PORT": str(one.ports[role]),
                "BOT_OPS_PORT": str(one.ops[role]),
                **slack.environment,
                **discord.environment,
                **more,
            }
            process = processes.process(processes.program, *arguments, environment=one.environment, folder=own)
            one.running.append(await stack.enter_async_context(process))
        if more.get("SLACK_APP_TOKEN") == "":
            slack.sender.url = f"http://127.0.0.1:{one.ports['receive']}/slack/events"
        else:
            await slack.until(lambda: len(slack.sockets.open) == int(more.get("SLACK_CONNECTIONS", 1)))
        await discord.until(lambda: discord.gateway.is_connected)
        yield one
        for running in one.running:
            running.send_signal(signal.SIGTERM)
        assert [await running.wait() for running in one.running] == [0] * len(one.running)


KEY = secrets.token_urlsafe(64)


async def test_processes_with_roles(tmp_path: Path, url: SecretStr) -> None:
    """As compose starts them: one answer to each question, command, form and button; Stop reaches who answers."""
    started = of_compose()
    assert [arguments[-1] for arguments, _ in started] == ["receive", "work", "work", "web"]
    async with layout(tmp_path, url, started, SLACK_CONNECTIONS="3") as one:
        await use_slack(one)
        await use_discord(one)
        await one.idle()
        assert len(one.echo.prompts) == len(set(one.echo.prompts)) + 1 == 12  # each platform was told to continue
        assert (one.slack.sockets.connected, len(one.discord.gateway.identified)) == (3, 1)
        assert all(connection.carried for connection in one.slack.sockets.open)
        settings = Settings(_env_file=None, bot_port=one.ports["web"], bot_secret_key=KEY, bot_data_dir=tmp_path)  # type: ignore[call-arg, arg-type]
        while True:  # a process that connects to the database anew is not seen meanwhile
            status = show("status", await asyncio.to_thread(ServiceClient(settings).get, "/status"), as_json=False)
            lines = [" ".join(line.split()[2:]) for line in status.splitlines() if line.startswith("Process ")]
            if sorted(lines) == ["receive discord/1: 0 slack.missed: 0", "web", "work", "work"]:
                break
            await asyncio.sleep(0.1)
        assert [line.split() for line in status.splitlines()[:2]] == [
            [name, "received", "by", "another", "process"] for name in ("discord", "slack")
        ]
        rows = await asyncio.to_thread(ServiceClient(settings).get, "/requests")  # from a process without platforms
        assert {(row["workspace_name"], row["channel_name"]) for row in rows} >= {("Lab", "general")}
        told = {role: (await one.ready(role)).json() for role in ("receive", "web")}
        assert {role: one["roles"] for role, one in told.items()} == {"receive": ["receive"], "web": ["web"]}
        assert told["receive"]["platforms"] == {"slack": "ok", "discord": "ok"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{one.ports['web']}") as http:
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.get("/cockpit")).status_code != 404


async def use_slack(one: Layout) -> None:
    """Ask in every way on Slack."""
    slack = one.slack
    slack.faults.unknown("assistant.*")  # so that a message tells what is being done, with a Stop button
    one.echo.cut = {"love"}
    question = slack.ada.mention("what is love?")
    await slack.until(lambda: [text[:17] for text in one.answers(question)] == ["re: what is love?"])
    [answer] = slack.from_bot(thread=question.root)
    assert labels(answer) == ["Again", "Continue", "👍", "👎"]
    slack.ada.press(answer, "press:continue")
    await slack.until(lambda: one.answers(question)[1:] == ["re: Please continue."])

    slack.ada.slash("/image", "a fox")
    await slack.until(lambda: any(message.files for message in slack.ada.sees()))
    slack.ada.slash("/image", "")
    modal = await slack.ada.modal()
    await slack.ada.submit(modal, {"prompt": "an owl"})
    await slack.until(lambda: sum(bool(message.files) for message in slack.ada.sees()) == 2)

    asked = slack.ada.upload("notes.txt", b"the fox is red", f"<@{slack.team.bot.id}> what colour?")
    await slack.until(lambda: any("the fox is red" in text for text in one.answers(asked)))

    one.echo.hold("slow")
    slow = slack.ada.mention("image a slow fox")
    await one.echo.until(lambda: "a slow fox" in one.echo.prompts)
    shown = await slack.until(lambda: [m for m in slack.from_bot(thread=slow.root) if "Stop" in labels(m)])
    slack.ada.press(shown[0], "press:stop")
    await slack.until(lambda: one.answers(slow) == ["Stopped."])
    assert one.echo.left["a slow fox"] == 1


async def use_discord(one: Layout) -> None:
    """Ask in every way on Discord."""
    discord, ada = one.discord, Person(one.discord, ADA, "Ada")
    asked = await discord.say(CHANNEL, f"<@{ME}> what is love there?")
    [answer] = await shown(discord, asked["id"], "re: what is love there?")
    again = next(one["custom_id"] for one in buttons_of(answer) if ":continue:" in one["custom_id"])
    await ada.press(answer, again)
    await shown(discord, asked["id"], "re: Please continue.")

    async def picture(prompt: str) -> None:
        await discord.until(lambda: prompt in one.echo.prompts and ".png" in str([*discord.originals.values()][-1]))

    async def be_late(moment: Moment, call: Call) -> bool:
        """Let the answer come to Discord before the acknowledgement of its command."""
        if moment == "before" and call.path.endswith("/callback"):
            with suppress(TimeoutError):  # Discord waits for three seconds
                await discord.until(
                    lambda: [one for one in discord.rest.calls if one.method == "PATCH" and one.status == 404], 2
                )
        return False

    discord.rest.hook = be_late
    await ada.command(CHANNEL, "image", {"prompt": "a red fox"})
    await picture("a red fox")
    discord.rest.hook = None
    await ada.command(CHANNEL, "image", {})
    await ada.submit({"prompt": "a white owl"})
    await picture("a white owl")
    assert await ada.complete(CHANNEL, "model", "name", "g", {"kind": "chat"})
    notes = Upload("notes.txt", 16, content=b"the owl is white")
    said = await ada.say(DM, "what colour?", files=[notes])
    await shown(discord, DM, "the owl is white")
    assert said

    one.echo.hold("slow owl")
    slow = await ada.command(CHANNEL, "image", {"prompt": "a slow owl"})
    token = slow.payload["token"]
    await one.echo.until(lambda: "a slow owl" in one.echo.prompts)
    await discord.until(lambda: "stop" in actions_of(discord.originals[token]))
    stop = next(one["custom_id"] for one in buttons_of(discord.originals[token]) if ":stop:" in one["custom_id"])
    await ada.press(discord.originals[token], stop)
    await discord.until(lambda: "Stopped" in text_of(discord.originals[token]))
    assert one.echo.left["a slow owl"] == 1


async def shown(discord: DiscordSimulator, channel: str, text: str) -> list[Json]:
    """Wait until a message of the bot there has that text; return those that have it."""
    return await discord.until(lambda: [m for m in discord.bot_messages(channel) if text in text_of(m)])  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"BOT_ROLES": "receive"}, "BOT_ROLES=receive: the other roles run in other processes, and an SQLite"),
        ({"BOT_ROLES": "work,web"}, "BOT_ROLES=work,web: the other roles run in other processes, and an SQLite"),
        ({"BOT_ROLES": "work", "BOT_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"}, "no platform is configured"),
    ],
)
async def test_roles_that_can_not_work(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    """Refused at the start with one sentence, which `check` says, too."""
    async with processes.process(processes.service, environment=settings, folder=tmp_path) as one:
        assert await one.wait() == 2
    [line] = (tmp_path / "log").read_text().splitlines()
    assert sentence in line
    if "BOT_DATABASE_URL" not in settings:
        async with processes.process(processes.program, "check", environment=settings, folder=tmp_path) as one:
            assert await one.wait() == 1
        assert f"settings: {line}" in (tmp_path / "log").read_text()


async def test_a_shard_has_one_holder(tmp_path: Path, url: SecretStr) -> None:
    """Shards are spread over those that receive; one is killed, and the next has its shard: nothing lost or doubled.

    The same with the connection to Slack, where one process is to have it.
    """
    async with layout(
        tmp_path, url, with_roles("receive", "receive", "work"), DISCORD_SHARDS="2", SLACK_ONE_RECEIVER="true"
    ) as one:
        gateway, discord = one.discord.gateway, one.discord

        def shards() -> list[int]:
            return sorted(session.shard for session in gateway.sessions.values() if session.socket is not None)

        await discord.until(lambda: shards() == [0, 1])
        while len(held := await one.holders()) < 2:  # noqa: ASYNC110 - each has one
            await asyncio.sleep(0.1)
        doomed = next(
            running for running in one.running if held.get(running.pid) == f"discord/2: {(int(GUILD) >> 22) % 2}"
        )
        asked = [(await discord.say(CHANNEL, f"<@{ME}> question {number}"))["id"] for number in range(3)]
        for number in range(3):
            await shown(discord, asked[number], f"re: question {number}")
        doomed.send_signal(signal.SIGKILL)
        one.running.remove(doomed)
        assert await doomed.wait() == -signal.SIGKILL
        for number in range(3, 6):
            asked.append((await discord.say(CHANNEL, f"<@{ME}> question {number}"))["id"])
            await discord.say(asked[number - 3], f"further question {number}")
        await discord.until(lambda: shards() == [0, 1])
        for number in range(3, 6):
            await shown(discord, asked[number], f"re: question {number}")
            await shown(discord, asked[number - 3], f"re: further question {number}")
        await one.slack.until(lambda: one.slack.sockets.open)
        question = one.slack.ada.mention("hello")
        await one.slack.until(lambda: one.answers(question) == ["re: hello"])
        await one.idle()
        assert len(one.slack.sockets.open) == 1
        for number in range(3):
            assert len(discord.bot_messages(asked[number])) == 2
            assert len(discord.bot_messages(asked[number + 3])) == 1
        assert len(one.echo.prompts) == 10


async def test_slack_calls_the_receiver(tmp_path: Path, url: SecretStr) -> None:
    """In HTTP mode what Slack sends goes to the process that receives; a process with other keys is refused."""
    started = with_roles("receive", "work")
    async with layout(
        tmp_path, url, started, SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=SlackSimulator().signing_secret
    ) as one:
        assert (await one.ready("receive")).json()["platforms"].keys() == {"discord", "slack"}
        question = one.slack.ada.mention("hello")
        await one.slack.until(lambda: one.answers(question) == ["re: hello"])
        one.slack.ada.slash("/image", "a fox")
        await one.slack.until(lambda: any(message.files for message in one.slack.ada.sees()))
        for name, told in (("BOT_SECRET_KEY", "another BOT_SECRET_KEY"), ("BOT_ENCRYPTION_KEYS", "other BOT_ENCRYPT")):
            (folder := tmp_path / name).mkdir()
            other = {**one.environment, name: secrets.token_urlsafe(64), "BOT_PORT": "", "BOT_OPS_PORT": ""}
            async with processes.process(processes.program, "run", environment=other, folder=folder) as refused:
                assert await refused.wait() == 2
            assert told in (folder / "log").read_text()
