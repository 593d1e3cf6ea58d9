"""A circuit breaker: a server that fails again and again is left alone for a while.

Closed, everything passes. After `failures` in a row it opens and refuses at once, so that nobody
waits for a server that is away. When the pause is over one attempt may try (half open): if it
succeeds the circuit closes, if it fails the pause doubles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from affect.errors import Unreachable

FAILURES = 3
FIRST_PAUSE = 15.0  # seconds
LONGEST_PAUSE = 300.0


class CircuitBreaker:
    """Counts the failures of one server; `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float], failures: int = FAILURES) -> None:
        self._clock = clock
        self._most = failures
        self._failed = 0
        self._pause = FIRST_PAUSE
        self._open_until: float | None = None
        self._trying = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Hold one attempt; raise `Unreachable` at once while the circuit is open.

        Only `Unreachable` counts as a failure; an attempt that is called off says nothing.
        """
        probe = self._admit()
        try:
            yield
        except Unreachable:
            self._fail()
            raise
        except Exception:
            self._succeed()  # it answered, whatever it thought of the question
            raise
        else:
            self._succeed()
        finally:
            if probe:
                self._trying = False

    def _admit(self) -> bool:
        """Let an attempt in; give whether it is the one that tries a half-open circuit."""
        if self._open_until is None:
            return False
        if self._trying or self._clock() < self._open_until:
            raise Unreachable("The LLM server failed again and again; it is left alone for now.")
        self._trying = True
        return True

    def _fail(self) -> None:
        self._failed += 1
        if self._trying:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if self._trying or self._failed >= self._most:
            self._open_until = self._clock() + self._pause

    def _succeed(self) -> None:
        self._failed = 0
        self._pause = FIRST_PAUSE
        self._open_until = None
