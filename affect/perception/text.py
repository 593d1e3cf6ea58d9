"""x = M(text): words become an `Estimate`, fine labels and a vector to find texts by meaning.

One multilingual encoder (ONNX, int8) with three heads, run by onnxruntime on one core without
spinning, and a regression on its sentence vector for what happened (`events`); neither torch nor
transformers is needed. A loaded model may be used by many threads.
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
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from affect.errors import BadInput, ModelUnavailable
from affect.labels import LABELS
from affect.perception import language as languages
from affect.perception.calibration import Calibration, Floats
from affect.perception.events import FILE as EVENTS
from affect.perception.events import Events
from affect.perception.sessions import session_of
from affect.perception.tokens import MAX_TOKENS, clean, encode
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Probabilities, Variance

GRAPH, TOKENIZER, CARD = "text.onnx", "text_tokenizer.json", "text.json"
BATCH_ROWS, BATCH_TOKENS = 32, 4096  # of one run of the network: bounds its memory
FRAME = 5  # tokens that every text has: both end marks and the three of the prefix
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class TextReading:
    """What the words of one message say. `embedding` is L2-normalised; `cut` tells that the middle
    of a text longer than the model's 512 tokens was left out.
    """

    estimate: Estimate
    embedding: tuple[float, ...]
    language: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class RawOutputs:
    """The heads' outputs before calibration, one row a text: `labels` (n, 28) and `chinese` (n, 6)
    logits, `affect` (n, 3) on EmoBank's scale, `embedding` (n, width).
    """

    labels: NDArray[np.float32]
    affect: NDArray[np.float32]
    chinese: NDArray[np.float32]
    embedding: NDArray[np.float32]

    def rows(self, rows: slice) -> RawOutputs:
        """The outputs of some of the texts."""
        return RawOutputs(
            self.labels[rows], self.affect[rows], self.chinese[rows], self.embedding[rows]
        )


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
        session: onnxruntime.InferenceSession,
        tokenizer: Tokenizer,
        card: dict[str, Any],
        events: Events,
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._events = events
        self._unknown = tokenizer.token_to_id("<unk>")
        self._calibration = Calibration.from_json(card["calibration"])
        self.name: str = f"{card['model']}-{card['version']}"

    @classmethod
    def load(cls, folder: str | Path | None = None) -> TextModel:
        """Load from a folder (default: what ships); raises `ModelUnavailable`."""
        place: Traversable = Path(folder) if folder else resources.files("affect") / "weights"
        session, tokenizer = load_network(place)
        try:
            card = json.loads((place / CARD).read_text("utf-8"))
            return cls(session, tokenizer, card, Events.load(place))
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
        self, texts: Sequence[str], languages_: Sequence[str | None] | None = None
    ) -> list[TextReading]:
        """Read many texts, in order; the same answers as one by one up to rounding."""
        if not texts:
            return []
        cleaned = [clean(text) for text in texts]
        if not all(has_content(text) for text in cleaned):
            raise BadInput("empty", "There are no words in this text.")
        told = languages_ or [None] * len(texts)
        spoken = [
            given or languages.detect(text) for given, text in zip(told, cleaned, strict=True)
        ]
        tokens = encode(self._tokenizer, cleaned, MAX_TOKENS)
        raw = run(self._session, tokens)
        return self._readings(raw, tokens, spoken)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, width) L2-normalised vectors of at least one text; like meanings lie close."""
        return self.raw(texts).embedding

    def raw(self, texts: Sequence[str]) -> RawOutputs:
        """The heads' outputs before calibration; for training and evaluation."""
        cleaned = [clean(text) for text in texts]
        return run(self._session, encode(self._tokenizer, cleaned, MAX_TOKENS))

    def judge(self, language: str, raw: RawOutputs) -> Judged:
        """What the outputs of texts of one language come to."""
        fitted, events = self._calibration, self._events
        labels = fitted.labels(raw.labels)
        words = fitted.emotions(language, labels, raw.chinese)
        point, variance = fitted.affect(language, labels, words, raw.affect)
        seven = events.join(language, fitted.evidence(words), events.evidence(raw.embedding))
        return Judged(labels, seven, *events.affect(language, seven, point, variance))

    def _readings(
        self, raw: RawOutputs, tokens: list[list[int]], spoken: list[str]
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
            vector = tuple(float(x) for x in raw.embedding[row])
            readings.append(TextReading(estimate, vector, language, len(ids) >= MAX_TOKENS))
        return readings

    def _quality(self, ids: Sequence[int]) -> float:
        """The share of the text's pieces that the vocabulary knows."""
        own = max(1, len(ids) - FRAME)
        return max(0.0, 1 - sum(token == self._unknown for token in ids) / own)


def load_network(place: Traversable) -> tuple[onnxruntime.InferenceSession, Tokenizer]:
    """Network and tokenizer of a folder; raises `ModelUnavailable`."""
    try:
        session = session_of(place / GRAPH)
        tokenizer = Tokenizer.from_str((place / TOKENIZER).read_text("utf-8"))
    except Exception as error:  # onnxruntime and tokenizers raise classes of their own
        raise ModelUnavailable(
            f"No text model in {place}: it needs {GRAPH}, {TOKENIZER} and {CARD}."
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return session, tokenizer


def run(session: onnxruntime.InferenceSession, tokens: Sequence[Sequence[int]]) -> RawOutputs:
    """Run token rows (at least one) through the network in batches of like length, in order."""
    names = ("labels", "affect", "chinese", "embedding")
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    parts: list[list[NDArray[np.float32]]] = []
    at = 0
    while at < len(order):
        size = _batch_size([len(tokens[row]) for row in order[at : at + BATCH_ROWS]])
        rows = [tokens[row] for row in order[at : at + size]]
        ids = np.zeros((len(rows), len(rows[-1])), dtype=np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
            mask[place, : len(row)] = 1
        parts.append(session.run(list(names), {"input_ids": ids, "attention_mask": mask}))
        at += size
    back = np.argsort(np.array(order, dtype=np.int64), kind="stable")
    joined = {
        name: np.concatenate([part[k] for part in parts])[back] for k, name in enumerate(names)
    }
    return RawOutputs(**joined)


def has_content(cleaned: str) -> bool:
    """Whether a cleaned text holds anything but spaces, marks and formatting characters."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in cleaned)


def _batch_size(lengths: Sequence[int]) -> int:
    """How many of these rows, sorted by length, fit one run."""
    size = 1
    while size < len(lengths) and (size + 1) * lengths[size] <= BATCH_TOKENS:
        size += 1
    return size


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
