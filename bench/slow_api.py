"""An API server with slow answers: text streamed for seconds, and a video of a given size."""

import asyncio
import contextlib
import json
import sys
from contextlib import AbstractContextManager

from aiohttp import web

from bench.api_server import run_server

PIECES, PAUSE = 60, 0.1  #: pieces of a streamed answer, and seconds between two
_CHUNK = 1 << 20


async def stream_chat(request: web.Request) -> web.StreamResponse:
    """Stream an answer of six seconds."""
    await request.read()
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number in range(PIECES):
        delta = {"content": f"Piece {number} of an answer that takes its time. "}
        chunk = {"object": "chat.completion.chunk", "model": "gpt-4-turbo", "choices": [{"index": 0, "delta": delta}]}
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await asyncio.sleep(PAUSE)
    await response.write(b"data: [DONE]\n\n")
    return response


async def main(size: int) -> None:
    """Serve until killed; the first line of output is the port."""

    async def create_video(request: web.Request) -> web.Response:
        await request.read()
        video = {"url": f"http://{request.host}/file.mp4", "duration": 10, "width": 1920, "height": 1080}
        return web.json_response({"success": True, "data": {"videos": [video]}, "message": "ok"})

    async def send_file(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        response.content_length = size
        await response.prepare(request)
        first = b"\0\0\0\x20ftypisom" + bytes(_CHUNK - 12)
        for at in range(0, size, _CHUNK):
            await response.write((first if at == 0 else bytes(_CHUNK))[: size - at])
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", stream_chat)
    app.router.add_post("/v1/video/generations", create_video)
    app.router.add_get("/file.mp4", send_file)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def slow_api(size: int) -> AbstractContextManager[str]:
    """Run the server in a process of its own; `size`: bytes of the video. Yields its base URL."""
    return run_server("bench.slow_api", size)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
