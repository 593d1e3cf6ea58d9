"""Told events: two experts mixed by a gate, for any outputs and for the constants that ship."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from affect.perception import events
from affect.perception.calibration import class_mixture
from affect.perception.events import Events, Gate
from affect.types import EMOTIONS, Emotion

SHIPPED = Events.load(resources.files("affect") / "weights")
NEUTRAL, JOY = EMOTIONS.index(Emotion.NEUTRAL), EMOTIONS.index(Emotion.JOY)
PRIOR = np.array([0.11, 0.025, 0.1, 0.21, 0.16, 0.045, 0.35])

ratios = arrays.arrays(np.float64, (3, 7), elements=st.floats(-12, 12, width=32))
gates = st.builds(
    Gate,
    st.floats(-3, 3),
    st.floats(0, 2),
    st.floats(0, 2),
    st.floats(0, 2),
    st.floats(0, 2),
)


@given(gates, ratios, ratios)
def test_probabilities_sum_to_one(gate: Gate, words: np.ndarray, event: np.ndarray) -> None:
    seven = events.join(gate, PRIOR, words, event)
    assert seven.sum(axis=1) == pytest.approx(np.ones(3))
    assert (seven > 0).all()


@given(gates, ratios, ratios, st.floats(-1, 1), st.floats(0.001, 1))
def test_a_blend_lies_between_words_and_emotions_and_is_less_sure_where_they_differ(
    gate: Gate, words: np.ndarray, event: np.ndarray, value: float, variance: float
) -> None:
    seven = events.join(gate, PRIOR, words, event)
    told, _ = class_mixture(seven)
    given_ = np.full((3, 3), value), np.full((3, 3), variance)
    point, spread = events.blended(seven, *given_, SHIPPED.base, SHIPPED.slope)
    assert (np.minimum(value, told) - 1e-9 <= point).all()
    assert (point <= np.maximum(value, told) + 1e-9).all()
    agreed = events.blended(seven, told, given_[1], SHIPPED.base, SHIPPED.slope)[1]
    assert (spread >= agreed).all()
    assert (agreed > 0).all()


def test_words_that_name_nothing_leave_the_event_to_speak() -> None:
    none, glad, neutral = np.zeros((1, 7)), np.zeros((1, 7)), np.zeros((1, 7))
    glad[0, JOY], neutral[0, NEUTRAL] = 3, 6
    assert SHIPPED.join("en", none, none)[0] == pytest.approx(SHIPPED.prior)
    assert SHIPPED.join("en", neutral, glad)[0].argmax() == JOY
    assert SHIPPED.join("en", neutral, none)[0].argmax() == NEUTRAL


def test_languages_that_the_words_were_not_trained_on_share_a_gate() -> None:
    words, event = np.eye(7)[:2] * 2, np.eye(7)[2:4] * 2
    french, swahili, english = (SHIPPED.join(name, words, event) for name in ("fr", "sw", "en"))
    assert french == pytest.approx(swahili)
    assert french != pytest.approx(english)


def test_constants_come_back_as_they_were_saved(tmp_path: Path) -> None:
    SHIPPED.save(tmp_path)
    again = Events.load(tmp_path)
    assert again.weights == pytest.approx(SHIPPED.weights)
    assert again.gates == SHIPPED.gates


def test_constants_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    SHIPPED.save(tmp_path)
    file = tmp_path / events.FILE
    file.write_text(file.read_text("utf-8").replace('"zh"', '"xx"'), "utf-8")
    with pytest.raises(ValueError, match="do not fit"):
        Events.load(tmp_path)
