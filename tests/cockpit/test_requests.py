"""The list of requests, one request, and what can be done with them, from the pages and the command line."""

import asyncio
import json
import re
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse

from bot.__main__ import main
from bot.characters import CONTROLS
from bot.cockpit.page import registered_pages
from bot.ops.web import WebServer
from bot.pipeline.timing import PipelineTiming
from bot.sign_in.address import host_of_this_machine
from bot.sign_in.visitor import Visitor
from bot.subcommands.running_service import show
from tests.support.pages.client import Pages, pages
from tests.support.scripted_api import chat_data, data, failure

pytestmark = pytest.mark.usefixtures("quiet_logs")

SECRET = "a word that only the two of them know"


def listed(text: str) -> dict[str, str]:
    """The numbers of the requests on a page, with their states."""
    return dict(re.findall(r'/cockpit/requests/(\d+)" class="state (\w+)"', text))


async def states(web: Pages, query: str = "") -> dict[str, str]:
    return listed((await web.get(f"/cockpit/requests{query}")).text)


async def test_the_operator_steers_requests(tmp_path: Path) -> None:
    """One is stopped, one dropped, one answered anew; each answer in the channel follows, and the audit log has all."""
    async with pages(tmp_path) as web:
        service = web.service
        service.adapter.named = {"w": "Workshop", "general": "lobby"}
        gate = service.echo.hold("SLOW")
        done = await service.ask("quick", who="ann", conversation="elsewhere")
        running = await service.start_asking("SLOW one", who="bob")
        waiting = await service.channel.ask("SLOW two", who="bob")
        await web.sign_in()
        await service.channel.until(lambda: waiting in service.channel.acknowledged)
        shown = await states(web)
        [second, first, quick] = shown
        assert list(shown.values()) == ["waiting", "running", "answered"]
        assert list(await states(web, "?state=open")) == [second, first]
        await service.core.inbox.background.drain()
        assert list(await states(web, "?actor=ann")) == list(await states(web, "?actor=ANN")) == [quick]
        for named in ("channel=%23Lobby", "channel=lobby", "channel=general", "workspace=workshop", "workspace=w"):
            assert list(await states(web, f"?{named}")) == [second, first, quick]
        assert await states(web, "?channel=workshop") == await states(web, "?workspace=lobby") == {}
        assert "Ann #lobby Workshop · channel" in (await web.get("/cockpit/requests")).words
        one = await web.get(f"/cockpit/requests/{quick}")
        assert "Person Ann ann Platform channel Workspace or server Workshop w Channel #lobby general" in one.words
        assert await states(web, "?command=image") == await states(web, "?lane=free") == {}
        assert list(await states(web, "?lane=conversation&adapter=channel")) == [second, first, quick]

        page = await web.post("/cockpit/requests/act", {"act": "drop", "request": second, "filters": "state=open&x=1"})
        assert "Dropped: 1." in page.words
        assert 'tabindex="-1" autofocus>Dropped' in page.text  # a screen reader begins there
        assert page.url.endswith("/requests?state=open&done=1&act=drop")
        page = await web.post("/cockpit/requests/act", {"act": "cancel", "request": first, "back": first})
        assert page.url.partition("?")[0].endswith(f"/requests/{first}")
        assert "Stopped: 1." in page.words
        await service.channel.wait_for_answers(running)
        assert "Stopped." in service.answer(running).text
        assert service.channel.answers(waiting) == []
        assert list((await states(web)).values()) == ["dropped", "cancelled", "answered"]
        gate.set()

        assert done.text == "re: quick"
        service.echo.instead.append(data(chat_data("another answer")))
        page = await web.post("/cockpit/requests/act", {"act": "requeue", "request": quick})
        assert "Being answered again: 1." in page.words
        await service.channel.until(lambda: done.text == "another answer")
        assert len(service.channel.answers(done.reply_to)) == 1
        refused = await web.post("/cockpit/requests/act", {"act": "cancel", "request": quick})
        assert "Nothing was done" in refused.words
        acts = [(entry.action, entry.subject) for entry in await service.core.store.audit("channel", limit=9)]
        expected = [("request.requeue", done.reply_to), ("request.cancel", running), ("request.drop", waiting)]
        assert acts == expected


async def test_many_requests_are_steered_at_once(tmp_path: Path) -> None:
    """Each act is done with those of the chosen whose state allows it, and says with how many."""
    patient = PipelineTiming(delayed=0.05, shortest_pause=3600, longest_pause=3600, outage_pause=3600)
    async with pages(tmp_path, timing=patient, bot_patience=600) as web:
        service, act = web.service, "/cockpit/requests/act"
        done = [await service.ask(f"quick {n}", who="ann", conversation=f"{n}") for n in "ab"]
        gate = service.echo.hold("SLOW")
        running = [await service.start_asking(f"SLOW {n}", who="bob", conversation=n) for n in "cd"]
        waiting = [await service.channel.ask(f"SLOW {n} too", who="bob", conversation=n) for n in "cd"]
        service.echo.broken.add("BROKEN")
        broken = [await service.channel.ask(f"BROKEN {n}", who="eve", conversation=n) for n in "ef"]
        tried = await service.channel.ask("BROKEN too", who="zoe", conversation="g")
        await web.sign_in()
        for person, count in (("eve", len(broken)), ("zoe", 1)):
            while [*(await states(web, f"?actor={person}")).values()] != ["waiting"] * count:
                await service.channel.until(lambda: True)
        everything = list(await states(web))
        by_state = {state: [seq for seq, one in (await states(web)).items() if one == state] for state in ("waiting",)}
        later = [seq for seq in by_state["waiting"] if seq in await states(web, "?actor=bob")]
        later += await states(web, "?actor=zoe")

        assert service.answer(tried).text
        assert "Dropped: 3." in (await web.post(act, {"act": "drop", "request": later})).words
        await service.channel.until(lambda: not any(one.text for one in service.channel.answers(tried)))
        service.echo.broken.clear()
        assert "Being tried again: 2." in (await web.post(act, {"act": "retry", "request": everything})).words
        await service.channel.wait_for_answers(*broken)
        assert [service.answer(one).text for one in broken] == ["re: BROKEN e", "re: BROKEN f"]
        assert "Stopped: 2." in (await web.post(act, {"act": "cancel", "request": everything})).words
        await service.channel.wait_for_answers(*running)
        assert all("Stopped." in service.answer(one).text for one in running)
        assert [service.channel.answers(one) for one in waiting] == [[], []]
        gate.set()
        again = [seq for seq in everything if seq in await states(web, "?actor=ann")]
        service.echo.instead += [data(chat_data("anew"))] * 2
        assert "Being answered again: 2." in (await web.post(act, {"act": "requeue", "request": again})).words
        await service.channel.until(lambda: [one.text for one in done] == ["anew", "anew"])


async def test_texts_are_hidden_until_the_operator_opts_in(tmp_path: Path) -> None:
    """Without `BOT_COCKPIT_TEXTS` no page, one that is added included, has a word of a question or an answer."""
    for is_opted_in in (False, True):
        async with pages(tmp_path / str(is_opted_in), bot_cockpit_texts=is_opted_in) as web:
            await web.service.ask(SECRET)
            await web.service.ask(SECRET, command="image", who="ann")
            await web.sign_in()
            shown = ""
            for path in [one.path for one in registered_pages() if not one.is_act]:
                for seq in "12":
                    filled = re.sub(r"{(\w+)}", lambda match: {"seq": seq, "number": "0"}.get(match[1], "slack"), path)  # noqa: B023
                    page = await web.peek(f"/cockpit{filled}?adapter=channel&workspace=w&person=ann")
                    assert page.status < 500
                    shown += page.text
            assert (SECRET in shown) is is_opted_in
            assert ("characters" in shown) is (not is_opted_in)


async def test_nobody_reaches_into_another_workspace(tmp_path: Path) -> None:
    """With numbers, filters and acts of another's requests an administrator gets nothing, and nothing happens."""
    async with pages(tmp_path) as web:
        await web.service.ask("mine", workspace="w")
        gate = web.service.echo.hold("SLOW")
        asked = await web.service.start_asking("SLOW", workspace="theirs")
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann"))
        [own] = await states(web)
        theirs = next(number for number in ("1", "2") if number != own)
        for query in ("?workspace=theirs", "?adapter=other", "?workspace=&adapter=", "?before=99"):
            assert list(await states(web, query)) == [own], query
        page = await web.get(f"/cockpit/requests/{theirs}")
        assert page.status == 404
        for act in ("cancel", "drop", "requeue", "retry"):
            await web.post("/cockpit/requests/act", {"act": act, "request": theirs})
        for path in ("/cockpit/api/status", "/cockpit/api/requests", "/cockpit/api/usage"):
            assert (await web.get(path)).status == 403
        assert (await web.post("/cockpit/api/requests/act", {"act": "cancel", "request": theirs})).status == 403
        for odd in ("x", "-1", "99999999999999999999", "1 OR 1=1"):
            await web.post("/cockpit/requests/act", {"act": "cancel", "request": odd})
        assert (await web.get("/cockpit/requests?act=nothing&done=%3Cb%3E&before=x&state=y")).status == 200
        gate.set()
        await web.service.channel.wait_for_answers(asked)
        assert web.service.answer(asked).text == "re: SLOW"


def any_host() -> str:
    """The host of every address of this machine: that of IPv6 where it has it, which is asked at another address."""
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return "::"
    return "0.0.0.0"


async def test_the_command_line_sees_and_steers_the_running_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`status`, `usage` and `events`, for people and as JSON; each problem is one sentence and status 2."""

    async def run(*arguments: str) -> tuple[int, str]:
        status = await asyncio.to_thread(main, arguments)
        shown = capsys.readouterr()
        assert not CONTROLS.search(shown.out.replace("\n", ""))  # no terminal is steered
        return status, shown.out + shown.err

    public = {"bot_host": any_host(), "bot_public_url": "https://muse.example"}
    zone = "Pacific/Kiritimati" if datetime.now(UTC).hour >= 12 else "Pacific/Pago_Pago"  # where it is another day
    async with pages(tmp_path, bot_recorder="redacted", bot_time_zone=zone, **public) as web:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path))
        for name, value in public.items():
            monkeypatch.setenv(name.upper(), value)
        monkeypatch.setenv("BOT_PORT", str(web.server.port))
        web.service.adapter.named = {"w": "Workshop", "general": "lobby\x9b"}
        quick = (await web.service.ask("quick")).reply_to
        await web.service.core.inbox.background.drain()
        gate = web.service.echo.hold("SLOW")
        running = await web.service.start_asking("SLOW")
        status, text = await run("status")
        assert status == 0
        assert re.search(r"Being answered +1", text)
        assert re.search(r"Today +0.00 for 1 request", text)
        _, text = await run("requests", "--state", "open")
        assert "running" in text
        assert "answered" not in text
        _, text = await run("events", "list", "--json")
        assert [one["state"] for one in json.loads(text)] == ["running", "answered"]
        shown = show("requests", [one | {"name": "Eve\x1b[31m\u202e貓"} for one in json.loads(text)[:1]], as_json=False)
        assert r"Eve\x1b[31m\u202e貓  channel" in shown  # no terminal is steered
        heads, cells = shown.splitlines()
        assert cells.index("channel") == heads.index("adapter") - 1  # the wide character takes two columns
        _, text = await run("requests", "--before", "2", "--json")
        assert [one["seq"] for one in json.loads(text)] == [1]
        _, text = await run("usage", "--days", "1", "--json")
        [used] = json.loads(text)
        assert (used["day"], used["kind"]) == (datetime.now(ZoneInfo(zone)).date().isoformat(), "chat")
        _, text = await run("requests")
        assert re.search(r"Ada +channel +Workshop +lobby\\x9b ", text)
        assert text.count(f"{datetime.now(ZoneInfo(zone)).isoformat()[-6:]}  chat") == 2
        assert (await run("cancel", running)) == (0, f"Stopped: {running}\n")
        await web.service.channel.wait_for_answers(running)
        status, text = await run("retry", running)
        assert (status, "cancelled" in text) == (2, True)
        status, text = await run("record", "export", running)
        assert (status, json.loads(text)["command"]) == (0, "chat")
        file = tmp_path / "one.json"
        file.touch(0o644)
        assert (await run("record", "export", "1", "-o", str(file)))[0] == 0
        assert file.stat().st_mode & 0o777 == 0o600
        assert json.loads(file.read_text())["steps"][-1]["outcome"] == "answered"
        for act, name in (("cancel", "unknown"), ("show", "unknown"), ("show", "\udcff"), ("drop", "\udcff")):
            status, text = await run("events", act, name)
            assert (status, "no request" in text) == (2, True)
        _, text = await run("events", "show", running)
        assert re.search(rf"^id +{running}\n(.*\n)*state +cancelled\n(.*\n)*call .* chat ", text, re.MULTILINE)
        _, text = await run("events", "show", quick, "--json")
        assert [call["state"] for call in json.loads(text)["calls"]] == ["settled"]
        web.service.echo.instead = [failure(401)]
        failed = await web.service.ask("again", who="eve", conversation="eve's")
        assert (await run("retry", failed.reply_to)) == (0, f"Being tried again: {failed.reply_to}\n")
        await web.service.channel.until(lambda: failed.text == "re: again")
        drawing = await web.service.start_asking("SLOW fox", command="image")
        waiting = await web.service.channel.ask("SLOW bear", command="image")
        await web.service.channel.until(lambda: waiting in web.service.channel.acknowledged)
        assert await run("events", "drop", waiting, drawing) == (0, f"Dropped: {waiting}\nDropped: {drawing}\n")
        await web.service.channel.wait_for_answers(drawing)
        assert (web.service.answer(drawing).text, web.service.channel.answers(waiting)) == ("", [])
        status, text = await run("events", "drop", waiting, "unknown", "--json")
        assert (status, text.count('"is_done": false'), "no request unknown" in text) == (2, 2, True)
        for flags, seqs in ((("--person", "eve"), [3]), (("--command", "image", "--queue", "own"), [5, 4])):
            _, text = await run("requests", "--json", "--platform", "channel", *flags)
            assert [one["seq"] for one in json.loads(text)] == seqs
        monkeypatch.setenv("BOT_SECRET_KEY", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH")
        for refused in (("status",), ("record", "export", "1")):
            status, text = await run(*refused)
            assert (status, "401" in text) == (2, True)
        gate.set()
        web.base = f"http://{host_of_this_machine(public['bot_host'])}:{web.server.port}"
        overheard: list[str] = []

        async def listen(scope: Any, receive: Any, send: Any) -> None:
            """Another program on the port, while the service is down."""
            overheard.append(Headers(scope=scope)["authorization"])
            await PlainTextResponse("")(scope, receive, send)

        monkeypatch.delenv("BOT_SECRET_KEY")
        async with WebServer(listen, host=public["bot_host"], port=0) as other:
            monkeypatch.setenv("BOT_PORT", str(other.port))
            assert (await run("usage"))[0] == 2
        sent = {"Authorization": overheard[0], "Host": "muse.example"}
        assert (await web.get("/cockpit/api/usage?", **sent)).status == 200
        for path in ("/cockpit/api/usage?days=9", "/cockpit/api/requests?", "/cockpit/settings?"):
            assert (await web.get(path, **sent)).status == 401
        assert (await web.post("/cockpit/api/requests/act", {"act": "retry", "request": "1"}, **sent)).status == 401
    for answer in (HTMLResponse("<p>Not Found", 404), HTMLResponse("<p>Welcome"), JSONResponse({"detail": "?"}, 404)):
        async with WebServer(answer, host="127.0.0.1", port=0) as other:
            monkeypatch.setenv("BOT_HOST", "127.0.0.1")
            monkeypatch.setenv("BOT_PORT", str(other.port))
            status, text = await run("status")
            assert (status, "does not answer" in text) == (2, True)
    status, text = await run("status")
    assert (status, "does not answer" in text) == (2, True)
    monkeypatch.delenv("BOT_PORT")
    status, text = await run("status")
    assert (status, "this command asks the running service" in text) == (2, True)


async def test_nobody_acts_with_the_rights_of_others(tmp_path: Path) -> None:
    """No command is repeated by an administrator, nor a request beyond its author's limits; private answers stay so."""
    async with pages(tmp_path, bot_cockpit_texts=True, bot_requests_per_minute=4) as web:
        await web.service.ask("", command="cockpit", who="root")
        await web.service.ask("a question", who="ann")
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="w", actor="bob", name="Bob"))
        [question, command] = await states(web)
        shown = await web.get(f"/cockpit/requests/{command}")
        assert "token=" not in shown.text
        assert "Answer again" not in shown.words
        page = await web.post("/cockpit/requests/act", {"act": "requeue", "request": command})
        assert "Nothing was done" in page.words
        for again in (1, 1, 1, 0):  # the person's requests of a minute are used up
            page = await web.post("/cockpit/requests/act", {"act": "requeue", "request": question})
            assert (f"Being answered again: {again}." if again else "Nothing was done") in page.words
            await web.service.echo.until(lambda: not web.service.echo.running)
            while (await states(web))[question] != "answered":
                await web.service.channel.until(lambda: True)


async def test_a_duel_stays_as_it_is_judged(tmp_path: Path) -> None:
    """Nothing names its models before the vote has ended, and its answers are not made anew: not by the operator."""
    options: dict[str, Any] = {"bot_image_models": ("alpha", "beta"), "bot_cockpit_texts": True}
    async with pages(tmp_path, bot_recorder="full", **options) as web:
        service = web.service
        asked = await service.channel.ask("a fox", command="duel", options={"kind": "image"}, who="bob")
        await service.channel.until(lambda: any("vote-show" in m.actions for m in service.channel.answers(asked)))
        await service.core.worker.drain()
        await web.sign_in()
        shown = [await web.get(path) for path in ("/cockpit/media", "/cockpit/requests/2", "/cockpit/requests/3")]
        assert not [page.words for page in shown if "alpha" in page.text or "beta" in page.text]
        assert "call of the API: image, 0.50" in shown[1].words
        assert (await web.get("/cockpit/requests/2/recording")).status == 404
        for part in ("2", "3"):
            assert "Answer again" not in (await web.get(f"/cockpit/requests/{part}")).words
            page = await web.post("/cockpit/requests/act", {"act": "requeue", "request": part})
            assert "Nothing was done" in page.words
        press = {"event": asked, "action": "vote-show"}
        await service.ask("", command="press", options=press, who="bob")
        assert "alpha" in (await web.get("/cockpit/requests/2")).text + (await web.get("/cockpit/requests/3")).text
        assert "beta, 0.50" in (await web.get("/cockpit/media")).words


async def test_a_recording_with_texts_is_exported_as_pages_show_texts(tmp_path: Path) -> None:
    """An administrator gets no file of what only its person could read."""
    async with pages(tmp_path, bot_cockpit_texts=True, bot_recorder="full") as web:
        await web.service.ask("a question", who="ann")
        await web.service.ask("", command="limits", who="ann")
        gate = web.service.echo.hold("SLOW")
        running = await web.service.start_asking("SLOW", who="ann")
        for actor, found in (("bob", [200, 404, 404]), ("ann", [200, 200, 200])):
            visitor = Visitor(is_administrator=True, adapter="channel", workspace="w", actor=actor, name=actor)
            await web.sign_in(visitor)
            asked = [await web.get(f"/cockpit/requests/{seq}/recording") for seq in (1, 2, 3)]
            assert [answer.status for answer in asked] == found
        assert "recording" not in (await web.get("/cockpit/requests/9")).text
        gate.set()
        await web.service.channel.wait_for_answers(running)
    async with pages(tmp_path, bot_recorder="redacted") as web:  # what was recorded before has its texts still
        await web.sign_in(visitor)
        assert (await web.get("/cockpit/requests/1/recording")).status == 404


async def test_odd_requests_are_answered_like_any_others(tmp_path: Path) -> None:
    """Numbers, languages and headers that nobody sends by accident are no errors of the service."""
    async with pages(tmp_path) as web:
        many = "9" * 5000
        assert (await web.get(f"/cockpit/requests/{many}")).status == 401
        assert (await web.get("/cockpit", **{"Accept-Language": "a-" * 3000})).status == 401
        assert (await web.get("/cockpit", Host="[")).status == 421
        assert (await web.post("/cockpit/enter", {"link": "x"}, token="", Origin="http://[")).status == 403
        await web.sign_in()
        for path in (f"requests/{many}", "requests/99999999999999999999", f"media/1/{many}"):
            assert (await web.get(f"/cockpit/{path}")).status == 404
        for path in ("requests?before=99999999999999999999", f"audit?before={many}", f"usage?days={many}"):
            assert (await web.get(f"/cockpit/{path}")).status == 200


async def test_the_timeline_of_a_request_and_its_recording(tmp_path: Path) -> None:
    """Each step in order with its time, retries and errors; the file has all, for those who may see the request."""
    async with pages(tmp_path, bot_recorder="redacted") as web:
        service = web.service
        service.echo.instead = [failure(503)]
        answer = await service.ask(SECRET)
        await web.sign_in()
        page = await web.get("/cockpit/requests/1")
        steps = ["received", "recorded", "claimed", "answer opened", "asked the AI API", "committed", "answer shown"]
        steps.append("done")
        places = [page.words.index(f" {step} ", page.words.index("Timeline")) for step in steps]
        assert places == sorted(places)
        assert re.search(r"POST /v1/chat/completions 503 .* POST /v1/chat/completions 200", page.words)
        file = json.loads((await web.get("/cockpit/requests/1/recording")).text)
        asked = [step["status"] for step in file["steps"] if step["kind"] == "api call"]
        assert (file["format"], file["version"], file["platform"]) == ("channelmuse recording", 1, "channel")
        assert asked == [503, 200]
        assert SECRET not in str(file)
        await web.sign_in(
            Visitor(is_administrator=True, adapter="channel", workspace="elsewhere", actor="eve", name="Eve")
        )
        assert (await web.get("/cockpit/requests/1/recording")).status == 404
        acts = [entry.action for entry in await service.core.store.audit("channel", limit=9)]
        assert "request.exported" in acts
    assert answer.text == f"re: {SECRET}"
