"""What platforms have really sent, recorded elsewhere: not this project's to carry along."""

import json
import os
from pathlib import Path
from typing import Any

#: Where the recordings are: the folder that is named, else the one beside the checkout.
NAMED = os.environ.get("PLATFORM_PAYLOADS", "")
PAYLOADS = Path(NAMED) if NAMED else Path(__file__).parents[3] / "shared" / "payloads"
#: Whether they are. A named folder is looked into whatever is there, so that a wrong name is an error.
HAS_PAYLOADS = bool(NAMED) or PAYLOADS.is_dir()


def recorded(name: str) -> dict[str, Any]:
    """The payloads of one file, by name; none where there are no recordings."""
    return dict(json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))) if HAS_PAYLOADS else {}
