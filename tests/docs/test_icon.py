"""The bot has one name and one icon."""

from pathlib import Path

from PIL import Image, ImageChops

from adapters.slack.setup.manifest import NAME
from bench.pictures import icon

DOCS = Path(__file__).parents[2] / "docs"


def test_the_icon_is_the_one_that_is_drawn() -> None:
    """Both files show the same shapes, in the size and colour depth that both platforms take."""
    assert (DOCS / "icon.svg").read_text(encoding="utf-8") == icon.svg()
    with Image.open(DOCS / "icon.png") as kept:
        assert (kept.format, kept.mode, kept.size) == ("PNG", "RGB", (512, 512))
        different = ImageChops.difference(kept, icon.png())
    assert max(different.tobytes()) <= 8  # versions of Pillow round differently


def test_people_see_one_name() -> None:
    """The bot has the name that its icon and every document give it."""
    assert f'aria-label="{NAME}"' in icon.svg()
    pages = [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")]
    assert [page.name for page in pages if "Channelmuse" in page.read_text(encoding="utf-8")] == []
