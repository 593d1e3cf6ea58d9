"""The text encoder as it runs: a trunk, and a branch of layers for each of its two uses.

The trunk is the frozen half of a multilingual encoder. One branch was trained to read emotion, one
to tell lines apart by what they do and what they are about: what is near to a reader of feelings
("she called" and "she died" are not) is not what is near in a talk.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Traversable
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from affect.errors import ModelUnavailable
from affect.perception.sessions import session_of

TRUNK, AFFECT, TALK = "text.onnx", "text_affect.onnx", "text_talk.onnx"
TOKENIZER = "text_tokenizer.json.gz"
EMBEDDING = "embedding"
HEADS = ("labels", "affect", "chinese", EMBEDDING)
BATCH_ROWS, BATCH_TOKENS = 32, 4096  # of one run of the network: bounds its memory

Array = NDArray[np.float32]
Tokens = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class RawOutputs:
    """The emotion branch's outputs before calibration, one row a text: `labels` (n, 28) and
    `chinese` (n, 6) logits, `affect` (n, 3) on EmoBank's scale, `embedding` (n, width).
    """

    labels: Array
    affect: Array
    chinese: Array
    embedding: Array

    def rows(self, rows: slice) -> RawOutputs:
        """The outputs of some of the texts."""
        return RawOutputs(
            self.labels[rows], self.affect[rows], self.chinese[rows], self.embedding[rows]
        )


@dataclass(frozen=True, slots=True)
class Network:
    """Sessions of the three graphs and the tokenizer; a network that was just trained may have no
    talk branch yet. Token rows, at least one, are run in batches of like length, and answered in
    their order.
    """

    trunk: onnxruntime.InferenceSession
    affect: onnxruntime.InferenceSession
    talk: onnxruntime.InferenceSession | None
    tokenizer: Tokenizer

    @classmethod
    def load(cls, place: Traversable) -> Network:
        """From a folder; raises `ModelUnavailable`."""
        try:
            trunk, affect = (session_of(place / name) for name in (TRUNK, AFFECT))
            talk = session_of(place / TALK) if (place / TALK).is_file() else None
            packed = (place / TOKENIZER).read_bytes()
            tokenizer = Tokenizer.from_str(gzip.decompress(packed).decode())
        except Exception as error:  # onnxruntime and tokenizers raise classes of their own
            raise ModelUnavailable(
                f"No text model in {place}: it needs {TRUNK}, {AFFECT} and {TOKENIZER}."
            ) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(trunk, affect, talk, tokenizer)

    def feelings(self, tokens: Tokens) -> RawOutputs:
        """What the emotion branch makes of them."""
        return RawOutputs(*self._run(tokens, [(self.affect, HEADS)]))

    def meanings(self, tokens: Tokens) -> Array:
        """(n, width) L2-normalised vectors of the talk branch."""
        return self._run(tokens, [(self._talk(), [EMBEDDING])])[0]

    def both(self, tokens: Tokens) -> tuple[RawOutputs, Array]:
        """Feelings and meanings, the trunk being run once."""
        branches = [(self.affect, HEADS), (self._talk(), [EMBEDDING])]
        *feelings, meanings = self._run(tokens, branches)
        return RawOutputs(*feelings), meanings

    def hidden(self, tokens: Tokens) -> list[Array]:
        """(length, width) of each: what the branches are trained on."""
        order = _by_length(tokens)
        found = [
            hidden[row, : len(tokens[number])]
            for numbers, hidden, _ in self._batches(tokens, order)
            for row, number in enumerate(numbers)
        ]
        return [found[place] for place in _back(order)]

    def meanings_of(self, hidden: Sequence[NDArray[np.floating]]) -> Array:
        """(n, width) vectors of the talk branch for what `hidden` gave."""
        order = sorted(range(len(hidden)), key=lambda row: len(hidden[row]))
        parts = []
        for at in range(0, len(order), BATCH_ROWS):
            rows = [hidden[number] for number in order[at : at + BATCH_ROWS]]
            states, mask = padded(rows, np.float32)
            told = {"hidden": states, "attention_mask": mask}
            parts += self._talk().run([EMBEDDING], told)
        back: Array = np.concatenate(parts)[_back(order)]
        return back

    def _talk(self) -> onnxruntime.InferenceSession:
        if self.talk is None:
            raise ModelUnavailable(f"This text model has no {TALK}: it finds no text by meaning.")
        return self.talk

    def _run(
        self,
        tokens: Tokens,
        branches: Sequence[tuple[onnxruntime.InferenceSession, Sequence[str]]],
    ) -> list[Array]:
        """All outputs of these branches, in their order."""
        order = _by_length(tokens)
        parts = []
        for _, hidden, mask in self._batches(tokens, order):
            told = {"hidden": hidden, "attention_mask": mask}
            parts.append([out for branch, names in branches for out in branch.run(names, told)])
        back = _back(order)
        return [np.concatenate(outputs)[back] for outputs in zip(*parts, strict=True)]

    def _batches(
        self, tokens: Tokens, order: Sequence[int]
    ) -> Iterator[tuple[Sequence[int], Array, NDArray[np.int64]]]:
        """Numbers of the rows of each batch, what the trunk makes of them, and their mask."""
        at = 0
        while at < len(order):
            size = _batch_size([len(tokens[row]) for row in order[at : at + BATCH_ROWS]])
            numbers = order[at : at + size]
            ids, mask = padded([np.asarray(tokens[number]) for number in numbers], np.int64)
            (hidden,) = self.trunk.run(["hidden"], {"input_ids": ids, "attention_mask": mask})
            yield numbers, hidden, mask
            at += size


def padded(
    rows: Sequence[NDArray[Any]], dtype: type[np.generic]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Rows (length, ...) as one (n, longest, ...), zeros behind them, and its 0/1 mask."""
    array = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), dtype=dtype)
    mask = np.zeros(array.shape[:2], dtype=np.int64)
    for place, row in enumerate(rows):
        array[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return array, mask


def _by_length(tokens: Tokens) -> list[int]:
    return sorted(range(len(tokens)), key=lambda row: len(tokens[row]))


def _back(order: Sequence[int]) -> NDArray[np.int64]:
    """Where each row of the original order lies in this one."""
    return np.argsort(np.array(order, dtype=np.int64), kind="stable")


def _batch_size(lengths: Sequence[int]) -> int:
    """How many of these rows, sorted by length, fit one run."""
    size = 1
    while size < len(lengths) and (size + 1) * lengths[size] <= BATCH_TOKENS:
        size += 1
    return size
