"""Danger across a talk: a level once said is not forgotten with the next message.

A pure function over what the bot kept of earlier turns (levels with times, no words). A positive
level holds for the talk; after it, 24 hours are gentler. A clear denial after being asked returns
the talk to normal, except after intent or a plan: then concern stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from affect.safety.reading import CRISIS_LEVEL, About, Topic
from affect.safety.screening import Denial, Screening

TALK_GAP = timedelta(hours=6)  # a longer silence ends a talk
GENTLE = timedelta(hours=24)  # science notes 7.1
INTENT_LEVEL = 4
AFTER_TURNS = 12  # quiet turns after a card that are still spent on safety
CONCERN_TURNS = 2  # the same after a mere concern, where no step was told
QUIET_TURNS = 3  # turns that stay on the topic of a crisis without a new sign


# Words that tell of a step taken or waited for: such a turn is answered, not met with a card again.
_STEP = re.compile(
    r"\b(called|rang|phoned|texted|messaged|talked to|spoke to|told|calling)\b|\bon hold\b"
    r"|\b(she|he|they|some(one|body)|friend|sister|brother|mom|mum|dad|partner)('s|'re| is"
    r"| are)? (\w+ )?(coming|here|answered|picked up|with me|driving|on (her|his|their) way)\b"
    r"|\bi('m| am) (still here|here|safe|with|at (the )?(hospital|er|a&e)|outside)\b|\bhung up\b"
    r"|\b(nobody|no one) (answered|picked)|\bmoved\b|\b(away|out of the (room|house))\b"
    r"|打了|打过|打通|接了|占线|没人接|让我等|过来|在路上|在我(旁|身)边|陪着?我|在医院|我还?在(?!想)"
    r"|拿开|放远|扔了|锁起来|告诉(了)?",
    re.IGNORECASE,
)


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

    `variant` counts the cards that this talk has given since this level was reached, so a rise gets
    the first text of its own card; `peak` is the highest level. `quiet` counts the turns since
    the last new sign, None where there was none or where it was intent.
    """

    answer: Answer
    screening: Screening
    variant: int = 0
    peak: int = 0
    gentle: bool = False
    fresh: bool = False
    quiet: int | None = None

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
    if current.level:
        shown = current
        if last and current.level < held:
            shown = _held(last, current)
        peak, given = max(peak, shown.level), _given(talk, shown.level)
        return Hold(Answer.CARD, shown, given, peak, gentle=True, fresh=True)
    given = _given(talk, held)
    if not last or not held:
        return Hold(Answer.GENTLE if gentle else Answer.NORMAL, current, peak=peak, gentle=gentle)
    if _denied(current, held):
        level = 1 if peak >= INTENT_LEVEL else 0
        left = replace(_held(last, current), level=level, denial=current.denial)
        return Hold(Answer.DENIED, left, given, peak, gentle=True)
    answer = Answer.CARD if _stays(talk, held) else Answer.GENTLE
    quiet = _quiet(talk) if held < INTENT_LEVEL else None
    return Hold(answer, _held(last, current), given, peak, gentle=True, quiet=quiet)


def _given(talk: Sequence[Mark], level: int) -> int:
    """Cards that the talk has given at this level or above."""
    return sum(1 for one in talk if one.level >= level)


def answers_step(held: Hold, said: Sequence[str]) -> bool:
    """Whether a turn after a card is for the writer: safety still, in words of its own.

    `said` are the person's lines, the newest last. Where a follow-up card is due, only the report
    of a step goes before it; never after intent. Once a step was told, the turns after it stay
    with it; without one, a mere concern is left alone soon.
    """
    if held.quiet is None or not said:
        return False
    if held.answer is Answer.CARD:
        return bool(_STEP.search(said[-1]))
    told = any(_STEP.search(line) for line in said[-1 - held.quiet :])
    concern = held.screening.level < CRISIS_LEVEL and not told
    return held.quiet < (CONCERN_TURNS if concern else AFTER_TURNS)


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
    return held >= CRISIS_LEVEL and _quiet(talk) < QUIET_TURNS


def _quiet(talk: Sequence[Mark]) -> int:
    """Turns since the last new sign of danger."""
    quiet = 0
    for one in reversed(talk):
        if one.fresh:
            break
        quiet += 1
    return quiet
