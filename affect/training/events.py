"""Fit what reads told events: regression, gates and variances, on the vectors of a text model.

The regression learns from lines written for it (`lines/<language>.tsv`: what the writer most likely
feels, or two emotions where two are about as likely; the text) and from the dev splits of
GoEmotions and EWECT, so that comments and posts stay what they are. Gates and variances are fitted
on what a regression that has not met a text says of it (stacking, Wolpert 1992).

    python -m affect.training.events [--data DIR] [--weights DIR]

fits the constants anew for a text model that is there, and writes them beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scipy.optimize import minimize, nnls

from affect.commands.telling import DataOption, say, told_in_one_sentence
from affect.errors import BadInput
from affect.labels import EMOTION_OF_EWECT, EWECT_CLASSES, centroids
from affect.perception import events
from affect.perception.calibration import (
    CHINESE,
    ENGLISH,
    Calibration,
    Floats,
    class_mixture,
)
from affect.perception.events import FILE, Events, Gate, gate_of
from affect.perception.text import CARD
from affect.perception.text_network import Network, RawOutputs
from affect.perception.tokens import clean, encode
from affect.training import data as corpora
from affect.training.calibrate import soft_truth, true_point
from affect.training.regression import regression
from affect.training.talk_lines import learned_from
from affect.types import EMOTIONS, Emotion

# What people who talk with a companion feel while they write, as we expect it: design values, not a
# measurement, such that a reading which knows nothing leans to neither side of valence. GoEmotions'
# shares (joy .38, fear .01) are those of comments on the internet.
PRIOR = {
    Emotion.ANGER: 0.10,
    Emotion.DISGUST: 0.02,
    Emotion.FEAR: 0.09,
    Emotion.JOY: 0.30,
    Emotion.SADNESS: 0.13,
    Emotion.SURPRISE: 0.04,
    Emotion.NEUTRAL: 0.32,
}
LANGUAGES = (ENGLISH, CHINESE, "es", "fr", "de")
LIKELIER = 0.6  # share of the first of two emotions
CORPUS = 0.5  # weight of a corpus text in the regression, that of a written line being 1
RIDGE = 1.0
FOLDS = 4


@dataclass(frozen=True, slots=True)
class Known:
    """Texts of one language and one kind: outputs, true shares (n, 7) and coordinates (n, 3), and
    what each counts. Gates and variances hear the lines and the corpus of a language alike.
    """

    language: str
    raw: RawOutputs
    shares: Floats
    point: Floats
    weight: float


def build(data: Path, folder: Path, report: Callable[[str], None]) -> None:
    """Fit on the text model in `folder` and write the constants into it."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    report("Reading written lines and dev splits ...")
    fit(known(data, folder), Calibration.from_json(card["calibration"])).save(folder)
    report(f"Written: {folder / FILE}.")


def written(language: str) -> tuple[list[str], Floats]:
    """The written lines of a language and their shares (n, 7); raises `BadInput`."""
    texts, shares = [], []
    rows = learned_from(f"{language}.tsv").read_text("utf-8").splitlines()
    for number, row in enumerate(rows, 1):
        emotions, _, text = row.partition("\t")
        try:
            shares.append(share([Emotion(name) for name in emotions.split("/")]))
        except ValueError as error:
            raise BadInput("lines", f"Line {number} of {language}.tsv: {error}.") from error
        texts.append(clean(text))
    return texts, np.array(shares)


def share(emotions: Sequence[Emotion]) -> Floats:
    """(7) of one emotion, or of two of which the first is likelier."""
    shares = np.zeros(len(EMOTIONS))
    parts = (LIKELIER, 1 - LIKELIER) if len(emotions) > 1 else (1.0,)
    for emotion, part in zip(emotions, parts, strict=True):
        shares[EMOTIONS.index(emotion)] += part
    return shares


def known(data: Path, folder: Path) -> list[Known]:
    """All that is learned from: lines of every language, and two corpora."""
    network = Network.load(folder)
    comments, posts = corpora.goemotions(data, "dev"), corpora.ewect(data, "usual", "eval")
    labels = comments.targets > 0
    columns = [EMOTIONS.index(EMOTION_OF_EWECT[name]) for name in EWECT_CLASSES]
    classes = np.eye(len(EMOTIONS))[np.array(columns)[posts.targets[:, 0].astype(np.int64)]]
    centres = centroids()

    def outputs(texts: Sequence[str]) -> RawOutputs:
        return network.feelings(encode(network.tokenizer, texts))

    lines = [(language, *written(language)) for language in LANGUAGES]
    return [
        *(Known(name, outputs(texts), own, own @ centres, 1.0) for name, texts, own in lines),
        Known(ENGLISH, outputs(comments.texts), soft_truth(labels), true_point(labels), CORPUS),
        Known(CHINESE, outputs(posts.texts), classes, classes @ centres, CORPUS),
    ]


def fit(known: Sequence[Known], fitted: Calibration, seed: int = 0) -> Events:
    """All constants; `fitted` are those of the words."""
    vectors = np.concatenate([k.raw.embedding for k in known]).astype(np.float64)
    shares = np.concatenate([k.shares for k in known])
    weight = np.concatenate([np.full(len(k.shares), k.weight) for k in known])
    rates = weight @ shares / weight.sum()
    fold = np.random.default_rng(seed).integers(FOLDS, size=len(shares))
    unmet = np.zeros_like(shares)
    for number in range(FOLDS):
        own, rest = fold == number, fold != number
        weights, bias = regression(vectors[rest], shares[rest], weight[rest], RIDGE)
        unmet[own] = events.evidence(vectors[own], weights, bias, rates)
    split = np.split(unmet, np.cumsum([len(k.shares) for k in known])[:-1])
    texts = [_Text(k, fitted, event) for k, event in zip(known, split, strict=True)]
    prior = np.array([PRIOR[emotion] for emotion in EMOTIONS])
    by_gate: dict[str, list[_Text]] = {}
    for text in texts:
        by_gate.setdefault(gate_of(text.known.language), []).append(text)
    gates = {name: _gate(own, prior) for name, own in by_gate.items()}
    base, slope = _spread([t for t in texts if t.known.weight == 1], prior, gates)
    factors = {name: _factor(own, prior, gates[name], base, slope) for name, own in by_gate.items()}
    weights, bias = regression(vectors, shares, weight, RIDGE)
    return Events(weights, bias, rates, prior, gates, base, slope, factors)


class _Text:
    """What words and event say of the texts of one `Known`, before any gate."""

    def __init__(self, known: Known, fitted: Calibration, event: Floats) -> None:
        labels = fitted.labels(known.raw.labels)
        words = fitted.emotions(known.language, labels, known.raw.chinese)
        self.known, self.event = known, event
        self.words = fitted.evidence(words)
        self.affect = fitted.affect(known.language, labels, words, known.raw.affect)

    def joined(self, gate: Gate, prior: Floats) -> Floats:
        return events.join(gate, prior, self.words, self.event)


def _gate(texts: Sequence[_Text], prior: Floats) -> Gate:
    """The gate of least log loss."""

    def loss(values: Floats) -> float:
        gate = Gate(*values)
        return -sum(
            float((t.known.shares * np.log(t.joined(gate, prior))).sum(axis=1).mean())
            for t in texts
        )

    start = np.array(astuple(Gate(offset=0.0, slope=1.0, words=0.7, event=0.7, alone=1.0)))
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(None, None)] + [(0, 2)] * 4).x
    return Gate(*(float(f"{value:.4g}") for value in found))


def _spread(
    texts: Sequence[_Text], prior: Floats, gates: Mapping[str, Gate]
) -> tuple[Floats, Floats]:
    """Variance of the seven emotions' coordinates (3): at least, and what it grows by."""
    told = [(t, class_mixture(t.joined(gates[gate_of(t.known.language)], prior))) for t in texts]
    errors = np.concatenate([(point - t.known.point) ** 2 for t, (point, _) in told])
    within = np.concatenate([spread for _, (_, spread) in told])
    rows = [np.stack([np.ones(len(within)), within[:, k]], axis=1) for k in range(3)]
    found = np.stack([nnls(rows[k], errors[:, k])[0] for k in range(3)])
    return found[:, 0], found[:, 1]


def _factor(
    texts: Sequence[_Text], prior: Floats, gate: Gate, base: Floats, slope: Floats
) -> Floats:
    """What the joined variance must be multiplied with to match its errors, (3)."""
    ratios = []
    for t in texts:
        value, variance = events.blended(t.joined(gate, prior), *t.affect, base, slope)
        ratios.append(((value - t.known.point) ** 2 / variance).mean(axis=0))
    result: Floats = np.mean(ratios, axis=0)
    return result


app = typer.Typer(add_completion=False)


@app.command()
def main(
    data: DataOption = None,
    weights: Annotated[
        Path | None, typer.Option(help="Folder of the text model; else the one that ships.")
    ] = None,
) -> None:
    """Fit anew what reads told events, for the text model that is there."""
    with told_in_one_sentence():
        folder = weights or Path(str(resources.files("affect"))) / "weights"
        build(corpora.folder(data), folder, say)


if __name__ == "__main__":
    app()
