"""The Writer protocol: a scene goes in, candidates for the reply come out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from affect.types import Moment, Plan, Reading, Strategy
from affect.writers.chat import Queued


@dataclass(frozen=True, slots=True)
class Exchange:
    """One earlier turn of the same talk, oldest first in `Scene.history`.

    `entry` names the bank entry that the scripted writer used, if it did. `reading` is what was
    read in `said`, where it is known; `at` is when it was said.
    """

    said: str
    reply: str
    strategy: Strategy | None = None
    entry: str | None = None
    asked: bool = False
    situation: str | None = None
    reading: Reading | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a writer may know: the person's words, what was read in them, and the plan.

    `language` is the language to answer in (`en` or `zh`). `embedding` is the text model's own
    vector of `said` (L2-normalised), if the words were read. `gentle` holds in the day after a
    sign of danger. `memory` holds what the person agreed to have remembered, a line each. `seed`
    makes choices repeatable.
    """

    said: str
    language: str
    reading: Reading
    moment: Moment
    plan: Plan
    history: tuple[Exchange, ...] = ()
    persona: str = "companion"
    embedding: tuple[float, ...] | None = None
    gentle: bool = False
    memory: tuple[str, ...] = ()
    seed: int = 0

    @property
    def told(self) -> tuple[str, ...]:
        """The person's own lines of this talk, the last one last."""
        return (*(exchange.said for exchange in self.history), self.said)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible reply, with the writer it comes from and why it was offered.

    `strategy` is the one that the reply really shows, where the writer knows it.
    """

    text: str
    writer: str
    strategy: Strategy | None = None
    entry: str | None = None
    score: float = 0.0
    reasons: Mapping[str, float] = field(default_factory=dict)


Draft = Callable[[str], Awaitable[None]]
"""Takes what may be seen of a reply before it is chosen: whole sentences, longer each time."""


class Writer(Protocol):
    """o = G(v): anything that can word a reply for a scene."""

    @property
    def name(self) -> str:
        """Whose words they are."""
        ...

    def situation(
        self,
        said: str,
        embedding: Sequence[float] | None = None,
        history: Sequence[Exchange] = (),
    ) -> str | None:
        """The special turn that the words are, for `strategy.plan`; None for an ordinary one."""
        ...

    async def write(
        self, scene: Scene, draft: Draft | None = None, queued: Queued | None = None
    ) -> list[Candidate]:
        """Give at least one candidate, best first; raise `ModelUnavailable` if it cannot.

        A writer that takes its time tells `draft` what may be seen meanwhile, and one that many
        people wait for tells `queued` the place in the line.
        """
        ...
