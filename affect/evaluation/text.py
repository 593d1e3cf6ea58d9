"""The text model's figures on the official test splits, with 95 % bootstrap intervals over texts.

What is measured is the file that ships, with the thresholds that ship; nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect import written
from affect.evaluation import talks
from affect.evaluation.figures import Figure, averaged, measured
from affect.evaluation.metrics import (
    Bools,
    calibration_error,
    concordance,
    macro_f1,
    micro_f1,
    one_hot,
    pearson,
)
from affect.labels import EWECT_CLASSES, coordinates, narrow_map
from affect.perception.calibration import CHINESE, ENGLISH, Floats, official_groups
from affect.perception.text import Judged, TextModel
from affect.training import data as corpora

VALENCE = Path(__file__).with_name("valence.yaml")


def evaluate(model: TextModel, data: Path, report: Callable[[str], None]) -> list[Figure]:
    """All figures; `report` hears which corpus is being read."""
    figures: list[Figure] = []
    for name, part in (
        ("GoEmotions", _goemotions),
        ("EmoBank", _emobank),
        ("EWECT", _ewect),
        ("EmpatheticDialogues (answers)", talks.retrieval),
        ("EmpatheticDialogues (openings)", talks.told_events),
        ("lines in other languages", _carried_over),
    ):
        report(f"Reading {name} ...")
        figures += part(model, data)
    return figures


def _goemotions(model: TextModel, data: Path) -> list[Figure]:
    test = corpora.goemotions(data, "test")
    raw, fitted = model.raw(test.texts), model.calibration
    labels, truth = fitted.labels(raw.labels), test.targets > 0
    chosen = labels >= fitted.thresholds
    seven_truth = official_groups(test.targets.astype(np.float64)) > 0.5
    seven = official_groups(labels) >= fitted.groups
    figures = [
        _of("GoEmotions", "28 labels macro-F1", macro_f1, truth, chosen, 0.52),
        _of("GoEmotions", "28 labels micro-F1", micro_f1, truth, chosen),
        _of("GoEmotions", "7 groups macro-F1", macro_f1, seven_truth, seven, 0.63),
        _of("GoEmotions", "7 groups micro-F1", micro_f1, seven_truth, seven),
    ]
    read = model.judge(ENGLISH, raw)
    soft = truth.astype(np.float64) @ narrow_map()
    soft /= soft.sum(axis=1, keepdims=True)
    figures += _calibration("GoEmotions", read.seven, soft)
    return figures + _blend(read, truth)


def _calibration(corpus: str, emotions: Floats, truth: Floats) -> list[Figure]:
    """How the seven probabilities fare against (n, 7) true shares."""
    best = emotions.argmax(axis=1)
    rows = np.arange(len(best))
    confidence, share = emotions[rows, best], truth[rows, best]
    losses = -(truth * np.log(np.maximum(emotions, 1e-12))).sum(axis=1)
    return [
        measured(
            corpus,
            "7 emotions calibration error",
            lambda r: calibration_error(confidence[r], share[r]),
            len(best),
        ),
        averaged(corpus, "7 emotions log loss", losses),
        averaged(corpus, "7 emotions accuracy", share),
    ]


def _blend(read: Judged, truth: Bools) -> list[Figure]:
    """The affect that `read` gives, against the coordinates of the true labels."""
    value, variance = read.affect, read.variance
    point = (truth @ coordinates()) / truth.sum(axis=1, keepdims=True)
    inside = np.abs(value - point) <= 1.96 * np.sqrt(variance)
    return [
        *(
            _of("GoEmotions", f"{name} of labels, r", pearson, point[:, k], value[:, k])
            for k, name in enumerate(("valence", "arousal", "dominance"))
        ),
        averaged("GoEmotions", "valence inside its 95 % band", inside[:, 0]),
    ]


def _emobank(model: TextModel, data: Path) -> list[Figure]:
    test = corpora.emobank(data, "test")
    told = model.raw(test.texts).affect
    figures = []
    for k, (name, needed) in enumerate((("valence", 0.73), ("arousal", 0.52), ("dominance", 0.46))):
        pair = test.targets[:, k], told[:, k]
        figures.append(_of("EmoBank", f"{name} r", pearson, *pair, needed))
        figures.append(_of("EmoBank", f"{name} concordance", concordance, *pair))
    return figures


def _ewect(model: TextModel, data: Path) -> list[Figure]:
    figures = []
    for part, needed in (("usual", 0.73), ("virus", None)):
        test = corpora.ewect(data, part, "test")
        fresh = set(corpora.without(test, corpora.ewect(data, part, "train")).texts)
        raw, fitted = model.raw(test.texts), model.calibration
        classes = test.targets[:, 0].astype(np.int64)
        truth = one_hot(classes, len(EWECT_CLASSES))
        labels = fitted.labels(raw.labels)
        english = fitted.emotions(ENGLISH, labels, raw.chinese)
        six = fitted.chinese_posterior(raw.chinese, fitted.evidence(english))
        named = fitted.chinese_class(six)
        chosen = one_hot(named, len(EWECT_CLASSES))
        name = f"EWECT {part}"
        figures.append(_of(name, "macro-F1", macro_f1, truth, chosen, needed))
        figures.append(_of(name, "accuracy", _accuracy, truth, chosen))
        kept = np.array([text in fresh for text in test.texts])
        new = "macro-F1 without texts seen in training"
        figures.append(_of(name, new, macro_f1, truth[kept], chosen[kept]))
        if part == "usual":
            sure, hit = six.max(axis=1), six.argmax(axis=1) == classes
            figures.append(_of(name, "6 classes calibration error", calibration_error, sure, hit))
            figures.append(_sign(model.judge(CHINESE, raw).affect, classes))
    return figures


def _sign(affect: Floats, classes: NDArray[np.int64]) -> Figure:
    """Whether valence falls on the right side for happy against angry, fear and sad."""
    sides = np.select(
        [classes == EWECT_CLASSES.index("happy")]
        + [classes == EWECT_CLASSES.index(name) for name in ("angry", "fear", "sad")],
        [1, -1, -1, -1],
        default=0,
    )
    right = (np.sign(affect[:, 0]) == sides)[sides != 0]
    return averaged("EWECT usual", "valence on the right side", right)


def _carried_over(model: TextModel, data: Path) -> list[Figure]:  # noqa: ARG001 - they are ours
    """Whether valence falls on the right side in languages that the model was not trained on."""
    figures = []
    for language, sides in written.read(VALENCE).items():
        lines = [(line, side) for side, name in ((1, "pleasant"), (-1, "unpleasant"))
                 for line in sides[name]]  # fmt: skip
        read = model.read_many([line for line, _ in lines], [language] * len(lines))
        told = [reading.estimate.affect.valence for reading in read]
        right = np.sign(told) == [side for _, side in lines]
        name = f"valence on the right side, {language}"
        figures.append(averaged("our lines", name, right, 0.85))
    return figures


def _accuracy(truth: Bools, chosen: Bools) -> float:
    return float((truth & chosen).sum(axis=1).mean())


def _of(
    corpus: str,
    name: str,
    measure: Callable[[Any, Any], float],
    truth: NDArray[Any],
    told: NDArray[Any],
    needed: float | None = None,
) -> Figure:
    return measured(corpus, name, lambda r: measure(truth[r], told[r]), len(truth), needed)
