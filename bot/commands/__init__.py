"""The commands of the service: each file is one command, found by `load_commands`."""

from bot.commands._base import Command, Context, Parts, Registry, RequestControls, command, load_commands
from bot.commands._offer import load_offered
from bot.i18n import register_catalogue

register_catalogue(__name__)

__all__ = ["Command", "Context", "Parts", "Registry", "RequestControls", "command", "load_commands", "load_offered"]
