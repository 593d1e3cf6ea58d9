"""What is usual for one voice: running moments of what the network makes of each note.

The mean and spread of a note's summary over the notes of one person, shrunk toward those of the
training corpora by as much as `PRIOR` notes are worth: x' = (x - mu_n) / s_n with
mu_n = (k mu_0 + n xbar) / (k + n). The first note of an unknown voice is set against itself and the
prior; each further one sharpens it. Of constant size; it holds no words and no sound, and is kept
for people who agreed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SUMMARY = 256  # numbers that the network makes of a note
PRIOR = 4.0  # notes
MOST = 100.0  # notes: beyond, old ones fade, so that a voice may change
LEAST_SPREAD = 0.3  # of what is usual


@dataclass(frozen=True, slots=True)
class Speaker:
    """One person's voice: notes heard, and the means of x and of x² of their summaries."""

    notes: float = 0.0
    mean: tuple[float, ...] = (0.0,) * SUMMARY
    square: tuple[float, ...] = (0.0,) * SUMMARY

    def after(self, summary: Floats) -> Speaker:
        """With one more note, given as its summary (SUMMARY,)."""
        known = min(self.notes, MOST)
        first = (known * np.array(self.mean) + summary) / (known + 1)
        second = (known * np.array(self.square) + summary**2) / (known + 1)
        return Speaker(known + 1, tuple(first.tolist()), tuple(second.tolist()))

    def joined(self, afters: Sequence[Speaker]) -> Speaker:
        """With the notes of all `afters`, each of which is this speaker after one note of its own.

        As if one note had been heard after the other: the sums of what each brought are added.
        """
        if len(afters) == 1:
            return afters[0]
        known = min(self.notes, MOST) * (1 - len(afters))  # it is in each of them, and counts once
        weights = np.array([known, *(one.notes for one in afters)])
        total = weights.sum()
        first = weights @ np.array([self.mean, *(one.mean for one in afters)]) / total
        second = weights @ np.array([self.square, *(one.square for one in afters)]) / total
        return Speaker(float(total), tuple(first.tolist()), tuple(second.tolist()))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "notes": round(self.notes, 1),
            "mean": [round(x, 4) for x in self.mean],
            "square": [round(x, 4) for x in self.square],
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Speaker:
        """Read what `to_json` gave; raises `ValueError` where it does not fit the network."""
        try:
            mean, square = (tuple(float(x) for x in told[name]) for name in ("mean", "square"))
            notes = float(told["notes"])
        except (KeyError, TypeError) as error:
            raise ValueError("this is no speaker") from error
        if len(mean) != SUMMARY or len(square) != SUMMARY or not notes >= 0:
            raise ValueError("this is no speaker of this network")
        return cls(notes, mean, square)


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """Mean and standard deviation of the summaries of the training corpora, (SUMMARY,)."""

    mean: Floats
    spread: Floats

    def normalise(self, summary: Floats, speaker: Speaker) -> Floats:
        """(SUMMARY,) set against `speaker`, who should have heard this note already."""
        notes, total = speaker.notes, PRIOR + speaker.notes
        mean = (PRIOR * self.mean + notes * np.array(speaker.mean)) / total
        known = notes * np.array(speaker.square)
        square = (PRIOR * (self.spread**2 + self.mean**2) + known) / total
        least = (LEAST_SPREAD * self.spread) ** 2
        result: Floats = (summary - mean) / np.sqrt(np.maximum(square - mean**2, least))
        return result
