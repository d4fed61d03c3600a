"""Logs are structured, carry the event, and never contain a secret."""

import json
import subprocess
import sys
from functools import cache

import pytest

from bot.characters import CONTROLS

SECRET = 'sk-"q\\b/é-key'
PROGRAM = """
import asyncio, logging, sys, warnings
from urllib.parse import quote
import structlog
from pydantic import SecretStr
from bot.telemetry import logs

SECRET = sys.argv[3]
logs.configure(sys.argv[1], sys.argv[2], secrets=[SecretStr(SECRET), SecretStr(""), SecretStr("e")])
logs.configure(sys.argv[1], sys.argv[2], secrets=[SecretStr(SECRET), SecretStr(""), SecretStr("e")])
log = structlog.get_logger("bot.example")
logs.bind_context(event_id="event-1")
log.debug("debugging")
log.info("plain", key=SECRET, deep={"a": [SECRET, SECRET.encode()]}, url="https://x/?k=" + quote(SECRET, safe=""))
log.info(f"in the text {SECRET}")
log.info("with %s", "arguments")
log.info("steering", text="\\x1b\\x9b2J\\u202e\\x85\\u2028é")
try:
    raise ValueError(f"bad {SECRET}")
except ValueError:
    log.exception("failed", error=repr(SECRET))
    logging.getLogger("library").exception("failed too %s", SECRET)
logging.getLogger("library").info("chatter")
for of_a_stranger in ("Invalid HTTP request received.", "Invalid HTTP request received.", "other", "other"):
    logging.getLogger("uvicorn.error").warning(of_a_stranger)
logging.getLogger("bot.other").info("ours")
warnings.warn(f"careful {SECRET}")
print("answer")
"""


UNREAD = """
import os, sys
import structlog
from bot.telemetry import logs

reader, writer = os.pipe()
sys.stderr = open(writer, "w")
logs.configure("info", "json")
log = structlog.get_logger("bot.example")
for n in range(100):
    log.info("written", text="x" * 1900)
print(os.read(reader, 10**6).decode())
log.info("read again")
print(os.read(reader, 10**6).decode())
"""


@cache
def run(level: str, form: str) -> tuple[str, str]:
    """Run the program with a level and a format; return its standard output and error."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level, form, SECRET], capture_output=True, text=True, check=True
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("level", "form"),
    [("info", "json"), ("info", "console"), ("info", "auto"), ("debug", "json"), ("error", "json")],
)
def test_no_secret_is_written(level: str, form: str) -> None:
    """No secret is in the output, wherever it was in a record; records go to standard error."""
    out, err = run(level, form)
    assert out == "answer\n"
    assert "failed" in err
    assert "[secret]" in err
    for form_of_it in (SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1], "sk-", "-key"):
        assert form_of_it not in err


def test_json_lines_carry_the_event() -> None:
    """Each record is a JSON object with level, time, logger and the bound event, of the service or a library."""
    records = [json.loads(line) for line in run("info", "json")[1].splitlines()]
    assert {"event", "level", "timestamp", "logger", "event_id"} <= set.intersection(*(set(r) for r in records))
    assert {record["event_id"] for record in records} == {"event-1"}
    events = [record["event"] for record in records]
    assert events[0] == "plain"
    assert "with arguments" in events
    assert [record["text"] for record in records if "text" in record] == ["\x1b\x9b2J\u202e\x85\u2028é"]
    assert not CONTROLS.search("".join(run("info", "json")[1].split("\n")))
    failed = [record for record in records if record["event"].startswith("failed")]
    assert len(failed) == 2
    assert all("Traceback" in record["exception"] for record in failed)


@pytest.mark.parametrize(
    ("level", "expected", "unexpected"),
    [
        ("debug", {"debugging", "plain", "ours", "chatter"}, set[str]()),
        ("info", {"plain", "ours"}, {"debugging", "chatter"}),
        ("error", {"failed"}, {"debugging", "plain", "ours", "chatter"}),
    ],
)
def test_the_level_applies_to_the_service(level: str, expected: set[str], unexpected: set[str]) -> None:
    """The service's records follow the setting; libraries' info records appear at level debug only."""
    events = {json.loads(line)["event"] for line in run(level, "json")[1].splitlines()}
    assert expected <= events
    assert not unexpected & events


def test_configuring_twice_writes_once() -> None:
    """A second configuration replaces the first."""
    events = [json.loads(line)["event"] for line in run("info", "json")[1].splitlines()]
    assert events.count("plain") == 1


def test_strangers_do_not_fill_the_log() -> None:
    """Invalid requests to the web server are logged once in a while; its other messages always are."""
    events = [json.loads(line)["event"] for line in run("info", "json")[1].splitlines()]
    assert (events.count("Invalid HTTP request received."), events.count("other")) == (1, 2)


FORGER = """
import logging, sys
import structlog
from bot.telemetry import logs

logs.configure("info", "console")
evil = "x\\x1b]0;title\\x07\\n2026-01-01T00:00:00Z [info     ] forged"
logging.getLogger("library").warning("got %s", evil)
structlog.get_logger("bot.example").info(evil, key=evil)
try:
    raise ValueError(evil)
except ValueError:
    logging.getLogger("library").exception("failed")
    structlog.get_logger("bot.example").exception("failed")
"""


def test_foreign_text_steers_no_terminal_and_forges_no_line() -> None:
    """In the format for people, too: control characters are escaped, and a traceback's lines are indented."""
    done = subprocess.run([sys.executable, "-c", FORGER], capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr
    assert done.stderr.count("forged") == 5
    assert [line for line in done.stderr.splitlines() if line.startswith("2026-01-01")] == []
    assert "Traceback (most recent call last)" in done.stderr


FLOODED = """
import asyncio, os, resource, socket
from bot.telemetry import logs

logs.configure("info", "json")

async def main():
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, backlog=500)
    client = socket.create_connection(server.sockets[0].getsockname())
    unused = os.dup(0)
    os.close(unused)
    resource.setrlimit(resource.RLIMIT_NOFILE, (unused, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for _ in range(20):
        await asyncio.sleep(0)

asyncio.run(main())
"""


def test_a_process_without_descriptors_does_not_flood_its_log() -> None:
    """The event loop tries to accept hundreds of times; one line says so."""
    done = subprocess.run([sys.executable, "-c", FLOODED], capture_output=True, text=True, check=True)
    assert done.stderr.count("out of system resource") == 1


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    """Lines that the pipe does not take are dropped; their number stands before the first line that it takes again."""
    done = subprocess.run([sys.executable, "-c", UNREAD], capture_output=True, text=True, check=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{" and line[-1:] == "}"]
    *written, lost, last = lines
    assert last["event"] == "read again"
    assert len(written) + lost["lines"] == 100
    assert lost["lines"] > 0
