"""x, once more: a language model reads the words too, from the weights of seven letters.

It is asked which of the seven emotions a line tells and never answers: only the probabilities of
A to G as its first word are taken, in one call. How a model leans towards letters is taken out by
what it says of a line without words (Zhao et al., ICML 2021); its temperature and how far it is
trusted are fitted on the few labelled lines of appraisal.yaml, once for each model. Its estimate
joins the fusion as one more of the words, and shares their λ.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from affect import written
from affect.fusion import shipped
from affect.labels import centroids
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Variance
from affect.writers.chat import Message
from affect.writers.neutral import neutralise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affect.writers.chat import ChatModel

    Floats = NDArray[np.float64]

LETTERS = "ABCDEFG"
EMPTY = {"en": "N/A", "zh": "无"}  # a line that says nothing
TEMPERATURES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
WIDE = 0.1  # variance of a coordinate beyond the mixture of emotions: people differ within one
FLOOR = 1e-6
ASK = {
    "en": "Which emotion does the line tell? Answer with one letter.\n{options}",
    "zh": "这句话表达哪种情绪？只用一个字母回答。\n{options}",
}
NAMES = {
    "en": tuple(emotion.value for emotion in EMOTIONS),
    "zh": ("愤怒", "厌恶", "害怕", "高兴", "难过", "惊讶", "平静"),
}


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted for one model.

    `temperature` divides the logarithms of the weights; `trust` in [0, 1] is the quality that its
    estimates are given: 0 where they are no better than a guess.
    """

    temperature: float
    trust: float


class Appraiser:
    """Reads words with a chat model; says nothing until it was fitted to it."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._leaning: dict[str, Floats] = {}
        self.fitted: Fitted | None = None

    async def fit(self) -> Fitted:
        """Ask the labelled lines and set temperature and trust; raises as the model does."""
        logits, truth = [], []
        for language, emotion, line in labelled():
            logits.append(await self.logits(line, language))
            truth.append(EMOTIONS.index(emotion))
        self.fitted = fit(np.array(logits), np.array(truth))
        return self.fitted

    async def appraise(self, said: str, language: str) -> Estimate | None:
        """What the model reads in the words; None where it is not fitted or not to be trusted."""
        if self.fitted is None or self.fitted.trust <= 0.0:
            return None
        logits = await self.logits(said, language)
        return estimate(logits, self.fitted, self._model.name)

    async def logits(self, said: str, language: str) -> Floats:
        """(7,) how much likelier each emotion is than for a line without words, as logarithms."""
        language = language if language in ASK else "en"
        if language not in self._leaning:
            self._leaning[language] = await self._ask(EMPTY[language], language)
        told: Floats = await self._ask(said, language) - self._leaning[language]
        return told

    async def _ask(self, said: str, language: str) -> Floats:
        weights = await self._model.weigh(question(said, language), LETTERS)
        told: Floats = np.log(np.maximum(np.array(weights), FLOOR))
        return told


def question(said: str, language: str) -> list[Message]:
    """What the model is asked; the words stand in a message of their own."""
    options = "\n".join(f"{a}: {name}" for a, name in zip(LETTERS, NAMES[language], strict=True))
    return [
        Message("system", ASK[language].format(options=options)),
        Message("user", neutralise(said)),
    ]


def fit(logits: Floats, truth: NDArray[np.int64]) -> Fitted:
    """Temperature by the least log loss, and trust by how much of a guess's loss it takes away.

    `logits` is (n, 7), `truth` (n,) numbers of emotions, each as often as the others. Half of the
    lines set the temperature for the other half, so that the trust is not that of lines known.
    """
    losses = []
    rows = np.arange(len(truth))
    for part in (0, 1):
        known, other = rows[rows % 2 == part], rows[rows % 2 != part]
        best = min(TEMPERATURES, key=lambda t: _loss(logits[known], truth[known], t))
        losses.append(_loss(logits[other], truth[other], best))
    temperature = min(TEMPERATURES, key=lambda t: _loss(logits, truth, t))
    gained = 1 - float(np.mean(losses)) / float(np.log(len(EMOTIONS)))
    return Fitted(temperature, round(max(0.0, min(1.0, gained)), 2))


def estimate(logits: Floats, fitted: Fitted, model: str) -> Estimate:
    """The estimate of one text: on the base rates that the words' λ reckons with."""
    rates = np.array(shipped().base_rates[Modality.TEXT])
    seven = _softmax(logits[None] / fitted.temperature)[0] * rates
    seven = np.maximum(seven / seven.sum(), FLOOR)
    seven /= seven.sum()
    points = centroids()
    point = seven @ points
    spread = np.maximum(seven @ points**2 - point**2, 0.0) + WIDE
    return Estimate(
        modality=Modality.TEXT,
        probabilities={e: float(p) for e, p in zip(EMOTIONS, seven, strict=True)},
        affect=Affect(*(float(x) for x in point)),
        variance=Variance(*(float(x) for x in spread)),
        quality=fitted.trust,
        model=model,
    )


@cache
def labelled() -> tuple[tuple[str, Emotion, str], ...]:
    """The labelled lines as (language, emotion, words); halves hold each emotion equally often."""
    content = written.read(Path(__file__).parent / "appraisal.yaml")
    return tuple(
        (language, Emotion(emotion), line)
        for language, emotions in content.items()
        for emotion, lines in emotions.items()
        for line in lines
    )


async def within(appraiser: Appraiser, said: str, language: str, seconds: float) -> Estimate | None:
    """The estimate if it comes in time; None where it does not, which costs nobody an answer."""
    try:
        async with asyncio.timeout(seconds):
            return await appraiser.appraise(said, language)
    except TimeoutError:
        return None


def _loss(logits: Floats, truth: NDArray[np.int64], temperature: float) -> float:
    told = _softmax(logits / temperature)
    return float(-np.log(np.maximum(told[np.arange(len(truth)), truth], FLOOR)).mean())


def _softmax(rows: Floats) -> Floats:
    shifted = np.exp(rows - rows.max(axis=1, keepdims=True))
    told: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return told
