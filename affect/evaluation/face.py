"""The face model's figures on FER2013's PrivateTest, with 95 % bootstrap intervals over tiles.

What is measured is the file that ships, with the constants that ship; nothing is fitted here.
Rows without an image (15, which all raters called no face) are left out. A clear majority is one
among all ten of FER+'s columns; rows where it falls on `unknown` or `nf` are left out too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.evaluation.figures import Figure, averaged, measured
from affect.evaluation.metrics import calibration_error, pearson
from affect.perception.face import COORDINATES, FaceModel
from affect.perception.face_network import LABELS, VOTE_FOR, VOTES
from affect.training import face_data
from affect.training.face_data import Faces
from affect.types import EMOTIONS

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_LABEL, LEAST_VOTES = 0.70, 0.84  # what may ship
FER, PLUS = "FER2013 private test", "FER+ private test"
SHOWN = len(VOTES) - 1  # the eight emotions; `unknown` is no answer


def evaluate(model: FaceModel, data: Path, report: Callable[[str], None]) -> list[Figure]:
    """All figures; `report` hears which corpus is being read."""
    report("Reading FER2013 with FER+ votes ...")
    faces = face_data.read(data)[face_data.PRIVATE]
    raw = model.raw(faces.tiles)
    return [
        *_labels(faces, raw.labels.argmax(axis=1)),
        *_votes(faces, raw.votes[:, :SHOWN].argmax(axis=1)),
        *_seven(faces, model.calibration.emotions(raw.votes)),
    ]


def _labels(faces: Faces, guess: Numbers) -> list[Figure]:
    return [
        _accuracy(FER, "label accuracy", faces.labels, guess, LEAST_LABEL),
        *_recalls(FER, faces.labels, guess, LABELS),
    ]


def _votes(faces: Faces, guess: Numbers) -> list[Figure]:
    best = faces.votes.argmax(axis=1)
    kept = faces.clear() & (best < SHOWN)
    return [
        _accuracy(PLUS, "majority of 8 accuracy", best[kept], guess[kept], LEAST_VOTES),
        *_recalls(PLUS, best[kept], guess[kept], VOTES[:SHOWN]),
    ]


def _seven(faces: Faces, told: Floats) -> list[Figure]:
    """The seven probabilities that fusion gets, on the tiles whose majority is one of them."""
    columns = [VOTES.index(VOTE_FOR[emotion]) for emotion in EMOTIONS]
    best = faces.votes.argmax(axis=1)
    kept = faces.clear() & np.isin(best, columns)
    truth = np.array([columns.index(k) if k in columns else -1 for k in best])[kept]
    told, guess = told[kept], told[kept].argmax(axis=1)
    shares = faces.votes[kept][:, columns] / faces.votes[kept][:, columns].sum(
        axis=1, keepdims=True
    )
    hit, sure = guess == truth, told.max(axis=1)
    losses = -(shares * np.log(np.maximum(told, 1e-12))).sum(axis=1)
    point, goal = told @ COORDINATES, shares @ COORDINATES
    return [
        _accuracy(PLUS, "majority of 7 accuracy", truth, guess),
        measured(PLUS, "7 emotions calibration error against the majority",
                lambda r: calibration_error(sure[r], hit[r]), len(hit)),
        averaged(PLUS, "7 emotions log loss against the votes", losses),
        *(
            measured(PLUS, f"{name} of the votes, r",
                    lambda r, k=k: pearson(goal[r, k], point[r, k]), len(hit))  # type: ignore[misc]
            for k, name in enumerate(("valence", "arousal"))
        ),
    ]  # fmt: skip


def _recalls(corpus: str, truth: Numbers, guess: Numbers, names: tuple[str, ...]) -> list[Figure]:
    """Recall of each class on its own tiles, and their mean."""

    def balanced(rows: Numbers) -> float:
        hit = truth[rows] == guess[rows]
        present = np.unique(truth[rows])
        return float(np.mean([hit[truth[rows] == k].mean() for k in present]))

    figures = [measured(corpus, f"balanced recall of {len(names)}", balanced, len(truth))]
    for k, name in enumerate(names):
        figures.append(averaged(corpus, f"recall of {name}", (guess == k)[truth == k]))
    return figures


def _accuracy(
    corpus: str, name: str, truth: Numbers, guess: Numbers, needed: float | None = None
) -> Figure:
    return averaged(corpus, name, truth == guess, needed)
