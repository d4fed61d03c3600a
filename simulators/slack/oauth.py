"""`oauth.*`: from the consent page to a token, and the rotation of tokens."""

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from simulators.slack.faults import ApiError
from simulators.slack.values import Json, new_id, plain
from simulators.slack.web_api.calls import Caller, method
from simulators.slack.workspace import Grant, Team

if TYPE_CHECKING:
    from simulators.slack.server import SlackSimulator

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

    def __init__(self, slack: "SlackSimulator") -> None:
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


@method("oauth.v2.access", is_open=True)
def access(caller: Caller) -> Json:
    slack, consent = caller.slack, caller.slack.consent
    if caller.text("client_id") != slack.client_id:
        raise ApiError("invalid_client_id")
    if caller.text("client_secret") != slack.client_secret:
        raise ApiError("bad_client_secret")
    if caller.text("grant_type") == "refresh_token":
        return _refresh(caller)
    code = consent.codes.get(caller.text("code"))
    if code is None:
        raise ApiError("invalid_code")
    if code.is_used:
        raise ApiError("code_already_used")
    if caller.text("redirect_uri") != code.redirect_uri:
        raise ApiError("bad_redirect_uri")
    code.is_used = True
    team = slack.teams[code.team]
    grant = consent.grant("" if code.is_org else code.team, code.enterprise, team.bot.id, code.scopes)
    enterprise = {"id": code.enterprise, "name": code.enterprise} if code.enterprise else None
    return {
        **consent.token_fields(grant),
        "bot_user_id": team.bot.id,
        "app_id": slack.app_id,
        "team": None if code.is_org else {"id": team.id, "name": team.name},
        "enterprise": enterprise,
        "is_enterprise_install": code.is_org,
        "authed_user": {"id": code.user},
    }


def _refresh(caller: Caller) -> Json:
    slack, consent = caller.slack, caller.slack.consent
    old = slack.grants.get(consent.refreshes.pop(caller.text("refresh_token"), ""))
    if old is None or old.state != "active":
        raise ApiError("invalid_refresh_token")
    grant = consent.grant(old.team, old.enterprise, old.user, old.scopes)
    old.expires_at = min(old.expires_at or time.time(), time.time() + 60)
    team = slack.teams.get(old.team)
    return {
        **consent.token_fields(grant),
        "bot_user_id": old.user,
        "app_id": slack.app_id,
        "team": {"id": team.id, "name": team.name} if team else None,
        "enterprise": {"id": old.enterprise, "name": old.enterprise} if old.enterprise else None,
        "is_enterprise_install": not old.team,
    }
