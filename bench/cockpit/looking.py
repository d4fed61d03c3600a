"""People who look at the overview: `python -m bench.cockpit.looking NUMBER`, links to sign in on standard input.

Says "ready" once all see it, and at the end how many refreshes they have seen.
"""

import asyncio
import re
import sys
from html import unescape
from urllib.parse import urlsplit

import aiohttp

STREAMS = 8  #: of one sign-in


async def look(links: list[str], number: int) -> None:
    """Sign in with the links, look, and say so; look on until standard input ends."""
    jars: list[aiohttp.ClientSession] = []
    looking: list[asyncio.Task[None]] = []
    ready = asyncio.Semaphore(0)
    refreshes: list[None] = []
    try:
        for at, link in enumerate(links):
            base = "{0.scheme}://{0.netloc}".format(urlsplit(link))
            session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout())
            jars.append(session)
            async with session.get(link) as page:
                [token] = re.findall(r'name="link" value="([^"]+)"', await page.text())
            fields = {"link": unescape(token)}
            async with session.post(f"{base}/cockpit/enter", data=fields, headers={"Origin": base}) as entered:
                entered.raise_for_status()
            url = f"{base}/cockpit/overview/live"
            streams = range(min(STREAMS, number - at * STREAMS))
            looking += [asyncio.create_task(follow(session, url, ready, refreshes)) for _ in streams]
        for _ in range(number):
            await ready.acquire()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    finally:
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        for session in jars:
            await session.close()
        print(len(refreshes), flush=True)


async def follow(session: aiohttp.ClientSession, url: str, ready: asyncio.Semaphore, refreshes: list[None]) -> None:
    """Read a stream until it ends."""
    async with session.get(url) as response:
        response.raise_for_status()
        await response.content.readuntil(b"\n\n")
        ready.release()
        while await response.content.readuntil(b"\n\n"):
            refreshes.append(None)


if __name__ == "__main__":
    asyncio.run(look([line.strip() for line in iter(sys.stdin.readline, "\n")], int(sys.argv[1])))
