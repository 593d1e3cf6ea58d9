"""How apt a reply is after a line, learned from replies that were judged one by one.

A small network looks at the line, the lines before it, our last reply and the reply that is weighed
(vectors of the text model), at what the line does and is about, at the reading, at the reasons of
the weigher, and at how far the reply's entry has fitted other lines. It learned
(`affect/training/aptness.py`) how probable it is that a reader of the talk says "this fits". Where
it was learned on another model there is no such figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile

import numpy as np

from affect import kinds
from affect.types import EMOTIONS
from affect.writers import words
from affect.writers.hearing import TELLS
from affect.writers.weighing import MIRROR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from affect.writers.base import Scene
    from affect.writers.weighing import Worded

    Floats = NDArray[np.float32]

FILE = Path(__file__).parent.parent / "weights" / "text_aptness.npz"
REASONS = (
    *("meaning", "nearness", "far", "strategy", "stage", "emotion", "grave", "told", "kind"),
    *("bare", "broad", "intensity", "uptake", "slots", "aim", "question", "naming", "length"),
    "repeated",
)  # of the weigher; chance tells nothing
LONG = 40.0  # words of a line or a reply that count as one
TALKED = 8.0  # turns that count as one


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a line before any reply is weighed. `line`, `before`, `earlier` and
    `answered` (d,) are the vectors of the line, of the line before it, of those before that
    together, and of our last reply, zeros where there is none; `acts` and `topics` are the
    probabilities of what it does and is about.
    """

    line: Floats
    before: Floats
    earlier: Floats
    answered: Floats
    acts: Mapping[str, float]
    topics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Known:
    """The acts and topics that were told apart when it was learned, in its order: of others, added
    since, nothing was learned.
    """

    acts: tuple[str, ...]
    topics: tuple[str, ...]

    @classmethod
    def of(cls, heard: Heard) -> Self:
        """What is told apart now."""
        return cls(tuple(sorted(heard.acts)), tuple(sorted(heard.topics)))


def of_scene(scene: Scene, heard: Heard, known: Known) -> Floats:
    """(k,) what is the same for every reply."""
    last = scene.history[-1] if scene.history else None
    affect = scene.reading.affect
    said = kinds.kind(scene.said, affect.valence)
    return np.array(
        [
            *(heard.acts.get(name, 0.0) for name in known.acts),
            *(heard.topics.get(name, 0.0) for name in known.topics),
            *(scene.reading.probabilities.get(emotion, 0.0) for emotion in EMOTIONS),
            *(affect.valence, affect.arousal),
            *(said == kind for kind in sorted(kinds.names())),
            bool(last and last.asked),
            scene.plan.ask,
            scene.plan.situation is not None,
            kinds.asks(scene.said),
            scene.language == "zh",
            min(words.count(scene.said) / LONG, 1.0),
            min(len(scene.history) / TALKED, 1.0),
        ],
        dtype=np.float32,
    )


def of_reply(scene: Scene, heard: Heard, worded: Worded, topic: str | None) -> list[float]:
    """(k) what is told of a reply without its vector; `topic` is what its entry is about."""
    entry = worded.entry
    act = entry.situation or TELLS
    spoken = sum(scene.reading.probabilities.get(each, 0.0) for each in entry.emotions)
    as_written = worded.text == entry.plain
    length = entry.shape.words if as_written else words.count(worded.text)
    return [
        *(worded.reasons.get(name, 0.0) for name in REASONS),
        *entry.marks,
        spoken,
        heard.acts.get(act, heard.acts.get(TELLS, 0.0)),
        heard.topics.get(topic or "", 0.0),
        topic is not None,
        entry.matter is not None,
        bool(entry.kinds),
        bool(entry.cues),
        entry.question,
        entry.situation is None,
        worded.general,
        worded.near,
        entry.id == MIRROR,
        not as_written,
        entry.valence,
        entry.arousal,
        min(length / LONG, 1.0),
    ]


@dataclass(frozen=True, slots=True)
class Aptness:
    """`usual` holds how far each graded entry has fitted, and under "" any other; `projection`
    (d, p) is of lines and replies; then two layers.
    """

    usual: Mapping[str, float]
    known: Known
    projection: Floats
    first: Floats
    bias: Floats
    second: Floats
    last: float

    @classmethod
    def load(cls, model: str | None, file: Path = FILE) -> Self | None:
        """What was learned on the text model of that name; None where there is none."""
        try:
            with file.open("rb") as opened, np.load(opened) as kept:
                if model is None or str(kept["model"]) != model:
                    return None
                projection, first, bias, second = (
                    kept[name].astype(np.float32)
                    for name in ("projection", "first", "bias", "second")
                )
                names, acts, topics = (
                    tuple(kept[name].item().decode().split("\n"))
                    for name in ("names", "acts", "topics")
                )
                usual = dict(zip(names, kept["usual"].astype(float).tolist(), strict=True))
                known = Known(acts, topics)
                return cls(usual, known, projection, first, bias, second, float(kept["last"]))
        except (OSError, KeyError, ValueError, BadZipFile):
            return None

    def of(
        self,
        scene: Scene,
        heard: Heard,
        replies: Sequence[Worded],
        vectors: Floats,
        topics: Sequence[str | None],
    ) -> list[float]:
        """The probability that each reply fits; `vectors` (n, d) are theirs."""
        usual = [self.usual.get(each.entry.id, self.usual[""]) for each in replies]
        seen = (scene, heard, replies, vectors, topics)
        rows = features(*seen, self.known, self.projection, usual)
        hidden = np.maximum(rows @ self.first + self.bias, 0.0)
        logits = hidden @ self.second + self.last
        likely: list[float] = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).tolist()
        return likely


def features(
    scene: Scene,
    heard: Heard,
    replies: Sequence[Worded],
    vectors: Floats,
    topics: Sequence[str | None],
    known: Known,
    projection: Floats,
    usual: Sequence[float],
) -> Floats:
    """(n, k) all that the network sees of each reply: as they are, how they go together, and last
    how far their entries have fitted (`usual`, n).
    """
    told = (heard.line, heard.before, heard.earlier, heard.answered)
    projected = [vector @ projection for vector in told]
    said = vectors @ projection
    near = np.stack([vectors @ vector for vector in told], axis=1)
    same = np.concatenate([of_scene(scene, heard, known), *projected])
    each = [of_reply(scene, heard, r, t) for r, t in zip(replies, topics, strict=True)]
    own = np.array(each, dtype=np.float32)
    together = [said * one for one in projected]
    rows = np.broadcast_to(same, (len(replies), len(same)))
    result: Floats = np.concatenate(
        [rows, own, near, said, *together, np.array(usual, dtype=np.float32)[:, None]], axis=1
    )
    return result
