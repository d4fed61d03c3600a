"""Films from words and from pictures, really encoded and decoded."""

import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sandbox.media.video import FPS, render_video


def picture(kind: str = "PNG", size: tuple[int, int] = (200, 120)) -> bytes:
    x, y = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    file = io.BytesIO()
    Image.fromarray(np.stack([x, y, 255 - x], -1).astype(np.uint8)).save(file, kind)
    return file.getvalue()


def shot(
    path: Path, prompt: str, *, width: int = 128, height: int = 72, duration: float = 1.0, image: bytes | None = None
) -> tuple[npt.NDArray[np.float64], list[float]]:
    """Render, check what every film promises, return its frames and the progress told."""
    told: list[float] = []
    render_video(prompt, str(path), width=width, height=height, duration=duration, image=image, progress=told.append)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, stream.width, stream.height) == ("h264", "yuv420p", width, height)
        assert stream.average_rate == FPS
        assert container.metadata["comment"] == "sandbox"
        assert container.duration is not None
        assert abs(container.duration / 1e6 - duration) <= 1 / FPS
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]).astype(float)
    assert len(frames) == round(duration * FPS)
    return frames, told


@pytest.mark.parametrize(
    "prompt",
    ["waves on the sea at sunset", "a red fox in snow, anime", "下雨的城市", "stars and aurora", "霧中的森林", "闪电"],
)
def test_a_scene_moves(tmp_path: Path, prompt: str) -> None:
    """Every scene changes from frame to frame, little at a time, and progress rises from 0 to 1."""
    frames, told = shot(tmp_path / "film.mp4", prompt)
    steps = np.abs(np.diff(frames, axis=0)).mean((1, 2, 3))
    assert steps.max() > 0.05
    assert np.abs(frames[-1] - frames[0]).mean() > 0.5
    assert np.median(steps) < 30
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)
    assert len(told) > 4


def test_a_picture_is_panned_and_zoomed(tmp_path: Path) -> None:
    """A given image fills the film at once and is moved over; any format Pillow reads will do."""
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        frames, _ = shot(tmp_path / "pan.mp4", "slowly", image=picture(kind), duration=0.5)
        assert np.abs(frames[-1] - frames[0]).mean() > 1
        assert frames[0][:, -20:, 0].mean() > frames[0][:, :20, 0].mean() + 60


def test_shapes_follow_the_request(tmp_path: Path) -> None:
    """Upright films work, from words and from a wide picture; duration need not be whole."""
    shot(tmp_path / "a.mp4", "a lighthouse", width=72, height=128, duration=0.4)
    shot(tmp_path / "b.mp4", "a lighthouse", width=72, height=128, duration=0.4, image=picture())


def test_same_prompt_same_film(tmp_path: Path) -> None:
    """A film is a function of its arguments."""
    first, _ = shot(tmp_path / "a.mp4", "snow in a forest", duration=0.3)
    again, _ = shot(tmp_path / "b.mp4", "snow in a forest", duration=0.3)
    assert np.array_equal(first, again)


def test_the_index_stands_before_the_frames(tmp_path: Path) -> None:
    """A film starts to play before it is downloaded whole: moov comes before mdat."""
    shot(tmp_path / "a.mp4", "sea", duration=0.3)
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("data", [b"", b"not a picture", picture()[:60], b"GIF89a" + b"\0" * 9])
def test_an_unreadable_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    """What is no picture is told in a sentence."""
    with pytest.raises(ValueError, match="can't be read"):
        render_video("x", str(tmp_path / "a.mp4"), width=64, height=64, duration=1, image=data, progress=lambda _: None)


@pytest.mark.parametrize(("width", "height", "duration"), [(63, 64, 1.0), (64, 0, 1.0), (64, 64, 0.0)])
def test_impossible_sizes_are_refused(tmp_path: Path, width: int, height: int, duration: float) -> None:
    """Odd and empty sizes and durations are told in a sentence, and no file is left."""
    with pytest.raises(ValueError, match="must be"):
        render_video(
            "x",
            str(tmp_path / "a.mp4"),
            width=width,
            height=height,
            duration=duration,
            image=None,
            progress=lambda _: None,
        )
    assert not (tmp_path / "a.mp4").exists()
