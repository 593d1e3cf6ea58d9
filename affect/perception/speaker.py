"""What is usual for one voice: running moments of its log-mel pictures, of constant size.

The mean and spread of each band, shrunk toward those of the training corpora by as much as
`PRIOR` frames are worth: x' = (x - mu_n) / s_n with mu_n = (k mu_0 + n xbar) / (k + n). The first
note of an unknown voice is normalised by itself and the prior; each further one sharpens it.
It holds no words and no picture, and is kept for people who agreed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.perception.mel import BANDS

Floats = NDArray[np.float32]

PRIOR = 30.0  # frames (0.7 s)
MOST = 8000.0  # frames (3 min): beyond, old notes fade, so that a voice may change
LEAST_SPREAD = 3.0  # dB


@dataclass(frozen=True, slots=True)
class Speaker:
    """One person's voice: frames heard, and per band the mean of x and of x², in dB and dB²."""

    frames: float = 0.0
    mean: tuple[float, ...] = (0.0,) * BANDS
    square: tuple[float, ...] = (0.0,) * BANDS

    def after(self, picture: Floats) -> Speaker:
        """With one more note, given as `mel.picture` makes it."""
        known = min(self.frames, MOST)
        total = known + len(picture)
        first = (known * np.array(self.mean) + picture.sum(axis=0)) / total
        second = (
            known * np.array(self.square) + (picture.astype(np.float64) ** 2).sum(axis=0)
        ) / total
        return Speaker(total, tuple(first.tolist()), tuple(second.tolist()))

    def joined(self, afters: Sequence[Speaker]) -> Speaker:
        """With the notes of all `afters`, each of which is this speaker after one note of its own.

        As if one note had been heard after the other: the sums of what each brought are added.
        """
        if len(afters) == 1:
            return afters[0]
        known = min(self.frames, MOST) * (1 - len(afters))  # it is in each of them, and counts once
        weights = np.array([known, *(one.frames for one in afters)])
        total = weights.sum()
        first = weights @ np.array([self.mean, *(one.mean for one in afters)]) / total
        second = weights @ np.array([self.square, *(one.square for one in afters)]) / total
        return Speaker(float(total), tuple(first.tolist()), tuple(second.tolist()))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "frames": round(self.frames, 1),
            "mean": [round(x, 3) for x in self.mean],
            "square": [round(x, 2) for x in self.square],
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Speaker:
        """Read what `to_json` gave; raises `ValueError` where it does not fit the bands."""
        try:
            mean, square = (tuple(float(x) for x in told[name]) for name in ("mean", "square"))
            frames = float(told["frames"])
        except (KeyError, TypeError) as error:
            raise ValueError("this is no speaker") from error
        if len(mean) != BANDS or len(square) != BANDS or not frames >= 0:
            raise ValueError("this is no speaker of this front end")
        return cls(frames, mean, square)


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """Mean and standard deviation of each band over the training corpora, (78,) dB."""

    mean: Floats
    spread: Floats

    def normalise(self, picture: Floats, speaker: Speaker) -> Floats:
        """(frames, 78) -> (2, 78, frames): against this note alone, and against `speaker`.

        `speaker` should have heard this picture already.
        """
        alone = (picture - picture.mean(axis=0)) / np.maximum(picture.std(axis=0), LEAST_SPREAD)
        frames, first, second = speaker.frames, np.array(speaker.mean), np.array(speaker.square)
        total = PRIOR + frames
        mean = (PRIOR * self.mean + frames * first) / total
        square = (PRIOR * (self.spread**2 + self.mean**2) + frames * second) / total
        spread = np.sqrt(np.maximum(square - mean**2, LEAST_SPREAD**2))
        own = (picture - mean) / spread
        return np.stack([alone.T, own.T]).astype(np.float32)
