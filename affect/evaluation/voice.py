"""The voice model's figures on test actors, whom it never heard; 95 % bootstrap intervals.

What is measured is the file that ships. Intervals resample clips; with four RAVDESS test actors the
folds in the card (measured by training, which alone can) are the steadier figure.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.evaluation.figures import Figure, measured
from affect.evaluation.metrics import calibration_error, pearson, unweighted_recall
from affect.perception.voice import VoiceModel
from affect.perception.voice_calibration import CLASSES, merge
from affect.training.voice_calibrate import summaries, told
from affect.training.voice_data import Clips, crema_d, ravdess

Floats = NDArray[np.float64]

NEEDED = {"CREMA-D": 0.58}  # 6 classes UAR of strangers


def evaluate(model: VoiceModel, data: Path, report: Callable[[str], None]) -> list[Figure]:
    """All figures of a model file; `report` hears which corpus is being read."""
    figures: list[Figure] = []
    for corpus, read in (("CREMA-D", crema_d), ("RAVDESS", ravdess)):
        report(f"Reading {corpus} ...")
        clips = read(data, ("test",))
        summarised = summaries(model, clips)
        for known in (False, True):
            figures += figures_of(corpus, known, model, summarised, clips)
    return figures


def figures_of(
    corpus: str, known: bool, model: VoiceModel, summarised: Floats, clips: Clips
) -> list[Figure]:
    """Figures of some clips, heard as strangers' or as those of `known` voices."""
    logits, affects = told(model, summarised, clips, known)
    fitted = model.calibration
    seven = fitted.emotions(logits)
    classes = sorted(set(clips.acted.tolist()))
    point, variance = fitted.affect(seven, affects)
    truth = merge(np.eye(len(CLASSES))[clips.acted])
    count = len(clips)
    best, rows = seven.argmax(axis=1), np.arange(count)
    confidence, right = seven[rows, best], truth[rows, best]
    inside = np.abs(point[:, :2] - clips.affect) <= 1.96 * np.sqrt(variance[:, :2])

    def uar(r: NDArray[np.int64]) -> float:
        return unweighted_recall(logits[r], clips.acted[r], classes)

    measures: list[tuple[str, Callable[[NDArray[np.int64]], float], float | None]] = [
        (f"{len(classes)} classes UAR", uar, None if known else NEEDED.get(corpus)),
        (
            "7 emotions calibration error",
            lambda r: calibration_error(confidence[r], right[r]),
            None,
        ),
        ("valence r", lambda r: pearson(clips.affect[r, 0], point[r, 0]), None),
        ("arousal r", lambda r: pearson(clips.affect[r, 1], point[r, 1]), None),
        ("valence inside its 95 % band", lambda r: float(inside[r, 0].mean()), None),
        ("arousal inside its 95 % band", lambda r: float(inside[r, 1].mean()), None),
    ]
    if len(classes) == len(CLASSES):
        merged = np.where(clips.acted == len(CLASSES) - 1, len(CLASSES) - 2, clips.acted)
        seven_classes = list(range(len(CLASSES) - 1))
        measures.insert(
            1,
            (
                "7 emotions UAR",
                lambda r: unweighted_recall(seven[r], merged[r], seven_classes),
                None,
            ),
        )
    who = "known voices" if known else "strangers"
    return [measured(corpus, f"{name}, {who}", measure, count, n) for name, measure, n in measures]
