"""The commands of the service: each file is one command, found by `load_commands`."""

from bot.commands._base import Command, Context, Parts, Registry, command, load_commands

__all__ = ["Command", "Context", "Parts", "Registry", "command", "load_commands"]
