"""Settings of a process: its data, its part of the service, and its platforms."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from bot.settings.base import EnvironmentSettings, Words
from bot.settings.database_url import address, validate_database_url
from bot.settings.roles import ALL_ROLES, validate_roles


class ProcessSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_data_dir: Path = Field(Path("data"), description="Folder of the database, the generated files and the key.")
    bot_database_url: Annotated[SecretStr, AfterValidator(validate_database_url)] | None = Field(
        None,
        description="Database. sqlite:///folder/file.db for one process, postgresql://user:password@host/database for several (run make postgres first). Empty: an SQLite file in BOT_DATA_DIR.",
    )
    bot_roles: Annotated[Words, AfterValidator(validate_roles)] = Field(
        ALL_ROLES,
        description="Parts of the service that this process runs: receive (from the platforms), work (answers), web (cockpit, links). A process without receive or without work needs PostgreSQL and a platform.",
    )
    bot_platforms: Words = Field(
        (),
        description="Platforms that this process serves, by name. Empty: all that are configured; without any, the terminal.",
    )

    @property
    def postgres_url(self) -> SecretStr | None:
        """URL of the PostgreSQL database; None: the database is an SQLite file."""
        url = self.bot_database_url
        return url if url is not None and url.get_secret_value().startswith("postgres") else None

    @property
    def database_path(self) -> Path:
        """The SQLite file, unless `postgres_url` is set."""
        url = self.bot_database_url.get_secret_value() if self.bot_database_url is not None else ""
        return Path(url.removeprefix("sqlite:///")) if url else self.bot_data_dir / "bot.db"

    @property
    def database_name(self) -> str:
        """Name of the database in messages."""
        return str(self.database_path) if self.postgres_url is None else address(self.postgres_url)

    @property
    def media_dir(self) -> Path:
        """The folder of generated files; with an object store what it has not got yet."""
        return self.bot_data_dir / "media"

    @property
    def recordings_dir(self) -> Path:
        """The folder of the flight recorder."""
        return self.bot_data_dir / "recordings"
