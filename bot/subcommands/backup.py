"""The command line's part of backups. The code of each subcommand is imported where it runs."""

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from bot.backup.archive import MediaFigures
from bot.errors import SettingsError
from bot.i18n import operator_text
from bot.security.private_files import restrict_new_files
from bot.settings.core import Settings, load_settings
from bot.store.driver import require_driver

#: A multiple of the rows of one step.
_ROWS_OF_A_LINE = 100_000


class CommandParser(Protocol):
    """A command's parser whose flags are in a group of their own."""

    flags: argparse._ArgumentGroup

    def add_argument_group(self, title: str) -> argparse._ArgumentGroup:
        """Add a group."""

    def set_defaults(self, **values: Any) -> None:
        """Set what the parsed arguments have."""


def add_commands(add: Callable[[str, str], CommandParser]) -> None:
    """Add the commands. `add`: adds one by its name and its explanation."""
    backup = add("backup", operator_text("cli.backup"))
    _add_file(backup, "cli.backup.file")
    backup.flags.add_argument("--media", action="store_true", help=operator_text("cli.backup.media"))
    backup.set_defaults(run=_backup)
    restore = add("restore", operator_text("cli.restore"))
    _add_file(restore, "cli.restore.file")
    restore.flags.add_argument("--replace", action="store_true", help=operator_text("cli.restore.replace"))
    restore.set_defaults(run=_restore)
    move = add("migrate-store", operator_text("cli.move"))
    addresses = move.add_argument_group(operator_text("cli.arguments"))
    addresses.add_argument("source", metavar="SQLITE_URL", help=operator_text("cli.move.source"))
    addresses.add_argument("target", metavar="POSTGRES_URL", nargs="?", help=operator_text("cli.move.target"))
    move.set_defaults(run=_move)


def _add_file(command: CommandParser, key: str) -> None:
    arguments = command.add_argument_group(operator_text("cli.arguments"))
    arguments.add_argument("file", metavar="FILE", type=Path, help=operator_text(key))


def _backup(parsed: argparse.Namespace) -> int:
    from bot.backup.create import create_backup

    settings = load_settings()
    if settings.postgres_url is not None:
        require_driver()
    restrict_new_files()
    made = asyncio.run(create_backup(settings, parsed.file, has_media=parsed.media))
    print(operator_text("backup.made", file=parsed.file, rows=made.rows, tables=len(made.tables)))
    print(operator_text("backup.secret"))
    key = "backup.with_media" if made.media.is_included else "backup.without_media"
    if made.media.store:
        key = "backup.media_elsewhere"
    size = f"{made.media.bytes / 1_000_000:.1f}"
    print(operator_text(key, files=made.media.files, size=size, folder=settings.media_dir, store=made.media.store))
    return 0


def _restore(parsed: argparse.Namespace) -> int:
    from bot.backup.restore import restore_backup

    settings = load_settings()
    if settings.postgres_url is not None:
        require_driver()
    restrict_new_files()
    done = asyncio.run(restore_backup(settings, parsed.file, replaces=parsed.replace))
    manifest = done.manifest
    print(
        operator_text(
            "backup.restored",
            file=parsed.file,
            name=settings.database_name,
            at=f"{manifest.created_at:%Y-%m-%d %H:%M} UTC",
            rows=manifest.rows,
            tables=len(manifest.tables),
        )
    )
    if done.kept is not None:
        print(operator_text("backup.kept", file=done.kept))
    if done.settings_file is not None:
        print(operator_text("backup.settings", file=done.settings_file))
    _say_where_files_are(settings, manifest.media)
    return 0


def _say_where_files_are(settings: Settings, media: MediaFigures) -> None:
    store = settings.bot_media_store
    if media.store:
        if media.store != store:
            print(operator_text("backup.media_in_store", store=media.store))
    elif not media.is_included and media.files:
        print(operator_text("backup.media_missing", files=media.files, folder=settings.media_dir))
    if media.files and not media.store and store:
        print(operator_text("backup.media_to_store", files=media.files, folder=settings.media_dir, store=store))


def show_progress(table: str, rows: int) -> None:
    """Print how far the move of a long table has come, once in a while."""
    if rows % _ROWS_OF_A_LINE == 0:
        print(operator_text("move.progress", table=table, rows=rows), flush=True)


def _move(parsed: argparse.Namespace) -> int:
    settings = load_settings()
    target = settings.bot_database_url if parsed.target is None else SecretStr(parsed.target)
    is_postgres = target is not None and target.get_secret_value().startswith(("postgresql://", "postgres://"))
    if target is None or not is_postgres or not parsed.source.startswith("sqlite:///"):
        raise SettingsError(operator_text("move.urls"))
    require_driver()
    from bot.backup.move import move_store

    restrict_new_files()
    moved = asyncio.run(move_store(settings, SecretStr(parsed.source), target, show_progress))
    for table, figures in moved.items():
        print(operator_text("move.done", table=table, rows=figures.rows, checksum=figures.checksum))
    print(operator_text("move.media", place=settings.bot_media_store or settings.media_dir))
    print(operator_text("move.next", name=parsed.source))
    return 0
