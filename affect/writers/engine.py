"""What every engine takes and how its answers come: one request, token ids piece by piece.

An engine owns the network: nobody else calls it. `batching` answers many people at once;
`padded` is for networks whose layers cannot be batched that way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from affect.errors import AttuneError, Unreachable
from affect.writers.chat import Sampling

COLDEST = 0.05  # a temperature below divides the scores by next to nothing and ends the engine
# Share of probability that keeps the likeliest token alone: greedy, since temperature 0 is refused.
LIKELIEST = 1e-6
LATE = "The model took too long to answer; please try again."

Found = TypeVar("Found")


class EngineDied(AttuneError):
    """The thread that generates is gone; a new one can be made without loading the weights."""


@dataclass(slots=True, eq=False)
class Request:
    """One answer: the prompt's ids, at most `tokens` more, until `deadline` (loop time, s).

    `outputs` is what arrives, ended by None when somebody else stops it.
    """

    ids: Sequence[int]
    tokens: int
    temperature: float
    top_p: float
    deadline: float
    name: str = field(default_factory=lambda: uuid4().hex)
    outputs: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    stopped: bool = False

    @classmethod
    def of(cls, ids: Sequence[int], sampling: Sampling, deadline: float) -> Request:
        """With numbers that no engine chokes on: floats, and never colder than `COLDEST`."""
        greedy = sampling.temperature <= 0
        return cls(
            ids=ids,
            tokens=max(1, int(sampling.tokens)),
            temperature=1.0 if greedy else max(COLDEST, float(sampling.temperature)),
            top_p=LIKELIEST if greedy else min(1.0, max(LIKELIEST, float(sampling.top_p))),
            deadline=deadline,
        )

    def stop(self) -> None:
        """End the answer from outside: engines send nothing more for one that is cancelled."""
        self.stopped = True
        self.outputs.put_nowait(None)

    async def output(self, patience: float = float("inf")) -> Any:
        """What comes next, or None when stopped.

        Raises `Unreachable` at the deadline, and `TimeoutError` after `patience` seconds.
        """
        if self.stopped:
            return None
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(patience, self.deadline - now))):
                return await self.outputs.get()
        except TimeoutError:
            if now + patience < self.deadline:
                raise
            raise Unreachable(LATE) from None


class Engine(Protocol):
    """The one owner of a network; it answers so many `people` at once."""

    people: int

    @property
    def room(self) -> int:
        """Tokens that all answers together may have, prompts included."""
        ...

    def reserved(self, tokens: int) -> int:
        """What of the room an answer of so many tokens takes."""
        ...

    def answer(self, request: Request) -> AsyncGenerator[list[int]]:
        """New ids as they come; closing the generator stops the work."""
        ...

    def alone(self, work: Callable[[], Found]) -> Found:
        """Run a forward pass of one's own while nobody else is at the network; blocks."""
        ...

    def close(self) -> None:
        """Let go of the network; blocks until what runs has ended."""
        ...
