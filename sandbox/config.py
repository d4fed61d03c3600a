"""What a sandbox is told: keys, models, limits and the failures it is to play."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.models import Kind
from bot.settings.base import EnvironmentSettings, read
from bot.settings.core import REFERENCE_MODELS, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The next `times` calls whose path ends with `path` go wrong."""

    path: str = ""  #: such as "/chat/completions"; "": every call of the API
    kind: Literal["status", "drop", "hang"] = "status"  #: drop: half an answer; hang: none until the caller leaves
    status: int = 500  #: for kind "status"
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """Everything a sandbox can be told."""

    keys: Mapping[str, frozenset[str] | None]  #: API key → the models it may use, None: all
    models: Mapping[Kind, tuple[str, ...]] = field(
        default_factory=lambda: {kind: (model,) for kind, model in REFERENCE_MODELS.items()}
    )  #: what each endpoint knows
    requests_per_minute: int = 6000  #: for each key
    faults: tuple[Fault, ...] = ()
    folder: Path | None = None  #: of generated files; None: a temporary one, removed at the end
    max_folder_bytes: int = 1_000_000_000  #: the oldest files go first
    max_file_age: float = 24 * 3600  #: seconds
    gguf: Path | None = None  #: a model for chat and code, run by llama.cpp; None: rules and templates


class SandboxSettings(EnvironmentSettings):
    """What the sandbox can be told from outside. Each field's description is its line in `.env.example`."""

    sandbox_gguf: Path | None = Field(
        default=None,
        description="A model file for llama.cpp to answer chat and code in the sandbox (needs the extra llama).",
    )
    sandbox_requests_per_minute: int = Field(
        6000, ge=1, description="Calls a minute that the sandbox takes with one key; more are answered with 429."
    )


def from_environment(settings: Settings) -> SandboxConfig:
    """A sandbox that has every model of the service's settings beside the reference's. Raises `SettingsError`."""
    return SandboxConfig(
        keys={},
        models={kind: (*settings.models(kind), model) for kind, model in REFERENCE_MODELS.items()},
        requests_per_minute=read(SandboxSettings).sandbox_requests_per_minute,
    )
