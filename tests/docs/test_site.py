"""The documentation is a site too."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "docs" / "site"


def test_the_site_has_every_page_and_fetches_nothing() -> None:
    """`make docs` builds it without a broken link; each page is in its menu, and needs no other server."""
    binaries = os.path.relpath(Path(sys.executable).parent, ROOT)
    command = ["make", "docs", "--assume-old=.venv/.dev", f"BIN={binaries}"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert built.returncode == 0, built.stdout + built.stderr
    menu = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert menu >= {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    for page in menu:
        built_page = SITE / ("index.html" if page == "README.md" else page.removesuffix(".md") + ".html")
        text = built_page.with_name(built_page.name.replace("README.html", "index.html")).read_text(encoding="utf-8")
        assert not re.search(r"<(script|img|link rel=\"stylesheet\")[^>]* (src|href)=\"?https?:", text), page
