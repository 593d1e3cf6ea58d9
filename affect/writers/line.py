"""Who is being answered and who waits: first come, first served, with a number for each.

A language model holds so many tokens at once. Whoever does not fit waits in a line that is
bounded, so that a flood is refused at the door and nobody waits for ever unseen. Belongs to one
event loop; nothing here is thread-safe or needs to be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from affect.errors import Unreachable


@dataclass(slots=True, eq=False)
class Seat:
    """One answer's place: `number` is 0 once it is its turn, else its place in the line."""

    line: Line
    tokens: int
    called: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def number(self) -> int:
        """1 for whoever is next; 0 for whoever is being answered."""
        return self.line.number(self)

    async def turn(self) -> None:
        """Wait to be called."""
        await self.called.wait()

    def leave(self) -> None:
        """Give the place up, wherever it is."""
        self.line.leave(self)


class Line:
    """At most `people` answers of `tokens` in all at once, and at most `waiting` behind them."""

    def __init__(self, tokens: int, people: int, waiting: int) -> None:
        self._room = tokens
        self._people = people
        self._most = waiting
        self._inside: set[Seat] = set()
        self._waiting: deque[Seat] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def inside(self) -> int:
        """How many are being answered."""
        return len(self._inside)

    def enter(self, tokens: int) -> Seat:
        """Take a place for an answer of so many tokens, prompt and all.

        Raises `Unreachable` where the line is full.
        """
        if len(self._waiting) >= self._most:
            raise Unreachable("Too many people are waiting for an answer; please try again soon.")
        seat = Seat(self, tokens)
        self._waiting.append(seat)
        self._call()
        return seat

    def leave(self, seat: Seat) -> None:
        """Make room; leaving twice does nothing."""
        self._inside.discard(seat)
        if seat in self._waiting:
            self._waiting.remove(seat)
        self._call()

    def number(self, seat: Seat) -> int:
        """The place of a seat in the line, from 1; 0 where it does not wait."""
        return self._waiting.index(seat) + 1 if seat in self._waiting else 0

    def resize(self, tokens: int) -> None:
        """Hold this many tokens from now on."""
        self._room = tokens
        self._call()

    def _call(self) -> None:
        """Call whoever is next, as long as there is room.

        Somebody alone is always called, so that one who can never fit hears it inside, and
        nobody behind them waits for ever.
        """
        while self._waiting and len(self._inside) < self._people:
            used = sum(seat.tokens for seat in self._inside)
            if self._inside and used + self._waiting[0].tokens > self._room:
                return
            seat = self._waiting.popleft()
            self._inside.add(seat)
            seat.called.set()
