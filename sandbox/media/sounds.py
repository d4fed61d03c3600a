"""Soundscapes made of two things only: beds (endless textures with a slow swell) and events (a wave at a moment)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]  #: samples, or (2, samples) for stereo

RATE = 44100  #: samples a second
_LOOP = 1 << 18  #: samples of a bed before it comes round again, about six seconds


@dataclass(frozen=True, slots=True)
class Bed:
    """A stereo texture without a seam, played round and round under a swell."""

    loop: Wave  #: (2, n)
    times: npt.NDArray[np.float64]  #: seconds at which `gains` hold
    gains: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Event:
    """One wave that starts at a moment."""

    at: float  #: seconds
    wave: Wave  #: (n,)
    gain: float = 1.0
    pan: float = 0.0  #: -1 left, 1 right


@dataclass(frozen=True, slots=True)
class Track:
    """One sound's part of the mix."""

    beds: tuple[Bed, ...] = ()
    events: tuple[Event, ...] = ()


def noise(rng: np.random.Generator, points: list[tuple[float, float]], size: int = _LOOP) -> Wave:
    """Return `(2, size)` seamless noise of RMS 1; its spectrum follows `points` (hertz, decibels) on a log axis."""
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    curve = np.interp(np.log10(hertz + 1), [np.log10(f + 1) for f, _ in points], [db for _, db in points])
    shape = (10 ** (curve / 20)).astype(np.float32)
    shape[0] = 0
    out = np.fft.irfft(np.fft.rfft(rng.standard_normal((2, size), dtype=np.float32)) * shape, size)
    return np.asarray(out / np.sqrt(np.mean(out**2)), dtype=np.float32)


def scatter(rng: np.random.Generator, grain: Wave, rate: float, size: int = _LOOP) -> Wave:
    """Return `(2, size)` seamless texture of `grain` about `rate` times a second, each as loud and where it likes."""
    impulses = np.zeros((2, size), np.float32)
    count = int(rate * size / RATE)
    at, side = rng.integers(0, size, count), rng.random(count, dtype=np.float32)
    loud = rng.pareto(2.5, count).clip(0.05, 6).astype(np.float32) * rng.choice(np.array([-1, 1], np.float32), count)
    np.add.at(impulses[0], at, loud * (1 - side))
    np.add.at(impulses[1], at, loud * side)
    return np.fft.irfft(np.fft.rfft(impulses) * np.fft.rfft(grain, size), size).astype(np.float32)


def swell(
    rng: np.random.Generator, duration: float, every: float, low: float, high: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the points of a gain that wanders between `low` and `high`, a new goal about `every` seconds."""
    times = np.cumsum(rng.uniform(0.6, 1.4, int(duration / every) + 3) * every) - every
    return times, rng.uniform(low, high, times.size)


def moments(rng: np.random.Generator, duration: float, every: float, *, first: float) -> list[float]:
    """Return moments about `every` seconds apart; the first not after `first`, nor a fifth of the duration."""
    at, found = min(rng.uniform(0.5, 1.0) * first, duration * 0.2), []
    while at < duration:
        found.append(float(at))
        at += rng.uniform(0.5, 1.5) * every
    return found


def rain(rng: np.random.Generator, duration: float) -> Track:
    """A broad hiss, a nearer patter, and single drops."""
    hiss = noise(rng, [(80, -40), (400, -14), (1500, -4), (5000, 0), (12000, -6), (20000, -24)])
    t = np.arange(int(0.012 * RATE)) / RATE
    tick = (np.sin(2 * np.pi * (2600 * t - 30000 * t**2)) * np.exp(-t * 520)).astype(np.float32)
    drip = (np.sin(2 * np.pi * (900 * t + 14000 * t**2)) * np.exp(-t * 300)).astype(np.float32)
    patter = 0.16 * scatter(rng, tick, 420) + 0.2 * scatter(rng, drip, 40)
    return Track(
        (Bed(hiss * 0.12, *swell(rng, duration, 3, 0.75, 1.0)), Bed(patter, *swell(rng, duration, 2, 0.7, 1.0)))
    )


def thunder(rng: np.random.Generator, duration: float) -> Track:
    """Claps that roll away: a crack, then rumbling bursts, all far below the other sounds."""
    events = []
    for at in moments(rng, duration, 9, first=3):
        size = int(min(rng.uniform(4.5, 7.0), max(duration - at, 1.0)) * RATE)
        t = np.arange(size) / RATE
        body = noise(rng, [(15, -24), (40, -3), (80, 0), (160, -4), (350, -14), (900, -30), (4000, -60)], 1 << 19)[
            0, :size
        ]
        rolls = sum(
            weight
            * np.where(t > start, np.minimum((t - start) / 0.05, 1) * np.exp(-(np.maximum(t - start, 0)) / fall), 0)
            for start, weight, fall in zip(
                np.concatenate([[0.0], rng.uniform(0.2, 2.6, 5)]),
                rng.uniform(0.4, 1, 6),
                rng.uniform(0.5, 1.3, 6),
                strict=True,
            )
        )
        crack = noise(rng, [(60, -10), (300, 0), (1500, -10), (6000, -30)], 1 << 16)[0]
        wave = body * rolls
        wave[: crack.size] += (crack * 0.35 * np.exp(-np.arange(crack.size) / RATE / 0.22))[:size]
        wave *= np.minimum((size / RATE - t) / 0.6, 1)
        events.append(Event(at, wave.astype(np.float32), float(rng.uniform(0.16, 0.28)), float(rng.uniform(-0.5, 0.5))))
    return Track(events=tuple(events))


def wind(rng: np.random.Generator, duration: float) -> Track:
    """Gusts: a low breath and a whistling one that rise and fall apart."""
    low = noise(rng, [(30, -20), (120, 0), (400, -8), (1200, -24), (6000, -50)])
    high = noise(rng, [(200, -40), (500, -8), (750, 0), (1100, -10), (3000, -34)])
    return Track(
        (Bed(low * 0.2, *swell(rng, duration, 2.6, 0.3, 1)), Bed(high * 0.08, *swell(rng, duration, 1.8, 0.05, 1)))
    )


def ocean(rng: np.random.Generator, duration: float) -> Track:
    """Waves that gather, break and draw back, over a distant roar."""
    roar = noise(rng, [(30, -12), (90, 0), (300, -6), (1500, -22), (8000, -44)])
    wash = noise(rng, [(100, -24), (500, -4), (1500, 0), (5000, -6), (14000, -20)])
    times, gains, at = [0.0], [0.25], 0.0
    while at < duration + 8:
        rise, fall, height = rng.uniform(1.6, 2.6), rng.uniform(3.0, 4.6), rng.uniform(0.65, 1.0)
        times += [at + rise * 0.6, at + rise, at + rise + fall * 0.35, at + rise + fall]
        gains += [height * 0.4, height, height * 0.45, 0.08]
        at += rise + fall
    swelling = np.array(times), np.array(gains)
    return Track((Bed(roar * 0.08, *swell(rng, duration, 4, 0.5, 1)), Bed(wash * 0.22, *swelling)))


def birds(rng: np.random.Generator, duration: float) -> Track:
    """Several birds, each with a song of its own that it repeats from its own place."""
    events: list[Event] = []
    for _ in range(5):
        base, pan, size = rng.uniform(2300, 5200), float(rng.uniform(-0.9, 0.9)), int(rng.integers(2, 7))
        bends, lengths = rng.uniform(-1400, 1400, size), rng.uniform(0.05, 0.16, size)
        trill, depth = rng.uniform(14, 40), rng.uniform(0, 180)
        notes = []
        for bend, length in zip(bends, lengths, strict=True):
            t = np.arange(int(length * RATE)) / RATE
            pitch = base + bend * (t / length - 0.5) + depth * np.sin(2 * np.pi * trill * t)
            note = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.sin(np.pi * t / length) ** 1.5
            notes += [note, np.zeros(int(0.045 * RATE))]
        song = np.concatenate(notes).astype(np.float32)
        loud = rng.uniform(0.06, 0.2)
        times = moments(rng, duration, 4.5, first=4)
        events += [Event(at, song, float(loud * rng.uniform(0.6, 1)), pan) for at in times]
    leaves = noise(rng, [(200, -30), (1000, -8), (3000, 0), (9000, -10), (18000, -30)])
    return Track((Bed(leaves * 0.012, *swell(rng, duration, 3, 0.3, 1)),), tuple(events))


def fire(rng: np.random.Generator, duration: float) -> Track:
    """A soft roar under crackle, with a louder snap now and then."""
    roar = noise(rng, [(25, -14), (80, 0), (250, -8), (900, -24), (5000, -46)])
    t = np.arange(int(0.006 * RATE)) / RATE
    snap = (rng.standard_normal(t.size) * np.exp(-t * 1100)).astype(np.float32)
    crackle = scatter(rng, snap, 26) * 0.24
    pops = tuple(
        Event(
            at,
            (rng.standard_normal(1400) * np.exp(-np.arange(1400) / 190)).astype(np.float32),
            0.22,
            float(rng.uniform(-0.6, 0.6)),
        )
        for at in moments(rng, duration, 1.7, first=1)
    )
    return Track(
        (Bed(roar * 0.11, *swell(rng, duration, 0.8, 0.5, 1)), Bed(crackle, *swell(rng, duration, 1.2, 0.4, 1))), pops
    )


def stream(rng: np.random.Generator, duration: float) -> Track:
    """Running water: bubbles of many sizes over a bright rush."""
    rush = noise(rng, [(150, -30), (500, -6), (1200, 0), (3500, -4), (9000, -18), (18000, -36)])
    bubbles = np.zeros_like(rush)
    for pitch in (420, 640, 900, 1300, 1800):
        t = np.arange(int(0.05 * RATE)) / RATE
        grain = np.sin(2 * np.pi * (pitch * t + pitch * 2.2 * t**2)) * np.exp(-t * 70) * np.minimum(t / 0.003, 1)
        bubbles += scatter(rng, grain.astype(np.float32), 22)
    return Track(
        (Bed(rush * 0.07, *swell(rng, duration, 2, 0.8, 1)), Bed(bubbles * 0.07, *swell(rng, duration, 1, 0.6, 1)))
    )


def crickets(rng: np.random.Generator, duration: float) -> Track:
    """A summer night: crickets pulsing at their own pace, left and right."""
    size = _LOOP
    t = np.arange(size) / RATE
    cycles = size / RATE
    loop = np.zeros((2, size))
    for pitch, chirps, side in zip(
        rng.uniform(3900, 5100, 4), rng.integers(7, 15, 4), rng.permutation([0.15, 0.4, 0.65, 0.9]), strict=True
    ):
        tone = np.sin(2 * np.pi * round(pitch * cycles) / cycles * t)
        beat = np.clip(np.sin(2 * np.pi * chirps / cycles * t + side * 20) * 3 - 1.4, 0, 1)
        pulse = np.clip(np.sin(2 * np.pi * round(31 * cycles) / cycles * t), 0, 1) ** 0.8
        loop += np.outer([1 - side, side], tone * beat * pulse)
    air = noise(rng, [(40, 0), (200, -8), (1000, -20), (8000, -40)])
    return Track(
        (
            Bed(loop.astype(np.float32) * 0.12, *swell(rng, duration, 4, 0.6, 1)),
            Bed(air * 0.02, *swell(rng, duration, 5, 0.5, 1)),
        )
    )


def city(rng: np.random.Generator, duration: float) -> Track:
    """A far hum, cars that pass from side to side, a horn somewhere."""
    hum = noise(rng, [(25, -8), (60, 0), (150, -5), (500, -18), (2500, -36), (9000, -56)])
    tyres = noise(rng, [(60, -16), (250, -2), (900, 0), (2500, -14), (8000, -36)])[0]
    events = []
    for at in moments(rng, duration, 4, first=2):
        size = int(rng.uniform(3, 4.5) * RATE)
        body = tyres[:size] * np.sin(np.pi * np.arange(size) / size) ** 3
        events.append(Event(at, body.astype(np.float32), float(rng.uniform(0.06, 0.13)), float(rng.uniform(-0.8, 0.8))))
    for at in moments(rng, duration, 14, first=9):
        t = np.arange(int(0.5 * RATE)) / RATE
        horn = sum(np.sin(2 * np.pi * 392 * k * t) / k + np.sin(2 * np.pi * 494 * k * t) / k for k in (1, 2, 3))
        horn = horn * np.minimum(t / 0.03, 1) * np.minimum((0.5 - t) / 0.08, 1)
        events.append(Event(at, np.asarray(horn, np.float32), 0.014, float(rng.uniform(-0.9, 0.9))))
    return Track((Bed(hum * 0.16, *swell(rng, duration, 4, 0.7, 1)),), tuple(events))


def bells(rng: np.random.Generator, duration: float) -> Track:
    """Bells struck one after another on a pentatonic scale, each ringing out."""
    scale = (261.6, 293.7, 329.6, 392.0, 440.0, 523.3)
    rung = {pitch: _bell(pitch) for pitch in scale}
    events = (
        Event(at, rung[float(rng.choice(scale))], 0.24, float(rng.uniform(-0.5, 0.5)))
        for at in moments(rng, duration, 1.9, first=0.4)
    )
    return Track(events=tuple(events))


def _bell(pitch: float) -> Wave:
    partials = (
        (0.5, 0.5, 2.4),
        (1, 1, 1.6),
        (1.19, 0.5, 1.2),
        (1.5, 0.35, 0.9),
        (2, 0.5, 0.7),
        (2.74, 0.3, 0.4),
        (4.07, 0.15, 0.2),
    )
    t = np.arange(5 * RATE) / RATE
    wave = sum(level * np.sin(2 * np.pi * pitch * ratio * t) * 0.5 ** (t / half) for ratio, level, half in partials)
    return np.asarray(wave / 2 * np.minimum(t / 0.003, 1) * np.minimum((5 - t) / 0.5, 1), np.float32)


MAKERS: dict[str, Callable[[np.random.Generator, float], Track]] = {
    "rain": rain, "thunder": thunder, "wind": wind, "ocean": ocean, "birds": birds, "fire": fire,
    "stream": stream, "crickets": crickets, "city": city, "bells": bells,
}  # fmt: skip
