"""Makes the pictures of the documents: `make pictures`, or `python -m bench.pictures slack cockpit`.

The service runs on the simulated platforms, and the pages of `make play` are photographed.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench.pictures import administration, cockpit, discord, film, slack
from bench.pictures.camera import Camera, camera
from simulators.play.session import PlaySession

SCENES = {
    "slack": slack.scenes,
    "discord": discord.scenes,
    "administration": administration.scenes,
    "cockpit": cockpit.scenes,
    "film": film.scenes,
}


async def main(chosen: list[str]) -> None:
    """Make the pictures of these pages."""
    async with camera() as one:
        for name in chosen:
            with tempfile.TemporaryDirectory() as folder:
                await _play(name, Path(folder), one)


async def _play(name: str, folder: Path, one: Camera) -> None:
    session = PlaySession(folder)
    await session.start()
    try:
        await SCENES[name](session, one)
    finally:
        await session.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description="Make the pictures of the documents.")
    parser.add_argument("pages", nargs="*", choices=[*SCENES, []], help=f"of {', '.join(SCENES)} (default: all)")
    asyncio.run(main(parser.parse_args().pages or list(SCENES)))
