"""`oauth.*`: from the code of the consent page to a token, and the rotation of tokens."""

import time

from simulators.slack.faults import ApiError
from simulators.slack.values import Json
from simulators.slack.web_api.calls import Caller, method


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
