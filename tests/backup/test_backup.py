"""Backups of a running service, and their way back, on both engines."""

import asyncio
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from bot.backup.create import create_backup, has_rows
from bot.backup.restore import restore_backup
from bot.errors import BackupError, BotError, StoreError
from bot.security.keys import signing_key
from bot.service import run
from bot.settings.core import Settings
from bot.store.engine import make_store
from tests.support.channel.adapter import ChannelAdapter
from tests.support.database.places import ENGINES, Place, places
from tests.support.forked import command_line
from tests.support.forked.failing_commands import command_on_full_disk, command_until
from tests.support.media_files import PNG
from tests.support.processes import process
from tests.support.service import Service, quiet_logs, service

__all__ = ["quiet_logs"]
pytestmark = pytest.mark.usefixtures("quiet_logs")

ROOT = Path(__file__).parents[2]
PREVIOUS = ROOT / "tests" / "store" / "previous_version"
#: What another program has in the same PostgreSQL database.
SOMEBODYS = """
CREATE TABLE somebodys (word text); INSERT INTO somebodys VALUES ('theirs');
CREATE SEQUENCE theirs; SELECT nextval('theirs');
CREATE FUNCTION somebodys() RETURNS bigint LANGUAGE sql AS 'SELECT last_value FROM theirs';
"""


async def bot(place: Place, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own."""
    environment = {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", **place.environment}
    place.folder.parent.mkdir(exist_ok=True)
    return await asyncio.to_thread(command_line.bot, *arguments, environment=environment, folder=place.folder.parent)


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_backup_of_a_running_service_goes_on_elsewhere(engine: str, tmp_path: Path) -> None:
    """What waited is answered there, once, with its context; what was stored is readable; and all kinds of refusals."""
    file = tmp_path / "backup.zip"
    async with AsyncExitStack() as stack:
        here, there = await stack.enter_async_context(places(engine, tmp_path, 2))
        one = await stack.enter_async_context(service(here.folder, bot_shutdown_timeout=0, **here.settings))
        await one.ask("a first question", conversation="talk")
        await one.core.services.storage("installation.T1").set("token", "xoxb-secret")
        await one.core.store.namespace("channel:channel:c").set("system_prompt", "Be kind \0 雪.")
        fox = await one.ask("a fox", command="image", conversation="pictures")
        one.echo.hold("second")
        running = await one.start_asking("a second question", conversation="talk")
        waiting = await one.channel.ask("a third question", conversation="talk")
        await one.channel.until(lambda: waiting in one.channel.acknowledged)

        made = await bot(here, "backup", str(file), "--media")
        assert (made.returncode, made.stderr) == (0, "")
        assert "restored into a scratch database and compared" in made.stdout
        assert "as safe as the key" in made.stdout
        assert "1 generated file (0.0 MB). Not in it: .env" in made.stdout
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("backup")] == ["backup.zip"]
        again = await bot(here, "backup", str(file))
        assert (again.returncode, again.stderr) == (2, f"{file} is there already: give another name.\n")
        refused = await bot(here, "restore", str(file), "--replace")
        assert refused.returncode == 2
        assert ("in use by process" if engine == "sqlite" else "A service works in the database") in refused.stderr
        one.echo.holds.clear()

        await refuses_what_is_wrong(there, file)
        done = await bot(there, "restore", str(file))
        assert (done.returncode, done.stderr) == (0, "")
        [picture] = there.folder.glob("media/*/*.png")
        assert picture.read_bytes() == PNG
        await one.stop()
        other = Service(there.folder, one.api, one.echo, one.channel, there.settings, ChannelAdapter(one.channel.url))
        await other.start()
        await one.channel.wait_for_answers(running, waiting)
        assert one.answer(running).text == "re: a second question"
        assert one.answer(waiting).text == "re: a third question"
        asked = str(one.echo.bodies[-1]["messages"])
        assert "a first question" in asked
        assert "re: a second question" in asked
        assert await other.core.services.storage("installation.T1").items() == {"token": "xoxb-secret"}
        press = {"event": fox.reply_to, "action": "delete"}
        await other.ask("", command="press", options=press, conversation="pictures")
        assert not picture.exists()  # though the answer names it by its path where it was made
        await other.stop()
        await other.adapter.http.aclose()
        content = await there.tables()
        with pytest.raises(BackupError, match="is not empty: use --replace"):
            await restore_backup(there.core_settings, file)
        assert await there.tables() == content
        replaced = await bot(there, "restore", str(file), "--replace")
        assert replaced.returncode == 0
        [old] = (there.folder / "backups").glob("before-restore-*.zip")
        assert f"What was there before is in {old}." in replaced.stdout
        assert len((await there.tables())["turns"]) == 4
        await restore_backup(there.core_settings, old, replaces=True)
        assert ordered(await there.tables()) == ordered(content)


def ordered(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: sorted(rows, key=str) for name, rows in tables.items()}


async def refuses_what_is_wrong(there: Place, file: Path) -> None:
    """Files that are no good change nothing."""
    folder = file.parent
    (folder / "half.zip").write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    rewrite(file, folder / "newer.zip", lambda text: text.replace(b'"format":1', b'"format":9'))
    rewrite(file, folder / "later.zip", lambda text: re.sub(rb'"schema":\d+', b'"schema":999', text))
    rewrite(file, folder / "edited.zip", lambda text: text.replace(b'"rows":2', b'"rows":3'))
    flipped = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        biggest = max(archive.infolist(), key=lambda member: member.compress_size)
    flipped[biggest.header_offset + 100 + biggest.compress_size // 2] ^= 1
    (folder / "flipped.zip").write_bytes(flipped)
    locked = bytearray(file.read_bytes())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # says that the first member is encrypted
    (folder / "locked.zip").write_bytes(locked)
    rewrite(file, folder / "binary.zip", lambda _: b"\xff")
    damaged = {"half", "flipped", "locked", "binary"}
    two_lines = b'{"signing": "' + b"k" * 40 + b'\\nBOT_ADMINS=eve"}'
    for number, content in enumerate((b"[]", b"\xff", b"nothing", b'{"signing": "four"}', two_lines)):
        rewrite(file, folder / f"keys{number}.zip", partial(replaced_by, content), member="keys.json")
        damaged.add(f"keys{number}")
    if there.url is not None:
        rewrite(file, folder / "rows.zip", lambda _: b"no rows\n", member="tables/turns")
        damaged.add("rows")
    wrong = dict.fromkeys(damaged, "is damaged") | {"edited": "does not match its checksums"}
    wrong |= {"newer": "newer version", "later": "newer version", "absent": "can't be read (No such file"}
    for name, sentence in wrong.items():
        with pytest.raises(BotError, match=re.escape(sentence)):
            await restore_backup(there.core_settings, folder / f"{name}.zip")
    assert not await has_rows(there.core_settings)
    assert [path.name for path in there.folder.iterdir() if not path.name.endswith(".lock")] == []


def replaced_by(content: bytes, _: bytes) -> bytes:
    return content


def rewrite(file: Path, target: Path, change: Callable[[bytes], bytes], member: str = "manifest.json") -> None:
    """Copy an archive with another manifest, or another member."""
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(target, "w") as copy:
        for one in source.infolist():
            content = source.read(one)
            copy.writestr(one, change(content) if one.filename == member else content)


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_restore_that_is_killed_changes_all_or_nothing(engine: str, tmp_path: Path) -> None:
    """Wherever it dies, database and key belong together, or no service starts until it was run again."""
    async with places(engine, tmp_path, 2) as (new, old):
        states = []
        for place, word in ((new, "new"), (old, "old")):
            if place is new or engine == "sqlite":  # a database that has content is one that is backed up first
                async with make_store(place.core_settings) as store:
                    await store.namespace("channel:c:c").set("word", word)
            signing_key(place.core_settings)
            states.append(await state_of(place))
        file = tmp_path / "backup.zip"
        half = await killed_command(new, ("backup", str(file)), {"os.rename"}, 1, folder=tmp_path)
        assert (half, file.exists()) == (-signal.SIGKILL, False)
        await create_backup(new.core_settings, file)
        statuses: list[int | None] = []
        while 0 not in statuses:
            given = ("restore", str(file), "--replace")
            number = len(statuses) + 1
            statuses.append(await killed_command(old, given, {"open", "os.rename", "os.remove", "os.link"}, number))
            assert statuses[-1] in {0, -signal.SIGKILL}, (tmp_path / "log").read_text()
            assert len(statuses) < 40
            found = await state_of(old)
            if (old.folder / "restore.unfinished").exists():
                with pytest.raises(BackupError, match=r"A restore was interrupted: finish it with .*backup\.zip`"):
                    await run(old.core_settings)
            else:
                assert found in states
        assert found == states[0]
        assert statuses.count(-signal.SIGKILL) > 3
        assert {path.suffix for path in old.folder.iterdir()} <= {"", ".db", ".lock", ".key"} | {
            path.suffix for path in old.folder.glob("secret.key.before-restore-*")
        }


async def test_a_restore_that_is_killed_where_the_environment_has_other_keys(tmp_path: Path) -> None:
    """Without the lines for `.env` no service starts on the new database; another backup is refused meanwhile."""
    async with places("sqlite", tmp_path, 2) as (new, old):
        for place in (new, old):
            async with make_store(place.core_settings) as store:
                await store.namespace("channel:c:c").set("word", place.folder.name)
            signing_key(place.core_settings)
        file, other = tmp_path / "backup.zip", tmp_path / "other.zip"
        (new.folder / "media").mkdir()
        (new.folder / "media" / "fox.png").write_bytes(b"a whole fox")
        await create_backup(new.core_settings, file, has_media=True)
        shutil.copy(file, other)
        (old.folder / "media").mkdir()
        (old.folder / "media" / "fox.png").write_bytes(b"half")
        environment = {**old.environment, "BOT_SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnop"}
        first, lines = await state_of(old), old.folder / "restored-keys.env"
        full = "restore", str(file), "--replace"
        fresh = tmp_path / "fresh"
        there = {**environment, "BOT_DATA_DIR": str(fresh)}
        async with process(command_on_full_disk, full, environment=there, folder=tmp_path) as one:
            assert await one.wait() == 2
        assert f"{fresh} can't be written (File too large); nothing was changed." in (tmp_path / "log").read_text()
        copied = "backup", str(tmp_path / "too big.zip")
        async with process(command_on_full_disk, copied, environment=new.environment, folder=tmp_path) as one:
            assert await one.wait() == 2
        assert f"{copied[1]} can't be written (disk I/O error)" in (tmp_path / "log").read_text()
        settings = Place(fresh).core_settings.model_copy(update={"bot_secret_key": SecretStr("another")})
        for obstacle, sentence in (("restore.unfinished.part", "nothing was changed"), ("bot.db-wal", "in the middle")):
            (fresh / obstacle).mkdir()
            with pytest.raises(BackupError, match=sentence):
                await restore_backup(settings, file)
            (fresh / obstacle).rmdir()
            is_halfway = sentence == "in the middle"
            for name in ("restore.unfinished", "restored-keys.env"):
                assert (fresh / name).exists() == is_halfway
        await restore_backup(settings, file)
        assert not (fresh / "restore.unfinished").exists()
        interrupted = 0
        for number in range(1, 30):
            status = await killed_command(old, full, {"os.rename", "os.remove"}, number, environment=environment)
            if (old.folder / "restore.unfinished").exists():
                interrupted += 1
                with pytest.raises(BackupError, match=r"A restore was interrupted"):
                    await run(old.core_settings)
                with pytest.raises(BackupError, match="use --replace"):
                    await restore_backup(old.core_settings, other)
            elif status:
                assert await state_of(old) == first
            if not status:
                break
        assert status == 0
        assert interrupted > 1
        assert lines.read_text() == f"BOT_SECRET_KEY={key_of(new)}\n"
        assert (await state_of(old))[0] == (await state_of(new))[0]
        assert (old.folder / "media" / "fox.png").read_bytes() == b"a whole fox"


async def state_of(place: Place) -> tuple[Any, str]:
    return (await place.tables()).get("key_values"), key_of(place)


def key_of(place: Place) -> str:
    return (place.folder / "secret.key").read_text()


async def killed_command(
    place: Place,
    arguments: tuple[str, ...],
    changes: set[str],
    number: int,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int | None:
    """Run a command that kills itself at its n-th change of a file in a folder; returns its status."""
    given = str(folder or place.folder), arguments, changes, number
    used = environment or place.environment
    async with process(command_until, *given, environment=used, folder=place.folder.parent) as one:
        return await one.wait()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_migration_begins_with_a_backup(engine: str, tmp_path: Path) -> None:
    """Of a database with content, the last ones are kept; where none can be made, nothing is changed."""
    async with places(engine, tmp_path, 1) as [place]:
        folder = place.folder / "backups"
        settings = place.core_settings.model_copy(update={"bot_migration_backups": 1})
        async with make_store(settings):  # a new database
            assert not folder.exists()
        await previous_version(place)
        before = await place.tables()
        place.folder.mkdir(exist_ok=True)
        folder.write_text("not a folder")
        with pytest.raises(BackupError, match="The database was not changed, as the backup before its update failed"):
            await open_store(settings)
        assert await place.tables() == before
        folder.unlink()
        folder.mkdir()
        for killed in ("before-migration-20250101-schema-1.zip.ab12.part", "before-migration-1.zip.cd34.part-journal"):
            (folder / killed).write_text("what an attempt left that was killed")
        await open_store(settings)
        [first] = folder.iterdir()
        assert stat.S_IMODE(first.stat().st_mode) == 0o600
        after = await place.tables()
        assert after != before
        for old in ("before-restore-20250101.zip", "before-restore-20250102.zip.ab12.part"):
            (folder / old).write_text("of an earlier restore")
        done = await restore_backup(settings, first, replaces=True)
        assert list(folder.glob("before-restore-*")) == [done.kept]
        assert await place.tables() == before
        await open_store(settings)
        [second] = folder.glob("before-migration-*")
        assert second != first
        assert await place.tables() == after
        await open_store(settings)
        assert [second] == list(folder.glob("before-migration-*"))
        if place.url is not None:
            from tests.support.database.postgres import connected

            async with connected(place.url) as connection:
                assert await connection.fetchval("SELECT somebodys() FROM somebodys") == 1
                await connection.execute("CREATE VIEW seen AS SELECT seq FROM events")
            with pytest.raises(StoreError, match="seen depends on table"):
                await restore_backup(settings, second, replaces=True)
            assert await place.tables() == after


async def test_the_privilege_that_a_backup_needs_is_named(tmp_path: Path) -> None:
    """The user who owns the tables, but may not make a schema, reads what to grant."""
    async with places("postgres", tmp_path, 1) as [place]:
        from tests.support.database.postgres import connected

        assert place.url is not None
        async with make_store(place.core_settings) as store:
            await store.namespace("channel:c:c").set("word", "x")
        role = f"muse_{uuid4().hex}"
        grants = f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
        async with connected(place.url) as connection:
            await connection.execute(f"CREATE ROLE {role} LOGIN; {grants}")
            url = re.sub("//[^:@/]*", f"//{role}", place.url.get_secret_value(), count=1)
            limited = Place(place.folder, SecretStr(url))
            with pytest.raises(BackupError, match="GRANT CREATE ON DATABASE"):
                await create_backup(limited.core_settings, tmp_path / "backup.zip")
            await connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def open_store(settings: Settings) -> None:
    async with make_store(settings):
        pass


async def previous_version(place: Place) -> None:
    """Make the database what an earlier version left."""
    if place.url is None:
        for path in PREVIOUS.glob("sqlite.db*"):
            shutil.copy(path, place.folder / path.name.replace("sqlite.db", "bot.db"))
        with closing(sqlite3.connect(place.folder / "bot.db")) as db:
            db.execute("SELECT 1 FROM events")
        return
    from tests.support.database.postgres import connected

    async with connected(place.url) as connection:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.execute((PREVIOUS / "postgres.sql").read_text())
        await connection.execute(SOMEBODYS)


async def test_a_damaged_database_is_replaced_and_kept(tmp_path: Path) -> None:
    """The damaged file is put aside as it is, with its log."""
    async with places("sqlite", tmp_path, 1) as [place]:
        async with make_store(place.core_settings) as store:
            await store.namespace("channel:c:c").set("word", "good")
        file = tmp_path / "backup.zip"
        await create_backup(place.core_settings, file)
        path = place.folder / "bot.db"
        content = await place.tables()
        path.write_bytes(b"rubbish" * 1000)
        with pytest.raises(BackupError, match="is not empty"):
            await restore_backup(place.core_settings, file)
        done = await restore_backup(place.core_settings, file, replaces=True)
        assert done.kept is not None
        assert done.kept.read_bytes() == b"rubbish" * 1000
        assert await place.tables() == content


async def test_keys_of_the_settings_are_written_down_where_others_are_set(tmp_path: Path) -> None:
    """Keys are in the backup; what the settings lack after a restore is a file with lines for .env."""
    async with places("sqlite", tmp_path, 1) as [place]:
        keys = {
            "bot_secret_key": SecretStr("s" * 20 + "0123456789abcdefghijklmnop"),
            "bot_encryption_keys": SecretStr("e,f"),
        }
        settings = place.core_settings.model_copy(update=keys)
        await open_store(settings)
        file = tmp_path / "backup.zip"
        await create_backup(settings, file)
        done = await restore_backup(place.core_settings, file)
        assert key_of(place) == keys["bot_secret_key"].get_secret_value()
        assert done.settings_file is not None
        assert done.settings_file.read_text() == "BOT_ENCRYPTION_KEYS=e,f\n"
        assert stat.S_IMODE(done.settings_file.stat().st_mode) == 0o600
        other = settings.model_copy(update={"bot_secret_key": SecretStr("another")})
        done = await restore_backup(other, file)
        assert done.settings_file is not None
        assert done.settings_file.read_text() == f"BOT_SECRET_KEY={key_of(place)}\n"
