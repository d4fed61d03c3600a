"""One signing key for all processes of a database: what one signs, such as a button, another has to recognise."""

from bot.errors import SettingsError
from bot.i18n import operator_text
from bot.ports import KeyValues, Processes
from bot.security.keys import signing_key
from bot.security.value_signer import derive_key
from bot.settings.core import Settings

_NAMESPACE, _DIGEST = "service.key", "digest"


async def require_shared_key(settings: Settings, values: KeyValues, processes: Processes) -> None:
    """Raise `SettingsError` where running processes have another key. Where there is none, the key may have changed."""
    if settings.postgres_url is None:  # one process
        return
    known = values.namespace(_NAMESPACE)
    digest = derive_key(signing_key(settings), b"shared by all processes").hex()
    before = await known.get(_DIGEST)
    if before == digest:
        return
    if before is not None and len(await processes.processes()) > 1:
        raise SettingsError(operator_text("start.other_key"))
    await known.set(_DIGEST, digest)
