"""Danger across a talk: a level once said is not forgotten with the next message.

A pure function over what the bot kept of earlier turns (levels with times, no words). A positive
level holds for the talk; after it, 24 hours are gentler. A clear denial after being asked returns
the talk to normal, except after intent or a plan: then concern stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from affect.safety.reading import CRISIS_LEVEL, About, Topic
from affect.safety.screening import Denial, Screening

TALK_GAP = timedelta(hours=6)  # a longer silence ends a talk
GENTLE = timedelta(hours=24)  # science notes 7.1
INTENT_LEVEL = 4
QUIET_TURNS = 3  # turns that stay on the topic of a crisis without a new sign


class Answer(StrEnum):
    """What this turn is answered with."""

    NORMAL = "normal"
    GENTLE = "gentle"
    CARD = "card"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Mark:
    """What is kept of one turn, quiet turns too: the level that held, and how it came.

    `fresh` says that the words of that turn raised it; otherwise it was held from before.
    """

    level: int
    at: datetime
    topic: Topic = Topic.SUICIDE
    about: About = About.SELF
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds now: the danger to answer, how, and how often the talk has met it before.

    `variant` counts the cards that this talk has already given; `peak` is its highest level.
    """

    answer: Answer
    screening: Screening
    variant: int = 0
    peak: int = 0
    gentle: bool = False
    fresh: bool = False

    def mark(self, at: datetime) -> Mark:
        """Return what to keep of this turn."""
        topic = self.screening.topics[0] if self.screening.topics else Topic.SUICIDE
        return Mark(self.screening.level, at, topic, self.screening.about, self.fresh)


def hold(marks: Sequence[Mark], current: Screening, now: datetime) -> Hold:
    """Return what holds after `current`, given the marks of earlier turns, oldest first.

    Marks older than 24 hours do nothing and need not be passed; `/new` passes none of the talk
    before and the last 24 hours are still gentler if the caller passes them.
    """
    talk = _talk(marks, now)
    peak = max((one.level for one in talk), default=0)
    gentle = current.level > 0 or any(one.level and now - one.at <= GENTLE for one in marks)
    last = talk[-1] if talk else None
    held = last.level if last else 0
    given = sum(1 for one in talk if one.level)
    if current.level:
        shown = current
        if last and current.level < held:
            shown = _held(last, current)
        return Hold(Answer.CARD, shown, given, max(peak, shown.level), gentle=True, fresh=True)
    if not last or not held:
        return Hold(Answer.GENTLE if gentle else Answer.NORMAL, current, peak=peak, gentle=gentle)
    if _denied(current, held):
        level = 1 if peak >= INTENT_LEVEL else 0
        left = replace(_held(last, current), level=level, denial=current.denial)
        return Hold(Answer.DENIED, left, given, peak, gentle=True)
    answer = Answer.CARD if _stays(talk, held) else Answer.GENTLE
    return Hold(answer, _held(last, current), given, peak, gentle=True)


def _talk(marks: Sequence[Mark], now: datetime) -> list[Mark]:
    talk: list[Mark] = []
    later = now
    for one in reversed(marks):
        if later - one.at > TALK_GAP:
            break
        talk.insert(0, one)
        later = one.at
    return talk


def _held(last: Mark, current: Screening) -> Screening:
    topics = tuple(dict.fromkeys((last.topic, *current.topics)))
    return replace(current, level=last.level, topics=topics, about=last.about, past=False)


def _denied(current: Screening, held: int) -> bool:
    # After a crisis card a bare "no" may answer "is anyone with you", so it denies nothing.
    return current.denial is Denial.CLEAR or (current.denial is Denial.BARE and held < CRISIS_LEVEL)


def _stays(talk: Sequence[Mark], held: int) -> bool:
    if held >= INTENT_LEVEL:
        return True
    quiet = 0
    for one in reversed(talk):
        if one.fresh:
            break
        quiet += 1
    return held >= CRISIS_LEVEL and quiet < QUIET_TURNS
