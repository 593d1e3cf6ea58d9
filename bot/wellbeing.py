"""What care asks of the program itself: saying what it is, when to pause, what danger holds.

The times follow the strictest of the laws named in docs/safety.md: at the first message, after a
week away, every three hours of going on; a pause is suggested after two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from affect.safety.holding import GENTLE, Hold
from affect.types import Modality, Moment, Plan, Shift
from bot.messages import Button
from bot.texts import say
from storage.records import Care, TurnView

AWAY = timedelta(days=7)
REMIND = timedelta(hours=3)
PAUSE = timedelta(hours=2)
GOING_ON = timedelta(minutes=30)  # messages no further apart than this are one stretch
MOST_MARKS = 200
ASKED_AFTER = timedelta(days=7)  # so long after a shift of the line was found it may be asked about
SHIFT_WORDINGS = {"shift_down": 4, "shift_up": 3}

FIRST, PROGRAM, PAUSED = "first", "program", "pause"
_EDGES = re.compile(r"^\W+|\W+$")
_YES = re.compile(
    r"(yes|yeah|yep|yup|sure|of course)(\W+(please|sure|of course|you (may|can)|go ahead))?"
    r"|you (may|can)|go ahead|(好|可以|行|当然|同意)(的|啊|呀|吧|可以)?"
)
_NO = re.compile(
    r"(no|nope|nah)(\W+(thanks|thank you|please don.?t|don.?t))?|(please )?don.?t|rather not"
    r"|(不|不要|不用|不行|不可以|别|不了)(了|吧|谢谢)?"
)
_TEXT = {FIRST: "notice_first", PROGRAM: "notice_program", PAUSED: "notice_pause"}


def attend(care: Care, at: datetime) -> tuple[Care, tuple[str, ...]]:
    """The next state of care at a message, and the notices due before its answer, by name."""
    going_on = care.last is not None and at - care.last <= GOING_ON
    since = care.since if going_on and care.since else at
    paused = going_on and care.paused
    told = care.told
    due = []
    if not care.introduced:
        due.append(FIRST)
    elif (care.last is not None and at - care.last > AWAY) or at - max(
        since, told or since
    ) >= REMIND:
        due.append(PROGRAM)
    if at - since >= PAUSE and not paused:
        due.append(PAUSED)
        paused = True
    told = at if FIRST in due or PROGRAM in due else told
    moved = replace(care, introduced=True, since=since, last=at, told=told, paused=paused)
    return moved, tuple(due)


def mark(care: Care, held: Hold, at: datetime) -> Care:
    """The state of care with what was screened now; nothing is kept while there is no danger."""
    marks = [*care.marks, held.mark(at)][-MOST_MARKS:]
    recent = [one for one in marks if at - one.at <= GENTLE]
    return replace(care, marks=tuple(recent) if any(one.level for one in recent) else ())


def asking(
    unasked: Iterable[Modality], recent: Sequence[TurnView], *, alone: bool, words: bool
) -> str | None:
    """The modality to ask leave for beside this reply, one at a time and once in a while.

    Never where others read along. Where nothing else can be answered, it is asked again.
    """
    asked = {turn.notes.asked for turn in recent} if words else set()
    wanted = sorted(modality.value for modality in unasked if modality.value not in asked)
    return wanted[-1] if alone and wanted else None


def question(asked: str | None, language: str) -> str:
    """What is asked, in words; empty where nothing is."""
    return say(f"ask_{asked}", language) if asked else ""


def unasked_shift(moment: Moment, care: Care, at: datetime) -> Shift | None:
    """The last shift of a person's line, if it is new and they were not asked about it yet."""
    shift = moment.shift
    if shift is None or shift.found == care.shift or at - shift.found > ASKED_AFTER:
        return None
    return shift


def shift_asked(care: Care, shift: Shift | None, plan: Plan, *, said: bool) -> Care:
    """The state of care after a reply; a shift that it asked about is not asked about again."""
    return replace(care, shift=shift.found) if said and shift and plan.question else care


def shift_question(name: str | None, seed: int, language: str) -> str:
    """What a plan asks about a shift, in one of several wordings; empty where it asks nothing."""
    return say(f"{name}_{1 + seed % SHIFT_WORDINGS[name]}", language) if name else ""


def choices(asked: str | None, language: str) -> tuple[Button, ...]:
    """Its answers."""
    if asked is None:
        return ()
    given = (
        Button(say(f"ask_{asked}_yes", language), f"/{asked} on"),
        Button(say(f"ask_{asked}_no", language), f"/{asked} off"),
    )
    if asked != Modality.VOICE.value:
        return given
    return (*given, Button(say("ask_voice_never", language), "/consent hear no"))


def settled(asked: str | None, said: str) -> str | None:
    """The command that a plain yes or no to what was asked stands for; None for anything else."""
    plain = _EDGES.sub("", said.lower())
    if asked is None or not (_YES.fullmatch(plain) or _NO.fullmatch(plain)):
        return None
    return f"/{asked} on" if _YES.fullmatch(plain) else f"/{asked} off"


def worded(names: Sequence[str], language: str) -> tuple[str, ...]:
    """Notices as people read them."""
    return tuple(say(_TEXT[name], language) for name in names)
