"""The corpora that the text model learns from, read into arrays; overlaps between splits dropped.

Files and their traps are described in the data folder's README. No corpus is part of the package:
the folder is `--data`, else ATTUNE_DATA, else ../shared/data.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.errors import NotFound
from affect.labels import EWECT_CLASSES, LABELS
from affect.perception.tokens import clean

DEFAULT_FOLDER = "../shared/data"
MISSING = -100  # the class of a row that a task says nothing about


class Task(StrEnum):
    """What a batch teaches."""

    LABELS = "labels"  # GoEmotions, 28 labels, several may hold
    AFFECT = "affect"  # EmoBank, V/A/D on its own scale of 1 to 5
    CHINESE = "chinese"  # EWECT, one of six classes


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of one split with their targets.

    `targets` is (n, 28) of 0/1 for LABELS, (n, 3) on EmoBank's scale for AFFECT and (n, 1) class
    numbers for CHINESE. `domain` is 1 where the text is of EWECT's virus part, else 0.
    """

    task: Task
    texts: tuple[str, ...]
    targets: NDArray[np.float32]
    domain: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.texts)


def folder(given: Path | None = None) -> Path:
    """The data folder; raises `NotFound` with what to do when it is not there."""
    path = given or Path(os.environ.get("ATTUNE_DATA") or DEFAULT_FOLDER)
    if not path.is_dir():
        raise NotFound(f"No data folder at {path}: name it with --data or ATTUNE_DATA.")
    return path


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a gzipped TSV with a header and no quoting."""
    if not path.is_file():
        raise NotFound(f"{path} is not there: the data folder is incomplete.")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def goemotions(data: Path, split: str) -> Corpus:
    """GoEmotions: `train`, `dev` or `test`."""
    rows = read_table(data / "text" / "goemotions" / f"{split}.tsv.gz")
    targets = np.zeros((len(rows), len(LABELS)), dtype=np.float32)
    for number, row in enumerate(rows):
        targets[number, [int(label) for label in row["labels"].split(",")]] = 1
    return _corpus(Task.LABELS, (row["text"] for row in rows), targets)


def emobank(data: Path, split: str) -> Corpus:
    """EmoBank: `train`, `dev` or `test`."""
    rows = read_table(data / "text" / "emobank" / f"{split}.tsv.gz")
    targets = np.array([[float(row[name]) for name in "VAD"] for row in rows], dtype=np.float32)
    return _corpus(Task.AFFECT, (row["text"] for row in rows), targets)


def ewect(data: Path, part: str, split: str) -> Corpus:
    """EWECT: part `usual` or `virus`; split `train`, `eval` or `test`."""
    rows = read_table(data / "text" / "ewect" / f"{part}_{split}.tsv.gz")
    targets = np.array([[EWECT_CLASSES.index(row["label"])] for row in rows], dtype=np.float32)
    return _corpus(Task.CHINESE, (row["text"] for row in rows), targets, int(part == "virus"))


def training_corpora(data: Path) -> list[Corpus]:
    """What the model is trained on: no text of it occurs in a dev or test split of its corpus."""
    return [
        without(goemotions(data, "train"), goemotions(data, "dev"), goemotions(data, "test")),
        without(emobank(data, "train"), emobank(data, "dev"), emobank(data, "test")),
        *(
            without(ewect(data, part, "train"), *(ewect(data, part, s) for s in ("eval", "test")))
            for part in ("usual", "virus")
        ),
    ]


def dev_corpora(data: Path) -> list[Corpus]:
    """What thresholds, calibration and the choice of the epoch rest on."""
    return [goemotions(data, "dev"), emobank(data, "dev"), ewect(data, "usual", "eval")]


def without(corpus: Corpus, *others: Corpus) -> Corpus:
    """The corpus without the rows whose text occurs in one of the others."""
    known = {text for other in others for text in other.texts}
    keep = np.array([text not in known for text in corpus.texts], dtype=bool)
    return Corpus(
        corpus.task,
        tuple(text for text, kept in zip(corpus.texts, keep, strict=True) if kept),
        corpus.targets[keep],
        corpus.domain[keep],
    )


def _corpus(
    task: Task, texts: Iterable[str], targets: NDArray[np.float32], domain: int = 0
) -> Corpus:
    cleaned = tuple(clean(text) for text in texts)
    return Corpus(task, cleaned, targets, np.full(len(cleaned), domain, dtype=np.int64))
