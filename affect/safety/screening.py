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

from affect.safety import plain
from affect.safety.rules import (
    LANGUAGES,
    Phrases,
    Rule,
    chinese_spelling,
    gloss,
    phrases,
    spelling,
    traditional,
)
from affect.types import Risk

CRISIS_LEVEL = 2
REACH = {"en": 140, "zh": 45}  # characters around a phrase in which its guards look
SCOPE = 6  # words from a negation to what it denies
HITS = 40  # places looked at per rule and sentence; bounds the work on hostile text
RECENT = 5  # earlier messages that may be parts of one sentence
FRAGMENT = 60  # characters; a longer message is no part of a split sentence


OTHERS_OWN = re.compile(
    r"\b(?:him|her|them)sel(?:f|ves)\b|\b(?:his|her|their) (?:own )?li(?:fe|ves)\b"
)
ONES_OWN = re.compile(
    r"\bmy ?self\b|\bmy (?:own )?life\b|\bi\b"
    r"|(?<!sent )(?<!showed )(?<!told )(?<!texted )(?<!gave )\bme\b"
)


class Topic(StrEnum):
    """What kind of danger is spoken of; `LOSS` is somebody lost to suicide, and no danger."""

    OVERDOSE = "overdose"
    ABUSE = "abuse"
    CHILD_IN_DANGER = "child_in_danger"
    HARM_TO_OTHERS = "harm_to_others"
    SUICIDE = "suicide"
    SELF_HARM = "self_harm"
    LOSS = "loss"


class About(StrEnum):
    """Who is in danger (or, for harm to others, who speaks of doing harm)."""

    SELF = "self"
    OTHER = "other"
    UNCLEAR = "unclear"


class Denial(StrEnum):
    """Whether the words deny danger: a bare "no" denies only what was just asked."""

    NONE = "none"
    BARE = "bare"
    CLEAR = "clear"


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


@dataclass(frozen=True, slots=True)
class _Finding:
    level: int
    topic: Topic
    about: About
    past: bool
    rule: str


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
    findings = list(_findings(flat, context=False))
    if recent:
        findings += _with_recent(flat, [_flat(one) for one in recent[-RECENT:]], _level(findings))
    return _summary(findings, _denial(flat))


def _flat(text: str | None) -> str:
    return plain.flatten(text, spelling(), traditional())


def _with_recent(flat: str, recent: Sequence[str], level: int) -> list[_Finding]:
    earlier = [found for one in recent for found in _findings(one, context=False)]
    found: list[_Finding] = []
    if any(one.topic is Topic.SUICIDE and one.level for one in earlier):
        found += [one for one in _findings(flat, context=True) if one.level > level]
    parts: list[str] = []
    for one in reversed(recent):
        if len(one) > FRAGMENT:
            break
        parts.insert(0, one)
    if parts and len(flat) <= FRAGMENT:
        # Only what neither the earlier parts nor this message say alone is told by both together.
        alone = max(level, _level(_findings(" ".join(parts), context=False)), _level(earlier))
        joined = _findings(" ".join([*parts, flat]), context=False)
        found += [one for one in joined if one.level > alone]
    return found


def _level(findings: Sequence[_Finding] | Iterator[_Finding]) -> int:
    return max((one.level for one in findings), default=0)


def _summary(findings: Sequence[_Finding], denial: Denial) -> Screening:
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
    bare = False
    for language in LANGUAGES:
        known = phrases(language)
        for index, sentence in enumerate(_sentences(flat, language)):
            if known.clear_denial.search(sentence.text):
                return Denial.CLEAR
            first = re.split(" ,|，", sentence.text)[0]
            bare = bare or (index == 0 and known.bare_denial.fullmatch(first) is not None)
    return Denial.BARE if bare else Denial.NONE


def _sentences(flat: str, language: str) -> list[plain.Sentence]:
    to_english, to_chinese = gloss()
    if language == "en":
        return plain.english(flat, to_english)
    return plain.chinese(flat, to_chinese, chinese_spelling())


def _findings(flat: str, *, context: bool) -> Iterator[_Finding]:
    for language in LANGUAGES:
        known = phrases(language)
        for sentence in _sentences(flat, language):
            yield from _read(known, sentence, context=context)


def _read(known: Phrases, sentence: plain.Sentence, *, context: bool) -> Iterator[_Finding]:
    mask = " ~ " if known.language == "en" else "〇"
    text = known.idioms.sub(mask, sentence.text)
    reader = _Reader(known, text, question=sentence.question)
    loss = known.guards["loss"].search(text)
    if loss and not known.guards["trying"].search(text[max(0, loss.start() - 24) : loss.start()]):
        if reader.subject(loss) is About.OTHER:
            yield _Finding(0, Topic.LOSS, About.OTHER, past=True, rule=f"{known.language}-loss")
        if reader.subject(loss) is not About.SELF:
            text = known.guards["loss"].sub(mask, text)
            reader = _Reader(known, text, question=sentence.question)
    for rule in known.rules:
        if ("context" in rule.flags) is context and (not rule.needs or rule.needs.search(text)):
            found = reader.best(rule)
            if found:
                yield found


class _Reader:
    """Asks the guards of one sentence what it makes of a phrase in it."""

    def __init__(self, known: Phrases, text: str, *, question: bool) -> None:
        self.known = known
        self.text = text
        self.question = question
        self.english = known.language == "en"

    def best(self, rule: Rule) -> _Finding | None:
        """Return the gravest reading of a rule's places in the sentence, if any holds."""
        best: _Finding | None = None
        for count, place in enumerate(rule.pattern.finditer(self.text)):
            found = self.judge(rule, place)
            if found and (best is None or found.level > best.level):
                best = found
            if count >= HITS or (best and best.level == rule.level):
                break
        return best

    def judge(self, rule: Rule, place: re.Match[str]) -> _Finding | None:
        """Return what stays of a phrase after all guards, or None."""
        window = self.window(place)
        guards = self.known.guards
        if rule.unless and rule.unless.search(window):
            return None
        about = self.about(rule, place)
        if about is None or self.explained(rule, window):
            return None
        level = rule.level
        if "keeps" not in rule.flags:
            denied = self.negation(place)
            if denied == "full":
                return None
            level = min(level, 1) if denied else level
        if guards["frame"].search(window):
            if level < 4 or about is not About.SELF:
                return None
            level = 1
        if "soon" in rule.flags and guards["condition"].search(
            self.text[max(0, place.start() - 80) : place.end() + 30]
        ):
            level = min(level, CRISIS_LEVEL)
        if "firm" not in rule.flags and (
            guards["joke"].search(window)
            or guards["hypothetical"].search(self.text[: place.start()][-60:])
        ):
            level = min(level, 1)
        past = "recent" not in rule.flags and self.past(place)
        level = min(level, 1) if past else level
        return _Finding(level, Topic(rule.topic), about, past, rule.id)

    def window(self, place: re.Match[str]) -> str:
        """Return the part of the sentence around a place that guards look at."""
        reach = REACH[self.known.language]
        return self.text[max(0, place.start() - reach) : place.end() + reach]

    def explained(self, rule: Rule, window: str) -> bool:
        """Say whether shame or a parting explains a phrase that is also said in despair."""
        guards = self.known.guards
        return ("light" in rule.flags and bool(guards["embarrassed"].search(window))) or (
            "leaving" in rule.flags and bool(guards["leaving"].search(window))
        )

    def about(self, rule: Rule, place: re.Match[str]) -> About | None:
        """Say who is meant; None is nobody in particular."""
        if "own" in rule.flags:
            return About.SELF
        if "other" in rule.flags:
            return About.OTHER
        if self.english and OTHERS_OWN.search(place[0]):
            return self.subject(place) and About.OTHER
        if self.english and ONES_OWN.search(place[0]):
            return self.reported(place)
        return self.subject(place)

    def reported(self, place: re.Match[str]) -> About:
        """Say whether "I" is the writer or somebody whose words are told."""
        before = self.text[max(0, place.start() - 50) : place.start()]
        told = self.known.guards["reports"].search(before)
        if told and re.match(r"\W{0,3}(?:(?:that|to me|me) )?i\b", before[told.end() :]):
            return About.UNCLEAR
        return About.SELF

    def subject(self, place: re.Match[str]) -> About | None:
        """Return whom the nearest subject before the place names."""
        guards = self.known.guards
        if not self.english and guards["selves"].search(place[0].replace("自己", "")):
            return About.SELF
        if guards["others"].match(self.text, place.start()):
            return About.OTHER
        # A phrase may begin with its subject: "daughter suicidal".
        upto = self.text.find(" ", place.start(), place.end()) if self.english else place.start()
        before = self.text[max(0, place.start() - 80) : max(upto, place.start())]
        nearest, who = -1, ""
        for name in ("generic", "others", "selves", "second"):
            for found in guards[name].finditer(before):
                if found.start() > nearest:
                    nearest, who = found.start(), name
        if who in {"", "selves"}:
            return self.reported(place) if who and self.english else About.SELF
        unnamed = who == "generic" and not guards["others"].search(before)
        return None if unnamed or who == "second" else About.OTHER

    def negation(self, place: re.Match[str]) -> str:
        """Return "full", "half" ("not really") or "" for what is not denied."""
        guards = self.known.guards
        if not self.english:
            return self._chinese_negation(place)
        start = max(0, place.start() - 60)
        head = self.text[start : place.end()]
        if guards["after_negation"].match(self.text[place.end() : place.end() + 60].lstrip()):
            return "full"
        last = None
        for found in guards["negation"].finditer(head):
            last = found
        if last is None:
            return ""
        kept = any(
            one.start() <= last.start() < one.end()
            for one in guards["no_negation"].finditer(self.text[start : place.end() + 20])
        )
        if kept:
            return ""
        between = head[last.end() : max(last.end(), place.start() - start)].split()
        broken = {"i", "but", "because", ",", "so", "and"} & set(between)
        if len(between) > SCOPE or (
            broken and not guards["denies_that"].match(head[last.start() :])
        ):
            return ""
        return "half" if guards["half"].search(head[last.end() : last.end() + 24]) else "full"

    def _chinese_negation(self, place: re.Match[str]) -> str:
        guards = self.known.guards
        clause = self.text[max(0, place.start() - 14) : place.start()].rpartition("，")[2]
        found = guards["negation"].search(clause)
        if found and guards["no_negation"].search(clause):
            found = None
        inner = guards["inner_negation"].search(place[0])
        if not found and not inner:
            return ""
        word = found[0] if found else place[0]
        return "half" if guards["half"].search(word) else "full"

    def past(self, place: re.Match[str]) -> bool:
        """Say whether the sentence puts the phrase in the past, and not in the present too."""
        window = self.window(place)
        guards = self.known.guards
        told = guards["past"].search(window)
        if not told:
            return False
        return not guards["present"].search(window) or bool(guards["better"].search(window))
