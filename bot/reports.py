"""What a person says of how they are, whether they said just that before, and their line then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

from affect import trajectory
from affect.errors import BadInput
from affect.labels import COORDINATES
from affect.types import EMOTIONS, Emotion, Moment
from bot.texts import LANGUAGES, say
from storage.records import Report, TurnView

WORD_VARIANCE = 0.2**2
"""How far what one word means to a person may lie from its coordinates, in squared units."""

ONE_WORD = timedelta(minutes=1)
"""The same button pressed again within this is one word of theirs, not two."""


def felt(feeling: Emotion, about: TurnView) -> Report:
    """What a person says they felt in a turn."""
    where = COORDINATES[feeling.value]
    return Report(
        about.at,
        where.valence,
        where.arousal,
        variance=WORD_VARIANCE,
        about=about.id,
        verdict="felt",
        emotion=feeling.value,
    )


def repeated(report: Report, recent: Sequence[TurnView]) -> bool:
    """Whether a person's newest word on the same thing was this very one, just now."""
    said = (turn.report for turn in reversed(recent) if turn.report)
    last = next((one for one in said if one.about == report.about), None)
    if last is None or abs(report.at - last.at) > ONE_WORD:
        return False
    return replace(last, at=report.at) == report


def newest_reading(recent: Sequence[TurnView], report: Report) -> TurnView | None:
    """The turn that a word is on, where nothing was read since, whatever was said of it."""
    followed = [turn for turn in recent if turn.moment and _about(turn) != report.about]
    return followed[-1] if followed and followed[-1].id == report.about else None


def followed(before: Moment | None, report: Report, about: TurnView | None = None) -> Moment | None:
    """The line after a person's word; None where it comes too late to be followed.

    Of a word on a reading, that of `about`, `before` is the line as it was before this reading, in
    whose place the word stands; where it says that the reading was right, that counts again.
    """
    try:
        if about and about.reading and report.verdict == "right":
            return trajectory.follow(before, about.reading, about.at)
        if report.valence is None:
            return before
        return trajectory.report(
            before,
            report.valence,
            report.arousal,
            report.at,
            dominance=report.dominance,
            variance=report.variance,
        )
    except BadInput:
        return None


def _about(turn: TurnView) -> str | None:
    return turn.report.about if turn.report else None


def feeling(said: str) -> Emotion | None:
    """The emotion that typed words name, in whatever language; None where they name none."""
    plain = said.strip().strip(".!。！").casefold()
    if not plain:
        return None
    named = _named()
    if plain in named:
        return named[plain]
    found = {emotion for name, emotion in named.items() if name in plain.split()}
    return found.pop() if len(found) == 1 else None


@cache
def _named() -> dict[str, Emotion]:
    """Every word for a feeling, by itself."""
    words = {emotion.value: emotion for emotion in EMOTIONS}
    for language in LANGUAGES:
        for emotion in EMOTIONS:
            told = say(f"feeling_{emotion.value}", language).replace("，", ",").split(",")
            words |= {word.strip().casefold(): emotion for word in told}
            words[say(f"emotion_{emotion.value}", language).casefold()] = emotion
    return words
