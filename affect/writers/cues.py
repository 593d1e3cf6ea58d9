"""Which entries answer words like these: cue vectors of the text model, kept on disk.

Cues of a language are centred on their mean, because raw vectors of such encoders lie close
together (unlike lines still reach .8), and put on a scale of their own, so that a likeness means
the same under another encoder or language. Rare words that said and cue share add a little, which
also keeps retrieval alive where no encoder is at hand. Knows nothing of plans or of wording.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from affect.latest import Latest
from affect.writers import words
from affect.writers.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from affect.writers.entry import Entry
    from affect.writers.vectors import Encoder

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

FILE = Path(__file__).parent.parent / "weights" / "bank.npz"
SHARED = 0.3  # weight of shared rare words beside the cosine
FEWEST = 50  # cues from which their scale can be told
PROBES = 300  # cues that are compared with all others to tell the scale: bounds the work at start
FAR = 0.99  # this quantile of the cosines between cues of different entries
FAR_IS = 0.54  # counts as this: lines that no entry is about are seldom near then (nearness.py)
LEVELS = 63  # of a kept vector on either side: packs a tenth smaller than 127, and as near as good
SEARCHED = 64  # lines of a language whose likeness is kept: 2 MB

_log = logging.getLogger(__name__)


def save(entries: Sequence[Entry], encoder: Encoder, file: Path = FILE) -> int:
    """Write the vectors of all cues and replies in 7 bits, with these lines and the name of the
    model; how many were embedded.

    Those that `file` holds already are taken over, unless the model or its weights changed.
    """
    lines = list(dict.fromkeys([*_lines(entries), *(entry.plain for entry in entries)]))
    vectors = known(encoder.name, file)
    old = [line for line in lines if line in vectors]
    if old and not _same_space(vectors[old[0]], old[0], encoder):
        vectors = {}
    new = [line for line in lines if line not in vectors]
    if new:
        vectors |= zip(new, encoder.embed(new), strict=True)
    rows = np.stack([vectors[line] for line in lines])
    most = np.abs(rows).max(axis=1, keepdims=True)
    np.savez_compressed(
        file,
        vectors=np.round(LEVELS * rows / most).astype(np.int8),
        lines=np.array("\n".join(lines).encode()),
        model=np.array(encoder.name),
    )
    return len(new)


def known(model: str | None, file: Path = FILE) -> dict[str, Floats]:
    """The vector (d,) of every line that is kept on disk; none if the file is of another model."""
    try:
        with file.open("rb") as opened, np.load(opened) as kept:
            if model is not None and str(kept["model"]) != model:
                return {}
            lines = kept["lines"].item().decode().split("\n")
            return dict(zip(lines, _normalised(kept["vectors"].astype(np.float32)), strict=True))
    except (OSError, KeyError, ValueError, BadZipFile):
        return {}


def stored(lines: Sequence[str], kept: Mapping[str, Floats]) -> Floats | None:
    """The (n, d) vectors of these lines, or None where that of any is missing."""
    try:
        return np.stack([kept[line] for line in lines])
    except KeyError:
        return None


def _lines(entries: Sequence[Entry]) -> list[str]:
    return [cue for entry in entries for cue in entry.cues]


class Cues:
    """The cues of all entries, searched by language."""

    def __init__(
        self, entries: Sequence[Entry], encoder: Encoder | None, file: Path | None = FILE
    ) -> None:
        """Take vectors from `file` if they fit, else compute them; without encoder, words alone."""
        vectors: Floats | None = None
        lines = _lines(entries)
        self.replies: Mapping[str, Floats] = {}
        if encoder is not None and lines:
            if file is not None:
                kept = known(encoder.name, file)
                vectors = stored(lines, kept)
                self.replies = {e.id: kept[e.plain] for e in entries if e.plain in kept}
                if vectors is None or not _same_space(vectors[0], lines[0], encoder):
                    _log.warning("bank_cues_recomputed", extra={"cues": len(lines)})
                    vectors, self.replies = None, {}
            if vectors is None:
                vectors = encoder.embed(lines)
        self.vectors = Vectors(encoder) if encoder else None
        self._spaces: dict[str, _Space] = {}
        owners = [entry for entry in entries for _ in entry.cues]
        self._raw = ([entry.id for entry in owners], vectors)
        for language in {entry.language for entry in entries}:
            rows = [i for i, entry in enumerate(owners) if entry.language == language]
            own = [entry for entry in entries if entry.language == language]
            self._spaces[language] = _Space(own, None if vectors is None else vectors[rows])

    @property
    def raw(self) -> tuple[Sequence[str], Floats]:
        """The entry of each cue, and their (n, d) vectors; nothing without an encoder."""
        names, vectors = self._raw
        return ([], np.zeros((0, 0), np.float32)) if vectors is None else (names, vectors)

    def likeness(
        self,
        said: str,
        language: str,
        embedding: Sequence[float] | None = None,
        also: Iterable[tuple[float, Sequence[str]]] = (),
    ) -> dict[str, float]:
        """For each entry with cues, how like its nearest cue the words are; about 0 to 1.3.

        With `also` likeness to other lines, taken as one (`together`), counts that many times
        where it is more.
        """
        space = self._spaces.get(language)
        if space is None:
            return {}
        vectors = self.vectors if space.has_vectors else None
        found = space.likeness(said, vectors.of(said, embedding) if vectors else None)
        for factor, lines in also:
            found = np.maximum(found, factor * self._of_all(lines, space))
        return space.named(found)

    def together(self, lines: Sequence[str], language: str) -> dict[str, float]:
        """The same for lines taken as one; those that were searched lately cost no encoding."""
        space = self._spaces.get(language)
        return {} if space is None else space.named(self._of_all(lines, space))

    def _of_all(self, lines: Sequence[str], space: _Space) -> Doubles:
        vectors = self.vectors if space.has_vectors else None
        return space.likeness(" ".join(lines), vectors.together(lines) if vectors else None)


def firsts(owners: Sequence[str]) -> list[int]:
    """Where the cues of each entry begin; those of an entry stand side by side."""
    return [at for at, name in enumerate(owners) if at == 0 or owners[at - 1] != name]


def _same_space(vector: Floats, cue: str, encoder: Encoder) -> bool:
    """Whether a cue still lies where it was stored: names may stay when weights change."""
    # An int8 network rounds a line by itself otherwise than in a batch: not much below 0.98.
    return float(encoder.embed([cue])[0] @ vector) > 0.97


class _Space:
    """The cues of one language."""

    def __init__(self, entries: Sequence[Entry], vectors: Floats | None) -> None:
        self._owner = [entry.id for entry in entries for _ in entry.cues]
        self._names = list(dict.fromkeys(self._owner))
        self._starts = firsts(self._owner)
        self._mean: Floats | None = None
        self._vectors: Floats | None = None
        self._scale = 1.0
        if vectors is not None and len(vectors):
            self._mean = vectors.mean(axis=0)
            self._vectors = _normalised(vectors - self._mean)
            self._scale = self._own_scale(self._vectors)
        stems = [words.stems(cue) for entry in entries for cue in entry.cues]
        spread = Counter(stem for each in stems for stem in each)
        self._rarity = {s: math.log(1 + len(stems) / n) for s, n in spread.items()}
        self._unseen = math.log(1 + len(stems))
        self._mass = np.array([self._weight(each) for each in stems], dtype=np.float32)
        holding: dict[str, list[int]] = defaultdict(list)
        for row, each in enumerate(stems):
            for stem in each:
                holding[stem].append(row)
        self._holding = {stem: np.array(rows) for stem, rows in holding.items()}
        self._latest: Latest[Doubles] = Latest(SEARCHED)

    @property
    def has_vectors(self) -> bool:
        return self._vectors is not None

    def named(self, likeness: Doubles) -> dict[str, float]:
        """Likenesses by the ids of their entries."""
        return dict(zip(self._names, likeness.tolist(), strict=True))

    def likeness(self, said: str, vector: Floats | None) -> Doubles:
        """(entries,) how like its nearest cue the words with this vector are."""
        if not self._names:
            return np.zeros(0)
        name = self._latest.fingerprint(said, b"" if vector is None else vector.tobytes())
        found = self._latest.get(name)
        if found is None:
            # The cues of an entry stand side by side.
            best = np.maximum.reduceat(self._scores(said, vector), self._starts)
            found = best.astype(np.float64)
        self._latest.keep(name, found)
        return found

    def _scores(self, said: str, vector: Floats | None) -> Floats:
        scores = self._shared(said)
        if vector is not None and self._vectors is not None and self._mean is not None:
            centred = _normalised((vector - self._mean)[None, :])[0]
            scores = SHARED * scores + self._scale * (self._vectors @ centred)
        return scores

    def _own_scale(self, vectors: Floats) -> float:
        """What cosines are multiplied with, so that cues of different entries lie alike far."""
        if len(vectors) < FEWEST:
            return 1.0
        rows = range(0, len(vectors), 1 + len(vectors) // PROBES)
        owners = np.array(self._owner)
        cosines = vectors[rows] @ vectors.T
        others = cosines[owners[rows][:, None] != owners[None, :]]
        return FAR_IS / max(float(np.quantile(others, FAR)), 0.05)

    def _shared(self, said: str) -> Floats:
        """(cues,) cosine of the two sets of stems, each stem weighing its rarity."""
        own = words.stems(said)
        shared = np.zeros(len(self._owner), dtype=np.float32)
        for stem in own:
            if (rows := self._holding.get(stem)) is not None:
                shared[rows] += self._rarity[stem]
        result: Floats = shared / np.sqrt(np.maximum(self._mass * self._weight(own), 1e-6))
        return result

    def _weight(self, stems: frozenset[str]) -> float:
        # Words that no cue has say little about how well a cue fits: half weight.
        return sum(self._rarity.get(stem, self._unseen / 2) for stem in stems)


def _normalised(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Floats = rows / np.maximum(lengths, 1e-6)
    return result
