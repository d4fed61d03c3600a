"""Small music: chords, a bass, a melody that stays in them, drums, and a plain tone."""

import numpy as np

from sandbox.media.sounds import RATE, Bed, Event, Track, Wave

#: mood → beats a minute, chord progressions as semitones from the key (roots and triads)
_MINOR, _MAJOR = (0, 3, 7), (0, 4, 7)
_MOODS = {
    "calm": (
        66,
        (((0, _MAJOR), (9, _MINOR), (5, _MAJOR), (7, _MAJOR)), ((0, _MAJOR), (4, _MINOR), (5, _MAJOR), (0, _MAJOR))),
    ),
    "happy": (
        116,
        (((0, _MAJOR), (7, _MAJOR), (9, _MINOR), (5, _MAJOR)), ((0, _MAJOR), (5, _MAJOR), (7, _MAJOR), (5, _MAJOR))),
    ),
    "sad": (
        58,
        (((9, _MINOR), (5, _MAJOR), (0, _MAJOR), (4, _MINOR)), ((9, _MINOR), (2, _MINOR), (4, _MINOR), (9, _MINOR))),
    ),
}
_BAR = 4


def _hertz(semitone: float) -> float:
    return float(440 * 2 ** ((semitone - 9) / 12))  # 0 is the C above which A sounds at 440 Hz


class _Instruments:
    """Notes, each made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, float, float], Wave] = {}

    def note(self, kind: str, semitone: float, seconds: float) -> Wave:
        key = (kind, semitone, seconds)
        if key not in self._made:
            self._made[key] = (_pad if kind == "pad" else _pluck)(_hertz(semitone), seconds)
        return self._made[key]


def _pluck(pitch: float, seconds: float) -> Wave:
    """A felted piano string: partials slightly sharp, the high ones gone first."""
    t = np.arange(int(seconds * RATE)) / RATE
    wave = sum(
        np.sin(2 * np.pi * pitch * k * np.sqrt(1 + 0.0004 * k * k) * t) * np.exp(-t * (1.1 + 0.7 * k)) / k**1.4
        for k in range(1, 7)
    )
    return np.asarray(wave * np.minimum(t / 0.006, 1) * np.minimum((seconds - t) / 0.08, 1), np.float32)


def _pad(pitch: float, seconds: float) -> Wave:
    """A slow string choir: three voices a few cents apart."""
    t = np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * pitch * k * detune * t) / k**2 for detune in (0.9975, 1, 1.0025) for k in (1, 2, 3))
    return np.asarray(wave / 3 * np.minimum(t / 0.7, 1) * np.minimum((seconds - t) / 0.9, 1), np.float32)


def music(rng: np.random.Generator, duration: float, mood: str) -> Track:
    """Chords under a melody in the mood asked for."""
    tempo, choices = _MOODS[mood]
    beat, key = 60 / tempo, int(rng.integers(-5, 5))
    chords = choices[int(rng.integers(len(choices)))]
    band, events = _Instruments(), []
    motif = [
        float(x)
        for x in rng.choice([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5], 4 if mood != "happy" else 6, replace=False)
    ]
    steps = rng.integers(0, 6, len(motif))
    bars = int(duration / (beat * _BAR)) + 1
    for bar in range(bars):
        start, (root, triad) = bar * _BAR * beat, chords[bar % len(chords)]
        tones = [key + (root + step) % 12 for step in triad]
        for number, tone in enumerate(tones):
            pad = band.note("pad", tone - 12, round(beat * _BAR + 0.9, 3))
            events.append(Event(start, pad, 0.06, (number - 1) * 0.5))
        bass = key + root - 24 if root < 7 else key + root - 36  # noqa: PLR2004 - the bass stays within one octave
        pulses = (0, 1, 2, 3) if mood == "happy" else (0, 2)
        events += [Event(start + pulse * beat, band.note("pluck", bass, 1.6), 0.18) for pulse in pulses]
        if mood != "sad":
            for number in range(8):
                tone = tones[(0, 1, 2, 1)[number % 4]]
                events.append(Event(start + number * beat / 2, band.note("pluck", tone, 1.2), 0.07, 0.35))
        if bar % 4 == 3:  # noqa: PLR2004 - every fourth bar the melody breathes
            events.append(Event(start, band.note("pluck", tones[0] + 12, 2.5), 0.18, -0.2))
            continue
        shift = int(rng.integers(-1, 2)) if bar % 2 else 0
        for offset, step in zip(sorted(motif), steps, strict=True):
            tone = tones[int(step + shift) % 3] + 12 * (int(step + shift) // 3) + 12 * (mood == "happy")
            events.append(Event(start + offset * beat, band.note("pluck", tone, 2.2), 0.2, -0.2))
    return Track(events=tuple(event for event in events if event.at < duration))


def drums(rng: np.random.Generator, duration: float, mood: str) -> Track:
    """A beat of kick, snare and hats, swung a little."""
    tempo = {"calm": 84, "sad": 72, "happy": 118}[mood]
    step = 60 / tempo / 4
    t = np.arange(int(0.3 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (48 * t + 4.2 * (1 - np.exp(-t * 38)))) * np.exp(-t * 11)
    snare = rng.standard_normal(t.size) * np.exp(-t * 26) * 0.7 + np.sin(2 * np.pi * 190 * t) * np.exp(-t * 24) * 0.6
    hat = np.diff(rng.standard_normal(t.size + 1)) * np.exp(-t * 75) * 0.5
    kit = {name: np.asarray(wave * np.minimum((0.3 - t) / 0.03, 1), np.float32) for name, wave in
           (("kick", kick), ("snare", snare), ("hat", hat))}  # fmt: skip
    ghost = set(rng.choice([3, 6, 7, 10, 11, 14, 15], 3, replace=False).tolist())
    events = []
    for number in range(int(duration / step) + 1):
        place, at = number % 16, number * step + (step * 0.12 if number % 2 else 0)
        if place in (0, 8) or place in ghost & {6, 10, 11}:
            events.append(Event(at, kit["kick"], 0.6))
        if place in (4, 12):
            events.append(Event(at, kit["snare"], 0.34))
        if place % 2 == 0 or place in ghost:
            events.append(Event(at, kit["hat"], 0.16 if place % 4 else 0.1, 0.3))
    return Track(events=tuple(event for event in events if event.at < duration))


def tone(frequency: float) -> Track:
    """A steady sine; the loop is rounded to whole cycles, which moves the pitch by less than a tenth of a hertz."""
    size = RATE * 8
    cycles = round(frequency * 8)
    wave = 0.4 * np.sin(2 * np.pi * cycles * np.arange(size) / size)
    return Track((Bed(np.asarray([wave, wave], np.float32), np.array([0.0]), np.array([1.0])),))
