"""Screening: whether words speak of danger, decided by rules that people can read.

No model and no writer is asked, nothing is stored, and nothing is logged but rule ids. A rule
fires on a phrase; guards then ask what the sentence makes of it: who is meant, whether it is
denied, past, told from a film, a joke. A guard looks at the sentence of its phrase only, so more
text can raise a level and never lower one. The scheme of levels stands in docs/safety.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from affect.danger import About, Topic
from affect.latest import remembered
from affect.safety import plain
from affect.safety.reading import CRISIS_LEVEL, Finding, read
from affect.safety.rules import (
    LANGUAGES,
    chinese_spelling,
    gloss,
    phrases,
    spelling,
    traditional,
)
from affect.types import Risk

RECENT = 5  # earlier messages that may be parts of one sentence
FRAGMENT = 60  # characters; a longer message is no part of a split sentence
KEPT = 512  # texts whose findings are kept, without their words: each is read again for five turns


class Denial(StrEnum):
    """What the words say against a danger; what of it counts, `holding` decides by its kind.

    MISTAKEN: there is none and was none. HELPED: people who help are there. SAFE and AWAY: safe
    now, away from it or it from them. CLEAR: nothing of the kind is meant. BARE: "no", which
    denies only what was just asked.
    """

    MISTAKEN = "mistaken"
    HELPED = "helped"
    SAFE = "safe"
    CLEAR = "clear"
    AWAY = "away"
    BARE = "bare"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Screening:
    """What screening found in one message.

    `level` is 0 to 5, a lower bound read from text, never shown to the person. `topics` come with
    the gravest first. `past` says that only past danger was told. `rules` are ids, never words.
    """

    level: int = 0
    topics: tuple[Topic, ...] = ()
    about: About = About.UNCLEAR
    past: bool = False
    denial: Denial = Denial.NONE
    rules: tuple[str, ...] = ()

    @property
    def risk(self) -> Risk:
        """The three-step code of the level."""
        return risk(self.level)


def risk(level: int) -> Risk:
    """Return the three-step code of a level."""
    if level >= CRISIS_LEVEL:
        return Risk.CRISIS
    return Risk.CONCERN if level else Risk.NONE


def screen(text: str, recent: Sequence[str] = ()) -> Screening:
    """Screen one message; never raises, whatever the text.

    `recent` are the person's messages just before this one, oldest first: they complete a
    sentence that was split over messages, and say what "tonight" or "it" is about.
    """
    flat = _flat(text)
    findings = list(_findings(flat))
    if recent:
        findings += _with_recent(flat, [_flat(one) for one in recent[-RECENT:]], _level(findings))
    return _summary(findings, _denial(flat))


def _flat(text: str | None) -> str:
    return plain.flatten(text, spelling(), traditional())


def _with_recent(flat: str, recent: Sequence[str], level: int) -> list[Finding]:
    earlier = [found for one in recent for found in _findings(one)]
    found: list[Finding] = []
    if any(one.topic is Topic.SUICIDE and one.level for one in earlier):
        found += [one for one in _read(flat, context=True) if one.level > level]
    parts: list[str] = []
    for one in reversed(recent):
        if len(one) > FRAGMENT:
            break
        parts.insert(0, one)
    if parts and len(flat) <= FRAGMENT:
        joined = _findings(" ".join([*parts, flat]))
        if joined:
            # Only what neither the earlier parts nor this message say alone is told by both.
            before = _findings(" ".join(parts))
            alone = max(level, _level(before), _level(earlier))
            found += [one for one in joined if one.level > alone]
    return found


def _level(findings: Sequence[Finding]) -> int:
    return max((one.level for one in findings), default=0)


def _summary(findings: Sequence[Finding], denial: Denial) -> Screening:
    if not findings:
        return Screening(denial=denial)
    order = list(Topic)
    ranked = sorted(findings, key=lambda one: (-one.level, order.index(one.topic)))
    level = ranked[0].level
    lead = [one for one in ranked if (one.level, one.topic) == (level, ranked[0].topic)]
    about = {one.about for one in lead}
    return Screening(
        level=level,
        topics=tuple(dict.fromkeys(one.topic for one in ranked if one.level or not level)),
        about=min(about, key=list(About).index),
        past=all(one.past for one in lead),
        denial=Denial.NONE if level else denial,
        rules=tuple(dict.fromkeys(one.rule for one in ranked)),
    )


def _denial(flat: str) -> Denial:
    """The first of the kinds that a sentence says; a question says none but the bare ones."""
    found = {Denial.NONE}
    for language in LANGUAGES:
        known = phrases(language)
        for index, sentence in enumerate(_sentences(flat, language)):
            if not sentence.question:
                found.update(Denial(kind) for kind in known.denies(sentence.text))
            first = re.split(" ,|，", sentence.text)[0]
            if index == 0 and known.bare_denial.fullmatch(first):
                found.add(Denial.BARE)
    return min(found, key=list(Denial).index)


def _sentences(flat: str, language: str) -> list[plain.Sentence]:
    to_english, to_chinese = gloss()
    if language == "en":
        return plain.english(flat, to_english)
    return plain.chinese(flat, to_chinese, chinese_spelling())


@remembered(KEPT)
def _findings(flat: str) -> tuple[Finding, ...]:
    """What is found in a text by itself."""
    return tuple(_read(flat, context=False))


def _read(flat: str, *, context: bool) -> Iterator[Finding]:
    for language in LANGUAGES:
        known = phrases(language)
        for sentence in _sentences(flat, language):
            yield from read(known, sentence, context=context)
