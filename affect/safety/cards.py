"""The reviewed crisis texts, from `cards/en.yaml` and `cards/zh.yaml`, with lines filled in.

Nothing is written here at the moment of danger: the texts are fixed, read by people, and chosen
by topic and level alone. Repeated danger in one talk gets the follow-ups of its card, not the
same words again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from affect import written
from affect.danger import About, Answer, Topic
from affect.errors import BadInput
from affect.safety.helplines import Helpline, Line, helpline
from affect.safety.holding import INTENT_LEVEL, Hold
from affect.safety.reading import CRISIS_LEVEL
from affect.safety.screening import Screening

LANGUAGES = ("en", "zh")
MAX_LINES = 2  # more than two numbers is a list to read, not a hand held out
TWO = 2  # texts that take turns; of more, the first is said once
NAMED = ("US", "CA", "GB", "IE", "CN")  # countries named with their number where none is known


_BEGINNING = re.compile(r"(?:^|\n|(?<=[.!?]) )[a-z]")


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str) -> dict[str, list[str]]:
    """Return all cards of a language: for each name the first text and its follow-ups."""
    content: dict[str, list[str]] = _file(language)["cards"]
    return content


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> dict[str, str]:
    """Return the small words that join numbers, hours and names in a language."""
    content: dict[str, str] = _file(language)["words"]
    return content


def _file(language: str) -> dict[str, Any]:
    chosen = "zh" if language.lower().startswith("zh") else "en"
    content: dict[str, Any] = written.read(files("affect.safety") / "cards" / f"{chosen}.yaml")
    return content


def card(screening: Screening, language: str, country: str | None, variant: int = 0) -> str:
    """Return the card for a screening of level 1 or more, `variant` cards having gone before.

    Raises `BadInput` (kind `no_danger`) for level 0: there is nothing to say then.
    """
    if not screening.level:
        raise BadInput("no_danger", "There is no danger to answer.")
    return _filled(name(screening), language, country, variant)


def crisis_card(language: str, country: str | None) -> str:
    """Return the general card of `/crisis`: whom to call, and the first words to say."""
    return _filled("general", language, country, 0)


def held_card(held: Hold, language: str, country: str | None) -> str | None:
    """Return the text for what holds in a talk, or None where none is due."""
    if held.answer is Answer.CARD:
        return card(held.screening, language, country, held.variant)
    if held.answer is Answer.CHECK:
        return _filled("check", language, country, held.variant)
    ended = _end_name(held)
    return _filled(ended, language, country, 0) if ended else None


def _end_name(held: Hold) -> str | None:
    """The name of the text that takes an end of danger at its word."""
    screening = held.screening
    match held.answer:
        case Answer.DENIED:
            return "denied_after_intent" if held.peak >= INTENT_LEVEL else "denied"
        case Answer.SAFE:
            if screening.topics[:1] == (Topic.OVERDOSE,):
                return "helped"
            return "safe_other" if screening.about is About.OTHER else "safe"
        case Answer.MISTAKEN:
            return "mistaken"
        case _:
            return None


def name(screening: Screening) -> str:
    """Return the name of the card for a screening (a key of the card files)."""
    topic = screening.topics[0] if screening.topics else Topic.SUICIDE
    other = screening.about is About.OTHER
    urgent = screening.level >= INTENT_LEVEL
    if screening.past:
        return "past_abuse" if topic in {Topic.ABUSE, Topic.CHILD_IN_DANGER} else "past"
    by_topic = {
        Topic.OVERDOSE: "overdose_other" if other else "overdose",
        # A level below intent about a child at hand is a parent who fears for what they may do.
        Topic.CHILD_IN_DANGER: "child_other" if other else "child" if urgent else "parent",
        Topic.ABUSE: ("abuse", "abuse_near", "abuse_now")[
            (screening.level > CRISIS_LEVEL) + urgent
        ],
        Topic.HARM_TO_OTHERS: ("harm_concern", "harm", "harm_now")[
            (screening.level >= CRISIS_LEVEL) + urgent
        ],
    }
    if topic in by_topic:
        return by_topic[topic]
    if other:
        return "helper_now" if urgent else "helper"
    if topic is Topic.SELF_HARM:
        return "self_harm"
    return ("concern", "concern", "crisis_2", "crisis_3", "crisis_4", "crisis_4")[screening.level]


def _filled(card_name: str, language: str, country: str | None, variant: int) -> str:
    variants = texts(language)[card_name]
    if len(variants) > TWO and variant >= len(variants):
        # The first text once; after that its follow-ups in turn.
        variant = (variant - 1) % (len(variants) - 1) + 1
    text = variants[variant % len(variants)]
    help_at = helpline(country)
    filled = text.strip().format(
        emergency=_emergency(help_at, language),
        line=_lines(help_at, language),
        directory=help_at.directory,
    )
    # What was filled in may stand where a sentence begins.
    return _BEGINNING.sub(lambda found: found.group().upper(), filled)


def _emergency(help_at: Helpline, language: str) -> str:
    small = words(language)
    return small["or"].join(help_at.emergency) or small["emergency_unknown"]


def _lines(help_at: Helpline, language: str) -> str:
    small = words(language)
    spoken = [one for one in help_at.lines if one.numbers or one.text][:MAX_LINES]
    if spoken:
        return small["between_lines"].join(_line(one, small) for one in spoken)
    if help_at.country:
        return small["directory"].format(directory=help_at.directory)
    first = {code: helpline(code).lines[0] for code in NAMED}
    return small["unknown"].format(
        directory=help_at.directory,
        CN_hours=small[first["CN"].hours or "24h"],
        **{code: line.numbers[0] for code, line in first.items()},
    )


def _line(line: Line, small: dict[str, str]) -> str:
    ways: Sequence[str] = [
        small["call"].format(number=small["or"].join(line.numbers)) if line.numbers else "",
        small["text"].format(number=line.text) if line.text else "",
    ]
    parts = [
        small["or"].join(way for way in ways if way),
        small.get(line.hours, line.hours) if line.hours else "",
        small["free"] if line.free else "",
    ]
    name_shown = line.english if line.english and small["language"] == "en" else line.name
    return small["line"].format(
        name=name_shown, ways=small["comma"].join(part for part in parts if part)
    )
