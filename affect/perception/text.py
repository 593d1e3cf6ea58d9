"""x = M(text): words become an `Estimate`, fine labels and a vector to find texts by meaning.

One multilingual encoder (ONNX, int8) of two branches, run by onnxruntime on one core without
spinning: one has three heads for feelings, and a regression on its sentence vector for what
happened (`events`); the vector of the other finds texts by meaning. Neither torch nor transformers
is needed. A loaded model may be used by many threads.
It reads what is written, not how somebody is, and knows nothing of who wrote it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from affect.errors import BadInput, ModelUnavailable
from affect.labels import LABELS
from affect.perception import language as languages
from affect.perception.calibration import Calibration, Floats
from affect.perception.events import FILE as EVENTS
from affect.perception.events import Events
from affect.perception.text_network import Network, RawOutputs
from affect.perception.tokens import MAX_TOKENS, clean, encode
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Probabilities, Variance

CARD = "text.json"
FRAME = 5  # tokens that every text has: both end marks and the three of the prefix
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class TextReading:
    """What the words of one message say. `embedding` is L2-normalised, and empty where it was not
    asked for; `cut` tells that the middle of a text beyond the model's 512 tokens was left out.
    """

    estimate: Estimate
    embedding: tuple[float, ...]
    language: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """Calibrated: `labels` (n, 28), `seven` (n, 7) on the companion's base rates, `affect` and
    `variance` (n, 3).
    """

    labels: Floats
    seven: Floats
    affect: Floats
    variance: Floats


class TextReader(Protocol):
    """Whatever reads words into a `TextReading`, as `TextModel.read` does."""

    @property
    def name(self) -> str:
        """What its estimates are signed with."""

    def read(self, text: str, language: str | None = None) -> TextReading:
        """Read one text; raises `BadInput` (kind `empty`)."""


class TextModel:
    """The text model as it ships, or one from another folder with the same four files."""

    def __init__(
        self,
        network: Network,
        card: dict[str, Any],
        events: Events,
    ) -> None:
        self._network = network
        self._events = events
        self._unknown = network.tokenizer.token_to_id("<unk>")
        self._calibration = Calibration.from_json(card["calibration"])
        self.name: str = f"{card['model']}-{card['version']}"

    @classmethod
    def load(cls, folder: str | Path | None = None) -> TextModel:
        """Load from a folder (default: what ships); raises `ModelUnavailable`."""
        place: Traversable = Path(folder) if folder else resources.files("affect") / "weights"
        network = Network.load(place)
        try:
            card = json.loads((place / CARD).read_text("utf-8"))
            return cls(network, card, Events.load(place))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelUnavailable(
                f"The text model's {CARD} or {EVENTS} cannot be used."
            ) from error

    @property
    def calibration(self) -> Calibration:
        """The constants of the labels and heads, fitted on dev."""
        return self._calibration

    @property
    def base_rates(self) -> Probabilities:
        """The base rates that the seven probabilities stand on, for every language."""
        return _by_emotion(self._events.prior)

    def read(self, text: str, language: str | None = None) -> TextReading:
        """Read one text; the language is detected where it is not told.

        Raises `BadInput` (kind `empty`) where nothing readable is left of it.
        """
        return self.read_many([text], [language])[0]

    def read_many(
        self,
        texts: Sequence[str],
        languages_: Sequence[str | None] | None = None,
        *,
        embedded: bool = True,
    ) -> list[TextReading]:
        """Read many texts, in order; the same answers as one by one up to rounding.

        Without `embedded` their vectors are not made, which takes a third less time.
        """
        if not texts:
            return []
        cleaned = [clean(text) for text in texts]
        if not all(has_content(text) for text in cleaned):
            raise BadInput("empty", "There are no words in this text.")
        told = languages_ or [None] * len(texts)
        spoken = [
            given or languages.detect(text) for given, text in zip(told, cleaned, strict=True)
        ]
        tokens = encode(self._network.tokenizer, cleaned, MAX_TOKENS)
        if not embedded:
            return self._readings(self._network.feelings(tokens), None, tokens, spoken)
        return self._readings(*self._network.both(tokens), tokens, spoken)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, width) L2-normalised vectors of at least one text; like meanings lie close."""
        return self._network.meanings(self._tokens(texts))

    def raw(self, texts: Sequence[str]) -> RawOutputs:
        """The heads' outputs before calibration; for training and evaluation."""
        return self._network.feelings(self._tokens(texts))

    def hidden(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """(length, width) of each: what a branch is trained on."""
        return self._network.hidden(self._tokens(texts))

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        return encode(self._network.tokenizer, [clean(text) for text in texts], MAX_TOKENS)

    def judge(self, language: str, raw: RawOutputs) -> Judged:
        """What the outputs of texts of one language come to."""
        fitted, events = self._calibration, self._events
        labels = fitted.labels(raw.labels)
        words = fitted.emotions(language, labels, raw.chinese)
        point, variance = fitted.affect(language, labels, words, raw.affect)
        seven = events.join(language, fitted.evidence(words), events.evidence(raw.embedding))
        return Judged(labels, seven, *events.affect(language, seven, point, variance))

    def _readings(
        self,
        raw: RawOutputs,
        vectors: NDArray[np.float32] | None,
        tokens: list[list[int]],
        spoken: list[str],
    ) -> list[TextReading]:
        readings = []
        for row, (language, ids) in enumerate(zip(spoken, tokens, strict=True)):
            told = self.judge(language, raw.rows(slice(row, row + 1)))
            estimate = Estimate(
                modality=Modality.TEXT,
                probabilities=_by_emotion(told.seven[0]),
                affect=Affect(*(float(x) for x in told.affect[0])),
                variance=Variance(*(float(x) for x in told.variance[0])),
                quality=self._quality(ids),
                model=self.name,
                labels=_present(told.labels[0], self._calibration.thresholds),
            )
            vector = () if vectors is None else tuple(float(x) for x in vectors[row])
            readings.append(TextReading(estimate, vector, language, len(ids) >= MAX_TOKENS))
        return readings

    def _quality(self, ids: Sequence[int]) -> float:
        """The share of the text's pieces that the vocabulary knows."""
        own = max(1, len(ids) - FRAME)
        return max(0.0, 1 - sum(token == self._unknown for token in ids) / own)


def has_content(cleaned: str) -> bool:
    """Whether a cleaned text holds anything but spaces, marks and formatting characters."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in cleaned)


def _present(
    probabilities: NDArray[np.float64], thresholds: NDArray[np.float64]
) -> dict[str, float]:
    """The labels above their thresholds, likeliest first; neutral only where it stands alone."""
    found = {
        label: float(p)
        for label, p, least in zip(LABELS, probabilities, thresholds, strict=True)
        if p >= least
    }
    if len(found) > 1:
        found.pop(NEUTRAL, None)
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _by_emotion(values: NDArray[np.float64]) -> dict[Emotion, float]:
    return {emotion: float(value) for emotion, value in zip(EMOTIONS, values, strict=True)}
