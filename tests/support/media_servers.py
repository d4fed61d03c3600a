"""Servers on loopback for fetching from: 127.0.0.2 plays the public internet, 127.0.0.1 is internal."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from bot.media import Spool
from bot.media.network import Network, is_public
from bot.media.timing import MediaTiming

INTERNET, INTERNAL = "127.0.0.2", "127.0.0.1"
HOST = "files.example"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class OfferedFile:
    """A generated file as the API offers it."""

    url: str | None = None
    b64_json: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None


@dataclass
class Names(AbstractResolver):
    """Answers every name with the next of some addresses, the last one for ever."""

    addresses: list[str] = field(default_factory=lambda: [INTERNET])

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class Certificate:
    server: ssl.SSLContext
    client: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    """A certificate for HOST, and a client that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    x509.DNSName(HOST),
                    *(x509.IPAddress(ipaddress.ip_address(a)) for a in (INTERNET, INTERNAL)),
                ]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + public)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return Certificate(server, ssl.create_default_context(cadata=public.decode()))


@dataclass
class Seen:
    """What a server was asked."""

    port: int = 0
    requests: list[web.Request | None] = field(default_factory=list)


@asynccontextmanager
async def serve(handler: Handler, *, tls: ssl.SSLContext | None = None, host: str = INTERNET) -> AsyncIterator[Seen]:
    """Run a handler for every path on a free port."""
    seen = Seen()

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.requests.append(request)
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0, ssl_context=tls)
    await site.start()
    seen.port = runner.addresses[0][1]
    try:
        yield seen
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serve_raw(answer: bytes, *, tls: ssl.SSLContext, hold: asyncio.Event | None = None) -> AsyncIterator[Seen]:
    """Send these very bytes for every connection, then close, or hold the connection open until `hold`."""
    seen = Seen()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.requests.append(None)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if hold is not None:
                await hold.wait()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, INTERNET, 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        if hold is not None:
            hold.set()
        server.close()
        await server.wait_closed()


def send_body(body: bytes, *, content_type: str = "image/png", chunked: bool = False) -> Handler:
    """Return a handler that sends `body`, with its length unless `chunked`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        if not chunked:
            response.content_length = len(body)
        await response.prepare(request)
        try:
            for at in range(0, len(body), 50_000):
                await response.write(body[at : at + 50_000])
        except ConnectionError:
            pass  # the client has read enough
        return response

    return handle


def make_spool(
    folder: Path,
    certificate: Certificate,
    *,
    names: Names | None = None,
    allowed_origins: tuple[str, ...] = (),
    max_bytes: int = 2_000_000,
    timeout: float = 20,
    public_url: str = "",
    link_hours: float = 1,
    shrink_timeout: float = 120,
) -> Spool:
    """A spool for which 127.0.0.2, and nothing else on this machine, is the internet."""
    resolver: Callable[[], AbstractResolver] = (lambda: names) if names is not None else Names
    network = Network(lambda address: address == INTERNET or is_public(address), resolver, certificate.client)
    return Spool(
        folder,
        secret=SecretStr("the-signing-key"),
        max_bytes=max_bytes,
        timeout=timeout,
        allowed_origins=allowed_origins,
        public_url=public_url,
        link_hours=link_hours,
        network=network,
        timing=MediaTiming(shrink=shrink_timeout),
    )
