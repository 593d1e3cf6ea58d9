"""Softmax regressions on the sentence vector: what a line does, and what it is about.

Learned from the bank and from lines written for it (`affect/training/talk.py`). Vectors are (d,),
L2-normalised, of the text model that ships.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from affect.perception.calibration import softmax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Vector = NDArray[np.float32] | Sequence[float]

FILE = Path(__file__).parent.parent / "weights" / "text_talk.npz"
ACTS, TOPICS = "acts", "topics"


@dataclass(frozen=True, slots=True)
class Classes:
    """`names` (k) with `weights` (d, k), `bias` (k), and `rates` (k), the shares of the classes
    among what was learned from.
    """

    names: tuple[str, ...]
    weights: Floats
    bias: Floats
    rates: Floats

    def of(self, vector: Vector) -> Floats:
        """(k) probabilities, at the rates that they were learned at."""
        found: Floats = self.of_many(np.asarray(vector)[None, :])[0]
        return found

    def of_many(self, vectors: NDArray[np.floating]) -> Floats:
        """(n, k) the same of (n, d) vectors."""
        result: Floats = softmax(vectors.astype(np.float64) @ self.weights + self.bias)
        return result


def load(model: str | None, file: Path = FILE) -> Mapping[str, Classes]:
    """Both regressions by name; none where they are missing or were learned on another model."""
    try:
        with np.load(file) as kept:
            if model is None or str(kept["model"]) != model:
                return {}
            return {name: _read(name, kept) for name in (ACTS, TOPICS)}
    except (OSError, KeyError, ValueError):
        return {}


def save(classes: Mapping[str, Classes], model: str, file: Path = FILE) -> None:
    """Write what `load` reads."""
    arrays: dict[str, NDArray[np.generic]] = {"model": np.array(model)}
    for name, one in classes.items():
        arrays |= {
            f"{name}.names": np.array("\n".join(one.names).encode()),
            f"{name}.weights": one.weights.astype(np.float16),
            f"{name}.bias": one.bias.astype(np.float32),
            f"{name}.rates": one.rates.astype(np.float32),
        }
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its second argument is a flag


def _read(name: str, kept: Mapping[str, NDArray[np.generic]]) -> Classes:
    weights, bias, rates = (
        kept[f"{name}.{part}"].astype(np.float64) for part in ("weights", "bias", "rates")
    )
    return Classes(tuple(kept[f"{name}.names"].item().decode().split("\n")), weights, bias, rates)
