"""Calibrated numbers keep their promises for any raw outputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from affect.labels import LABELS
from affect.perception import calibration as cal
from affect.types import EMOTIONS, Emotion

SPREAD = cal.Spread(np.full(3, 0.02), np.full(3, 0.5), np.full(3, 0.1), np.ones(3))
FITTED = cal.Calibration(
    slope=np.ones(28),
    offset=np.zeros(28),
    thresholds=np.full(28, 0.4),
    groups=np.full(7, 0.5),
    rates=np.array([0.11, 0.02, 0.02, 0.38, 0.06, 0.06, 0.35]),
    chinese_rates=np.array([0.3, 0.04, 0.19, 0.2, 0.18, 0.09]),
    scale=1.0,
    bias=np.zeros(7),
    foreign=0.6,
    own=0.9,
    shared=0.2,
    chinese_bias=np.zeros(6),
    chinese_offsets=np.zeros(6),
    head_slope=np.full(3, 2.0),
    head_offset=np.zeros(3),
    english=SPREAD,
    chinese=SPREAD,
    inflation=1.5,
)
DISGUST = EMOTIONS.index(Emotion.DISGUST)

Logits = Callable[[int], st.SearchStrategy[np.ndarray]]


def _logits(width: int) -> st.SearchStrategy[np.ndarray]:
    return arrays.arrays(
        np.float64, (2, width), elements=st.floats(-30, 30, allow_nan=False, width=32)
    )


@given(_logits(28), _logits(6), _logits(3), st.sampled_from(["en", "zh", "fr"]))
def test_probabilities_sum_to_one_and_affect_stays_in_range(
    labels: np.ndarray, chinese: np.ndarray, head: np.ndarray, language: str
) -> None:
    likely = FITTED.labels(labels)
    seven = FITTED.emotions(language, likely, chinese)
    assert seven.sum(axis=1) == pytest.approx(np.ones(2))
    assert (seven > 0).all()
    point, variance = FITTED.affect(language, likely, seven, head)
    assert np.abs(point).max() <= 1
    assert (variance > 0).all()
    assert np.isfinite(variance).all()


@given(_logits(28), _logits(6))
def test_chinese_says_nothing_of_disgust(labels: np.ndarray, chinese: np.ndarray) -> None:
    seven = FITTED.emotions("zh", FITTED.labels(labels), chinese)
    assert seven[:, DISGUST] == pytest.approx(FITTED.rates[DISGUST])


def test_an_untrained_language_is_drawn_to_the_base_rates() -> None:
    logits = np.full((1, 28), -4.0)
    logits[0, LABELS.index("joy")] = 4
    likely = FITTED.labels(logits)
    joy = EMOTIONS.index(Emotion.JOY)
    english = FITTED.emotions("en", likely, np.zeros((1, 6)))[0, joy]
    french = FITTED.emotions("fr", likely, np.zeros((1, 6)))[0, joy]
    assert FITTED.rates[joy] < french < english
    _, sure = FITTED.affect("en", likely, np.zeros((1, 7)), np.full((1, 3), 3.0))
    _, unsure = FITTED.affect("fr", likely, np.zeros((1, 7)), np.full((1, 3), 3.0))
    assert (unsure > sure).all()


def test_the_blend_leans_to_the_surer_estimate() -> None:
    logits = np.full((1, 28), -6.0)
    logits[0, LABELS.index("joy")] = 6
    likely = FITTED.labels(logits)
    neutral_head = np.full((1, 3), 3.0)
    point, variance = FITTED.affect("en", likely, np.zeros((1, 7)), neutral_head)
    # Labels say .80 with variance about .02, the head 0 with .1.
    assert 0.5 < point[0, 0] < 0.8
    assert variance[0, 0] < 0.1


def test_json_keeps_every_constant() -> None:
    back = cal.Calibration.from_json(FITTED.to_json())
    assert back.slope == pytest.approx(FITTED.slope)
    assert back.english.base == pytest.approx(FITTED.english.base)
    assert back.foreign == FITTED.foreign


def test_a_card_that_does_not_fit_is_refused() -> None:
    told = FITTED.to_json()
    with pytest.raises(KeyError):
        cal.Calibration.from_json({k: v for k, v in told.items() if k != "rates"})
    with pytest.raises(ValueError, match="labels"):
        cal.Calibration.from_json(told | {"slope": [1.0]})
