"""FER2013's images with FER+ votes, read into arrays; nothing of a test tile gets into training.

Files and their traps are described in the data folder's README. The images have no clear licence:
they are learned from and measured with, never shipped.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.errors import NotFound
from affect.perception.face_network import VOTES

SIDE = 48  # pixels of a tile's side
TILES_A_FILE, TILES_A_ROW, FILES = 4096, 64, 9
TRAINING, PUBLIC, PRIVATE = "Training", "PublicTest", "PrivateTest"


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """One part of the data: grey `tiles` (n, 48, 48), FER2013 `labels` (n,) in the order of
    `affect.perception.face_network.LABELS`, and ten FER+ `votes` (n, 10), `unknown` and `nf` last.
    """

    tiles: NDArray[np.uint8]
    labels: NDArray[np.int64]
    votes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def clear(self) -> NDArray[np.bool_]:
        """(n,): whether one of the ten columns alone has the most votes."""
        ordered = np.sort(self.votes, axis=1)
        clear: NDArray[np.bool_] = ordered[:, -1] > ordered[:, -2]
        return clear

    def shares(self) -> NDArray[np.float32]:
        """(n, 9): shares of the votes for the eight emotions and `unknown`."""
        kept = self.votes[:, : len(VOTES)].astype(np.float32)
        shares: NDArray[np.float32] = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1)
        return shares


def read(data: Path) -> dict[str, Faces]:
    """All three parts by name; raises `NotFound` where the folder is incomplete.

    Rows without an image are left out everywhere. Training also loses every tile that a test part
    shows, second copies of a tile, and pictures that nobody took for a face.
    """
    folder = data / "face"
    table = folder / "ferplus.csv.gz"
    if not table.is_file():
        raise NotFound(f"{table} is not there: the data folder is incomplete.")
    with gzip.open(table, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["tile"] != "-1"]
    mosaic = [_mosaic(folder / f"fer_{k}.webp", k) for k in range(FILES)]
    tested = {row["tile"] for row in rows if row["usage"] != TRAINING}
    return {
        usage: _faces(_kept(rows, usage, tested), mosaic) for usage in (TRAINING, PUBLIC, PRIVATE)
    }


def _kept(rows: list[dict[str, str]], usage: str, tested: set[str]) -> list[dict[str, str]]:
    found = [row for row in rows if row["usage"] == usage]
    if usage != TRAINING:
        return found
    once = {row["tile"]: row for row in found if row["tile"] not in tested}
    return [row for row in once.values() if any(int(row[name]) for name in VOTES)]


def _faces(rows: list[dict[str, str]], mosaic: Sequence[NDArray[np.uint8]]) -> Faces:
    return Faces(
        np.stack([_tile(mosaic, int(row["tile"])) for row in rows]),
        np.array([int(row["fer2013"]) for row in rows]),
        np.array([[int(row[name]) for name in (*VOTES, "nf")] for row in rows]),
    )


def _mosaic(path: Path, number: int) -> NDArray[np.uint8]:
    from PIL import Image

    # All but the first file hold their values without the lowest bit.
    with Image.open(path) as image:
        return np.asarray(image.convert("L"), dtype=np.uint8) * np.uint8(1 if number == 0 else 2)


def _tile(mosaic: Sequence[NDArray[np.uint8]], number: int) -> NDArray[np.uint8]:
    file, place = divmod(number, TILES_A_FILE)
    top, left = (SIDE * k for k in divmod(place, TILES_A_ROW))
    return mosaic[file][top : top + SIDE, left : left + SIDE]
