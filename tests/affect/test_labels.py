"""The label tables agree with their sources."""

from __future__ import annotations

import numpy as np
import pytest

from affect import labels
from affect.types import EMOTIONS, Emotion


def test_labels_have_the_order_of_goemotions() -> None:
    assert len(labels.LABELS) == 28
    assert labels.LABELS[0] == "admiration"
    assert labels.LABELS[27] == "neutral"
    assert list(labels.LABELS[:27]) == sorted(labels.LABELS[:27], key=_place)


def _place(label: str) -> int:
    # alphabetical, as the file of the corpus is
    return sorted(labels.LABELS[:27]).index(label)


def test_each_label_belongs_to_one_official_emotion() -> None:
    table = labels.official_map()
    assert table.shape == (28, 7)
    assert (table.sum(axis=1) == 1).all()
    sizes = dict(zip(EMOTIONS, table.sum(axis=0), strict=True))
    assert sizes[Emotion.JOY] == 12
    assert sizes[Emotion.SURPRISE] == 4


def test_the_narrow_map_gives_half_of_curiosity_to_neutral() -> None:
    table = labels.narrow_map()
    assert table.sum(axis=1) == pytest.approx(np.ones(28))
    row = table[labels.LABELS.index("curiosity")]
    assert row[EMOTIONS.index(Emotion.NEUTRAL)] == 0.5
    assert row[EMOTIONS.index(Emotion.SURPRISE)] == 0.5
    assert table[labels.LABELS.index("surprise")][EMOTIONS.index(Emotion.SURPRISE)] == 1


def test_centroids_are_those_of_the_notes() -> None:
    known = {
        Emotion.ANGER: (-0.53, 0.38, 0.17),
        Emotion.DISGUST: (-0.60, 0.35, 0.10),
        Emotion.FEAR: (-0.53, 0.62, -0.45),
        Emotion.JOY: (0.62, 0.27, 0.28),
        Emotion.SADNESS: (-0.61, -0.06, -0.41),
        Emotion.SURPRISE: (0.07, 0.40, -0.05),
        Emotion.NEUTRAL: (0.0, 0.0, 0.0),
    }
    found = dict(zip(EMOTIONS, labels.centroids(), strict=True))
    for emotion, point in known.items():
        assert found[emotion] == pytest.approx(point, abs=0.0051)


def test_coordinates_stay_in_range() -> None:
    assert np.abs(labels.coordinates()).max() <= 1
    assert labels.coordinates(["joy"])[0] == pytest.approx([0.8, 0.5, 0.4])


def test_ewect_has_no_disgust() -> None:
    assert len(labels.EWECT_CLASSES) == 6
    assert Emotion.DISGUST not in labels.EMOTION_OF_EWECT.values()
