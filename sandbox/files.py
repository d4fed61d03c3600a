"""The generated files: a folder bounded in bytes and age."""

import mimetypes
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "video/mp4": ".mp4",
}


@dataclass(frozen=True, slots=True)
class GeneratedFiles:
    """Generated files. Their names can't be guessed: everybody who has a URL may read its file."""

    folder: Path
    max_bytes: int
    max_age: float  #: seconds

    def new(self, kind: str, content_type: str) -> Path:
        """Return a path for a new file and remove old files that exceed the bounds."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._prune()
        return self.folder / f"{kind}-{secrets.token_hex(12)}{EXTENSIONS.get(content_type, '.bin')}"

    def save(self, kind: str, content: bytes, content_type: str) -> Path:
        """Write a file and return its path."""
        path = self.new(kind, content_type)
        path.write_bytes(content)
        return path

    def find(self, name: str) -> tuple[Path, str] | None:
        """Return a file's path and content type, or None."""
        path = self.folder / name
        if "/" in name or "\\" in name or name.startswith(".") or not path.is_file():
            return None
        known = {extension: content_type for content_type, extension in reversed(EXTENSIONS.items())}
        guess = known.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return path, guess

    def _prune(self) -> None:
        oldest = time.time() - self.max_age
        room = self.max_bytes
        files = [(path.stat(), path) for path in self.folder.iterdir() if path.is_file()]
        for stat, path in sorted(files, key=lambda file: file[0].st_mtime, reverse=True):
            room -= stat.st_size
            if room < 0 or stat.st_mtime < oldest:
                path.unlink(missing_ok=True)
