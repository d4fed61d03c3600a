"""Pictures from words, really rendered at small sizes."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sandbox.media.image import render_image
from sandbox.media.prompt_words import ELEMENTS, SUBJECTS
from sandbox.media.render.cast import PAINTERS

STYLES = ("photo-realistic", "digital-art", "anime")
Pixels = npt.NDArray[np.float64]


def pixels(prompt: str, *, style: str = "photo-realistic", index: int = 0, size: int = 160) -> Pixels:
    data, content_type = render_image(prompt, width=size, height=size, style=style, index=index)
    assert content_type == "image/png"
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        assert picture.size == (size, size)
        return np.asarray(picture.convert("RGB"), float)


def distance(a: Pixels, b: Pixels) -> float:
    return float(np.abs(a - b).mean())


def test_same_arguments_same_bytes() -> None:
    """A picture is a function of its arguments."""
    first, again = (render_image("a red fox in snow", width=96, height=96, style="anime", index=1)[0] for _ in range(2))
    assert first == again


def test_indices_and_styles_differ() -> None:
    """Every index and every style is visibly another picture; an unknown style is painted photo-realistic."""
    prompt = "mountains and a lake"
    shown = [pixels(prompt, index=index) for index in range(4)] + [pixels(prompt, style=style) for style in STYLES[1:]]
    for number, one in enumerate(shown):
        for other in shown[number + 1 :]:
            assert distance(one, other) > 8
    assert pixels(prompt, style="cubist").shape == shown[0].shape


@pytest.mark.parametrize("style", STYLES)
def test_composition_is_the_same_at_every_size(style: str) -> None:
    """The small picture is the large one made smaller, grain apart."""
    large = pixels("a sunset over the sea with a boat", style=style, size=512)
    small = pixels("a sunset over the sea with a boat", style=style, size=128)
    shrunk = large.reshape(128, 4, 128, 4, 3).mean((1, 3))
    assert distance(shrunk, small) < 8


@pytest.mark.parametrize("style", STYLES)
def test_colours_suit_the_words(style: str) -> None:
    """A sunset is warm at the horizon, a night dark, snow bright underfoot, a noon sky blue."""
    sunset = pixels("a sunset over the sea", style=style)[75:88].mean((0, 1))
    assert sunset[0] > sunset[2] + 40
    assert pixels("mountains at night", style=style).mean() < 75
    snow = pixels("a snowy field at noon", style=style)[125:].mean((0, 1))
    assert snow.min() > 130
    assert np.ptp(snow) < 40
    day = pixels("green hills, sunny day", style=style)
    assert day[2:40, :, 2].mean() > day[2:40, :, 0].mean() + 25
    assert day[130:, :, 1].mean() > day[130:, :, 2].mean() + 15


def test_a_named_colour_tints_the_subject() -> None:
    """A blue cat is bluer than a red one in the same place, in Chinese too."""
    for blue, red in (("a blue cat", "a red cat"), ("藍色的貓", "紅色的貓")):
        parts = [pixels(prompt, style="anime")[70:150].reshape(-1, 3) for prompt in (blue, red)]
        shares = [np.mean((part[:, 2] > part[:, 0] + 60) & (part[:, 2] > part[:, 1] + 30)) for part in parts]
        assert shares[0] > shares[1] + 0.03


def test_chinese_and_english_show_the_same_things() -> None:
    """下雪 whitens the ground and 夜 darkens the sky as the English words do."""
    assert pixels("雪地")[130:].mean() > pixels("草地")[130:].mean() + 40
    assert pixels("夜晚的城市").mean() < pixels("白天的城市").mean() - 40


def test_water_mirrors_what_is_above() -> None:
    """Below the horizon of a lake the mountains stand upside down: each row there resembles its mirror."""
    shown = pixels("mountains and a lake", style="digital-art").mean(2)
    corner = [
        np.corrcoef(shown[h - 30 : h - 3][::-1].ravel(), shown[h + 3 : h + 30].ravel())[0, 1] for h in range(78, 110)
    ]
    assert max(corner) > 0.6


@pytest.mark.parametrize("word", [*sorted(ELEMENTS), *sorted(SUBJECTS), "qwerty zxcvb", "", "🦊" * 40])
def test_every_word_gives_a_picture_with_something_in_it(word: str) -> None:
    """No word of the vocabulary, and none outside it, gives an empty or a broken picture."""
    shown = pixels(word, style=STYLES[len(word) % 3], size=96)
    assert shown.std() > 8


def test_every_subject_has_a_painter() -> None:
    """What the vocabulary names can be drawn."""
    assert set(PAINTERS) == set(SUBJECTS)


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_a_subject_shows(subject: str) -> None:
    """A subject changes the picture where it stands."""
    place = {"fish": "sea", "boat": "sea", "lighthouse": "sea", "rocket": "space"}.get(subject, "hills")
    shown = pixels(f"a {subject}, {place}", style="digital-art", size=128)
    assert len(np.unique(shown // 32 @ (64, 8, 1))) >= 8


def test_the_file_says_where_it_is_from() -> None:
    """The metadata names the sandbox and the prompt, in any script."""
    data, _ = render_image("森林裡的湖", width=64, height=64, style="anime", index=0)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.info["Software"] == "sandbox"
        assert picture.info["Description"] == "森林裡的湖"


def test_other_shapes_and_empty_ones() -> None:
    """Wide and tall pictures are painted; an empty one is refused with a sentence."""
    for width, height in ((192, 64), (64, 192)):
        data, _ = render_image("a house by a lake", width=width, height=height, style="anime", index=0)
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.size == (width, height)
    with pytest.raises(ValueError, match="greater than zero"):
        render_image("x", width=0, height=64, style="anime", index=0)
