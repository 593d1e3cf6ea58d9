"""One sentence read by the rules of one language: which phrases stand, and about whom.

A rule fires on a phrase; guards then ask what the sentence makes of it. A guard looks at the
sentence of its phrase only, so more text can raise a level and never lower one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from affect.danger import About, Topic
from affect.safety.plain import Sentence
from affect.safety.rules import Phrases, Rule

CRISIS_LEVEL = 2
REACH = {"en": 140, "zh": 45}  # characters around a phrase in which its guards look
SCOPE = 6  # words from a negation to what it denies
HITS = 40  # places looked at per rule and sentence; bounds the work on hostile text
OTHERS_OWN = re.compile(
    r"\b(?:him|her|them)sel(?:f|ves)\b|\b(?:his|her|their) (?:own )?li(?:fe|ves)\b"
)
CLAUSE_ENDS = re.compile(" , |，|[吧啊呀呢嘛吗]")
ONES_OWN = re.compile(
    r"\bmy ?self\b|\bmy (?:own )?life\b|\bi\b"
    r"|(?<!sent )(?<!showed )(?<!told )(?<!texted )(?<!gave )\bme\b"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One phrase that stands after all guards."""

    level: int
    topic: Topic
    about: About
    past: bool
    rule: str


def read(known: Phrases, sentence: Sentence, *, context: bool) -> Iterator[Finding]:
    """Yield what the rules find in a sentence; `context` chooses the rules that need one."""
    # What is masked below takes words away and brings none.
    rules = known.may_match(sentence.text)
    if not rules and not known.may_tell_loss(sentence.text):
        return
    mask = " ~ " if known.language == "en" else "〇"
    text = known.idioms.sub(mask, sentence.text)
    reader = Reader(known, text, question=sentence.question)
    loss = known.guards["loss"].search(text)
    if loss and not known.guards["trying"].search(text[max(0, loss.start() - 24) : loss.start()]):
        if reader.subject(None, loss) is About.OTHER:
            yield Finding(0, Topic.LOSS, About.OTHER, past=True, rule=f"{known.language}-loss")
        if reader.subject(None, loss) is not About.SELF:
            text = known.guards["loss"].sub(mask, text)
            reader = Reader(known, text, question=sentence.question)
    for rule in rules:
        if ("context" in rule.flags) is context and (not rule.needs or rule.needs.search(text)):
            found = reader.best(rule)
            if found:
                yield found


class Reader:
    """Asks the guards of one sentence what it makes of a phrase in it."""

    def __init__(self, known: Phrases, text: str, *, question: bool) -> None:
        self.known = known
        self.text = text
        self.question = question
        self.english = known.language == "en"

    def best(self, rule: Rule) -> Finding | None:
        """Return the gravest reading of a rule's places in the sentence, if any holds."""
        best: Finding | None = None
        for count, place in enumerate(rule.pattern.finditer(self.text)):
            found = self.judge(rule, place)
            if found and (best is None or found.level > best.level):
                best = found
            if count >= HITS or (best and best.level == rule.level):
                break
        return best

    def judge(self, rule: Rule, place: re.Match[str]) -> Finding | None:
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
        joking = guards["joke"].search(window) and not guards["earnest"].search(window)
        if "firm" not in rule.flags and (
            joking or guards["hypothetical"].search(self.text[: place.start()][-60:])
        ):
            level = min(level, 1)
        past = "recent" not in rule.flags and self.past(place)
        level = min(level, 1) if past else level
        return Finding(level, Topic(rule.topic), about, past, rule.id)

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
            return self.subject(rule, place) and About.OTHER
        if self.english and ONES_OWN.search(place[0]):
            return self.reported(place)
        return self.subject(rule, place)

    def reported(self, place: re.Match[str]) -> About:
        """Say whether "I" is the writer or somebody whose words are told."""
        before = self.text[max(0, place.start() - 50) : place.start()]
        told = self.known.guards["reports"].search(before)
        if told and re.match(r"\W{0,3}(?:(?:that|to me|me) )?i\b", before[told.end() :]):
            return About.UNCLEAR
        return About.SELF

    def subject(self, rule: Rule | None, place: re.Match[str]) -> About | None:
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
        if who == "others" or (who == "generic" and guards["others"].search(before)):
            return About.OTHER
        # A remark to whoever reads ("I asked you, ...") does not take what follows from the writer,
        # nor do "people", unless it is something that is said of much else ("today is the day").
        apart = who == "second" or (rule is not None and rule.level <= CRISIS_LEVEL)
        return About.SELF if apart and CLAUSE_ENDS.search(before[nearest:]) else None

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
