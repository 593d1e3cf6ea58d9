"""What care asks of the program itself: saying what it is, and when to pause.

The times follow the strictest of the laws named in docs/safety.md: at the first message, after a
week away, every three hours of going on; a pause is suggested after two.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.texts import say
from storage.records import TurnView

AWAY = timedelta(days=7)
REMIND = timedelta(hours=3)
PAUSE = timedelta(hours=2)
GOING_ON = timedelta(minutes=30)  # turns no further apart than this are one stretch

FIRST, PROGRAM, PAUSED = "first", "program", "pause"
_TEXT = {FIRST: "notice_first", PROGRAM: "notice_program", PAUSED: "notice_pause"}


def notices(history: Sequence[TurnView], now: datetime) -> tuple[str, ...]:
    """Which notices are due before an answer, by name; `history` is oldest first."""
    if not history:
        return (FIRST,)
    if now - history[-1].at > AWAY:
        return (PROGRAM,)
    start = now
    for turn in reversed(history):
        if start - turn.at > GOING_ON:
            break
        start = turn.at
    stretch = [turn for turn in history if turn.at >= start]
    given = {name for turn in stretch for name in turn.notes.notices}
    told = max((turn.at for turn in stretch if PROGRAM in turn.notes.notices), default=start)
    due = []
    if now - told >= REMIND:
        due.append(PROGRAM)
    if now - start >= PAUSE and PAUSED not in given:
        due.append(PAUSED)
    return tuple(due)


def worded(names: Sequence[str], language: str) -> tuple[str, ...]:
    """Notices as people read them."""
    return tuple(say(_TEXT[name], language) for name in names)
