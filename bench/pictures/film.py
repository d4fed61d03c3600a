"""A film that the service makes on the Slack-like page: its file, a strip of its pictures, and its board."""

from itertools import pairwise
from pathlib import Path

import av
from PIL import Image

from bench.pictures.camera import FOLDER, Camera
from bench.pictures.slack import ADA, GENERAL, answered, made
from simulators.play.session import PlaySession
from simulators.slack import Message

#: Also typed in README.md.
ASKED = "a fox crosses a frozen lake at dawn --duration 12 --shots 4 --style anime --resolution 640x360"
_SHOTS = 4
_CARD = 1.2  #: seconds until the card of the title is seen whole
_MADE = 300.0  #: seconds for everything
_LARGEST = 1_500_000  #: bytes
_WIDTH = 336  #: pixels of each picture of the strip
_GAP = 4


async def scenes(session: PlaySession, camera: Camera) -> None:
    """Plan a film and have it made; take its file, a strip of its pictures, and the thread with the board."""
    await session.slack.simulator.until(lambda: session.slack.is_connected)
    root = await made(session, ADA, "film", ASKED)
    plan = await answered(session, root)
    [make, *_] = [button for block in plan.blocks if block["type"] == "actions" for button in block["elements"]]
    await session.slack.act(ADA, "press", {"channel": GENERAL, "ts": plan.ts, "control": make["action_id"]})
    await session.slack.simulator.until(lambda: _film_of(session, root), _MADE)
    data = _film_of(session, root)
    if len(data) > _LARGEST:
        raise ValueError("the film is too big")
    target = FOLDER / "film.mp4"
    target.write_bytes(data)
    print(f"{target.name}: {len(data) / 1000:.0f} kB")
    _strip(target).save(FOLDER / "film.webp", quality=82, method=6)

    page = await camera.open(f"{session.url}/slack", size=(470, 1000), place=GENERAL, thread=root)
    await camera.show_film(page.locator("#thread video").last, at=5.5)
    await camera.take(page, "film-slack")


def _film_of(session: PlaySession, root: str) -> bytes:
    answers: list[Message] = session.slack.simulator.from_bot(thread=root)
    return next((file.content or b"" for m in answers for file in m.files if file.name.endswith(".mp4")), b"")


def _strip(film: Path) -> Image.Image:
    """Return the card of the title and the middle of each shot, side by side."""
    with av.open(str(film)) as opened:
        seconds = float(opened.duration or 0) / av.time_base
        length = (seconds - 2 * _CARD) / _SHOTS
        bounds = [2 * _CARD + length * number for number in range(_SHOTS + 1)]
        wanted = [_CARD, *(sum(pair) / 2 for pair in pairwise(bounds))]
        pictures: list[Image.Image] = []
        for frame in opened.decode(video=0):
            if len(pictures) < len(wanted) and frame.time is not None and frame.time >= wanted[len(pictures)]:
                image = Image.fromarray(frame.to_ndarray(format="rgb24"))
                pictures.append(image.resize((_WIDTH, round(_WIDTH * image.height / image.width))))
    height = pictures[0].height
    strip = Image.new("RGB", ((_WIDTH + _GAP) * len(pictures) - _GAP, height), "white")
    for number, picture in enumerate(pictures):
        strip.paste(picture, ((_WIDTH + _GAP) * number, 0))
    return strip
