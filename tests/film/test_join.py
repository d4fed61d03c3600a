"""Clips of every kind become one film of one size, rate and loudness, within limits."""

import asyncio
import json
import os
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from bot.errors import ClipsNotJoined
from bot.film.join import Clip, FilmStyle, can_join, join_clips, join_seconds
from bot.isolation.film import join
from bot.isolation.film_text import make_caption
from bot.pipeline.error_messages import error_message
from sandbox.media.audio import render_audio
from sandbox.media.video import render_video
from tests.support.hostile.children import until_parsing
from tests.support.media_files import clip, film, sound


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def decode(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the brightness of every picture of a film, and one channel of its sound."""
    with av.open(str(path)) as opened:
        pictures = np.stack([frame.to_ndarray(format="gray") for frame in opened.decode(video=0)])
    with av.open(str(path)) as opened:
        blocks = [frame.to_ndarray()[0] for frame in opened.decode(audio=0)] if opened.streams.audio else []
    return pictures, np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def loudness(samples: NDArray[Any], start: float, end: float) -> float:
    part = samples[int(start * 48000) : int(end * 48000)]
    return float(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9))


async def test_clips_become_one_film(tmp_path: Path) -> None:
    """Codecs, sizes, rates and loudness differ before and not after; titles and subtitles are drawn; it fits."""
    painted = tmp_path / "fox.mp4"
    render_video("a fox", str(painted), width=320, height=180, duration=1.5, image=None, progress=lambda _: None)
    loud = clip(tmp_path / "loud.mp4", sound_codec="aac", amplitude=0.9, grey=200, seconds=2)
    webm = partial(clip, codec="libvpx", sound_codec="libopus", rate=30)
    faint = webm(tmp_path / "faint.webm", size=(90, 120), amplitude=0.02, grey=60, seconds=2)
    clips = [
        Clip(path=painted, subtitle="A fox."),
        Clip(path=loud),
        Clip(path=faint, subtitle="A  pale\nwall."),
    ]
    music, _ = render_audio("calm music", duration=1, format="mp3")
    target = tmp_path / "film.mp4"
    style = FilmStyle(title="The Fox", burn_subtitles=True, locale="zh-TW")
    made = await join_clips(clips, target, style=style, music=save(tmp_path / "m.mp3", music), limit=400_000)
    pictures, samples = decode(target)
    assert pictures.shape == (6.5 * 24, 180, 320)
    assert target.stat().st_size <= 400_000
    assert len(samples) / 48000 == pytest.approx(6.5, abs=0.1)
    assert abs(loudness(samples, 3.7, 4.7) - loudness(samples, 5.3, 5.9)) < 3
    # Bars beside the tall clip, a cross-fade before it; letters are white.
    assert pictures[136][:140, 120:200].mean() == pytest.approx(60, abs=8)
    assert pictures[136][:, :80].max() < 24
    assert 80 < pictures[114][20:40, 150:170].mean() < 180
    assert pictures[6][70:110].max() > 225
    with av.open(str(target)) as opened:  # behind the title colours are as dark as the light
        colours = [float(frame.to_ndarray()[180:].astype(float).std()) for frame in opened.decode(video=0)]
    assert colours[2] < colours[62] * 0.6
    assert pictures[136][130:170].max() > 225
    assert made.missing_letters == set()
    assert made.subtitles() == (
        "1\n00:00:02,250 --> 00:00:03,250\nA fox.\n\n2\n00:00:04,750 --> 00:00:06,500\nA pale wall.\n"
    )


def test_lines_of_a_title_are_about_equally_long() -> None:
    """No word stands alone on the last line; a word that is wider than the picture is broken."""

    def letters(text: str) -> NDArray[Any]:
        caption = make_caption(text, 640, 360, 0.11, locale="")
        assert caption is not None
        drawn = caption.put_on(np.full(640 * 360 * 3 // 2, 16, np.uint8), 640, 360, is_title=True)[: 640 * 360]
        return drawn.reshape(360, 640) > 200

    seen = letters("a fox crosses a frozen lake at dawn")
    upper, lower = (np.flatnonzero(half.any(axis=0)) for half in (seen[:180], seen[180:]))
    assert np.ptp(lower) > np.ptp(upper) * 0.6
    assert np.ptp(upper) > np.ptp(lower) * 0.6
    assert not letters("Supercalifragilisticexpialidocious film")[:, :40].any()


def test_chinese_letters_are_drawn_as_the_reader_writes_them() -> None:
    """骨 has other strokes in Taiwan than in China."""
    taiwan, china = (make_caption("骨", 320, 180, 0.5, locale=locale) for locale in ("zh-TW", "zh-CN"))
    if taiwan is None or china is None:
        pytest.skip("no Chinese font is installed")
    grey = np.full(320 * 180 * 3 // 2, 16, np.uint8)
    drawn = [caption.put_on(grey, 320, 180, is_title=True) for caption in (taiwan, china)]
    assert (drawn[0] > 200).any()
    assert (drawn[0] != drawn[1]).any()


async def test_a_limit_makes_a_film_smaller_or_is_reported(tmp_path: Path) -> None:
    """The size of its pictures follows from the limit; what can't be so small, or is far smaller, is made whole."""
    noise = save(tmp_path / "noise.mp4", film(seconds=1, noise=True))
    target = tmp_path / "film.mp4"
    style = FilmStyle(title="\U0010fffd", fade=0)
    small = await join_clips([Clip(path=noise)], target, style=style, limit=33_000)
    assert target.stat().st_size <= 33_000
    assert small.missing_letters == {"title"}
    pictures, samples = decode(target)
    assert len(samples) == 0
    assert (len(pictures), pictures.shape[1] < 180) == (3.5 * 24, True)
    await join_clips([Clip(path=noise)], target, style=style, limit=5_000)
    assert target.stat().st_size > 5_000
    assert decode(target)[0].shape[1] == 180
    await join_clips([Clip(path=noise)], target, limit=1 << 40)
    assert decode(target)[0].shape == (24, 180, 320)
    assert can_join()


async def test_an_error_names_the_clip(tmp_path: Path) -> None:
    """A clip that is cut, damaged, no picture, no file or a list of other files; and nothing is left."""
    good = clip(tmp_path / "good.mp4")
    noisy = clip(tmp_path / "whole.mp4", size=(320, 180), seconds=3, sound_codec="aac").read_bytes()
    bad = {
        "cut": save(tmp_path / "cut.mp4", noisy[: len(noisy) * 2 // 3]),
        "damaged": save(tmp_path / "broken.mp4", noisy[:40] + b"\xff" * 4000),
        "no_picture": save(tmp_path / "sound.ogg", sound("ogg", "libopus")),
        "missing": tmp_path / "gone.mp4",
    }
    target = tmp_path / "film.mp4"
    for reason, path in bad.items():
        with pytest.raises(ClipsNotJoined) as caught:
            await join_clips([Clip(path=good), Clip(path=path)], target)
        assert (caught.value.clip, caught.value.reason) == (2, reason)
        assert error_message(caught.value, "", event_id="e").startswith("Shot 2 can't become part of the film")
        assert not target.exists()
    assert "too long or too large" in error_message(ClipsNotJoined("too_long", clip=2), "", event_id="e")
    listing = save(tmp_path / "list.mp4", b"#EXTM3U\n#EXTINF:1,\n" + str(good).encode())
    with pytest.raises(ClipsNotJoined, match="clip 1: damaged"):
        await join_clips([Clip(path=listing)], target)
    with pytest.raises(ClipsNotJoined) as caught:
        await join_clips([Clip(path=good)], target, music=listing)
    assert (caught.value.clip, caught.value.is_music) == (None, True)


def test_a_short_film_is_given_less_time() -> None:
    """The time for joining grows with the film, up to a limit."""
    assert join_seconds(4) < join_seconds(40) < join_seconds(400) == join_seconds(4000)


async def test_cancelling_ends_the_child(tmp_path: Path) -> None:
    """No process and no file is left."""
    good = clip(tmp_path / "good.mp4")
    target = tmp_path / "film.mp4"
    joining = asyncio.create_task(join_clips([Clip(path=good)] * 20, target))
    child = await until_parsing()
    joining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joining
    assert not child.is_running()
    assert not target.exists()


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    """At no time more than a dozen pictures are held."""
    good = clip(tmp_path / "good.mp4", size=(320, 180), sound_codec="aac")
    source = {"path": str(good), "container": "mov", "subtitle": "a second"}
    task = {"clips": [source] * 3, "music": None, "fade": 0.5, "title": "", "limit": None}
    task |= {"burn_subtitles": True, "locale": "", "most_seconds": 60}
    join(json.dumps(task | {"clips": [source]}).encode(), target=os.devnull)  # what is loaded once
    tracemalloc.start()
    try:
        join(json.dumps(task).encode(), target=str(tmp_path / "film.mp4"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * 320 * 180 * 1.5 + 2_000_000
