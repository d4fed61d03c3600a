"""Connections are made to public https addresses and to the allowed origin only."""

from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.errors import DownloadFailed, UnsafeUrl
from bot.media import Spool
from bot.media.network import is_public
from tests.support.media_servers import (
    HOST,
    INTERNAL,
    INTERNET,
    Certificate,
    Handler,
    Names,
    OfferedFile,
    make_spool,
    serve,
)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.192",
        "192.0.2.1",
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "2130706433",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.1",
        "localhost",
        "",
    ],
)
def test_internal_addresses_are_not_public(address: str) -> None:
    """Internal, reserved and embedded internal addresses are not public; odd notations are not addresses."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_internet_addresses_are_public(address: str) -> None:
    """Real internet addresses are public; an embedded IPv4 address decides."""
    assert is_public(address)


def answer(body: bytes) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    return handle


@pytest.mark.parametrize(
    "host",
    [
        INTERNAL,
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "user:secret@files.example",
    ],
)
async def test_an_internal_server_gets_no_request(
    host: str, folder: Path, certificate: Certificate, png: bytes
) -> None:
    """An internal address gets no request, however it is written."""
    names = Names([INTERNAL])
    async with (
        serve(answer(png), tls=certificate.server, host=INTERNAL) as internal,
        make_spool(folder, certificate, names=names) as spool,
    ):
        with pytest.raises(UnsafeUrl):
            await spool.fetch(OfferedFile(f"https://{host}:{internal.port}/a.png"), kind="image", name="a", event="e")
    assert not internal.requests


@pytest.mark.parametrize("url", ["http://files.example/a.png", "file:///etc/passwd", "ftp://a.example/b", "//a", "x"])
async def test_only_https_is_fetched(url: str, folder: Path, certificate: Certificate) -> None:
    """Any other scheme is refused."""
    async with make_spool(folder, certificate) as spool:
        with pytest.raises(UnsafeUrl):
            await spool.fetch(OfferedFile(url), kind="image", name="a", event="e")


async def test_a_name_that_no_resolver_takes_is_refused(folder: Path) -> None:
    """A name longer than names may be is a wrong address, not a crash."""
    async with Spool(folder, secret=SecretStr("k"), max_bytes=1000, timeout=5) as spool:
        with pytest.raises(UnsafeUrl):
            await spool.fetch(OfferedFile(f"https://{'a' * 300}.example/a.png"), kind="image", name="a", event="e")


async def test_a_name_that_turns_internal_is_refused(folder: Path, certificate: Certificate, png: bytes) -> None:
    """Each connection is checked: a name that now resolves to an internal address is refused."""
    names = Names([INTERNET, INTERNAL])
    async with serve(answer(png), tls=certificate.server) as public:
        item = OfferedFile(f"https://{HOST}:{public.port}/a.png")
        async with make_spool(folder, certificate, names=names) as spool:
            await spool.fetch(item, kind="image", name="a", event="e")
            with pytest.raises(UnsafeUrl):
                await spool.fetch(item, kind="image", name="a", event="e")


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_a_redirect_to_an_internal_address_is_not_followed(
    scheme: str, folder: Path, certificate: Certificate, png: bytes
) -> None:
    """A public server can't redirect to an internal one."""
    tls = certificate.server if scheme == "https" else None
    async with serve(answer(png), tls=tls, host=INTERNAL) as internal:

        async def away(_: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"{scheme}://{INTERNAL}:{internal.port}/secret")

        async with serve(away, tls=certificate.server) as public, make_spool(folder, certificate) as spool:
            with pytest.raises(UnsafeUrl):
                await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
    assert public.requests
    assert not internal.requests


async def test_the_allowed_origin_is_exactly_one_port(folder: Path, certificate: Certificate, png: bytes) -> None:
    """The configured API may be internal and plain http; another port of its host may not."""
    async with serve(answer(png), host=INTERNAL) as api, serve(answer(png), host=INTERNAL) as other:
        origin = f"http://{INTERNAL}:{api.port}"
        async with make_spool(folder, certificate, allowed_origins=(origin,)) as spool:
            media = await spool.fetch(OfferedFile(f"{origin}/files/a.png"), kind="image", name="a", event="e")
            assert media.size == len(png)
            for url in (f"http://{INTERNAL}:{other.port}/", f"https://{INTERNAL}:{api.port}/"):
                with pytest.raises(UnsafeUrl):
                    await spool.fetch(OfferedFile(url), kind="image", name="a", event="e")
    assert not other.requests


async def test_the_allowed_origin_can_not_redirect_to_internal_addresses(
    folder: Path, certificate: Certificate, png: bytes
) -> None:
    """A redirect from the API to another internal server is refused."""
    async with serve(answer(png), host=INTERNAL) as internal:

        async def away(_: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"http://{INTERNAL}:{internal.port}/")

        async with serve(away, host=INTERNAL) as api:
            origin = f"http://{INTERNAL}:{api.port}"
            async with make_spool(folder, certificate, allowed_origins=(origin,)) as spool:
                with pytest.raises(UnsafeUrl):
                    await spool.fetch(OfferedFile(f"{origin}/a"), kind="image", name="a", event="e")
    assert not internal.requests


async def test_redirects_between_public_addresses_are_bounded(
    folder: Path, certificate: Certificate, png: bytes
) -> None:
    """Five redirects are followed, relative ones too, without credentials; a sixth is not."""

    async def handle(request: web.Request) -> web.StreamResponse:
        left = int(request.path.strip("/"))
        return web.Response(body=png) if not left else web.Response(status=302, headers={"Location": f"/{left - 1}"})

    async with serve(handle, tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        media = await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/5"), kind="image", name="a", event="e")
        assert media.size == len(png)
        with pytest.raises(DownloadFailed):
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/6"), kind="image", name="a", event="e")
    assert not any({"Authorization", "Cookie"} & set(request.headers) for request in public.requests if request)


async def test_a_proxy_of_the_environment_is_not_used(
    folder: Path, certificate: Certificate, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would connect to unchecked addresses."""
    async with serve(answer(png), tls=certificate.server) as public, serve(answer(b""), host=INTERNAL) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{INTERNAL}:{proxy.port}")
        async with make_spool(folder, certificate) as spool:
            await spool.fetch(OfferedFile(f"https://{HOST}:{public.port}/"), kind="image", name="a", event="e")
    assert public.requests
    assert not proxy.requests


async def test_an_untrusted_certificate_is_refused(folder: Path, certificate: Certificate, png: bytes) -> None:
    """A server with an untrusted certificate is refused."""
    async with serve(answer(png), tls=certificate.server) as public, make_spool(folder, certificate) as spool:
        with pytest.raises(DownloadFailed):
            await spool.fetch(OfferedFile(f"https://other.example:{public.port}/"), kind="image", name="a", event="e")
    assert not public.requests
