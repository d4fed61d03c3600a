"""Sound from words, really rendered and decoded."""

import io

import av
import numpy as np
import numpy.typing as npt
import pytest

from sandbox.media.audio import render_audio
from sandbox.media.prompt_words import SOUNDS

RATE = 44100
Samples = npt.NDArray[np.float64]


def decoded(data: bytes) -> tuple[Samples, dict[str, str]]:
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        assert (stream.rate, stream.channels) == (RATE, 2)
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        tags = dict(container.metadata)
    if frames[0].dtype == np.int16:
        return np.concatenate(frames, axis=1).astype(float).reshape(-1, 2).T / 32768, tags
    return np.concatenate(frames, axis=1).astype(float), tags


def heard(prompt: str, duration: float = 4.0) -> Samples:
    return decoded(render_audio(prompt, duration=duration, format="wav")[0])[0]


def share(samples: Samples, low: float, high: float) -> float:
    """The share of the sound's energy between two frequencies."""
    power = np.abs(np.fft.rfft(samples.mean(0))) ** 2
    hertz = np.fft.rfftfreq(samples.shape[1], 1 / RATE)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


@pytest.mark.parametrize(("kind", "content_type"), [("mp3", "audio/mpeg"), ("wav", "audio/wav")])
@pytest.mark.parametrize("duration", [1.0, 2.37])
def test_duration_is_exact_and_the_file_labelled(kind: str, content_type: str, duration: float) -> None:
    """Exactly the asked duration comes out of a decoder, tagged as the sandbox's, with the prompt as title."""
    data, found = render_audio("rain 雨", duration=duration, format=kind)
    samples, tags = decoded(data)
    assert found == content_type
    assert samples.shape[1] == round(duration * RATE)
    assert tags["comment"] == "sandbox"
    assert tags["title"] == "rain 雨"


@pytest.mark.parametrize("sound", sorted(SOUNDS))
def test_every_sound_is_audible_and_never_clips(sound: str) -> None:
    """Peaks reach near the top and stay below it; both ends are silent; the two sides are not swapped silence."""
    samples = heard(sound, 3.0)
    assert 0.85 < np.abs(samples).max() < 0.95
    assert np.abs(samples[:, :50]).max() < 0.03
    assert np.abs(samples[:, -50:]).max() < 0.03
    assert samples.std(axis=1).min() > 0.005


def test_same_prompt_same_sound() -> None:
    """A sound is a function of its prompt; another prompt sounds different."""
    first, again, other = (render_audio(prompt, duration=1, format="wav")[0] for prompt in ("wind", "wind", "wind!"))
    assert first == again
    assert first != other


def test_rain_is_broad_and_thunder_low_and_sudden() -> None:
    """Gentle rain with thunder has a steady hiss up high and bursts down low."""
    samples = heard("gentle rain and thunder in the background", 8)
    spectrum = np.fft.rfft(samples.mean(0))
    hertz = np.fft.rfftfreq(samples.shape[1], 1 / RATE)

    def envelope(low: float, high: float) -> Samples:
        band = np.fft.irfft(np.where((hertz >= low) & (hertz < high), spectrum, 0), samples.shape[1])
        return np.asarray(np.sqrt((band[RATE : 7 * RATE].reshape(-1, RATE // 4) ** 2).mean(1)))

    rumble, hiss = envelope(20, 300), envelope(2000, 12000)
    assert rumble.max() > 4 * np.median(rumble[rumble <= np.median(rumble)])
    assert hiss.max() < 2 * hiss.min()
    assert share(heard("rain"), 1500, 16000) > 0.7
    assert share(heard("雷聲"), 15, 600) > 0.8


def test_sounds_lie_where_they_belong() -> None:
    """Birds sing high, cities hum low, a tone is on its note."""
    assert share(heard("鳥鳴"), 1500, 8000) > 0.9
    assert share(heard("city traffic"), 20, 600) > 0.7
    assert share(heard("a 1000 Hz tone"), 995, 1005) > 0.95


def test_waves_come_and_go() -> None:
    """The sea swells: loud seconds are well above quiet ones, where rain stays even."""

    def swing(prompt: str) -> float:
        loud = heard(prompt, 14)[:, RATE : 13 * RATE].std(axis=0, mean=0.0).reshape(-1, RATE // 2).mean(1)
        return float(loud.max() / loud.min())

    assert swing("ocean waves") > 1.3 * swing("rain")


def test_moods_differ() -> None:
    """Happy music has more onsets than sad music of the same length."""

    def onsets(prompt: str) -> int:
        energy = (heard(prompt, 5) ** 2).mean(0)[: 5 * RATE].reshape(-1, RATE // 50).mean(1)
        rise = np.diff(np.log(energy + 1e-7))
        return int((rise > 0.5).sum())

    assert onsets("happy music") > onsets("sad music")


def test_what_cannot_be_made_is_refused() -> None:
    """Another format or no duration is a sentence, not a file."""
    with pytest.raises(ValueError, match="mp3 or wav"):
        render_audio("rain", duration=1, format="ogg")
    with pytest.raises(ValueError, match="greater than zero"):
        render_audio("rain", duration=0, format="mp3")
