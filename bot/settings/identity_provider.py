"""Validation of the settings for signing in with OpenID Connect."""

from importlib.util import find_spec
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationInfo

from bot.i18n import operator_text

T = TypeVar("T")


def validate_issuer(value: str) -> str:
    """Validate the address of a provider: https, or on this machine. Raises `ValueError`."""
    parts = urlsplit(value)
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ValueError(operator_text("setting.issuer"))
    if value and find_spec("authlib") is None:
        raise ValueError(operator_text("setting.issuer_extra"))
    return value


def require_beside_issuer(value: T, info: ValidationInfo) -> T:
    """Validate a setting that has to be set where an issuer is. Raises `ValueError`."""
    if not value and info.data.get("bot_oidc_issuer"):
        raise ValueError(operator_text("setting.beside_issuer"))
    return value
