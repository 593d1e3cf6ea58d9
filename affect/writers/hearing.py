"""What a person's line does, and what the talk is about after it: learned, not listed.

Both are told from the vector of the line by regressions that learned from written lines
(`affect/training/talk.py`); where they were learned on another model there is nothing to hear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affect.writers import classes, topics
from affect.writers.cues import firsts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affect.writers.cues import Cues
    from affect.writers.vectors import Vectors

TELLS = "tells"  # the act of a line that simply tells something
OF_TOPIC = 0.4  # mean probability of its cues from which an entry is about a topic
LOOKED_BACK = 8  # earlier lines from which the topic is followed


class Hearing:
    """Acts and topics of lines, by the vectors of `vectors`; for many threads."""

    def __init__(self, vectors: Vectors | None) -> None:
        self._vectors = vectors
        self._classes = classes.load(vectors.model) if vectors else {}

    def acts(self, said: str, embedding: Sequence[float] | None = None) -> Mapping[str, float]:
        """The probability of each act; none where nothing was learned."""
        if self._vectors is None or not self._classes:
            return {}
        known = self._classes[classes.ACTS]
        likely = known.of(self._vectors.of(said, embedding)).tolist()
        return dict(zip(known.names, likely, strict=True))

    def about(self, cues: Cues) -> Mapping[str, str]:
        """The topic of each entry of `cues` whose cues are about one; none of the others."""
        owners, vectors = cues.raw
        if not self._classes or not owners:
            return {}
        known = self._classes[classes.TOPICS]
        names = list(dict.fromkeys(owners))
        likely = np.add.reduceat(known.of_many(vectors), firsts(owners))
        likely /= likely.sum(axis=1, keepdims=True)
        best = zip(names, likely.argmax(axis=1).tolist(), likely.max(axis=1).tolist(), strict=True)
        told = {name: known.names[column] for name, column, sure in best if sure >= OF_TOPIC}
        return {name: topic for name, topic in told.items() if topic != topics.NONE}

    def topics(
        self,
        said: str,
        before: Sequence[str] = (),
        embedding: Sequence[float] | None = None,
    ) -> Mapping[str, float]:
        """The probability of each topic of the talk, `before` holding its earlier lines."""
        if self._vectors is None or not self._classes:
            return {}
        lines = [self._vectors.of(line) for line in before[-LOOKED_BACK:]]
        lines.append(self._vectors.of(said, embedding))
        return topics.followed(lines, self._classes[classes.TOPICS])
