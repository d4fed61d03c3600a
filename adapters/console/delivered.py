"""Which answers were shown, kept over a restart, so that a crash never shows one twice."""

import asyncio
from pathlib import Path

_KEPT = 2000  # answers; a restart repeats only the newest few


class Delivered:
    """The keys of the answers that were shown. Without a folder they are forgotten with the process."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "console.delivered" if folder else None
        self._keys: set[str] | None = None

    async def has(self, key: str) -> bool:
        """Whether this answer was shown, by this process or an earlier one."""
        if self._keys is None:
            self._keys = await asyncio.to_thread(self._load)
        return key in self._keys

    def add(self, key: str) -> None:
        """Note that it was shown. Called right after: a process that is killed in between shows it again."""
        if self._keys is None:
            self._keys = self._load()
        self._keys.add(key)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{key}\n")

    def _load(self) -> set[str]:
        if self._path is None:
            return set()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            keys = self._path.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return set()
        if len(keys) > 2 * _KEPT:
            keys = keys[-_KEPT:]
            shorter = self._path.with_suffix(".new")
            shorter.write_text("".join(f"{key}\n" for key in keys), "utf-8")
            shorter.replace(self._path)
        return set(keys)
