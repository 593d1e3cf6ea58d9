from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.types import EMOTIONS, Affect, Emotion
from affect.writers.kindred import Feelings, feelings, is_definite
from tests.affect.test_scripted import DOG, SHIFT, ZH, entry
from tests.affect.writing import reading, scene

GLAD = entry("en-joy-01", "The keys are yours.", ["we got the flat", "the keys"], emotion="joy")
COOK = entry("en-neutral-01", "What goes in?", ["cooking dinner", "pasta"], emotion="neutral")
ALL = (SHIFT, DOG, GLAD, COOK)


def told(
    likeness: dict[str, float],
    emotion: Emotion | None = Emotion.NEUTRAL,
    valence: float = 0.0,
    said: str = "they moved it again",
) -> Feelings:
    felt = reading(emotion or Emotion.NEUTRAL, valence)
    return feelings(scene(said, felt=replace(felt, emotion=emotion)), likeness, ALL)


def test_a_near_cue_tells_what_neutral_words_hide() -> None:
    result = told({SHIFT.id: 0.9})
    assert result.known
    assert max(EMOTIONS, key=lambda e: result.probabilities[e]) is Emotion.ANGER


def test_far_cues_tell_nothing() -> None:
    result = told({SHIFT.id: 0.3})
    assert not result.known
    assert result.probabilities[Emotion.NEUTRAL] > 0.7


def test_a_definite_reading_is_hardly_moved() -> None:
    result = told({GLAD.id: 0.9}, Emotion.SADNESS, -0.6)
    assert result.known
    assert max(EMOTIONS, key=lambda e: result.probabilities[e]) is Emotion.SADNESS


def test_a_fairly_near_cue_needs_a_reading_that_leans_its_way() -> None:
    assert told({DOG.id: 0.7}, valence=-0.2).known
    assert not told({DOG.id: 0.7}, valence=0.2).known
    assert told({GLAD.id: 0.7}, valence=0.3).known


def test_everyday_lines_are_known_as_such() -> None:
    assert told({COOK.id: 0.8}).everyday
    assert not told({SHIFT.id: 0.8}).everyday
    assert not told({COOK.id: 0.4}).everyday


@pytest.mark.parametrize("said", ["I just want someone to say thank you", "要是他能主动一次就好了"])
def test_a_wish_is_no_joy(said: str) -> None:
    assert not is_definite(reading(Emotion.JOY, 0.6), said)
    assert is_definite(reading(Emotion.JOY, 0.6), "we won")
    result = told({}, Emotion.JOY, 0.6, said)
    assert not result.known
    assert result.probabilities[Emotion.JOY] < 0.4


def test_dark_feelings_answer_one_another_in_part() -> None:
    result = told({}, Emotion.SADNESS, -0.6)
    assert result.answered(frozenset({Emotion.ANGER})) > 0.3
    assert result.answered(frozenset({Emotion.JOY})) < 0.1


@given(
    st.dictionaries(st.sampled_from([e.id for e in (*ALL, ZH)]), st.floats(-1, 1.5)),
    st.sampled_from([*EMOTIONS, None]),
    st.floats(-1, 1),
)
def test_probabilities_stay_probabilities(
    likeness: dict[str, float], emotion: Emotion | None, valence: float
) -> None:
    felt = replace(
        reading(emotion or Emotion.NEUTRAL, valence), emotion=emotion, affect=Affect(valence, 0, 0)
    )
    result = feelings(scene("so it goes", felt=felt), likeness, ALL).probabilities
    assert sum(result.values()) == pytest.approx(sum(felt.probabilities.values()))
    assert all(0 <= value <= 1 for value in result.values())
