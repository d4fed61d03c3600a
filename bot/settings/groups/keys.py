"""Settings of the keys that sign and encrypt."""

from pydantic import Field, SecretStr

from bot.settings.base import EnvironmentSettings


class KeySettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_secret_key: SecretStr | None = Field(
        None,
        description="Key that signs links, buttons, forms and sign-ins to the cockpit, of at least 32 random bytes. Empty: it is generated once and kept in BOT_DATA_DIR.",
    )
    bot_encryption_keys: SecretStr | None = Field(
        None,
        description="Keys, separated by commas, that encrypt tokens in the database: the first encrypts, all decrypt. Empty: the key that signs links. Change them in steps: docs/operating.md.",
    )
