"""The command line as a person uses it: a process, its input, its output and its exit status."""

import asyncio
import json
import os
import re
import secrets
import signal
import socket
import stat
import subprocess
import sys
from importlib.metadata import entry_points
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from bot import __version__
from bot.__main__ import main
from sandbox.server import Sandbox
from tests.support.forked import command_line
from tests.support.scripted_api import chat, failure, scripted_api, silence

ROOT = Path(__file__).parents[1]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "BOT_DATA_DIR": str(folder / "data"), "LANG": "C.UTF-8", **settings}


def bot(
    folder: Path, *arguments: str, text: str = "", absent: str = "", users: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    given = environment(folder, **settings)
    return command_line.bot(*arguments, environment=given, folder=folder, text=text, absent=absent, users=users)


def unprivileged(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Without the administrator's right to read and write everything: permissions count for tests, too."""
    given = environment(folder, **settings)
    return command_line.bot(*arguments, environment=given, folder=folder, is_unprivileged=True)


def program(folder: Path, *arguments: str, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the program as it is started by hand."""
    return _run([sys.executable, "-m", "bot", *arguments], folder, text, settings)


def _run(command: list[str], folder: Path, text: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=text,
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_version_is_told(tmp_path: Path) -> None:
    """`--version` prints the version."""
    assert bot(tmp_path, "--version").stdout.strip() == __version__


def test_the_command_has_a_name_of_its_own() -> None:
    """Where the package is installed, `channelmuse` is the same as `python -m bot`."""
    [script] = entry_points(group="console_scripts", name="channelmuse")
    assert script.load() is main


def test_help_names_every_command(tmp_path: Path) -> None:
    """`--help` lists run, check and sandbox."""
    assert {"run", "check", "sandbox"} <= set(re.findall(r"\w+", bot(tmp_path, "--help").stdout))


def test_piped_input_is_answered_and_ends(tmp_path: Path) -> None:
    """With nothing configured every piped line is answered, a duel too, files are named, and the exit status is 0."""
    lines = (
        "my name is Ada\nwhat is my name?\n/image a sunset over the sea --size 512x512\n/duel why is the sky blue?\n"
    )
    done = program(tmp_path, text=lines)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Ada") >= 2
    assert "Which is better?" in done.stdout
    saved = re.search(r"saved: (\S+)", done.stdout)
    assert saved is not None, done.stdout
    assert Path(saved[1]).is_absolute()
    assert Path(saved[1]).stat().st_size > 10_000
    assert sum("AIMODELS_API_KEY" in line for line in done.stderr.splitlines()) == 1


def test_each_line_may_look_back_at_those_above(tmp_path: Path) -> None:
    """A line that names a file which is not there is a sentence; the next ones use what was made before them."""
    lines = (
        "/video --image nofile.png",
        "/image a fox --size 512x512",
        "/video --last yes --duration 1 --resolution 640x360",
        "/usage",
    )
    done = bot(tmp_path, text="\n".join(lines))
    assert done.returncode == 0, done.stderr
    assert "nofile.png" in done.stdout.split("/image a fox")[0].removeprefix("> /video --image nofile.png")
    assert re.search(r"saved: \S+\.mp4", done.stdout)
    assert "Video" in done.stdout.split("> /usage")[1]


def test_what_is_piped_in_is_answered_to_its_end(tmp_path: Path) -> None:
    """At one's own terminal there is no limit a minute, unless one is set."""
    lines = "/model\n" * 30
    assert bot(tmp_path, text=lines).stdout.count("> /model\nModels used") == 30
    limited = bot(tmp_path, text=lines, BOT_REQUESTS_PER_MINUTE="2", BOT_DATA_DIR=str(tmp_path / "limited"))
    assert limited.stdout.count("> /model\nModels used") == 2
    assert limited.stdout.count("more than 2 requests") == 1


def test_check_names_rules_on_roles_that_match_nobody(tmp_path: Path) -> None:
    """Where no platform has roles, a list of roles is an error, and so is a rule that names one."""
    for name, value in (("BOT_DENY_ROLES", "guests"), ("BOT_COMMAND_RULES", "video=role:artists")):
        done = bot(tmp_path, "check", **{name: value})
        assert done.returncode == 1
        assert "settings: console: people have no roles there" in done.stdout


async def test_piped_questions_that_all_failed_end_with_an_error(tmp_path: Path) -> None:
    """The exit status is 1, with a sentence; where one was answered it is 0."""
    async with scripted_api() as api:
        api.play(*[failure(401)] * 2, chat("hi"))
        settings = {"AIMODELS_BASE_URL": api.url, "AIMODELS_API_KEY": "sk-x"}
        failed = await asyncio.to_thread(bot, tmp_path, text="hello\n/imagine a fox\n", **settings)
        assert (failed.returncode, failed.stdout.count("> ")) == (1, 2)
        assert "No question could be answered." in failed.stderr
        assert (await asyncio.to_thread(bot, tmp_path, text="one\ntwo\n", **settings)).returncode == 0


async def test_an_interrupted_answer_is_told_and_comes_with_the_next_start(tmp_path: Path) -> None:
    """Ctrl-C on a piped run says what becomes of what it asked; there it is."""
    async with asyncio.timeout(300), scripted_api() as api:
        api.play(silence)
        given = environment(tmp_path, AIMODELS_BASE_URL=api.url, AIMODELS_API_KEY="sk-x", BOT_SHUTDOWN_TIMEOUT="0")
        running = command_line.Command(environment=given, folder=tmp_path, text="hello\n")
        await api.arrived.wait()
        running.send_signal(signal.SIGINT)
        done = await asyncio.to_thread(running.finish)
        assert (done.returncode, done.stdout) == (0, "")
        assert "answered at the next start" in done.stderr
        api.play(chat("here I am"))
        settings = {"AIMODELS_BASE_URL": api.url, "AIMODELS_API_KEY": "sk-x"}
        assert "> hello\nhere I am\n" in (await asyncio.to_thread(bot, tmp_path, **settings)).stdout


def test_the_sandbox_has_the_models_of_the_settings(tmp_path: Path) -> None:
    """The offline API answers for each allowed model."""
    lines = "my name is Ada\n/model chat other\nwhat is my name?\n/image a fox --size 512x512\n"
    done = bot(tmp_path, text=lines, BOT_CHAT_MODELS="mine,other", BOT_IMAGE_MODELS="painter")
    assert "Your name is Ada" in done.stdout.split("> what is my name?")[1]
    assert "made by the offline sandbox from: fox · 512x512\nsaved: " in done.stdout


async def test_the_sandbox_alone_is_told_by_the_environment(tmp_path: Path) -> None:
    """Its models and its limit; the reference's models stay."""
    given = environment(tmp_path, BOT_CHAT_MODELS="mine", SANDBOX_REQUESTS_PER_MINUTE="2")
    command = ("sandbox", "--port", "0", "--api-key", "k")
    async with asyncio.timeout(300):
        sandbox = command_line.Command(*command, environment=given, folder=tmp_path)
        url = (await asyncio.to_thread(sandbox.first_line)).split()[-1]
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": "Bearer k"}) as api:
            said = [{"role": "user", "content": "hello"}]
            models = ("mine", "gpt-4-turbo", "mine")
            told = [await api.post("/chat/completions", json={"model": m, "messages": said}) for m in models]
        sandbox.send_signal(signal.SIGTERM)
        assert (await asyncio.to_thread(sandbox.finish)).returncode == 0
    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert [int(answer.headers["X-RateLimit-Limit"]) for answer in told] == [2, 2, 2]


def test_a_sandbox_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    """Without the extra, a service that needs the sandbox says what to install."""
    for command, status in (("run", 2), ("check", 1), ("sandbox", 2)):
        done = bot(tmp_path, command, absent="fastapi", users="sandbox")
        assert done.returncode == status
        assert (done.stdout + done.stderr).count(".venv/bin/pip install -e '.[sandbox]'") == 1
        assert "Traceback" not in done.stderr


def test_a_named_conversation_is_continued(tmp_path: Path) -> None:
    """`--conversation` remembers over a restart; another name does not."""
    assert bot(tmp_path, "run", "--conversation", "a", text="my name is Ada\n").returncode == 0
    assert "Ada" in bot(tmp_path, "--conversation", "a", text="what is my name?\n").stdout
    assert "Ada" not in bot(tmp_path, "--conversation", "b", text="what is my name?\n").stdout


def test_a_wrong_setting_stops_the_start(tmp_path: Path) -> None:
    """The sentence names the setting; the status is 2 and there is no traceback."""
    done = bot(tmp_path, BOT_PORT="x")
    assert done.returncode == 2
    assert "BOT_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_env_file_that_can_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    """One sentence that names it, whatever reads it; nothing is started without what it says."""
    cases = [("run", "cp1252", 0o600), ("check", "utf-8", 0), ("check", "cp1252", 0o600), ("sandbox", "utf-8", 0)]
    for number, (_, encoding, mode) in enumerate(cases):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / ".env").write_text("BOT_SYSTEM_PROMPT=café", encoding=encoding)
        (tmp_path / f"{number}" / ".env").chmod(mode)
    done = [unprivileged(tmp_path / f"{number}", command) for number, (command, _, _) in enumerate(cases)]
    assert [one.returncode for one in done] == [2, 1, 1, 2]
    said = [line for one in done for line in (one.stderr + one.stdout).splitlines()]
    assert len(said) == len(cases)
    assert [line for line in said if ".env can't be read" not in line] == []


def test_a_data_folder_that_can_not_be_used_is_a_sentence(tmp_path: Path) -> None:
    """The sentence names the problem and the setting that chooses another one; the exit status is 2."""
    (tmp_path / "file").touch()
    (tmp_path / "closed").mkdir(mode=0o555)
    (tmp_path / "foreign").mkdir(mode=0o000)
    key = "0123456789abcdefghijklmnopqrstuvwxyzABCDE"
    for folder, settings in (("file", {}), ("closed/data", {"BOT_SECRET_KEY": key}), ("foreign", {})):
        done = unprivileged(tmp_path, "run", BOT_DATA_DIR=folder, AIMODELS_API_KEY="k", **settings)
        assert done.returncode == 2
        assert done.stderr.startswith(f"BOT_DATA_DIR: {folder}")
        assert done.stderr.count("\n") == 1


async def test_a_wrong_key_is_a_sentence_and_never_shown(tmp_path: Path) -> None:
    """Asked with a wrong key: a sentence for the person, the setting for the admin, the key nowhere."""
    async with Sandbox(host="127.0.0.1", port=0) as sandbox:
        settings = {"AIMODELS_BASE_URL": sandbox.base_url, "AIMODELS_API_KEY": "sk-wrong-and-secret"}
        asked = await asyncio.to_thread(bot, tmp_path, text="hello\n", BOT_LOG_LEVEL="debug", **settings)
        checked = await asyncio.to_thread(bot, tmp_path, "check", **settings)
    assert asked.returncode == 1
    assert asked.stdout.strip()
    assert checked.returncode == 1
    assert "AIMODELS_API_KEY" in checked.stdout
    assert "sk-wrong" not in asked.stdout + asked.stderr + checked.stdout + checked.stderr


def test_check_is_content_with_nothing_configured(tmp_path: Path) -> None:
    """Without a key `check` proves the sandbox and the database, and says how to use the real API and read metrics."""
    done = bot(tmp_path, "check", BOT_PORT="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AIMODELS_API_KEY" in done.stdout
    assert "database" in done.stdout
    assert "set BOT_OPS_PORT or BOT_OPS_TOKEN" in done.stdout


def test_a_misspelt_setting_is_told(tmp_path: Path) -> None:
    """`check` fails with the name that was meant; the start warns, and goes on. So does a line that can't be read."""
    (tmp_path / ".env").write_text("AIMODELS_APIKEY=sk-secret\nAIMODELS_API_KEY: sk-secret\n")
    checked = bot(tmp_path, "check")
    assert checked.returncode == 1
    started = bot(tmp_path, text="hello\n")
    assert started.returncode == 0
    for told in (checked.stdout, started.stderr):
        assert "AIMODELS_APIKEY is no setting and is ignored: did you mean AIMODELS_API_KEY?" in told
        assert told.count(".env, line 2, can't be read and is ignored: write NAME=value") == 1
        assert "sk-secret" not in told
    assert "dotenv" not in checked.stderr + started.stderr


def test_a_port_that_is_taken_is_found(tmp_path: Path) -> None:
    """By `check`, with the setting's name; the start is one sentence with status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        checked = bot(tmp_path, "check", BOT_PORT=port)
        started = bot(tmp_path, BOT_PORT=port)
    assert checked.returncode == 1
    assert f"BOT_PORT: port {port} of 127.0.0.1 is taken" in checked.stdout
    assert started.returncode == 2
    assert (
        started.stderr.splitlines()[-1]
        == f"BOT_PORT: port {port} of 127.0.0.1 is taken by another program; choose another"
    )


def test_a_model_file_without_its_extra_is_told(tmp_path: Path) -> None:
    """Neither the start nor `check` waits for the first question."""
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    checked, started = (bot(tmp_path, name, absent="xllamacpp", SANDBOX_GGUF="model.gguf") for name in ("check", "run"))
    assert (checked.returncode, started.returncode) == (1, 2)
    for told in (checked.stdout, started.stderr):
        assert "SANDBOX_GGUF needs llama.cpp, which is not installed: run make llama" in told


def test_the_start_knows_all_secrets_and_spares_what_is_loaded(tmp_path: Path) -> None:
    """Once the service is ready no secret is written, not of the core, a platform or the key made at the first start.

    And the garbage collector leaves the modules alone: looking at them would hold up answers.
    """
    assert bot(tmp_path, text="").returncode == 0
    key = (tmp_path / "data" / "secret.key").read_text()
    script = (
        "import asyncio, gc, logging, sys; from bot import service; from bot.settings.core import load_settings\n"
        "async def said(core, stopping, **_):\n"
        "    print(gc.get_freeze_count(), len(gc.get_objects()))\n"
        "    logging.getLogger('bot').warning(f'said {sys.argv[1:]}')\n"
        "service.run_until = said\n"
        "asyncio.run(service.run(load_settings()))"
    )
    given = {
        "BOT_ENCRYPTION_KEYS": secrets.token_urlsafe(32),
        "SLACK_CONFIG_TOKEN": "xoxe-of-the-app",
        "SLACK_CLIENT_SECRET": "secret-of-the-client",
    }
    done = _run([sys.executable, "-c", script, key, *given.values()], tmp_path, "", given)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("[secret]") == 1 + len(given)
    assert not [secret for secret in (key, *given.values()) if secret in done.stdout + done.stderr]
    frozen, watched = map(int, done.stdout.split())
    assert frozen > 50 * watched


def test_a_database_server_that_is_away_is_a_sentence_without_its_password(tmp_path: Path) -> None:
    """`run` and `check` say what can't be reached, and show no password, however much is logged."""
    url = "postgresql://ann:hunter2@127.0.0.1:1/muse"
    unit = (ROOT / "deploy" / "systemd" / "channelmuse.service").read_text(encoding="utf-8")
    assert re.findall(r"RestartPreventExitStatus=(.*)", unit) == ["2"]  # systemd starts it again, without an end
    assert "StartLimitIntervalSec=0" in unit
    for arguments, status in ((("run",), 75), (("check",), 1)):
        done = bot(tmp_path, *arguments, BOT_DATABASE_URL=url, BOT_LOG_LEVEL="debug")
        assert done.returncode == status
        assert "127.0.0.1:1/muse can't be reached" in done.stdout + done.stderr
        assert "hunter2" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_database_driver_that_is_missing_is_a_sentence(tmp_path: Path) -> None:
    """Without the extra, a PostgreSQL address says what to install."""
    url = "postgresql://ann:hunter2@127.0.0.1:1/muse"
    for command, status in (("run", 2), ("check", 1), ("backup x.zip", 2), ("restore x.zip", 2)):
        absent = {"absent": "asyncpg", "users": "bot.backup" if "x.zip" in command else "bot.store.postgres"}
        done = bot(tmp_path, *command.split(), **absent, BOT_DATABASE_URL=url)
        assert done.returncode == status
        assert ".venv/bin/pip install -e '.[postgres]'" in (done.stdout if command == "check" else done.stderr)
        assert "hunter2" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_check_finds_a_rule_that_would_stop_the_start(tmp_path: Path) -> None:
    """`check` reports with the setting's name what `run` refuses."""
    done = bot(tmp_path, "check", BOT_COMMAND_RULES="vidoe=role:artists")
    assert done.returncode == 1
    assert "BOT_COMMAND_RULES" in done.stdout
    assert "Traceback" not in done.stderr


def test_check_tells_every_platforms_mistakes(tmp_path: Path) -> None:
    """Wrong settings of a platform, or of the core, keep `check` from nothing that it can look at all the same."""
    done = bot(tmp_path, "check", SLACK_BOT_TOKEN="xoxb-1", AIMODELS_TIMEOUTS="1")
    assert done.returncode == 1
    found = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert "SLACK_APP_TOKEN" in found["FIX  slack"]
    assert "did you mean AIMODELS_TIMEOUT?" in found["FIX  settings"]
    assert {"ok   settings", "ok   API sandbox"} < set(found)
    assert not any("console" in subject for subject in found)
    wrong = bot(tmp_path, "check", BOT_PORT="x", BOT_MAX_ATTEMPTS="0")
    assert wrong.returncode == 1
    assert [line.split(": ")[:2] for line in wrong.stdout.splitlines()] == [
        ["FIX  settings", "BOT_PORT"],
        ["FIX  settings", "BOT_MAX_ATTEMPTS"],
    ]


@pytest.mark.parametrize("arguments", [("sandbox", "--port", "99999"), ("nonsense",)])
def test_wrong_arguments_are_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A wrong argument ends with a status that is not 0 and no traceback."""
    done = bot(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_nothing_to_serve(tmp_path: Path) -> None:
    """Without a platform and without a terminal, as in the background, the start says so and fails."""
    done = command_line.bot(environment=environment(tmp_path), folder=tmp_path, text=None)
    assert done.returncode == 2
    assert "no platform is configured" in done.stderr
    assert "discord, slack" in done.stderr


def test_a_web_server_without_a_platform_until_a_signal(tmp_path: Path) -> None:
    """With `BOT_PORT` the service serves links and its health, with `BOT_OPS_PORT` the operator.

    While it owns the database another process is refused with a sentence; SIGTERM ends it with status 0. It needs
    neither input nor output.
    """
    command = ["sh", "-c", 'exec "$@" <&- >&-', "sh", sys.executable, "-m", "bot"]
    whole = environment(tmp_path, BOT_PORT="0", BOT_OPS_PORT="0", BOT_LOG_LEVEL="info", BOT_LOG_FORMAT="json")
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=tmp_path, env=whole, text=True) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        try:
            told = [json.loads(line) for line in takewhile(lambda line: '"ready"' not in line, lines) if line[0] == "{"]
            ports = {one["event"]: one["port"] for one in told if "port" in one}
            public, ops = (f"http://127.0.0.1:{ports[name]}" for name in ("listening", "listening for the operator"))
            assert [httpx.get(f"{url}/metrics").status_code for url in (public, ops)] == [404, 200]
            assert httpx.get(f"{public}/healthz").status_code == 200
            if sys.platform == "linux":  # the event loop is the faster one
                assert "uvloop" in Path(f"/proc/{process.pid}/maps").read_text()
            second = bot(tmp_path)
            assert second.returncode == 2
            assert f"process {process.pid}" in second.stderr
            assert "Traceback" not in second.stderr
        finally:
            process.terminate()
        assert process.wait(60) == 0


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_files_are_private(tmp_path: Path) -> None:
    """The database, generated files and their folder are readable by the service's user alone, old ones included."""
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    (data / "bot.db").touch(mode=0o644)
    done = bot(tmp_path, text="/image a fox --size 512x512\n")
    assert done.returncode == 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    others = [path for path in data.rglob("*") if path.stat().st_mode & 0o077]
    assert any(data.rglob("*.png"))
    assert others == []


def test_a_weak_key_stops_the_start(tmp_path: Path) -> None:
    """One sentence with the setting and how to make a key."""
    for name in ("BOT_SECRET_KEY", "BOT_ENCRYPTION_KEYS"):
        done = bot(tmp_path, text="hello\n", **{name: "cat1"})
        assert done.returncode == 2
        assert done.stderr.startswith(f"{name}: ")
        assert "guessed" in done.stderr
        assert "cat1" not in done.stderr
