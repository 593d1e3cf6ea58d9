"""How fusion fares on made-up experts of known truth: clean, copied, broken, useless (seeded).

The experts are calibrated and independent given the emotion, which real modalities are not; this
measures the way of combining, not Attune's accuracy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from affect import fusion
from affect.types import EMOTIONS, Affect, Estimate, Modality, Reading, Variance

ITEMS = 1500
FLAT = (1 / len(EMOTIONS),) * len(EMOTIONS)
CONSTANTS = replace(fusion.shipped(), prior=FLAT, base_rates=dict.fromkeys(Modality, FLAT))
RANDOM = np.random.default_rng(20261124)
TRUTH = RANDOM.integers(0, len(EMOTIONS), ITEMS)

Floats = NDArray[np.float64]


def expert(sharpness: float) -> Floats:
    """(n, 7) exact posteriors of a signal that is the true emotion's unit vector in noise."""
    signal = sharpness * np.eye(len(EMOTIONS))[TRUTH]
    odds = np.exp(sharpness * (signal + RANDOM.normal(size=signal.shape)))
    posterior: Floats = odds / odds.sum(axis=1, keepdims=True)
    return posterior


WORDS, VOICE, FACE = expert(1.75), expert(1.05), expert(0.75)
NOISE: Floats = RANDOM.dirichlet(np.full(len(EMOTIONS), 0.3), ITEMS)

View = tuple[Modality, Floats, float]


def fused(*views: View, pool: Callable[..., Reading] = fusion.fuse) -> Floats:
    """(n, 7) fused probabilities of (modality, its probabilities, its quality)."""
    rows = []
    for n in range(ITEMS):
        estimates: Sequence[Estimate] = [
            Estimate(
                modality=modality,
                probabilities=dict(zip(EMOTIONS, map(float, told[n]), strict=True)),
                affect=Affect(0.0, 0.0, 0.0),
                variance=Variance(0.1, 0.1, 0.1),
                quality=quality,
                model="made up",
            )
            for modality, told, quality in views
        ]
        reading = pool(estimates, constants=CONSTANTS)
        rows.append([reading.probabilities[e] for e in EMOTIONS])
    return np.array(rows)


def accuracy(probabilities: Floats) -> float:
    return float((probabilities.argmax(axis=1) == TRUTH).mean())


def confidence(probabilities: Floats) -> float:
    return float(probabilities.max(axis=1).mean())


words: View = (Modality.TEXT, WORDS, 1.0)
voice: View = (Modality.VOICE, VOICE, 1.0)
face: View = (Modality.FACE, FACE, 1.0)


def test_three_experts_beat_the_best_and_the_linear_pool() -> None:
    together = fused(words, voice, face)
    assert accuracy(together) > accuracy(WORDS) + 0.05
    assert accuracy(together) > accuracy(fused(words, voice, face, pool=fusion.linear_pool))
    assert abs(accuracy(together) - confidence(together)) <= 0.05


def test_a_broken_modality_of_quality_zero_costs_nothing() -> None:
    assert fused(words, (Modality.VOICE, NOISE, 0.0)) == pytest.approx(fused(words))


def test_a_useless_modality_costs_by_the_quality_that_it_claims() -> None:
    lost = [
        accuracy(WORDS) - accuracy(fused(words, (Modality.VOICE, NOISE, quality)))
        for quality in (0.2, 1.0)
    ]
    assert round(lost[0], 4) <= 0.03
    # Known limit: sure of itself, false and of full quality, it is believed by its λ.
    assert 0.05 < lost[1] < 0.25


def test_a_copy_is_seen_within_a_modality_and_not_across() -> None:
    """Known limit: told as a voice, a copy of the words raises confidence at equal accuracy."""
    once, twice = fused(words), fused(words, words)
    across = fused(words, (Modality.VOICE, WORDS, 1.0))
    assert twice == pytest.approx(once)
    assert accuracy(across) == pytest.approx(accuracy(once), abs=0.01)
    assert 0.05 < confidence(across) - confidence(once) < 0.2
