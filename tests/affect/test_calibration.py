"""What people said of their readings: counted by who named what, and probabilities refitted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from affect import calibration
from affect.calibration import FUSED, Judged
from affect.types import EMOTIONS, Emotion, Modality, Probabilities


def sure(emotion: Emotion, share: float = 0.7) -> Probabilities:
    return {one: share if one is emotion else (1 - share) / 6 for one in EMOTIONS}


def judged(
    named: Emotion, truth: Emotion | None, *, voice: Emotion | None = None, share: float = 0.7
) -> Judged:
    estimates = {Modality.TEXT: sure(named, share)}
    if voice:
        estimates[Modality.VOICE] = sure(voice)
    return Judged(named, estimates, truth)


def test_each_modality_is_counted_by_what_it_named() -> None:
    joy, fear, anger = Emotion.JOY, Emotion.FEAR, Emotion.ANGER
    counted = calibration.tally(
        [
            judged(joy, joy, voice=fear),
            judged(joy, fear, voice=fear),
            judged(joy, None, voice=anger),  # not joy: of the voice's anger that says nothing
            judged(anger, anger),
        ]
    )
    assert counted["text"] == {anger: (1, 1), joy: (3, 1)}
    assert counted["voice"] == {fear: (2, 1)}
    assert counted[FUSED] == counted["text"]


def test_too_few_are_not_refitted() -> None:
    assert calibration.refits([judged(Emotion.JOY, Emotion.JOY)] * 49) == {}


def lived(right: float, share: float, instead: Emotion | None = None) -> list[Judged]:
    """600 verdicts: so many right; of the others it was `instead`, or any."""
    random = np.random.default_rng(4)
    told = []
    for _ in range(600):
        named = EMOTIONS[random.integers(7)]
        others = [one for one in EMOTIONS if one is not named]
        truth = named if random.random() < right else instead or others[random.integers(6)]
        told.append(judged(named, truth, share=share))
    return told


def test_who_is_too_sure_is_cooled() -> None:
    refit = calibration.refits(lived(0.5, 0.95))[Modality.TEXT]
    assert refit.temperature > 1.3
    assert refit.after < refit.before - 0.1


def test_who_forgets_an_emotion_is_reminded_of_it() -> None:
    refit = calibration.refits(lived(0.5, 0.7, Emotion.SADNESS))[Modality.TEXT]
    assert max(refit.offsets, key=refit.offsets.__getitem__) is Emotion.SADNESS
    assert refit.after < refit.before - 0.2


def test_calibrated_probabilities_are_left_about_as_they_are() -> None:
    refit = calibration.refits(lived(0.7, 0.7))[Modality.TEXT]
    assert refit.temperature == pytest.approx(1.0, abs=0.1)
    assert refit.after == pytest.approx(refit.before, abs=0.02)


def test_wrong_alone_moves_probability_away_from_what_was_named() -> None:
    told = [judged(Emotion.ANGER, None)] * 40 + [judged(Emotion.JOY, Emotion.JOY)] * 40
    refit = calibration.refits(told)[Modality.TEXT]
    assert min(refit.offsets, key=refit.offsets.__getitem__) is Emotion.ANGER
    assert math.isfinite(refit.after)
    assert refit.after < refit.before
