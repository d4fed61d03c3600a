"""Renders an HTML page as a small PNG with Chromium."""

import re
import shutil
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

PACKAGES = "chromium fonts-lato fonts-noto-cjk fonts-noto-color-emoji"  # of Debian
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
#: Script that sets the page's title to its height.
_MEASURE = "<script>addEventListener('load',()=>document.title=document.documentElement.scrollHeight)</script>"


def find_chromium() -> str:
    """Return the browser's path. Raises `FileNotFoundError` with an instruction."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(f"no Chromium: install it, on Debian with apt-get install {PACKAGES}")


def render_png(page: str, target: Path, *, width: int, colors: int = 224, scale: float = 1.5) -> None:
    """Render the page, `width` CSS pixels wide and at its full height, as a PNG with a palette of `colors`.

    Raises `FileNotFoundError` without Chromium and `RuntimeError` if Chromium fails.
    """
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "page.html")
        source.write_text(page.replace("</body>", f"{_MEASURE}</body>"), encoding="utf-8")
        title = re.search(r"<title>(\d+)</title>", _run(source, folder, width, 100, "--dump-dom"))
        if title is None:
            raise RuntimeError("Chromium reports no height: is there a <title> in the page?")
        height = int(title[1])
        raw = Path(folder, "page.png")
        # The window is higher than its viewport; the part below the page is cropped.
        _run(source, folder, width, height + 200, f"--screenshot={raw}", f"--force-device-scale-factor={scale}")
        with Image.open(BytesIO(raw.read_bytes())) as image:
            cut = image.convert("RGB").crop((0, 0, round(width * scale), round(height * scale)))
        few = cut.quantize(colors, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
        few.save(target, optimize=True)


def _run(source: Path, folder: str, width: int, height: int, *options: str) -> str:
    command = [
        *(find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *("--no-first-run", f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"),
        *("--virtual-time-budget=2000", *options, source.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"Chromium failed: {done.stderr[-500:]}")
    return done.stdout
