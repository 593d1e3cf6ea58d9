"""What a language model's reading of the words adds to that of our text model.

The same texts are read by our model, by the language model, and by both fused as the bot fuses
them; then the last is held against the first, pair by pair. The texts are drawn from GoEmotions'
and EWECT's test splits, by lot with a fixed seed: a reading by an LLM costs too much for all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from affect.evaluation.figures import Figure, averaged
from affect.fusion import fuse
from affect.labels import EMOTION_OF_EWECT, EWECT_CLASSES, narrow_map
from affect.training import data as corpora
from affect.types import EMOTIONS
from affect.writers.appraisal import Appraiser, Fitted, estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from affect.perception.text import TextModel
    from affect.types import Estimate, Probabilities
    from affect.writers.chat import ChatModel

    Floats = NDArray[np.float64]

TEXTS = 150  # of each corpus
STEP = 25  # texts between two words on progress
FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Drawn:
    """Texts of one corpus: `truth` is (n, 7), each row the shares of the emotions."""

    corpus: str
    language: str
    texts: Sequence[str]
    truth: Floats


def drawn(data: Path, count: int = TEXTS, seed: int = 0) -> list[Drawn]:
    """So many texts of each corpus, by lot."""
    return [_goemotions(data, count, seed), _ewect(data, count, seed)]


async def evaluate(
    model: ChatModel, reader: TextModel, texts: Sequence[Drawn], report: Callable[[str], None]
) -> list[Figure]:
    """Accuracy and log loss of each way, and the paired differences of both to ours alone."""
    appraiser = Appraiser(model)
    report(f"Fitting {model.name} ...")
    fitted = await appraiser.fit()
    report(f"Temperature {fitted.temperature:g}, trust {fitted.trust:g} of 1.")
    figures = []
    for each in texts:
        report(f"Reading {len(each.texts)} texts of {each.corpus} ...")
        figures += await _corpus(each, appraiser, fitted, reader, model.name, report)
    return figures


async def _corpus(
    drawn: Drawn,
    appraiser: Appraiser,
    fitted: Fitted,
    reader: TextModel,
    model: str,
    report: Callable[[str], None],
) -> list[Figure]:
    name, language, truth = drawn.corpus, drawn.language, drawn.truth
    read = reader.read_many(drawn.texts, [language] * len(drawn.texts))
    ours, theirs, both = [], [], []
    for number, (text, words) in enumerate(zip(drawn.texts, read, strict=True), start=1):
        other = estimate(await appraiser.logits(text, language), fitted, model)
        ours.append(_seven(fuse([words.estimate]).probabilities))
        theirs.append(_seven(fuse([_sure(other)]).probabilities))
        joined = [words.estimate, other] if fitted.trust > 0 else [words.estimate]
        both.append(_seven(fuse(joined).probabilities))
        if number % STEP == 0:
            report(f"{name}: {number} of {len(drawn.texts)} texts read")
    ways = {"ours": np.array(ours), model: np.array(theirs), "fused": np.array(both)}
    figures = [
        figure for way, told in ways.items() for figure in _measures(f"{name}, {way}", told, truth)
    ]
    base, added = ways["ours"], ways["fused"]
    figures.append(
        averaged(f"{name}, fused - ours", "accuracy", _hits(added, truth) - _hits(base, truth))
    )
    figures.append(
        averaged(f"{name}, fused - ours", "log loss", _losses(added, truth) - _losses(base, truth))
    )
    return figures


def _measures(name: str, told: Floats, truth: Floats) -> list[Figure]:
    return [
        averaged(name, "accuracy", _hits(told, truth)),
        averaged(name, "log loss", _losses(told, truth)),
    ]


def _hits(told: Floats, truth: Floats) -> Floats:
    """The share of the truth that the likeliest emotion has, text by text."""
    hits: Floats = truth[np.arange(len(truth)), told.argmax(axis=1)]
    return hits


def _losses(told: Floats, truth: Floats) -> Floats:
    losses: Floats = -(truth * np.log(np.maximum(told, FLOOR))).sum(axis=1)
    return losses


def _seven(probabilities: Probabilities) -> Floats:
    return np.array([probabilities[emotion] for emotion in EMOTIONS])


def _sure(other: Estimate) -> Estimate:
    """The same, trusted wholly: how good it is by itself."""
    return replace(other, quality=1.0)


def _goemotions(data: Path, count: int, seed: int) -> Drawn:
    test = corpora.goemotions(data, "test")
    rows = _lot(len(test), count, seed)
    truth = (test.targets[rows] > 0).astype(np.float64) @ narrow_map()
    truth /= truth.sum(axis=1, keepdims=True)
    return Drawn("GoEmotions", "en", [test.texts[row] for row in rows], truth)


def _ewect(data: Path, count: int, seed: int) -> Drawn:
    test = corpora.ewect(data, "usual", "test")
    rows = _lot(len(test), count, seed)
    order = [EMOTIONS.index(EMOTION_OF_EWECT[name]) for name in EWECT_CLASSES]
    truth = np.zeros((len(rows), len(EMOTIONS)))
    for row, drawn_row in enumerate(rows):
        truth[row, order[int(test.targets[drawn_row, 0])]] = 1.0
    return Drawn("EWECT usual", "zh", [test.texts[row] for row in rows], truth)


def _lot(of: int, count: int, seed: int) -> NDArray[np.int64]:
    """The numbers of `count` texts, the same each time."""
    return np.random.default_rng(seed).permutation(of)[:count]
