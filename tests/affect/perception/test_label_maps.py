"""What models made elsewhere call their classes."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from affect.errors import ModelUnavailable
from affect.labels import LABELS, narrow_map
from affect.perception import label_maps
from affect.types import EMOTIONS, Emotion


@pytest.mark.parametrize(
    "labels",
    [
        ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"),
        ("angry", "disgusted", "fearful", "happy", "sad", "surprised", "calm"),
        ("ANG", "Dis", "fea", "HAP", "Sad", "sur", "neu"),
        (" Anger", "disgust", "scared", "Happiness ", "sadness", "surprise", "Neutral"),
        ("愤怒", "厌恶", "恐惧", "高兴", "悲伤", "惊讶", "中性"),
    ],
)
def test_common_names_lead_to_the_seven(labels: tuple[str, ...]) -> None:
    shares = label_maps.shares(labels)
    assert (shares == np.eye(len(EMOTIONS))).all()
    assert label_maps.silent(shares) == frozenset()


def test_fine_labels_go_where_fusion_wants_them() -> None:
    assert label_maps.shares(LABELS) == pytest.approx(narrow_map())
    assert label_maps.shares(["Love", "Grief"])[0, EMOTIONS.index(Emotion.JOY)] == 1


def test_what_has_no_label_is_silent() -> None:
    shares = label_maps.shares(["neu", "hap", "ang", "sad"])
    assert label_maps.silent(shares) == {Emotion.DISGUST, Emotion.FEAR, Emotion.SURPRISE}


@pytest.mark.parametrize("label", ["LABEL_0", "0", "positive", "contempt", "other", ""])
def test_the_first_label_without_a_place_is_named(label: str) -> None:
    with pytest.raises(ModelUnavailable, match=f"{label!r}"):
        label_maps.shares(["joy", label, "LABEL_9"])


@pytest.mark.parametrize("labels", [["joy"], ["joy", "happy"], []])
def test_one_emotion_alone_tells_nothing(labels: list[str]) -> None:
    with pytest.raises(ModelUnavailable, match="fewer than two"):
        label_maps.shares(labels)


def test_no_name_stands_twice_in_the_table() -> None:
    told = yaml.safe_load(label_maps.FILE.read_text("utf-8"))
    every = [name for names in told.values() for name in names]
    assert len(every) == len(set(every)) == len(label_maps.names())
    assert all(name == label_maps.plain(name) for name in every)
