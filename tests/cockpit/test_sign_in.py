"""Getting into the pages: links, sessions, and what keeps others out."""

import json
import os
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cockpit.sessions import PURPOSE, Sessions
from bot.security.keys import encryption_keys, signing_key
from bot.security.token_cipher import TokenCipher
from bot.sign_in.links import LIFETIME, LinkSigner, link
from bot.sign_in.visitor import Visitor
from tests.support.pages.client import OPERATOR, pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

ADMINISTRATOR = Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann")


async def test_a_link_signs_in_once(tmp_path: Path) -> None:
    """Opening the link, as previews do, does not use it up; the button does. No script can read the cookie."""
    async with pages(tmp_path) as web:
        assert (await web.get("/cockpit")).status == 401
        url = web.link()
        for _ in range(2):
            assert "Sign in" in (await web.get(url)).text
        overview = await web.sign_in(url=url)
        assert (overview.status, overview.url) == (200, f"{web.base}/cockpit")
        assert "All is well." in overview.words
        [cookie] = list(web.http.cookie_jar)
        assert cookie["httponly"]
        assert cookie["samesite"] == "lax"
        again = await web.post("/cockpit/enter", {"link": url.partition("token=")[2]}, token="")
        assert again.status == 403
        assert "does not work any more" in again.words
        web.http.cookie_jar.clear()
        assert (await web.get("/cockpit")).status == 401


async def test_links_that_are_not_ours_or_too_old_do_not_sign_in(tmp_path: Path) -> None:
    """A changed token, one of another key, and one whose ten minutes are over are refused; many attempts as well."""
    async with pages(tmp_path) as web:
        secret = signing_key(web.service.core.settings)
        old = LinkSigner(secret, now=lambda: 1e9).sign(OPERATOR)
        good = web.link().partition("token=")[2]
        payload, _, signature = good.partition(".")
        for token in (old, "", ".", payload, f"{payload}x.{signature}", f"{payload}.{signature}x"):
            assert (await web.get(link(web.base, token))).status == 403
            assert (await web.post("/cockpit/enter", {"link": token}, token="")).status == 403
        assert LinkSigner(secret, now=lambda: 1e9 + LIFETIME - 1).verify(old) is not None
        statuses = [(await web.post("/cockpit/enter", {"link": "x"}, token="")).status for _ in range(10)]
        assert statuses[-1] == 429
        assert (await web.post("/cockpit/enter", {"link": good}, token="")).status == 200  # strangers lock nobody out


async def test_a_sign_in_ends_after_eight_hours(tmp_path: Path) -> None:
    """By itself, on the server: a browser that keeps its cookie is signed out; so is one with a changed cookie."""
    async with pages(tmp_path) as web:
        store, keys = web.service.core.store, encryption_keys(web.service.core.settings)
        cipher = TokenCipher(keys, purpose=PURPOSE)
        for age, status in ((timedelta(hours=7, minutes=59), 200), (timedelta(hours=8, seconds=1), 401)):
            begun = datetime.now(UTC) - age
            cookie = await Sessions(store, store, cipher, now=lambda begun=begun: begun).begin(OPERATOR)  # type: ignore[misc]
            for value, expected in ((cookie, status), (f"{cookie[:-4]}AAAA", 401)):
                assert (await web.get("/cockpit", Cookie=f"cockpit={value}")).status == expected


async def test_only_our_own_pages_change_something(tmp_path: Path) -> None:
    """A form of another origin, without an origin, or of another session is refused, and so is a foreign host name."""
    async with pages(tmp_path) as web:
        await web.sign_in()
        [session] = await _sessions(web.service.core.store)
        end = {"session": session}
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}):
            assert (await web.post("/cockpit/sessions/end", end, **headers)).status == 403
        assert (await web.post("/cockpit/sessions/end", end, token="0" * 64)).status == 403
        assert (await web.get("/cockpit/sessions/end")).status == 404
        foreign = await web.get("/cockpit", Host="evil.example")
        assert foreign.status == 421
        big = await web.post("/cockpit/sessions/end", {"session": "x" * 300_000})
        assert big.status == 413
        assert await _sessions(web.service.core.store) == [session]
        page = await web.get("/cockpit/sessions")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        another_version = json.dumps({"visitor": {"is_king": True}, "since": 1.0})
        await web.service.core.store.namespace("cockpit.sessions").set("0", another_version)
        assert (await web.get("/cockpit/sessions")).status == 200
        await web.service.core.store.namespace("cockpit.sessions").delete("0")
        out = await web.post("/cockpit/sessions/end", end)
        assert "You are signed out." in out.words
        assert (await web.get("/cockpit")).status == 401
        assert await _sessions(web.service.core.store) == []


async def test_the_command_gives_administrators_the_rights_that_they_have(tmp_path: Path) -> None:
    """An administrator sees and ends what belongs to the workspace; acts are in the audit log."""
    async with pages(tmp_path, bot_public_url="https://bot.example") as web:
        given = await web.service.ask("", command="cockpit")
        assert given.private
        url = given.text.partition("https://bot.example")[2]
        assert url.startswith("/cockpit/enter?token=")
        of_pages = {"Host": "bot.example", "Origin": "https://bot.example"}
        path, fields = f"{web.base}/cockpit/language", {"language": "zh-TW"}
        async with web.http.post(path, data=fields, headers=of_pages, allow_redirects=False) as chosen:
            assert "; Secure" in chosen.headers["set-cookie"]

    async with pages(tmp_path / "local") as web:
        await web.sign_in()
        assert (await web.peek("/cockpit/")).headers["location"] == "/cockpit"
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="other", actor="bob", name="Bob"))
        [operator, other] = sorted(await _sessions(web.service.core.store))
        mine = await web.sign_in(ADMINISTRATOR)
        assert "Ann, administrator of w" in mine.words
        assert "Queue" not in mine.words  # the service's own figures are the operator's
        listed = await web.get("/cockpit/sessions")
        assert "Ann" in listed.words
        assert "Bob" not in listed.words
        assert "Operator" not in listed.words
        for session in (operator, other):
            await web.post("/cockpit/sessions/end", {"session": session})
        assert {operator, other} <= set(await _sessions(web.service.core.store))
        entries = await web.service.core.store.audit("channel", workspace="w", limit=9)
        assert [(entry.actor, entry.action) for entry in entries] == [("ann", "cockpit.sign_in")]
        [entry] = await web.service.core.store.audit("cockpit", limit=9)
        assert (entry.actor, entry.action) == ("operator", "cockpit.sign_in")


async def test_one_person_does_not_take_every_connection(tmp_path: Path) -> None:
    """Of one sign-in a few pages move at the same time; a further one is refused until another is closed."""
    async with pages(tmp_path) as web, AsyncExitStack() as stack:
        await web.sign_in()
        live = f"{web.base}/cockpit/overview/live"
        for _ in range(8):
            response = await stack.enter_async_context(web.http.get(live))
            await response.content.readuntil(b"\n\n")
        assert (await web.get("/cockpit/overview/live")).status == 429


async def test_the_overview_moves_while_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream brings the parts that have changed, no others: screen readers read them. It ends with the service."""
    async with pages(tmp_path) as web:
        await web.sign_in()
        async with web.http.get(f"{web.base}/cockpit/overview/live") as one:
            assert one.headers["content-type"].startswith("text/event-stream")
            assert b"All is well." in await one.content.readuntil(b"\n\n")
            assert (await one.content.readuntil(b"\n\n")).startswith(b"event: live\ndata: ")
            broken: dict[str, str] = {}
            monkeypatch.setitem(web.service.core.health, "channel", broken.popitem)
            assert b"event: stale\ndata: This is not up to date" in await one.content.readuntil(b"\n\n")
            monkeypatch.undo()
            assert await one.content.readuntil(b"\n\n") == b"event: stale\ndata: \n\n"
            await web.service.ask("a question")
            later = b""
            while b"1 request" not in later:
                later = await one.content.readuntil(b"\n\n")
                assert later.startswith(b"event: live\n")
            [session] = await _sessions(web.service.core.store)
            await web.post("/cockpit/sessions/end", {"session": session})
            await web.service.ask("another one")
            assert await one.content.read() == b""


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"BOT_PORT": ""}, "set BOT_PORT"),
        ({"BOT_PORT": "8080", "BOT_HOST": "0.0.0.0"}, "BOT_PUBLIC_URL"),
        ({"BOT_PORT": "8080", "BOT_COCKPIT": "false"}, "BOT_COCKPIT"),
        ({"BOT_PORT": "8080"}, "http://127.0.0.1:8080/cockpit/enter?token="),
        (
            {"BOT_PORT": "8080", "BOT_HOST": "0.0.0.0", "BOT_PUBLIC_URL": "https://bot.example"},
            "https://bot.example/cockpit/enter?token=",
        ),
        (
            {"BOT_PORT": "8080", "BOT_HOST": "0.0.0.0", "BOT_PUBLIC_URL": " HTTPS://Bücher.example:443/"},
            "https://xn--bcher-kva.example/cockpit/enter?token=",
        ),
        ({"BOT_PORT": "8080", "BOT_HOST": "0.0.0.0", "BOT_PUBLIC_URL": "https://bot.example/muse"}, "has a path"),
    ],
    ids=["no port", "no TLS", "off", "here", "behind TLS", "as browsers write it", "a path"],
)
def test_the_command_line_prints_a_link_or_says_what_is_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    sentence: str,
) -> None:
    """`python -m bot cockpit` needs nothing of the running service but its key."""
    from bot.__main__ import main

    monkeypatch.chdir(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    status = main(["cockpit"])
    shown = capsys.readouterr()
    assert sentence in shown.out + shown.err
    assert status == (0 if "token=" in sentence else 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_an_output_that_can_not_be_written_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk is a sentence; where the reader has gone, the command ends quietly. Nothing is left to be written."""
    from bot.__main__ import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_PORT", "8080")
    reader, writer = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("w") as full, os.fdopen(writer, "w") as broken:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["cockpit"]) == 2
        monkeypatch.setattr(sys, "stdout", broken)
        with pytest.raises(SystemExit) as ended:
            main(["cockpit"])
    assert ended.value.code == 141
    assert capsys.readouterr().err == "The output can't be written: No space left on device\n"


async def test_there_are_no_pages_where_they_could_be_overheard(tmp_path: Path) -> None:
    """Where other machines reach the port without TLS, the pages are not served at all."""
    async with pages(tmp_path, bot_host="0.0.0.0") as web:
        assert (await web.get(web.link())).status == 404


async def _sessions(store: object) -> list[str]:
    return list(await store.namespace("cockpit.sessions").items())  # type: ignore[attr-defined]
