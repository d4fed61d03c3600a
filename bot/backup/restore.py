"""Restoring a backup: all of it or nothing, while no service runs."""

import asyncio
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from bot.backup import sqlite_copy
from bot.backup.archive import MEDIA, Archive, Keys, Manifest, sync_folder
from bot.backup.create import FOLDER, create_backup, keep_last, make_room
from bot.backup.keys import SETTINGS_FILE, missing_settings, prepare_key, replaces_key
from bot.backup.unfinished import is_marked, marker_of
from bot.errors import BackupError, BotError, StoreError
from bot.i18n import operator_text
from bot.security.keys import KEY_FILE
from bot.security.private_files import write_private
from bot.settings.core import Settings
from bot.store.migrations.scripts import find_pending
from bot.store.sqlite.lock import ownership
from bot.values import valueclass

_BEFORE_RESTORE = "before-restore"


@valueclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The outcome of a restore: the backup's manifest, and the files that the operator is told of."""

    manifest: Manifest
    kept: Path | None = None  #: a backup, or the damaged file, of what was replaced
    settings_file: Path | None = None  #: lines to be added to .env


async def restore_backup(settings: Settings, file: Path, *, replaces: bool = False) -> Restored:
    """Restore a backup. `replaces`: a database or key that is there, of which a backup is made, is replaced.

    Nothing is changed where it raises `BackupError`, `StoreError` or `SettingsError`. Should the very change fail
    in the middle, which the error says, no service starts until the same restore was run again.
    """
    archive = Archive(file)
    manifest = await asyncio.to_thread(archive.read_manifest)
    find_pending(manifest.engine, manifest.schema, file)  # a newer one is refused
    engine = "sqlite" if settings.postgres_url is None else "postgres"
    if manifest.engine != engine:
        raise BackupError(operator_text(f"backup.is_{manifest.engine}", file=file, name=settings.database_name))
    keys = archive.read_keys()
    marker = marker_of(settings)
    was_interrupted = is_marked(settings, file)
    step = _Step(settings, archive, manifest, keys, replaces=replaces, was_interrupted=was_interrupted)
    try:
        settings.bot_data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if replaces_key(settings, keys) and not (replaces or was_interrupted):
            raise BackupError(operator_text("backup.other_key", path=settings.bot_data_dir / KEY_FILE))
        kept = await (step.sqlite() if manifest.engine == "sqlite" else step.postgres())
        marker.unlink(missing_ok=True)
    except (OSError, BotError) as exc:
        if step.is_changing and marker.exists():
            raise BackupError(operator_text("backup.halfway", file=file, reason=exc)) from exc
        step.undo()
        if isinstance(exc, BotError):
            raise
        name = exc.filename or settings.bot_data_dir
        raise BackupError(operator_text("backup.unwritable", file=name, reason=exc.strerror)) from exc
    return Restored(manifest=manifest, kept=kept, settings_file=step.settings_file)


class _Step:
    """The steps that differ between the engines; each returns what was kept of what it replaced."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        manifest: Manifest,
        keys: Keys,
        *,
        replaces: bool,
        was_interrupted: bool,
    ) -> None:
        self._settings = settings
        self._archive = archive
        self._manifest = manifest
        self._keys = keys
        self._replaces = replaces or was_interrupted
        self._moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        self._written: list[Path] = []  #: what is removed where nothing is changed
        self.settings_file: Path | None = None
        self.is_changing = False  #: whether key or database may have changed

    async def sqlite(self) -> Path | None:
        path = self._settings.database_path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.restoring")
        with ownership(path):
            kept = await self._keep_sqlite(path)
            try:
                sqlite_copy.remove(new)
                await asyncio.to_thread(sqlite_copy.unpack, self._archive, new, self._manifest.tables)
                await self._install_files()
                for end in ("-wal", "-shm"):  # a healthy database has put their content into its file
                    path.with_name(path.name + end).unlink(missing_ok=True)
                new.replace(path)
                sync_folder(path.parent)
            finally:
                sqlite_copy.remove(new)
        return kept

    async def _keep_sqlite(self, path: Path) -> Path | None:
        """Keep what is to be replaced: as a backup, or as it is where it is damaged."""
        try:
            has_content = await asyncio.to_thread(sqlite_copy.has_rows, path)
        except StoreError:
            has_content = True
        if not has_content:
            return None
        self._refuse_content()
        try:
            kept = await self._back_up()
            await asyncio.to_thread(sqlite_copy.checkpoint, path)
        except (StoreError, BackupError):
            kept = path.with_name(f"{path.name}.before-restore-{self._moment}")
            for end in ("", "-wal"):
                if (source := path.with_name(path.name + end)).exists():
                    shutil.copy2(source, kept.with_name(kept.name + end))
        return kept

    async def postgres(self) -> Path | None:
        from bot.backup import postgres_copy  # of an extra
        from bot.store.postgres.schema import lock

        connections = postgres_copy.connections_of(self._settings)
        connection = await connections.connect(idle_in_transaction_session_timeout="0")
        kept = None
        try:
            with connections.translate_errors():
                async with connection.transaction():
                    await lock(connection)
                    await postgres_copy.refuse_running(connection, connections.name)
                    if await postgres_copy.has_rows(connection):
                        self._refuse_content()
                        kept = await self._back_up()
                    await postgres_copy.drop_all(connection)
                    await postgres_copy.load(connection, self._archive, self._manifest)
                    await self._install_files()
        finally:
            connection.terminate()
        return kept

    def _refuse_content(self) -> None:
        if not self._replaces:
            raise BackupError(operator_text("backup.not_empty", name=self._settings.database_name))

    async def _back_up(self) -> Path:
        folder = self._settings.bot_data_dir / FOLDER
        make_room(folder, _BEFORE_RESTORE)
        kept = folder / f"{_BEFORE_RESTORE}-{self._moment}.zip"
        await create_backup(self._settings, kept)
        number = max(self._settings.bot_migration_backups, 1)
        keep_last(folder, _BEFORE_RESTORE, number, besides=self._archive.path)
        return kept

    async def _install_files(self) -> None:
        """Put generated files and the keys where they belong, right before the database.

        Where keys change, a marker says so from before the first of these changes until after the last.
        """
        await asyncio.to_thread(self._install_media)
        folder = self._settings.bot_data_dir
        missing = missing_settings(self._settings, self._keys)
        if missing:
            self.settings_file = folder / SETTINGS_FILE
            self._write(self.settings_file, "".join(f"{name}={value}\n" for name, value in missing.items()))
        if missing or replaces_key(self._settings, self._keys):
            self._write(marker_of(self._settings), str(self._archive.path.resolve()))
        aside = folder / f"{KEY_FILE}.before-restore-{self._moment}"
        key = prepare_key(self._settings, self._keys, aside=aside)
        sync_folder(folder)
        self.is_changing = True
        if key is not None:
            key.replace(folder / KEY_FILE)
            sync_folder(folder)

    def _write(self, path: Path, text: str) -> None:
        if not path.exists():
            self._written.append(path)
        part = path.with_name(f"{path.name}.part")
        write_private(part, text)
        part.replace(path)

    def undo(self) -> None:
        """Remove what says that keys change, as they did not."""
        for path in reversed(self._written):
            path.unlink(missing_ok=True)

    def _install_media(self) -> None:
        folder = self._settings.media_dir
        for member in self._archive.members():
            if member.filename.startswith(MEDIA):
                self._install_one(member, folder)

    def _install_one(self, member: zipfile.ZipInfo, folder: Path) -> None:
        name = PurePosixPath(member.filename.removeprefix(MEDIA))
        if name.is_absolute() or ".." in name.parts:
            raise self._archive.damaged()
        target = folder / name
        if not target.exists() or target.stat().st_size != member.file_size:  # what a full disk cut off is made good
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = target.with_name(f"{target.name}.part")
            self._archive.extract(member.filename, part)
            part.replace(target)
