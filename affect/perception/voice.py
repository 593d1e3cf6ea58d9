"""z = T(voice): how a voice sounds becomes an `Estimate`, whatever the words.

A small network (ONNX) makes a summary of log-mel pictures, on one core; a linear head reads it
against what is usual for the voice. A loaded model may be used by many threads. Nothing of the
sound is kept. What a person's voice usually is may be kept as a `Speaker` where that person agreed;
the model works without.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from affect.errors import MediaRejected, ModelUnavailable
from affect.perception import mel
from affect.perception.activity import Activity
from affect.perception.audio import Sound
from affect.perception.sessions import session_of
from affect.perception.speaker import Speaker, Usual
from affect.perception.voice_calibration import CLASSES, VoiceCalibration
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Probabilities, Variance

__all__ = ["CLASSES", "Speaker", "VoiceModel", "VoiceReading"]

Floats = NDArray[np.float64]

GRAPH, HEAD, CARD = "voice.onnx", "voice_head.npz", "voice.json"
LEAST_SPEECH = 0.5  # seconds
PAUSE = 0.25  # seconds kept on both sides of speech: short pauses belong to how somebody talks
MOST_SECONDS = 120.0  # of speech; the rest of a longer note is not heard
WINDOW = 130  # frames (3 s) that the network sees at once, as in training
BATCH = 16  # windows of one run: bounds its memory


@dataclass(frozen=True, slots=True)
class VoiceReading:
    """What a voice says, and the speaker after it, to be kept if the person agreed."""

    estimate: Estimate
    speaker: Speaker


@dataclass(frozen=True, slots=True, eq=False)
class RawVoice:
    """What is told before calibration: `logits` (8,), `affect` (2,), the speaker after."""

    logits: Floats
    affect: Floats
    speaker: Speaker


class VoiceModel:
    """The voice model as it ships, or one from another folder with the same three files."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        head: Mapping[str, Floats],
        card: dict[str, Any],
    ) -> None:
        self._session = session
        self._usual = Usual(head["mean"], head["spread"])
        self._weights, self._bias = head["weights"], head["bias"]
        self._calibration = VoiceCalibration.from_json(card["calibration"])
        self.name: str = f"{card['model']}-{card['version']}"

    @classmethod
    def load(cls, folder: str | Path | None = None) -> VoiceModel:
        """Load from a folder (default: what ships); raises `ModelUnavailable`."""
        place: Traversable = Path(folder) if folder else resources.files("affect") / "weights"
        session = load_network(place)
        try:
            with np.load(io.BytesIO((place / HEAD).read_bytes())) as stored:
                head = {name: stored[name].astype(np.float64) for name in stored.files}
            return cls(session, head, json.loads((place / CARD).read_text("utf-8")))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelUnavailable(f"The voice model's {HEAD} or {CARD} cannot be used.") from error

    @property
    def calibration(self) -> VoiceCalibration:
        """The constants fitted on dev."""
        return self._calibration

    @property
    def base_rates(self) -> Probabilities:
        """The base rates that the seven probabilities stand on."""
        return _by_emotion(self._calibration.rates)

    def read(
        self, sound: Sound, activity: Activity, speaker: Speaker | None = None
    ) -> VoiceReading:
        """Read one note; raises `MediaRejected` (kind `no_speech`) under half a second of speech.

        With the speaker's earlier notes the reading is against what is usual for that voice.
        """
        if activity.seconds < LEAST_SPEECH:
            raise MediaRejected("no_speech", "There is too little speech in this sound.")
        raw = self.raw(speech_samples(sound.samples, activity.spans), speaker)
        fitted = self._calibration
        seven = fitted.emotions(raw.logits[None])
        point, variance = fitted.affect(seven, raw.affect[None])
        estimate = Estimate(
            modality=Modality.VOICE,
            probabilities=_by_emotion(seven[0]),
            affect=Affect(*(float(x) for x in point[0])),
            variance=Variance(*(float(x) for x in variance[0])),
            quality=float(activity.quality),
            model=self.name,
        )
        return VoiceReading(estimate, raw.speaker)

    def raw(self, samples: NDArray[np.float32], speaker: Speaker | None = None) -> RawVoice:
        """Outputs for samples (at 16 kHz) that are speech; raises `MediaRejected` on silence."""
        if not np.any(samples):
            raise MediaRejected("no_speech", "There is too little speech in this sound.")
        return self.told(self.summary(mel.picture(mel.log_mel(samples))), speaker)

    def summary(self, picture: NDArray[np.float32]) -> Floats:
        """(SUMMARY,) how a picture sounds, as `mel.picture` makes it."""
        windows, mask = cut(picture)
        parts = [
            self._session.run(
                ["summary"], {"picture": windows[at : at + BATCH], "mask": mask[at : at + BATCH]}
            )[0]
            for at in range(0, len(windows), BATCH)
        ]
        weights = mask.sum(axis=1, dtype=np.float64) / mask.sum(dtype=np.float64)
        found: Floats = weights @ np.concatenate(parts)
        return found

    def told(self, summary: Floats, speaker: Speaker | None = None) -> RawVoice:
        """What a summary says of the voice of `speaker`, who has not heard it yet."""
        after = (speaker or Speaker()).after(summary)
        told = self._usual.normalise(summary, after) @ self._weights + self._bias
        return RawVoice(told[: len(CLASSES)], told[len(CLASSES) :], after)


def load_network(place: Traversable) -> onnxruntime.InferenceSession:
    """The network of a folder; raises `ModelUnavailable`."""
    try:
        return session_of(place / GRAPH)
    except Exception as error:  # onnxruntime raises classes of its own
        raise ModelUnavailable(
            f"No voice model in {place}: it needs {GRAPH}, {HEAD} and {CARD}."
        ) from error


def speech_samples(
    samples: NDArray[np.float32], spans: tuple[tuple[float, float], ...]
) -> NDArray[np.float32]:
    """The samples of speech and of short pauses, at most `MOST_SECONDS`."""
    keep = np.zeros(len(samples), dtype=bool)
    for start, end in spans:
        first = max(0, int((start - PAUSE) * mel.RATE))
        keep[first : max(first, int((end + PAUSE) * mel.RATE))] = True
    return samples[keep][: int(MOST_SECONDS * mel.RATE)]


def cut(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(frames, 78) -> windows (n, 78, m) of equal length, and their mask (n, m)."""
    frames = len(picture)
    count = math.ceil(frames / WINDOW)
    length = math.ceil(frames / count)
    padded = np.zeros((count * length, picture.shape[1]), dtype=np.float32)
    padded[:frames] = picture
    mask = (np.arange(count * length) < frames).astype(np.float32).reshape(count, length)
    windows = padded.reshape(count, length, -1).transpose(0, 2, 1)
    return np.ascontiguousarray(windows), mask


def _by_emotion(values: Floats) -> dict[Emotion, float]:
    return {emotion: float(value) for emotion, value in zip(EMOTIONS, values, strict=True)}
