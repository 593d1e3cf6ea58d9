"""Conflict: how likely it is that two modalities of one moment do not tell of the same feeling.

Bayes' rule over two explanations of what both tell. Either one emotion lies behind both; or they
differ, half of the time across the two sides of valence (brave words, a sad face), half of the time
in any way. Divergence of the two opinions, which is the usual measure, is large wherever one of
them is merely unsure; this is not (figures: docs/decisions.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from affect.types import EMOTIONS, Emotion

if TYPE_CHECKING:
    from collections.abc import Sequence

PLEASANT = (Emotion.JOY,)
UNPLEASANT = (Emotion.ANGER, Emotion.DISGUST, Emotion.FEAR, Emotion.SADNESS)
DIFFER = 0.2  # how often two modalities of a moment differ, before either is heard

_SIDES = tuple(tuple(EMOTIONS.index(e) for e in side) for side in (PLEASANT, UNPLEASANT))


def differing(one: Sequence[float], other: Sequence[float], prior: Sequence[float]) -> float:
    """Probability that they differ, from what each makes (7) of the `prior` (7, all above 0)."""
    same = math.fsum(p * q / rate for p, q, rate in zip(one, other, prior, strict=True))
    (glad, sad), (glad_too, sad_too), (rarely, often) = map(_sides, (one, other, prior))
    opposite = (glad * sad_too + sad * glad_too) / (2 * rarely * often)
    # Of two that have nothing to do with each other any pair is as likely as the prior has it: 1.
    against = DIFFER * (opposite + 1) / 2
    return against / (against + (1 - DIFFER) * same)


def _sides(probabilities: Sequence[float]) -> tuple[float, float]:
    """The pleasant and the unpleasant share."""
    pleasant, unpleasant = (math.fsum(probabilities[k] for k in side) for side in _SIDES)
    return pleasant, unpleasant
