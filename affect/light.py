"""A line in the light of the dark one that it goes on with: for plan and wording, not for the line.

"He was with me for nine years" is even by itself, and is mourning after "my dog died".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from affect import kinds, matters
from affect.turning import DIM
from affect.types import Affect, Emotion, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.shares import Turned


def in_light(reading: Reading, history: Sequence[Turned], said: str) -> Reading:
    """The reading of a line in the light of the dark line that it goes on with.

    "He was with me for nine years" is even by itself, and is mourning after "my dog died": half
    of what counts is then the darkest line of an open matter, or the last one where the words hang
    on it. A line that says by itself how it is, a question and a laugh are left as they are.
    """
    if reading.emotion not in {None, Emotion.NEUTRAL} or kinds.asks(said) or kinds.laughs(said):
        return reading
    matter = matters.current(history, said)
    if matter and matter.dark and matter.since and matters.goes_on(matter.name, history, said):
        before = history[-matter.since :]
    else:
        before = history[-1:] if matters.hangs(said) else ()
    told = [turn.reading for turn in before if turn.reading is not None]
    darkest = min(told, key=lambda one: one.affect.valence, default=None)
    if darkest is None or darkest.affect.valence >= min(DIM, reading.affect.valence):
        return reading
    own, dark = reading.affect, darkest.affect
    return replace(
        reading,
        emotion=darkest.emotion,
        probabilities={
            e: (p + darkest.probabilities[e]) / 2 for e, p in reading.probabilities.items()
        },
        affect=Affect(
            (own.valence + dark.valence) / 2,
            (own.arousal + dark.arousal) / 2,
            (own.dominance + dark.dominance) / 2,
        ),
        confidence=min(reading.confidence, darkest.confidence) / 2,
    )
