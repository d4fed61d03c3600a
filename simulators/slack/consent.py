"""The page on which a user allows the installation of the app, and the codes and tokens that come of it."""

import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from simulators.slack.state import SlackState
from simulators.slack.values import Json, new_id, plain
from simulators.slack.workspace import Grant, Team

LIFETIME = 43_200


@dataclass(slots=True)
class Code:
    """A code from the consent page."""

    team: str
    enterprise: str
    is_org: bool
    user: str
    scopes: set[str]
    redirect_uri: str
    is_used: bool = False


class ConsentPage:
    """The page on which a user allows the installation of the app."""

    def __init__(self, slack: SlackState) -> None:
        self.slack = slack
        self.codes: dict[str, Code] = {}
        self.refreshes: dict[str, str] = {}  #: refresh token to the token it renews
        self.rotates = False  #: tokens expire after 12 hours and come with a refresh token
        self.team: Team | None = None  #: into which the next person installs; None: the first
        self.is_org = False  #: they install on the whole organisation
        self.denies = False  #: they press Cancel

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/oauth/v2/authorize", self._authorize)]

    async def _authorize(self, request: web.Request) -> web.Response:
        """Redirect as if the user pressed Allow at once."""
        query, team = request.query, self.team or self.slack.team
        if query.get("client_id") != self.slack.client_id:
            return web.Response(status=400, text="Invalid client_id parameter")
        target = query.get("redirect_uri") or ""
        if self.denies:
            raise web.HTTPFound(f"{target}?{urlencode({'error': 'access_denied', 'state': query.get('state', '')})}")
        code = secrets.token_hex(16)
        user = next((u.id for u in team.users.values() if not u.is_bot), "")
        scopes = plain([query.get("scope", "")])
        self.codes[code] = Code(team.id, team.enterprise, self.is_org, user, scopes, target)
        raise web.HTTPFound(f"{target}?{urlencode({'code': code, 'state': query.get('state', '')})}")

    def grant(self, team: str, enterprise: str, user: str, scopes: set[str]) -> Grant:
        """A new token, with a way to renew it where tokens rotate."""
        token = f"xox{'e.xox' if self.rotates else ''}b-{team or enterprise}-{secrets.token_hex(8)}"
        grant = Grant(token=token, team=team, enterprise=enterprise, user=user, scopes=scopes)
        if self.rotates:
            grant.expires_at = time.time() + LIFETIME
            grant.refresh_token = f"xoxe-1-{new_id('R')}"
            self.refreshes[grant.refresh_token] = token
        self.slack.grants[token] = grant
        return grant

    def token_fields(self, grant: Grant) -> Json:
        """The token's fields in the answer of `oauth.v2.access`."""
        given: Json = {"access_token": grant.token, "token_type": "bot", "scope": ",".join(sorted(grant.scopes))}
        if grant.expires_at is not None:
            left = int(grant.expires_at - time.time())
            given |= {"refresh_token": grant.refresh_token, "expires_in": left}
        return given
