"""Who is being answered and who waits: first come, first served, with a number for each.

A language model holds so many tokens at once. Whoever does not fit waits in a line that is
bounded, so that a flood is refused at the door and nobody waits for ever unseen. Several answers
may be one person's, and people are counted, not answers. Belongs to one event loop; nothing here is
thread-safe or needs to be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from affect.errors import Unreachable
from affect.writers.chat import Queued


@dataclass(slots=True, eq=False)
class Seat:
    """One answer's place: `number` is 0 once it is its turn, else its person's in the line."""

    line: Line
    tokens: int
    queued: Queued | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def number(self) -> int:
        """1 for whoever is next; 0 for whoever is being answered."""
        return self.line.number(self)

    @property
    def person(self) -> object:
        """Whose answer it is; nobody else's where that was not told."""
        return self.queued or self

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
        self._told: dict[Queued, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def inside(self) -> int:
        """How many are being answered."""
        return len(self._inside)

    def enter(self, tokens: int, queued: Queued | None = None) -> Seat:
        """Take a place for an answer of so many tokens, prompt and all.

        `queued` hears the number while it is not 0, and when it becomes 0. Raises `Unreachable`
        where the line is full.
        """
        if len(self._waiting) >= self._most:
            raise Unreachable("Too many people are waiting for an answer; please try again soon.")
        seat = Seat(self, tokens, queued)
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
        """The place of a seat's person in the line, from 1; 0 where they do not wait."""
        return self._numbers().get(seat.person, 0) if seat in self._waiting else 0

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
                break
            seat = self._waiting.popleft()
            self._inside.add(seat)
            seat.called.set()
        self._tell()

    def _numbers(self) -> dict[object, int]:
        """The place of everybody who waits and of whom no answer is under way."""
        answered = {seat.person for seat in self._inside}
        people = dict.fromkeys(seat.person for seat in self._waiting)
        waiting = (person for person in people if person not in answered)
        return {person: number for number, person in enumerate(waiting, start=1)}

    def _tell(self) -> None:
        """Tell everybody whose place has changed."""
        numbers = self._numbers()
        people = {seat.queued for seat in self._waiting if seat.queued}
        before, self._told = self._told, {one: numbers[one] for one in people if one in numbers}
        for queued in before.keys() | self._told.keys():
            number = self._told.get(queued, 0)
            if number != before.get(queued, 0):
                queued(number)
