"""Keys for all processes of a database: what one signs or encrypts, such as a button or a token, others read."""

import json
from collections.abc import Sequence

from bot import this_process
from bot.errors import SettingsError
from bot.i18n import operator_text
from bot.ports import KeyValues, Processes
from bot.security.keys import encryption_keys, signing_key
from bot.security.value_signer import derive_key
from bot.settings.core import Settings

_NAMESPACE, _DIGEST = "service.key", "digest"
#: Digests of the keys that encrypt, by the name of the process that has them.
_ENCRYPTION = "service.encryption"


async def require_shared_keys(settings: Settings, values: KeyValues, processes: Processes) -> None:
    """Raise `SettingsError` where running processes have other keys. Where there is none, the keys may have changed."""
    if settings.postgres_url is None:  # one process
        return
    await _require_signing_key(settings, values, processes)
    await _require_encryption_keys(settings, values, processes)


async def _require_signing_key(settings: Settings, values: KeyValues, processes: Processes) -> None:
    known = values.namespace(_NAMESPACE)
    digest = derive_key(signing_key(settings), b"shared by all processes").hex()
    before = await known.get(_DIGEST)
    if before == digest:
        return
    if before is not None and len(await processes.processes()) > 1:
        raise SettingsError(operator_text("start.other_key"))
    await known.set(_DIGEST, digest)


async def _require_encryption_keys(settings: Settings, values: KeyValues, processes: Processes) -> None:
    known, name = values.namespace(_ENCRYPTION), this_process.name()
    own = [derive_key(key, b"encryption by all processes").hex() for key in encryption_keys(settings)]
    await known.set(name, json.dumps(own))  # before others are looked at: of two that start at once one sees the other
    running = {name, *(process.name for process in await processes.processes())}
    for other, digests in (await known.items()).items():
        if other not in running:
            await known.delete(other)
        elif not can_share(own, json.loads(digests)):
            await known.delete(name)
            raise SettingsError(operator_text("start.other_encryption_keys"))


def can_share(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two processes can read what the other encrypts: each has the key that the other has in front."""
    return one[0] in other and other[0] in one
