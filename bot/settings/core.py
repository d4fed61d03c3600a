"""The service's settings: environment variables and `.env`, checked before anything starts."""

from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from bot.settings.base import read
from bot.settings.groups.access import AccessSettings
from bot.settings.groups.api import ApiSettings
from bot.settings.groups.content import ContentSettings
from bot.settings.groups.conversations import ConversationSettings
from bot.settings.groups.files import FileSettings
from bot.settings.groups.keys import KeySettings
from bot.settings.groups.limits import LimitSettings
from bot.settings.groups.memory import MemorySettings
from bot.settings.groups.operation import OperationSettings
from bot.settings.groups.process import ProcessSettings
from bot.settings.groups.web import WebSettings
from bot.settings.groups.work import WorkSettings


class Settings(  # `.env.example` has the last of them first
    LimitSettings,
    ContentSettings,
    AccessSettings,
    OperationSettings,
    WorkSettings,
    KeySettings,
    WebSettings,
    ProcessSettings,
    ConversationSettings,
    MemorySettings,
    FileSettings,
    ApiSettings,
):
    """The settings of the core."""

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """All secret values, and the secrets within them."""
        found = [value for value in dict(self).values() if isinstance(value, SecretStr)]
        if self.postgres_url is not None:
            password = urlsplit(self.postgres_url.get_secret_value()).password or ""
            found += [SecretStr(password), SecretStr(unquote(password))]
        if self.bot_encryption_keys is not None:
            found += [SecretStr(key.strip()) for key in self.bot_encryption_keys.get_secret_value().split(",")]
        return tuple(found)


def load_settings() -> Settings:
    """Read the settings. Raises `SettingsError` with each invalid setting's name and the allowed values."""
    return read(Settings)


def example(settings: type[BaseSettings]) -> str:
    """Return the lines of `.env.example` for a settings class: purpose, name and default of each setting."""
    lines = []
    for name, field in settings.model_fields.items():
        default = field.get_default()
        if isinstance(default, tuple):
            default = ",".join(default)
        if isinstance(default, bool):
            default = str(default).lower()
        lines += [f"# {field.description}", f"#{name.upper()}={'' if default is None else default}", ""]
    return "\n".join(lines)
