"""What is felt where lines like these are said: the reading, completed from the nearest cues.

A text model reads "the landlord raised the rent" as neutral, because the words are. Whoever wrote
the entries knew what people mostly feel then. Where cues lie near, their entries' emotions speak
with; they speak loudest where the reading abstains or is neutral, and hardly where it is definite.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nlargest
from typing import TYPE_CHECKING

from affect.turning import is_wish
from affect.types import EMOTIONS, Emotion
from affect.writers.entry import DARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from affect.types import Reading
    from affect.writers.base import Scene
    from affect.writers.entry import Entry

NEAREST = 5  # entries that speak with
FROM, TO = 0.5, 0.8  # likeness at which they begin to count, and count in full
INDEFINITE, DEFINITE = 0.8, 0.3  # most that they may weigh beside the reading
ALIKE = 0.8  # likeness from which a line may be taken to be of its nearest cue's kind
AGREED = 0.65  # likeness that is enough where the reading leans the same way
FAINT = 0.4  # valence below which a joy is no joy yet


@dataclass(frozen=True, slots=True)
class Feelings:
    """What is felt, as far as it can be told.

    `probabilities` are of the seven emotions. `known` tells whether the reading or a near cue
    commits itself: only then may words that fit any matter speak to one feeling. `everyday` tells
    that lines like these are about small, neutral things.
    """

    probabilities: Mapping[Emotion, float]
    known: bool
    everyday: bool

    def answered(self, emotions: frozenset[Emotion]) -> float:
        """How far words for these emotions answer what is felt; dark ones lie near one another."""
        best = max(self.probabilities[emotion] for emotion in emotions)
        dark = sum(self.probabilities[emotion] for emotion in DARK)
        return max(best, 0.6 * dark) if emotions & DARK else best


def feelings(scene: Scene, likeness: Mapping[str, float], told: Iterable[Entry]) -> Feelings:
    """What is felt in a scene, from its reading and the nearest cues of what may be told."""
    nearest = nlargest(NEAREST, told, key=lambda entry: likeness.get(entry.id, 0.0))
    top = likeness.get(nearest[0].id, 0.0) if nearest else 0.0
    votes = _votes(likeness, nearest)
    definite = is_definite(scene.reading, scene.said)
    like = top >= ALIKE or (top >= AGREED and _agree(scene.reading, votes))
    small = Emotion.NEUTRAL in nearest[0].emotions if nearest else False
    return Feelings(
        probabilities=_blended(scene.reading, votes, top, definite=definite),
        known=definite or like,
        everyday=top >= ALIKE and small and not nearest[0].emotions & DARK,
    )


def is_definite(reading: Reading, said: str) -> bool:
    """Whether the reading commits itself to a feeling; a wish is read as joy, and is none."""
    if reading.emotion is None or reading.emotion is Emotion.NEUTRAL:
        return False
    joy = reading.emotion is Emotion.JOY
    return not joy or (reading.affect.valence > FAINT and not is_wish(said))


def _votes(likeness: Mapping[str, float], nearest: Iterable[Entry]) -> dict[Emotion, float]:
    """Shares of the seven emotions among the nearest entries; all 0 where none is near."""
    votes = dict.fromkeys(EMOTIONS, 0.0)
    for entry in nearest:
        weight = max(0.0, likeness.get(entry.id, 0.0) - FROM) ** 2
        for emotion in entry.emotions:
            votes[emotion] += weight / len(entry.emotions)
    total = sum(votes.values())
    return {emotion: vote / total for emotion, vote in votes.items()} if total else votes


def _agree(reading: Reading, votes: Mapping[Emotion, float]) -> bool:
    """Whether a reading that commits itself to nothing leans to where the cues point."""
    leading = max(votes, key=lambda emotion: votes[emotion])
    valence = reading.affect.valence
    sides = (leading is Emotion.JOY and valence > 0.15) or (leading in DARK and valence < -0.05)
    return sides and votes[leading] >= 0.4


def _blended(
    reading: Reading, votes: Mapping[Emotion, float], top: float, *, definite: bool
) -> dict[Emotion, float]:
    felt = {emotion: reading.probabilities.get(emotion, 0.0) for emotion in EMOTIONS}
    if not definite:
        _move(felt, Emotion.JOY, Emotion.NEUTRAL, 0.6)
    reach = min(1.0, max(0.0, (top - FROM) / (TO - FROM)))
    trust = reach * (DEFINITE if definite else INDEFINITE)
    felt = {emotion: (1 - trust) * felt[emotion] + trust * votes[emotion] for emotion in EMOTIONS}
    leading = max(votes, key=lambda emotion: votes[emotion])
    if leading is not Emotion.NEUTRAL and not definite:
        # Neutral words about what is mostly no neutral matter: half of that belief goes over.
        _move(felt, Emotion.NEUTRAL, leading, 0.5 * reach)
    return felt


def _move(felt: dict[Emotion, float], source: Emotion, to: Emotion, share: float) -> None:
    moved = share * felt[source]
    felt[source] -= moved
    felt[to] += moved
