"""Which two sentences may make one reply: what is said first, and what goes after it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.types import Emotion, Strategy
from affect.writers import words
from affect.writers.kindred import DARK
from affect.writers.weighing import MIRROR, Worded, broad

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affect.writers.base import Scene
    from affect.writers.entry import Entry

ECHO = 8  # words of a line said back before a reply that could do without
FEW_SAID = 14  # words of a statement below which another is said after it
SECOND = 4  # second parts that are tried


def pairs(ranked: Sequence[Worded], scene: Scene) -> Iterator[tuple[Worded, str]]:
    """First parts with second parts, the better pairs first.

    A second part that fits anything is said plainly: the first has named the thing already.
    """
    first, rest, asks = ranked[0], ranked[1:], scene.plan.ask
    mirrored = next((each for each in rest if each.entry.id == MIRROR), None)
    if mirrored:
        yield from _said_back_before(mirrored, first, scene)
    spoken = [each for each in rest if each.felt and each.entry.question == asks and not each.bare]
    adding = [each for each in spoken if each.general and _adds(each)]
    if first.entry.id == MIRROR:
        yield from ((first, each.entry.plain) for each in _pointed(adding))
        if asks:
            yield from ((first, each.entry.plain) for each in adding)
        yield from ((first, text) for text in _more(rest, scene))
    elif first.general and asks:
        yield from _opened(ranked)
    else:
        yield from _added(first, rest, spoken, adding, scene)


def _said_back_before(
    mirrored: Worded, first: Worded, scene: Scene
) -> Iterator[tuple[Worded, str]]:
    """The line said back before what may be said to any such line, or what is said in a breath."""
    entry, takes_up = first.entry, "uptake" in first.reasons
    if entry.kinds and (scene.language != "zh" or _is_short(first)):
        if entry.question:
            yield mirrored, entry.plain
        elif not takes_up:
            yield mirrored, first.text
    # What says enough by itself needs no echo before it, or a brief one.
    brief = scene.language != "zh" and words.count(mirrored.text) <= ECHO
    wants = _is_short(first) or brief
    if not first.general and not takes_up and not _says_back(entry) and wants:
        yield mirrored, first.text


def _opened(ranked: Sequence[Worded]) -> Iterator[tuple[Worded, str]]:
    """A statement to what is felt before a question that fits anything."""
    stating = (e for e in ranked if _opens(e) and not e.entry.question and not e.bare)
    statement = next(stating, None)
    if statement is None:
        return
    named = statement.text != statement.entry.plain
    if named or not broad(statement.entry):
        asking = (each for each in ranked if each.entry.question and _opens(each))
        yield from ((statement, each.entry.plain if named else each.text) for each in asking)


def _added(
    first: Worded,
    rest: Sequence[Worded],
    spoken: Sequence[Worded],
    adding: Sequence[Worded],
    scene: Scene,
) -> Iterator[tuple[Worded, str]]:
    """What is said after, or before, words about the thing itself."""
    entry, asks = first.entry, scene.plan.ask
    if asks and not entry.question:
        yield from ((first, each.text) for each in spoken if each.near and _is_short(each))
    if entry.matter and entry.question and not entry.cues:
        # A question by itself is an interrogation: something is said before it.
        saying = (e for e in rest if e.near and _says_any(e.entry))
        yield from ((each, first.text) for each in saying)
    if asks and not entry.question and scene.plan.strategy is Strategy.QUESTION:
        yield from ((first, each.entry.plain) for each in _pointed(adding))
    if not asks and words.count(first.text) < FEW_SAID:  # a bare line is no answer
        yield from ((first, each.entry.plain) for each in adding if _is_narrow(each.entry))


def _pointed(adding: Sequence[Worded]) -> Sequence[Worded]:
    return [each for each in adding if not broad(each.entry)][:SECOND]


def _is_narrow(entry: Entry) -> bool:
    """Whether it speaks to one side of feeling, so that it adds something."""
    return entry.emotions <= DARK or entry.emotions == {Emotion.JOY}


def _more(rest: Sequence[Worded], scene: Scene) -> Iterator[str]:
    """What may be said after a Chinese line said back: a question first, if one may be asked."""
    if scene.language != "zh":
        return
    asks = scene.plan.ask
    fitting = [each for each in rest if each.general and _is_short(each) and not each.bare]
    of_kind = [each for each in fitting if each.entry.kinds or each.entry.question]
    of_kind.sort(key=lambda each: each.entry.question != asks)
    yield from (each.entry.plain for each in of_kind if asks or not each.entry.question)


def _says_any(entry: Entry) -> bool:
    """Whether it may be said to any line of its matter, and asks nothing."""
    return bool(entry.matter) and not entry.cues and not entry.question


def _opens(worded: Worded) -> bool:
    """A general sentence to one kind of feeling, from which a reply may be put together."""
    return worded.general and worded.felt and _fits_breadth(worded)


def _adds(worded: Worded) -> bool:
    """Whether a general sentence adds to a first part, and does not begin anew."""
    says_more = worded.entry.strategy is not Strategy.RESTATEMENT
    return says_more and _is_short(worded) and _fits_breadth(worded)


def _is_short(worded: Worded) -> bool:
    return len(re.findall(r"[.!?。！？]", worded.entry.plain)) == 1


def _fits_breadth(worded: Worded) -> bool:
    """Whether it is neither too wide nor too narrow for what is known of the feeling."""
    return worded.reasons.get("broad", 0.0) >= 0.0


def _says_back(entry: Entry) -> bool:
    """A restatement after a restatement would say the same twice."""
    return entry.strategy is Strategy.RESTATEMENT or entry.situation == "fallback"
