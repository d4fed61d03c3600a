"""Installation of the app in a browser."""

import re
from urllib.parse import urlsplit

import aiohttp

from simulators.slack import SlackSimulator, Team


async def install(slack: SlackSimulator, url: str, team: Team, *, cookie: bool = True, twice: bool = False) -> int:
    """Follow the link at `url` to its end and install the app; return the status of the last page."""
    slack.consent.team = team
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
        async with browser.get(f"{url}/slack/install") as page:
            [link] = re.findall(r'href="([^"]+authorize[^"]+)"', (await page.text()).replace("&amp;", "&"))
            headers = {"Cookie": page.headers["Set-Cookie"].split(";")[0]} if cookie else {}
        async with browser.get(link, allow_redirects=False) as consent:
            query = urlsplit(consent.headers["Location"]).query
        for _ in range(1 + twice):
            async with browser.get(f"{url}/slack/oauth_redirect?{query}", headers=headers) as last:
                status = last.status
        return status
