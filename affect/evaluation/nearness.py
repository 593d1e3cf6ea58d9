"""How near a cue must be before its entry answers: what each threshold finds, and finds wrongly.

`python -m affect.evaluation.nearness` holds out one cue of every entry, which is a paraphrase of
those that stay, and searches it (found: its own entry is the nearest of all); and it searches
lines that no entry is about (nearness.yaml; wrong: any entry is near). A wrong entry costs a talk
more than a plain answer does, so a threshold is taken where hardly any stranger is near.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from affect import written
from affect.perception.text import TextModel
from affect.writers import bank
from affect.writers.cues import Cues, known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affect.writers.entry import Entry
    from affect.writers.vectors import Encoder

STRANGERS = Path(__file__).parent / "nearness.yaml"
THRESHOLDS = (0.6, 0.65, 0.71, 0.75, 0.8, 0.825, 0.85, 0.9, 0.95, 1.0)


class _Known:
    """The encoder, spared what the bank's file of vectors holds already."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self._vectors = known(encoder.name)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        missing = [text for text in texts if text not in self._vectors]
        if missing:
            self._vectors |= zip(missing, self._encoder.embed(missing), strict=True)
        return np.stack([self._vectors[text] for text in texts])


def _about_something(entry: Entry) -> bool:
    return entry.situation in {None, "good_news"} and len(entry.cues) > 1


def figures(encoder: Encoder) -> list[tuple[str, float, list[float]]]:
    """Language, threshold, shares: found, taken for another entry, strangers near, none near."""
    entries = bank.load().entries
    told = [entry for entry in entries if _about_something(entry)]
    cues = Cues([replace(entry, cues=entry.cues[1:]) for entry in told], _Known(encoder), None)
    strangers = written.read(STRANGERS)
    rows: list[tuple[str, float, list[float]]] = []
    for language in ("en", "zh"):
        own = [entry for entry in told if entry.language == language]
        best = [_best(cues, entry.cues[0], language) for entry in own]
        right = np.array([name == e.id for (name, _), e in zip(best, own, strict=True)])
        score = np.array([likeness for _, likeness in best])
        strange = np.array([_best(cues, line, language)[1] for line in strangers[language]])
        for at in THRESHOLDS:
            near = score >= at
            shares = (near & right, near & ~right, strange >= at, ~near)
            rows.append((language, at, [float(share.mean()) for share in shares]))
    return rows


def _best(cues: Cues, line: str, language: str) -> tuple[str, float]:
    likeness = cues.likeness(line, language)
    name = max(likeness, key=lambda each: likeness[each])
    return name, likeness[name]


def main() -> None:
    """Print the table."""
    print("     near from   found   another   strangers   none near")
    for language, at, (found, other, strange, silent) in figures(TextModel.load()):
        print(f"{language}   {at:9.2f} {found:7.3f} {other:9.3f} {strange:11.3f} {silent:11.3f}")


if __name__ == "__main__":
    main()
