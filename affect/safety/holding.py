"""Danger across a talk: a level once said is not forgotten with the next message, nor for ever.

A pure function over what the bot kept of earlier turns (levels with times, no words). A positive
level is stayed with while it is new; then ordinary talk goes on, gently, and 24 hours are gentler.
What ends it sooner is the person's own word: a denial where they were asked about their own life,
and in any other danger that they are safe, away, helped, or that nothing of it is so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from affect.danger import About, Answer, Mark, Topic
from affect.safety.reading import CRISIS_LEVEL
from affect.safety.screening import Denial, Screening

TALK_GAP = timedelta(hours=6)  # a longer silence ends a talk
GENTLE = timedelta(hours=24)  # science notes 7.1
INTENT_LEVEL = 4
OWN_TURNS = 3  # turns without a new sign that still get a card where the person's own life is meant
OTHER_TURNS = 2  # the same in any other danger: each of its texts once
AFTER_TURNS = 12  # quiet turns after a card that are still spent on safety
CONCERN_TURNS = 2  # the same after a mere concern, where no step was told
CHECKS = frozenset({8, 16, 32})  # quiet turns after which it is asked once more, after intent


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


_ANY_WORD = frozenset(Denial) - {Denial.NONE, Denial.BARE}
_ENDS = {
    # "I am fine" and "he has left" say nothing of what one means to do to oneself,
    Topic.SUICIDE: frozenset({Denial.CLEAR, Denial.SAFE, Denial.MISTAKEN}),
    Topic.SELF_HARM: frozenset({Denial.CLEAR, Denial.SAFE, Denial.MISTAKEN}),
    # and nobody feels for hours what they have swallowed.
    Topic.OVERDOSE: frozenset({Denial.HELPED, Denial.MISTAKEN}),
}
_ENDED = frozenset({Answer.DENIED, Answer.SAFE, Answer.MISTAKEN})


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds now: the danger to answer, how, and how often the talk has met it before.

    `variant` counts the texts that this talk has given for this level or a higher one, so a rise
    gets the first text of its own card; `peak` is the highest level.
    """

    answer: Answer
    screening: Screening
    variant: int = 0
    peak: int = 0
    gentle: bool = False
    fresh: bool = False

    @property
    def asked_where(self) -> bool:
        """Whether a text before this turn named lines, which a country makes those near by."""
        return bool(self.screening.level) and not self.fresh and self.answer not in _ENDED

    def mark(self, at: datetime) -> Mark:
        """Return what to keep of this turn."""
        topic = self.screening.topics[0] if self.screening.topics else Topic.SUICIDE
        level, about = self.screening.level, self.screening.about
        return Mark(level, at, topic, about, self.fresh, self.answer)


def hold(
    marks: Sequence[Mark],
    current: Screening,
    now: datetime,
    said: Sequence[str] = (),
    *,
    new_talk: bool = False,
) -> Hold:
    """Return what holds after `current`, given the marks of earlier turns, oldest first.

    `said` are the person's lines of this talk, the newest last. `new_talk` says that this message
    opens a talk: what went before is let go then, except intent, which is asked about once more.
    Marks older than 24 hours do nothing and need not be passed.
    """
    talk = _talk(marks, now)
    peak = max((one.level for one in talk), default=0)
    gentle = current.level > 0 or _lately(marks, now)
    last = talk[-1] if talk else None
    if current.level:
        shown = _held(last, current) if last and current.level < last.level else current
        peak, given = max(peak, shown.level), _given(talk, shown.level)
        return Hold(Answer.CARD, shown, given, peak, gentle=True, fresh=True)
    if not last or not last.level:
        return Hold(Answer.GENTLE if gentle else Answer.NORMAL, current, peak=peak, gentle=gentle)
    held = Hold(Answer.GENTLE, _held(last, current), _given(talk, last.level), peak, gentle=True)
    if any(one.answer in _ENDED for one in _since_sign(talk)):
        return held  # what is said once more was answered
    if end := _end(last, current):
        return _ended(held, end)
    grave = last.own and last.level >= INTENT_LEVEL
    if new_talk and not grave:
        return replace(held, screening=current)
    answer = Answer.CHECK if new_talk else _quietly(talk, last, current, said, grave=grave)
    if answer is Answer.CHECK:
        held = replace(held, variant=sum(one.answer is Answer.CHECK for one in talk))
    return replace(held, answer=answer)


def _quietly(
    talk: Sequence[Mark], last: Mark, current: Screening, said: Sequence[str], *, grave: bool
) -> Answer:
    """The answer to a turn that neither raises nor ends what holds.

    While a card is due, only the report of a step goes before it; after intent only that help has
    come. Once a step was told, the turns after it stay with it.
    """
    since = _since_sign(talk)
    quiet = len(since)
    told = any(_STEP.search(line) for line in said[-1 - quiet :])
    if grave and quiet in CHECKS:
        return Answer.CHECK
    due = last.level >= CRISIS_LEVEL and quiet < (OWN_TURNS if last.own else OTHER_TURNS)
    if due and not any(one.answer is Answer.CHECK for one in since):
        step = bool(said) and bool(_STEP.search(said[-1]))
        helped = current.denial is Denial.HELPED if grave else step
        return Answer.SAFETY if helped else Answer.CARD
    if not last.own:
        return Answer.SAFETY if said and _STEP.search(said[-1]) and quiet == 0 else Answer.GENTLE
    concern = last.level < CRISIS_LEVEL and not told
    return Answer.SAFETY if quiet < (CONCERN_TURNS if concern else AFTER_TURNS) else Answer.GENTLE


def _end(last: Mark, current: Screening) -> Answer | None:
    """How these words end what holds, if they do."""
    word = current.denial
    # After a crisis card a bare "no" may answer "is anyone with you", so it denies nothing.
    if word is Denial.BARE and last.level < CRISIS_LEVEL:
        return Answer.DENIED
    ends = _ENDS.get(last.topic, _ANY_WORD)
    if last.about is About.OTHER and last.topic is not Topic.OVERDOSE:
        ends = _ANY_WORD
    if word not in ends:
        return None
    if last.own and last.topic is not Topic.OVERDOSE:
        return Answer.DENIED
    return Answer.SAFE if word in {Denial.SAFE, Denial.AWAY, Denial.HELPED} else Answer.MISTAKEN


def _ended(held: Hold, end: Answer) -> Hold:
    """What stays after an end: nothing, but after one's own intent or plan a concern."""
    stays = end is Answer.DENIED and held.peak >= INTENT_LEVEL
    return replace(held, answer=end, screening=replace(held.screening, level=int(stays)))


def _given(talk: Sequence[Mark], level: int) -> int:
    """Texts that the talk has given at this level or above."""
    return sum(1 for one in talk if one.level >= level and one.answer in {None, Answer.CARD})


def _lately(marks: Sequence[Mark], now: datetime) -> bool:
    """Whether the last day knew a danger that was one."""
    for one in reversed(marks):
        if one.answer is Answer.MISTAKEN or now - one.at > GENTLE:
            return False
        if one.level:
            return True
    return False


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


def _since_sign(talk: Sequence[Mark]) -> list[Mark]:
    """The turns since the last new sign of danger."""
    since: list[Mark] = []
    for one in reversed(talk):
        if one.fresh:
            break
        since.append(one)
    return since
