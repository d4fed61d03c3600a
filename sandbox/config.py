"""Configuration of a sandbox: keys, models, limits, faults to inject; read from the environment or made in code."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from aimodels.reference import MODELS, Kind
from sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A failure of the next `times` calls whose path ends with `path`."""

    path: str = ""  #: such as "/chat/completions"; "": every call of the API
    kind: Literal["status", "drop", "hang"] = "status"  #: drop: half an answer; hang: none until the caller leaves
    status: int = 500  #: for kind "status"
    times: int = 1


LAST_PORT = 65535

#: A second model for chat, so that a duel can be tried; it answers by the same rules.
_SECOND_CHAT_MODEL = "gpt-3.5-turbo"


def _models() -> Mapping[Kind, tuple[str, ...]]:
    return {kind: (model, _SECOND_CHAT_MODEL) if kind == "chat" else (model,) for kind, model in MODELS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """Configuration of one sandbox."""

    keys: Mapping[str, frozenset[str] | None] = field(default_factory=dict)  #: API key → its models, None: all
    models: Mapping[Kind, tuple[str, ...]] = field(default_factory=_models)  #: of each endpoint
    transcription_models: tuple[str, ...] = ("whisper-1",)
    requests_per_minute: int = 6000  #: for each key
    faults: tuple[Fault, ...] = ()
    folder: Path | None = None  #: of generated files; None: a temporary one, removed at the end
    max_folder_bytes: int = 1_000_000_000  #: the oldest files go first
    max_file_age: float = 24 * 3600  #: seconds
    abandoned_after: float = 20.0  #: seconds without a poll after which a job is given up
    stopped_after: float = 1.0  #: seconds without a poll, besides two poll intervals, until a job makes room
    gguf: Path | None = None  #: a model for chat and code, run by llama.cpp; None: rules and templates


class SandboxSettings(BaseSettings):
    """Settings by upper-case name from the environment and `.env`. Each description is a line in `.env.example`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, allow_inf_nan=False
    )

    sandbox_gguf: Path | None = Field(
        default=None,
        description="Model file for llama.cpp, which then answers chat and code in the sandbox (run make llama first).",
    )
    sandbox_requests_per_minute: int = Field(
        default=6000,
        ge=1,
        description="Calls a minute that the sandbox accepts with one key. More are answered with 429.",
    )


def config_from_environment() -> SandboxConfig:
    """A sandbox with the reference's models and the environment's settings. Raises `SandboxError`."""
    try:
        settings = SandboxSettings()
    except ValidationError as exc:
        wrong = exc.errors(include_input=False, include_url=False)
        raise SandboxError("\n".join(f"{str(item['loc'][0]).upper()}: {item['msg']}" for item in wrong)) from None
    except (UnicodeDecodeError, OSError) as exc:
        raise SandboxError(f".env can't be read: {exc}") from exc
    return SandboxConfig(requests_per_minute=settings.sandbox_requests_per_minute, gguf=settings.sandbox_gguf)


def port(text: str) -> int:
    """A port number. Raises `argparse.ArgumentTypeError`."""
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 0 (any free one) to {LAST_PORT}")
    return int(text)
