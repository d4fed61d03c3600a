"""The page of `make play`: its own browser may use it, nobody else, and nothing that somebody wrote becomes code."""

import json
import os
import re
from pathlib import Path

import httpx
import pytest

from simulators.discord.values import ADA, CHANNEL
from simulators.play.children import Child, inherited
from simulators.play.session import PlaySession, is_code_newer
from simulators.play.web import WebServer, create_app

STATIC = Path("simulators/play/static")
URL = "http://127.0.0.1:8090"


@pytest.fixture
async def page(tmp_path: Path) -> httpx.AsyncClient:
    """The page of a session whose service is not started."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(PlaySession(tmp_path))), base_url=URL)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},  # a name that was pointed here
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
async def test_other_sites_can_do_nothing(page: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """A page of another site acts as nobody here; the same request of the own page is answered."""
    body = {"person": "U0ADA", "tab": "home"}
    assert (await page.post("/api/slack/do/nothing", json=body, headers=headers)).status_code == 403
    assert (await page.post("/api/slack/do/nothing", json=body, headers={"Origin": URL})).status_code == 409


async def test_pages_run_no_other_script(page: httpx.AsyncClient) -> None:
    """Every answer forbids inline scripts and whatever is elsewhere; the page itself has neither."""
    answer = await page.get("/static/index.html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(
        r"<script(?![^>]*src=\"/static/)|\son\w+=|<style|\sstyle=|(src|href)=\"(https?:)?//", answer.text
    )


def test_texts_never_become_html() -> None:
    """No script of the page writes HTML: all that is shown is made of elements and text nodes."""
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|Function\(", text
        ), path


async def test_foreign_files_are_never_shown_as_pages(page: httpx.AsyncClient) -> None:
    """An uploaded HTML or SVG file is downloaded; a picture is shown, and a sound can be played from any place."""
    for name, is_download in (("x.html", True), ("x.svg", True), ("x.png", False)):
        sent = await page.post(f"/api/slack/files?person=U0ADA&name={name}", content=b"<script>alert(1)</script>")
        answer = await page.get(f"/api/slack/files/{sent.json()['id']}")
        assert (answer.headers.get("content-disposition") == "attachment") is is_download
        assert answer.headers["x-content-type-options"] == "nosniff"
    part = await page.get(f"/api/slack/files/{sent.json()['id']}", headers={"Range": "bytes=1-6"})
    assert (part.status_code, part.content) == (206, b"script")
    for wanted, status, found in (
        ("999-", 416, "bytes */25"),
        ("-7", 206, "bytes 18-24/25"),
        ("20-99", 206, "bytes 20-24/25"),
    ):
        part = await page.get(f"/api/slack/files/{sent.json()['id']}", headers={"Range": f"bytes={wanted}"})
        assert (part.status_code, part.headers["content-range"]) == (status, found)


async def test_nobody_reads_what_is_not_theirs(page: httpx.AsyncClient, tmp_path: Path) -> None:
    """An unknown person, a foreign direct message and an unknown action are refused with a sentence."""
    for path, body in (
        ("/api/slack/do/say", {"person": "U0NOBODY", "channel": "C0GENERAL", "text": "hello"}),
        ("/api/slack/do/say", {"person": "U0ADA", "channel": "D0ELSE", "text": "hello"}),
        ("/api/slack/do/_written", {"person": "U0ADA"}),
        ("/api/discord/do/say", {"person": "1", "channel": "1", "text": "hello"}),
        ("/api/nowhere/do/say", {"person": "1"}),
        ("/api/faults/kill", {"platform": "nowhere"}),
    ):
        answer = await page.post(path, json=body)
        assert answer.status_code == 409
        assert answer.json()["error"]
    for path, content in (
        ("/api/slack/do/say", "no JSON"),
        ("/api/slack/do/say", "[]"),
        ("/api/slack/do/say", '{"person": "U0ADA", "channel": "C0GENERAL", "files": 5}'),
        ("/api/slack/do/submit", '{"person": "U0ADA", "values": 5}'),
        ("/api/discord/do/command", json.dumps({"person": ADA, "channel": CHANNEL, "values": "x"})),
        ("/api/discord/do/submit", json.dumps({"person": ADA, "values": {"file": {"files": 5}}})),
        ("/api/faults/kill", "no JSON"),
    ):
        answer = await page.post(path, content=content)
        assert (answer.status_code, answer.json()["error"]) == (409, "This is no request of the page."), content


async def test_the_stream_goes_on_whatever_is_said_and_asked_for(tmp_path: Path) -> None:
    """Half an emoji in a message is replaced; a person of another session is the first one of this."""
    session = PlaySession(tmp_path)
    session.service = Child("service", ("bot", "run"), tmp_path, {}, code=tmp_path)  # which does not run
    server = WebServer(create_app(session), 0)
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=server.url) as http:
            said = f'{{"person": "{ADA}", "channel": "{CHANNEL}", "text": "cut \\ud83d"}}'
            assert (await http.post("/api/discord/do/say", content=said)).status_code == 200
            async with http.stream("GET", f"/api/discord/events?person=U0ADA&place={CHANNEL}") as stream:
                first = json.loads((await anext(stream.aiter_lines())).removeprefix("data: "))
    finally:
        await server.stop()
    assert first["person"] == next(iter(session.sides["discord"].people))
    assert first["messages"][-1]["content"] == "cut ?"


def test_no_setting_reaches_a_program() -> None:
    """A program gets what it needs to run, and no setting or token of any platform."""
    needed = {"PATH": "/bin", "HOME": "/home/ada", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "https_proxy": "http://p"}
    tokens = {"SLACK_BOT_TOKEN": "xoxb", "TCP_TOKEN": "s", "AWS_SECRET_ACCESS_KEY": "s", "BOT_PORT": "1"}
    assert inherited(needed | tokens) == needed


def test_a_change_of_any_file_of_the_service_is_seen(tmp_path: Path) -> None:
    """Code, its SDK, templates and SQL; what Python compiles is no change."""
    for folder in ("bot", "adapters", "aimodels"):
        (tmp_path / folder / "__pycache__").mkdir(parents=True)
        assert not is_code_newer(tmp_path, since=0)
        (tmp_path / folder / "__pycache__" / "a.pyc").touch()
        assert not is_code_newer(tmp_path, since=0)
    for name in ("bot/page.html", "bot/schema.sql", "adapters/en.toml", "aimodels/client.py"):
        file = tmp_path / name
        file.touch()
        os.utime(file, (2000, 2000))
        assert is_code_newer(tmp_path, since=1999), name
        assert not is_code_newer(tmp_path, since=2000), name
