"""The judge of replies in a scene: gathers what `aptness` looks at, and weighs replies by it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from affect.writers.aptness import Aptness, Heard
from affect.writers.weighing import APT, MIRROR, Worded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from affect.writers.base import Exchange, Scene
    from affect.writers.cues import Cues
    from affect.writers.hearing import Hearing
    from affect.writers.vectors import Vectors

    Floats = NDArray[np.float32]
    Seen = tuple[Heard, Sequence[Worded], Floats, list[str | None]]

EARLIER = 4  # lines before the last that are looked at together
WEIGHT = 16.0  # what a reply that surely fits is worth over one that surely does not


class Judge:
    """Weighs worded replies; `about` holds the topic of each entry that has one."""

    def __init__(self, cues: Cues, hearing: Hearing, about: Mapping[str, str]) -> None:
        self._replies, self._vectors = cues.replies, cues.vectors
        self._hearing, self._about = hearing, about
        model = self._vectors.model if self._vectors and self._replies else None
        self._aptness = Aptness.load(model)

    def weighed(
        self, scene: Scene, topics: Mapping[str, float], replies: Sequence[Worded]
    ) -> list[Worded]:
        """The replies with one more reason: how apt they are, from -1/2 to 1/2 `WEIGHT`; as they
        are where nothing was learned on this model. `topics` are what the talk is about.
        """
        if self._aptness is None or self._vectors is None or not replies:
            return list(replies)
        likely = self._aptness.of(scene, *self.seen(scene, topics, replies, self._vectors))
        return [
            replace(each, reasons={**each.reasons, APT: round(WEIGHT * (apt - 0.5), 4)})
            for each, apt in zip(replies, likely, strict=True)
        ]

    def seen(
        self,
        scene: Scene,
        topics: Mapping[str, float],
        replies: Sequence[Worded],
        vectors: Vectors,
    ) -> Seen:
        """What `Aptness.of` takes of a scene: the line as it was heard, the replies, their vectors
        and topics.
        """
        line = vectors.of(scene.said, scene.embedding)
        nothing = np.zeros_like(line)
        last = scene.history[-1] if scene.history else None
        heard = Heard(
            line=line,
            before=vectors.of(last.said) if last else nothing,
            earlier=self._earlier(scene, vectors, nothing),
            answered=self._answered(last, nothing),
            acts=self._hearing.acts(scene.said, scene.embedding),
            topics=topics,
        )
        own = {MIRROR: line}
        said = [self._replies.get(e.entry.id, own.get(e.entry.id, nothing)) for e in replies]
        return heard, replies, np.stack(said), [self._about.get(each.entry.id) for each in replies]

    def _earlier(self, scene: Scene, vectors: Vectors, nothing: Floats) -> Floats:
        """The mean vector of what was said before the last line."""
        told = [vectors.of(each.said) for each in scene.history[-1 - EARLIER : -1]]
        return np.mean(told, axis=0) if told else nothing

    def _answered(self, last: Exchange | None, nothing: Floats) -> Floats:
        """About the vector of our last reply, from those of its entries."""
        names = (last.entry or "").split("+") if last else []
        found = [self._replies[name] for name in names if name in self._replies]
        return np.mean(found, axis=0) if found else nothing
