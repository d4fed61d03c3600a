"""Description of a platform, which a distribution offers under the entry point group `channelmuse.adapters`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic_settings import BaseSettings

from bot.models import CommandSpec
from bot.ports.platform.adapter import Adapter
from bot.ports.platform.recording import WireFormat


class CreateAdapter(Protocol):
    """Makes a platform's adapter from its settings."""

    def __call__(self, *, data_dir: Path, conversation: str | None) -> Adapter | None:
        """Return the adapter, or None where the platform is not configured. Raises `SettingsError`.

        `data_dir`: folder for the platform's own files. `conversation`: name of the conversation to continue, on
        platforms that have one person; None: a new one.
        """


class WriteManifest(Protocol):
    """Writes the registration of the service with the platform."""

    def __call__(self, commands: Sequence[CommandSpec], *, url: str | None) -> str:
        """Return the text to paste into the platform's own settings. Raises `SettingsError`.

        `url`: address at which the platform reaches this service; None: it calls nothing over HTTP.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform as the service finds it. Loading one is cheap: its libraries are imported by `create`."""

    name: str  #: also `Adapter.name`
    settings: type[BaseSettings]  #: fields carry the platform's name as prefix; their descriptions are documentation
    create: CreateAdapter
    manifest: WriteManifest | None = None
    wire_format: WireFormat = field(default_factory=WireFormat)
    is_fallback: bool = False  #: needs no configuration and is used when no other platform is configured
