"""Subcommands of `python -m bot`, with which the operator backs up, restores, inspects and replays."""
