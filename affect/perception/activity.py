"""Where in a sound somebody speaks, and how well it can be heard.

Silero VAD (MIT, see `weights/voice_activity.md`) gives the probability of speech for every 32 ms;
spans, level, noise and clipping come from it and become one number, `quality`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from affect.errors import ModelUnavailable
from affect.perception.audio import RATE, Sound
from affect.perception.sessions import session_of

GRAPH = "voice_activity.onnx"
FRAME, CONTEXT = 512, 64  # samples a step, and those before it that the network wants to see
SPEECH, SILENCE = 0.5, 0.35  # speech begins above the one and ends below the other
LEAST_SPEECH, LEAST_PAUSE, MARGIN = 0.25, 0.10, 0.05  # seconds
CLIPPED = 0.985  # of full scale
FLOOR = 1e-5  # -100 dBFS: what is quieter counts as nothing
# Quality: full from the second number on, nothing below the first.
NOISE_RATIO_DB, LEVEL_DB, SECONDS_OF_SPEECH, CLIPPED_SHARE = (0, 20), (-70, -50), (0.2, 1.0), 0.05

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Activity:
    """What of a sound is speech.

    `spans` are (from, to) in seconds. `level` is the RMS of the speech in dBFS, `noise_ratio` that
    level over what lies between, in dB. `clipped` is a share of the samples of speech.
    """

    spans: tuple[tuple[float, float], ...]
    speech_share: float
    level: float
    noise_ratio: float
    clipped: float
    quality: float

    @property
    def seconds(self) -> float:
        """Seconds of speech."""
        return sum(end - start for start, end in self.spans)


class VoiceActivity:
    """The network, one for the process; a sound's state is its own."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    @classmethod
    def load(cls, folder: Path | None = None) -> VoiceActivity:
        """From a folder, or what ships; raises `ModelUnavailable`."""
        place: Traversable = folder or resources.files("affect") / "weights"
        try:
            return cls(session_of(place / GRAPH))
        except Exception as error:  # onnxruntime raises classes of its own
            raise ModelUnavailable(f"No voice activity model in {place}: {GRAPH}.") from error

    def listen(self, sound: Sound) -> Activity:
        """Find the speech; a sound of any length, empty ones too."""
        spans = _spans(self._probabilities(sound.samples), sound.seconds)
        return _measured(sound, spans)

    def _probabilities(self, samples: Floats) -> Floats:
        count = -(-len(samples) // FRAME)
        padded = np.zeros(CONTEXT + count * FRAME, dtype=np.float32)
        padded[CONTEXT : CONTEXT + len(samples)] = samples
        state = np.zeros((2, 1, 128), dtype=np.float32)
        rate = np.array(RATE, dtype=np.int64)
        found = np.empty(count, dtype=np.float32)
        for step in range(count):
            start = step * FRAME
            window = padded[None, start : start + CONTEXT + FRAME]
            given, state = self._session.run(None, {"input": window, "state": state, "sr": rate})
            found[step] = given[0, 0]
        return found


def speech_of(sound: Sound, activity: Activity) -> Sound:
    """The sound from where speech first begins to where it last ends, with its margins."""
    if not activity.spans:
        return Sound(sound.samples[:0])
    first, last = activity.spans[0][0], activity.spans[-1][1]
    return Sound(sound.samples[round(first * RATE) : round(last * RATE)])


def _spans(probabilities: Floats, seconds: float) -> tuple[tuple[float, float], ...]:
    """Hysteresis over the frames; short pauses are bridged, short noises dropped."""
    step = FRAME / RATE
    found: list[list[float]] = []
    speaking = False
    for frame, probability in enumerate(probabilities):
        at = frame * step
        if speaking:
            found[-1][1] = at
            speaking = bool(probability >= SILENCE)
        elif probability >= SPEECH:
            speaking = True
            if found and at - found[-1][1] < LEAST_PAUSE:
                found[-1][1] = at
            else:
                found.append([at, at])
    if speaking:
        found[-1][1] = seconds
    spans = [(start, end) for start, end in found if end - start >= LEAST_SPEECH]
    return _with_margins(spans, seconds)


def _with_margins(
    spans: list[tuple[float, float]], seconds: float
) -> tuple[tuple[float, float], ...]:
    wide = [(max(0.0, start - MARGIN), min(seconds, end + MARGIN)) for start, end in spans]
    merged: list[tuple[float, float]] = []
    for start, end in wide:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def _measured(sound: Sound, spans: tuple[tuple[float, float], ...]) -> Activity:
    said = np.zeros(len(sound.samples), dtype=bool)
    for start, end in spans:
        said[round(start * RATE) : round(end * RATE)] = True
    speech, rest = sound.samples[said], sound.samples[~said]
    level, noise = _decibels(speech), _decibels(rest)
    ratio = level - noise if len(speech) else 0.0
    clipped = float(np.mean(np.abs(speech) >= CLIPPED)) if len(speech) else 0.0
    told = len(speech) / RATE
    quality = (
        _between(ratio, NOISE_RATIO_DB)
        * _between(level, LEVEL_DB)
        * _between(told, SECONDS_OF_SPEECH)
        * max(0.0, 1 - clipped / CLIPPED_SHARE)
    )
    share = told / sound.seconds if len(sound.samples) else 0.0
    return Activity(spans, share, level, ratio, clipped, quality)


def _decibels(samples: Floats) -> float:
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return 10 * float(np.log10(max(power, FLOOR**2)))


def _between(value: float, bounds: tuple[float, float]) -> float:
    """0 at the first bound, 1 from the second on."""
    low, high = bounds
    return min(1.0, max(0.0, (value - low) / (high - low)))
