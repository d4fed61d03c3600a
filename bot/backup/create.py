"""Making a backup, of a running service, too."""

import asyncio
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot import __version__
from bot.backup import sqlite_copy
from bot.backup.archive import FORMAT, KEYS, MANIFEST, MEDIA, Archive, Engine, Manifest, MediaFigures, writing
from bot.backup.keys import read_keys
from bot.errors import BackupError
from bot.i18n import operator_text
from bot.settings.core import Settings
from bot.store.shared import codec

#: Folder in the data folder of the backups that the service makes by itself.
FOLDER = "backups"
_BEFORE_MIGRATION = "before-migration"


async def create_backup(settings: Settings, file: Path, *, has_media: bool = False) -> Manifest:
    """Write one moment of the database, and the keys, to a file; `has_media`: generated files as well.

    The file is restored into a scratch database and compared before it gets its name. Raises `StoreError`,
    `BackupError` and `SettingsError`.
    """
    if has_media and settings.bot_media_store:
        raise BackupError(operator_text("backup.no_media_of_store", store=settings.bot_media_store))
    written: list[Manifest] = []

    async def verify(archive: Archive) -> None:
        manifest = await asyncio.to_thread(archive.read_manifest)
        if manifest.engine == "postgres":
            from bot.backup import postgres_copy  # of an extra

            await postgres_copy.verify(postgres_copy.connections_of(settings), archive, manifest)
        else:
            await asyncio.to_thread(sqlite_copy.verify, archive, manifest)

    async with writing(file, verify) as archive:
        written.append(await _write(settings, archive, file, has_media=has_media))
    return written[0]


async def _write(settings: Settings, archive: zipfile.ZipFile, file: Path, *, has_media: bool) -> Manifest:
    created_at = datetime.now(UTC)
    sequences: Mapping[str, int] = {}
    engine: Engine = "sqlite"
    if settings.postgres_url is None:
        scratch = sqlite_copy.scratch_for(file)
        schema, tables = await asyncio.to_thread(sqlite_copy.dump, settings.database_path, archive, scratch)
    else:
        from bot.backup import postgres_copy

        engine = "postgres"
        schema, tables, sequences = await postgres_copy.dump(postgres_copy.connections_of(settings), archive)
    try:
        archive.writestr(KEYS, codec.dumps(read_keys(settings)))
        media = await asyncio.to_thread(_add_media, settings.media_dir, archive if has_media else None)
        media = replace(media, store=settings.bot_media_store)
    except OSError as exc:
        raise BackupError(operator_text("backup.unreadable", file=exc.filename, reason=exc.strerror)) from exc
    manifest = Manifest(
        format=FORMAT,
        engine=engine,
        schema=schema,
        version=__version__,
        created_at=created_at,
        tables=tables,
        sequences=sequences,
        media=media,
    )
    archive.writestr(MANIFEST, codec.dumps(manifest))
    return manifest


def _add_media(folder: Path, archive: zipfile.ZipFile | None) -> MediaFigures:
    """Add the files of a folder, and return how many there are; None: only count them."""
    files = size = 0
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        try:
            length = path.stat().st_size
            if not path.is_file():
                continue
            if archive is not None:
                archive.write(path, MEDIA + path.relative_to(folder).as_posix(), zipfile.ZIP_STORED)
        except FileNotFoundError:  # its time was over
            continue
        files, size = files + 1, size + length
    return MediaFigures(is_included=archive is not None, files=files, bytes=size)


async def back_up_version(settings: Settings, version: int) -> None:
    """Back a database with content up, and remove the oldest such backups but for `BOT_MIGRATION_BACKUPS`."""
    if not version or not await has_rows(settings):
        return
    folder = settings.bot_data_dir / FOLDER
    try:
        make_room(folder, _BEFORE_MIGRATION)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        await create_backup(settings, folder / f"{_BEFORE_MIGRATION}-{moment}-schema-{version}.zip")
        keep_last(folder, _BEFORE_MIGRATION, settings.bot_migration_backups)
    except (OSError, BackupError) as exc:
        raise BackupError(operator_text("backup.before_migration", reason=exc)) from exc


def make_room(folder: Path, kind: str) -> None:
    """Make the folder, and remove what killed processes left of backups of a kind, under the caller's lock."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in folder.glob(f"{kind}-*.part*"):
        part.unlink(missing_ok=True)


def keep_last(folder: Path, kind: str, number: int, *, besides: Path | None = None) -> None:
    """Remove all but the last backups of a kind, and one more that is in use. Raises `OSError`."""
    for old in sorted(folder.glob(f"{kind}-*.zip"))[:-number]:
        if besides is None or not old.samefile(besides):
            old.unlink(missing_ok=True)


async def has_rows(settings: Settings) -> bool:
    """Return whether the database has content. Raises `StoreError`."""
    if settings.postgres_url is None:
        return await asyncio.to_thread(sqlite_copy.has_rows, settings.database_path)
    from bot.backup import postgres_copy

    connections = postgres_copy.connections_of(settings)
    connection = await connections.connect()
    try:
        with connections.translate_errors():
            return await postgres_copy.has_rows(connection)
    finally:
        connection.terminate()
