"""What a model made elsewhere calls its classes, in terms of the seven emotions: one table.

A class that cannot be placed is refused and never guessed: a wrong place would be believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect import written
from affect.errors import ModelUnavailable
from affect.labels import LABELS, narrow_map
from affect.types import EMOTIONS, Emotion

FILE = Path(__file__).parent / "label_maps.yaml"

Floats = NDArray[np.float64]


@cache
def names() -> Mapping[str, Emotion]:
    """The table: each name in small letters, and its emotion."""
    told = written.read(FILE)
    return {name: Emotion(emotion) for emotion, known in told.items() for name in known}


def plain(label: str) -> str:
    """A label as the table writes it."""
    return label.strip().casefold()


def shares(labels: Sequence[str]) -> Floats:
    """(n, 7): how much of each label goes to each emotion; rows sum to 1.

    The fine labels of GoEmotions go where fusion wants them (`affect.labels.narrow_map`). Raises
    `ModelUnavailable`, naming the first label that is not known, or where fewer than two emotions
    can be told apart.
    """
    fine = dict(zip(LABELS, narrow_map(), strict=True))
    rows = np.zeros((len(labels), len(EMOTIONS)))
    for row, label in enumerate(labels):
        name = plain(label)
        if name in names():
            rows[row, EMOTIONS.index(names()[name])] = 1
        elif name in fine:
            rows[row] = fine[name]
        else:
            raise ModelUnavailable(f"Its label {label!r} is none of the emotions known here.")
    if np.count_nonzero(rows.sum(axis=0)) < 2:
        raise ModelUnavailable("It tells fewer than two of the seven emotions apart.")
    return rows


def silent(rows: Floats) -> frozenset[Emotion]:
    """The emotions that none of the labels behind `shares` leads to."""
    heard = rows.sum(axis=0) > 0
    return frozenset(emotion for emotion, any_ in zip(EMOTIONS, heard, strict=True) if not any_)
