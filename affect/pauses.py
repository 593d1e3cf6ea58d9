"""What of a talk still goes on, and what was said before a pause of hours.

After a pause a "yes" answers nothing any more, and what was bitter yesterday does not make today's
good news doubtful; what the talk is about stays.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from affect.shares import Turned

PAUSE = timedelta(hours=4)
LONG = timedelta(days=7)  # beyond this nobody is asked how it went on


def lately(history: Sequence[Turned], now: datetime) -> Sequence[Turned]:
    """The turns since the last pause; turns without a time count as just said."""
    times = [*(turn.at or now for turn in history), now]
    for number in range(len(history), 0, -1):
        if times[number] - times[number - 1] >= PAUSE:
            return history[number:]
    return history


def returns(history: Sequence[Turned], now: datetime) -> bool:
    """Whether these are the first words after a pause, and not one so long that it is forgotten."""
    last = history[-1].at if history else None
    return last is not None and PAUSE <= now - last <= LONG
