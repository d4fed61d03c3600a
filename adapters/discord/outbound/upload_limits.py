"""The largest size of a file: as Discord documents it, and as its refusals show."""

import time
from collections.abc import Callable, Sequence

import discord

from adapters.discord.reply_target import ReplyTarget
from adapters.kit.bounded import BoundedDict
from bot.errors import UploadTooLarge
from bot.models import Media

_MIB = 1024 * 1024
#: Limits that Discord has or had somewhere, in descending order.
STEPS = (500 * _MIB, 100 * _MIB, 50 * _MIB, 25 * _MIB, 20 * _MIB, 10 * _MIB, 8 * _MIB)
#: Tried in a server without boosts: documented since September 2026, not granted everywhere.
DEFAULT = 20 * _MIB
_GRANTED_EVERYWHERE = 10 * _MIB
_BY_TIER = {2: 50 * _MIB, 3: 100 * _MIB}
_MAX_BREAKS = 2  # connections in a row that break while big files are sent before that counts as a refusal
_REMEMBERED = 2000  # servers and channels
_LEARNT_FOR = 1800.0  # seconds until a bigger file is tried again: what was learnt may be wrong, or have changed


class UploadLimits:
    """The upload limits of servers and channels. `clock`: seconds that never run backwards."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._learnt: BoundedDict[str, int] = BoundedDict(_REMEMBERED, lifetime=_LEARNT_FOR, clock=clock)
        self._breaks: BoundedDict[str, int] = BoundedDict(_REMEMBERED)

    def check(self, files: Sequence[Media], target: ReplyTarget, guild: discord.Guild | None) -> None:
        """Raise `UploadTooLarge` for a file above the limit."""
        limit = self.limit(target, guild)
        if any(media.size > limit for media in files):
            raise UploadTooLarge(limit)

    def limit(self, target: ReplyTarget, guild: discord.Guild | None) -> int:
        """Return the bytes that one file may have."""
        granted = _BY_TIER.get(guild.premium_tier, DEFAULT) if guild is not None else DEFAULT
        documented = int(target.upload_limit) if target.upload_limit.isdecimal() else granted
        learnt = self._learnt.get(_key(target))
        return documented if learnt is None else min(documented, learnt)

    def is_refusal(self, files: Sequence[Media], target: ReplyTarget) -> bool:
        """Count a broken connection; repeated ones with big files are a refusal, as some proxies just hang up."""
        if not files or max(media.size for media in files) <= _GRANTED_EVERYWHERE:
            return False
        count = self._breaks.pop(_key(target), 0) + 1
        if count >= _MAX_BREAKS:
            return True
        self._breaks[_key(target)] = count
        return False

    def note_success(self, target: ReplyTarget) -> None:
        """Forget the broken connections: files were sent since."""
        self._breaks.pop(_key(target), None)

    def lower(self, files: Sequence[Media], target: ReplyTarget, guild: discord.Guild | None) -> UploadTooLarge:
        """Lower the limit by a step after Discord refused these files; return the error to raise."""
        # Several files may be too large together where each alone is not.
        biggest = min(max(media.size for media in files), self.limit(target, guild))
        limit = next((step for step in STEPS if step < biggest), biggest // 2)
        if limit >= STEPS[-1]:  # below that the files were too large together, which says nothing of one file
            self._learnt[_key(target)] = limit
        return UploadTooLarge(limit)


def _key(target: ReplyTarget) -> str:
    """Return the server or channel that a limit belongs to; an interaction's limit may be the person's own."""
    return f"{target.guild or target.channel}{'/' if target.upload_limit else ''}"
