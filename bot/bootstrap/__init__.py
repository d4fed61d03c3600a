"""Wiring: settings and adapters in, the parts of a running service out."""

from bot.bootstrap.build import build
from bot.bootstrap.core import Core

__all__ = ["Core", "build"]
