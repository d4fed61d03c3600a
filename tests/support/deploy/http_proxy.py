"""A proxy for HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web


@asynccontextmanager
async def forwarding(addresses: list[str]) -> AsyncIterator[str]:
    """A proxy that forwards requests and records their addresses."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            url = request.raw_path if request.raw_path.startswith("http") else str(request.url)
            addresses.append(url.rpartition("/")[2].partition("?")[0])
            headers = {
                name: value for name, value in request.headers.items() if name not in ("Host", "Accept-Encoding")
            }
            body = await request.read()
            async with session.request(request.method, url, headers=headers, data=body) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

        runner = web.ServerRunner(web.Server(forward))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
