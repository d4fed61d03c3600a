"""Payloads recorded from real platforms, which are not part of the repository."""

import json
import os
from pathlib import Path
from typing import Any

#: Name of the folder with the recordings, from the environment.
NAMED = os.environ.get("PLATFORM_PAYLOADS", "")
PAYLOADS = Path(NAMED) if NAMED else Path(__file__).parents[3] / "shared" / "payloads"
#: Whether there are recordings; a folder named in the environment must exist.
HAS_PAYLOADS = bool(NAMED) or PAYLOADS.is_dir()


def recorded(name: str) -> dict[str, Any]:
    """Return the payloads of one file by name; empty without recordings."""
    return dict(json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))) if HAS_PAYLOADS else {}
