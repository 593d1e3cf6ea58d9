"""The rows that the text model learns from: corpora tokenised, in one numbering, by task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from affect.perception.tokens import encode
from affect.training.data import Corpus, Task


@dataclass(frozen=True, slots=True)
class Rows:
    """Every row of some corpora in one numbering, which is also the cache's."""

    corpora: tuple[Corpus, ...]
    tokens: tuple[list[int], ...]

    def numbers(self, task: Task) -> NDArray[np.int64]:
        """Row numbers of one task."""
        tasks = [corpus.task for corpus in self.corpora for _ in range(len(corpus))]
        return np.flatnonzero([found is task for found in tasks])

    def targets(self, task: Task) -> NDArray[np.float32]:
        """Targets of one task, in the order of `numbers`."""
        return np.concatenate([c.targets for c in self.corpora if c.task is task])

    def domain(self, task: Task) -> NDArray[np.int64]:
        """Domain numbers of one task, in the order of `numbers`."""
        return np.concatenate([c.domain for c in self.corpora if c.task is task])


@dataclass(frozen=True, slots=True)
class Targets:
    """What one task teaches: row numbers, targets and domains side by side."""

    numbers: NDArray[np.int64]
    values: NDArray[np.float32]
    domain: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of EmoBank's V/A/D in the training rows."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def read_rows(corpora: list[Corpus], tokenizer: Tokenizer, limit: int) -> Rows:
    """Corpora in tokens, `limit` of each text at most."""
    texts = [text for corpus in corpora for text in corpus.texts]
    return Rows(tuple(corpora), tuple(encode(tokenizer, texts, limit)))


def load_tokenizer(base: str) -> Tokenizer:
    """The fast tokenizer of a hub id or folder."""
    local = Path(base) / "tokenizer.json"
    tokenizer = (
        Tokenizer.from_file(str(local)) if local.is_file() else Tokenizer.from_pretrained(base)
    )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def targets_of(rows: Rows, task: Task) -> Targets:
    """What the rows of one task teach."""
    return Targets(rows.numbers(task), rows.targets(task), rows.domain(task))


def scale_of(affect: Targets) -> Scale:
    """Mean and deviation of V/A/D over these rows."""
    mean, deviation = affect.values.mean(axis=0), affect.values.std(axis=0)
    return Scale(tuple(float(x) for x in mean), tuple(float(x) for x in deviation))
