"""Settings of the web servers and of the pages, and of who signs in to these."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from bot.i18n import operator_text
from bot.settings.base import EnvironmentSettings, HttpUrl, PublicUrl, Words
from bot.settings.identity_provider import require_beside_issuer, validate_issuer

_SHORTEST_TOKEN = 16  # characters


def _token(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_TOKEN:
        raise ValueError(operator_text("setting.short_token", minimum=_SHORTEST_TOKEN))
    return value


class WebSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    bot_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of the web server (health, links, cockpit). Empty: it starts only if a platform needs it, on 8080.",
    )
    bot_ops_host: str = Field("127.0.0.1", description="Address that the operator's port listens on.")
    bot_ops_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of /metrics and /readyz, which are for the operator. Empty: there is none.",
    )
    bot_ops_token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        None,
        description="Token that /metrics and /readyz want as Authorization: Bearer TOKEN; with it they are on the web server's port, too. Empty: only BOT_OPS_PORT has them.",
    )
    bot_public_url: PublicUrl = Field(
        "",
        description="Public address of the web server, for links to files that are too big to upload, and the cockpit.",
    )
    bot_cockpit: bool = Field(
        True,
        description="Web pages for the operator and administrators at /cockpit of BOT_PORT, on this machine or with an https BOT_PUBLIC_URL.",
    )
    bot_cockpit_texts: bool = Field(
        False,
        description="Show on these pages also what people write and get, and files made in private. Without it: when, by whom, and files made in channels.",
    )
    bot_play_url: HttpUrl = Field(
        "",
        description="Address of the pages of make play, which sets it: Try it in the cockpit leads there.",
    )
    bot_oidc_issuer: Annotated[HttpUrl, PublicUrl, AfterValidator(validate_issuer)] = Field(
        "",
        description="Address of an OpenID Connect provider with which operators sign in to these pages, such as https://login.example.com. Needs the extra oidc. Empty: only links sign in.",
    )
    bot_oidc_client_id: Annotated[str, AfterValidator(require_beside_issuer)] = Field(
        "", validate_default=True, description="Id of the service at the provider."
    )
    bot_oidc_client_secret: SecretStr | None = Field(
        None, description="Secret of the service at the provider. Empty: it has none, as a public client."
    )
    bot_oidc_scopes: Words = Field(
        ("openid", "email", "profile"), description="Scopes to ask the provider for; some need groups for its groups."
    )
    bot_oidc_operators: Annotated[Words, AfterValidator(require_beside_issuer)] = Field(
        (),
        validate_default=True,
        description="People of the provider who have the operator's rights: verified e-mail addresses, or CLAIM=VALUE such as groups=muse-operators.",
    )
