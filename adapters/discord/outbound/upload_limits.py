"""How big a file may be: as Discord told, and as its refusals taught."""

from collections import OrderedDict
from collections.abc import Sequence

import discord

from adapters.discord.reply_target import Address
from bot.errors import UploadTooLarge
from bot.models import Media

_MIB = 1024 * 1024
#: What Discord allows or has allowed somewhere, the most first.
STEPS = (500 * _MIB, 100 * _MIB, 50 * _MIB, 25 * _MIB, 20 * _MIB, 10 * _MIB, 8 * _MIB)
#: What is tried in a server that has bought nothing: since September 2026 documented, not granted everywhere.
PLAIN = 20 * _MIB
_SURE = 10 * _MIB  # what everybody takes
_TIERS = {2: 50 * _MIB, 3: 100 * _MIB}
_BREAKS = 2  # times in a row that a connection breaks while big files are sent before it is taken for a refusal
_KEPT = 2000  # places of which it is remembered what they refused


class Uploads:
    """The limits of the places that files are sent to."""

    def __init__(self) -> None:
        self._learnt: OrderedDict[str, int] = OrderedDict()
        self._breaks: OrderedDict[str, int] = OrderedDict()

    def check(self, files: Sequence[Media], address: Address, guild: discord.Guild | None) -> None:
        """Raise `UploadTooLarge` for a file that would be refused."""
        limit = self.limit(address, guild)
        if any(media.size > limit for media in files):
            raise UploadTooLarge(limit)

    def limit(self, address: Address, guild: discord.Guild | None) -> int:
        """Bytes that one file may have."""
        granted = _TIERS.get(guild.premium_tier, PLAIN) if guild is not None else PLAIN
        told = int(address.limit) if address.limit.isdecimal() else granted
        learnt = self._learnt.get(_place(address))
        return told if learnt is None else min(told, learnt)

    def broke(self, files: Sequence[Media], address: Address) -> bool:
        """Whether a connection that broke again while these were sent is a refusal; some proxies just hang up."""
        if not files or max(media.size for media in files) <= _SURE:
            return False
        count = self._breaks.pop(_place(address), 0) + 1
        if count >= _BREAKS:
            return True
        self._breaks[_place(address)] = count
        while len(self._breaks) > _KEPT:
            self._breaks.popitem(last=False)
        return False

    def refused(self, files: Sequence[Media], address: Address, guild: discord.Guild | None) -> UploadTooLarge:
        """What to raise when Discord refused these files: one step down, which is remembered for the place."""
        # Several files may be too large together where each alone is not.
        biggest = min(max(media.size for media in files), self.limit(address, guild))
        limit = next((step for step in STEPS if step < biggest), biggest // 2)
        if limit >= STEPS[-1]:  # what is less is no limit of a place
            self._learnt[_place(address)] = limit
            self._learnt.move_to_end(_place(address))
            while len(self._learnt) > _KEPT:
                self._learnt.popitem(last=False)
        return UploadTooLarge(limit)


def _place(address: Address) -> str:
    """What a limit is of; what an interaction is granted may be the person's own."""
    return f"{address.guild or address.channel}{'/' if address.limit else ''}"
