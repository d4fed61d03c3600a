"""Pages that a question links to: when they are read, what the model gets of them, and what is never fetched."""

from pathlib import Path

import pytest
from aiohttp import web

from bot.conversation.attachments import AttachmentReader
from bot.conversation.links import find_links
from bot.media.network import Network, SafeClient, is_public
from bot.media.pages import WebPages
from bot.media.timing import MediaTiming
from bot.ops.check import check_links
from bot.settings.core import Settings
from tests.support.command_runner import command_runner
from tests.support.media_servers import HOST, INTERNAL, INTERNET, Names, make_certificate, serve

_PARAGRAPHS = "".join(
    f"<p>Lake number {n} is deep and cold, and people cross it in winter on foot.</p>" for n in range(9)
)
_PAGE = f"""<!doctype html><html><head><title>The lakes</title></head><body><nav><a href="/">Buy socks</a></nav>
<article><h1>Of lakes</h1>{_PARAGRAPHS}</article><footer>All rights reserved</footer></body></html>"""


@pytest.mark.parametrize(
    ("prompt", "mode", "expected"),
    [
        ("summarise https://a.example/x.", "asked", ["https://a.example/x"]),
        ("這篇在說什麼？https://a.example/甲，謝謝", "asked", ["https://a.example/甲"]),
        ("總結 https://a.example：重點是什麼", "asked", ["https://a.example"]),
        ("總結《https://a.example/x》…", "asked", ["https://a.example/x"]),
        ("總結（https://a.example/x）", "asked", ["https://a.example/x"]),
        (
            "read [it](https://a.example/a_(b)) <http://b.example>",
            "asked",
            ["https://a.example/a_(b)", "http://b.example"],
        ),
        ("see the page https://a.example about it", "asked", []),
        ("What does https://a.example say?", "asked", ["https://a.example"]),
        ("https://a.example", "on", ["https://a.example"]),
        ("summarise https://a.example", "off", []),
        ("explain `https://a.example` and\n```\nhttps://b.example\n```", "on", []),
        (
            "read " + " ".join(f"https://{n}.example" for n in range(9)),
            "asked",
            [f"https://{n}.example" for n in range(3)],
        ),
    ],
)
def test_links_that_are_read(prompt: str, mode: str, expected: list[str]) -> None:
    """Those that the words ask for, or all; three at most, none in code, without the sentence's punctuation."""
    assert [link.name for link in find_links(prompt, mode)] == expected


def test_a_missing_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `check`, where links are to be read; a question is then answered without them."""
    settings = Settings(_env_file=None, bot_data_dir=tmp_path, bot_links="on")  # type: ignore[call-arg, unused-ignore]
    assert check_links(settings) == []
    monkeypatch.setattr("bot.conversation.links.find_spec", lambda _: None)
    [result] = check_links(settings)
    assert not result.is_ok
    assert find_links("summarise https://a.example", "on") == ()


async def test_a_linked_page_is_read_and_named(tmp_path: Path) -> None:
    """The article without menus; an address inside, a redirect there and what is no text end in a sentence."""
    certificate = make_certificate(tmp_path)

    async def internet(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/inside":
                raise web.HTTPFound(f"https://{INTERNAL}:{inside.port}/secret")
            case "/zip":
                return web.Response(body=b"PK\x03\x04" + bytes(500))
            case "/long":
                return web.Response(text="x" * 3_000_000)
            case _:
                return web.Response(text=_PAGE, content_type="text/html")

    async def internal(_: web.Request) -> web.StreamResponse:
        return web.Response(text="the secret")

    network = Network(lambda address: address == INTERNET or is_public(address), Names, certificate.client)
    async with (
        serve(internet, tls=certificate.server) as outside,
        serve(internal, tls=certificate.server, host=INTERNAL) as inside,
        SafeClient((), network, MediaTiming()) as client,
        command_runner(tmp_path, bot_max_attachment_bytes=1_000_000) as runner,
    ):
        runner.attachment_reader = AttachmentReader(max_bytes=1_000_000, parse_seconds=60, pages=WebPages(client, 20))
        page = f"http://{HOST}:{outside.port}/lakes"
        said = await runner.ask("chat", f"summarise {page}")
        [body] = runner.api_server.bodies("chat")
        given = body["messages"][-1]["content"]
        assert "# The lakes" in given
        assert "Lake number 8 is deep" in given
        assert "socks" not in given
        assert said.text == f"Hello there.\n\n*Read for this: {page}*"
        wrong = [f"https://{INTERNAL}:{inside.port}/x", f"https://{HOST}:{outside.port}/inside", "https://e.exam℀ple"]
        said = await runner.ask("chat", "read " + " ".join(wrong))
        assert said.text.startswith("".join(f"> {url} could not be fetched, so it was not read.\n" for url in wrong))
        assert "Read for this" not in said.text
        wrong = [f"https://{HOST}:{outside.port}/{name}" for name in ("zip", "long")]
        said = await runner.ask("chat", "read " + " ".join(wrong))
        assert said.text.startswith(f"> {wrong[0]} was not read: I can only read")
        assert f"> {wrong[1]} was not read: it is bigger than 1 MB." in said.text
        assert inside.requests == []
        runner.api_server.calls.clear()
        await runner.store.namespace("service").set("links", "off")
        await runner.ask("chat", f"summarise {page}")
        assert "Lake number" not in runner.api_server.bodies("chat")[0]["messages"][-1]["content"]
