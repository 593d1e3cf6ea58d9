"""Persons by their names and things by their number: "Jess", "14 clients", 血糖十六.

Precision before reach: a name must be of the list or stand in capitals within a sentence; a number
must count things that are no time, money, age or body. A line with two names has none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.writers.lexicon import listed
from affect.writers.slots import Filler

if TYPE_CHECKING:
    from affect.writers.base import Scene

BACK = 3  # lines before in which a name may have been said
_WORD = re.compile(r"[A-Za-z]+")
_COUNT = re.compile(
    r"(?<![\d.,:$£€#-])\b(\d{1,3}) ([a-z]{4,14}s)\b(?! (ago|old|later|before|left))"
)
_UNCOUNTED = frozenset(
    [
        "seconds",
        "minutes",
        "hours",
        "days",
        "weeks",
        "months",
        "years",
        "times",
        "dollars",
        "euros",
        "pounds",
        "pence",
        "cents",
        "bucks",
        "quid",
        "kilos",
        "miles",
        "meters",
        "metres",
        "degrees",
        "percents",
        "pills",
        "tablets",
        "drinks",
        "beers",
        "shots",
        "cigarettes",
        "units",
        "calories",
        "inches",
        "points",
        "grams",
        "others",
        "ones",
        "hrs",
        "mins",
        "yrs",
        "steps",
    ]
)
_COUNT_CHINESE = re.compile(
    r"(血糖|血压|体温|心率)(?:是|有|到了?|测出来|量出来)?([\d.]{1,5}"
    r"|[零一二三四五六七八九十百]{1,5})"
    r"|([\d]{1,3}|[两三四五六七八九十]{1,3})(个|份|张|台|间|单)(客户|学生|项目|报告|单子|病人"
    r"|订单|会|表格|孩子)"
)
_NAME_CHINESE = re.compile(
    r"(?<![\u4e00-\u9fff])(小[\u4e00-\u9fff])(?=[说在把和跟给又不没去来也还就昨今])"
)


def name(scene: Scene) -> Filler | None:
    """The one person called by name here, else lately; not where a reply just named them."""
    here = set(_names(scene.said, scene.language))
    if here:
        return _only(here)
    for exchange in reversed(scene.history[-BACK:]):
        found = set(_names(exchange.said, scene.language))
        if found:
            recent = " ".join(each.reply for each in scene.history[-BACK:])
            return None if any(each in recent for each in found) else _only(found)
    return None


def _only(found: set[str]) -> Filler | None:
    text = found.pop()
    return None if found else Filler(text, text)


def count(said: str, language: str) -> Filler | None:
    """What is counted in the words: "14 clients"; None for times, money and bodies."""
    if language == "zh":
        found = _COUNT_CHINESE.search(said)
        return Filler(found[0], found[0]) if found else None
    hits = [
        f"{number} {things}"
        for number, things, _ in _COUNT.findall(said)
        if things not in _UNCOUNTED and things not in listed("en", "blocked")
    ]
    return Filler(hits[0], hits[0], "plural") if len(hits) == 1 else None


def capitalised(word: str) -> str:
    """The word as it is written where it is a name of the list."""
    return word.capitalize() if word.lower() in listed("en", "names") else word


def _names(line: str, language: str) -> list[str]:
    if language == "zh":
        return _NAME_CHINESE.findall(line)
    return [w.capitalize() for w in _WORD.findall(line) if w.lower() in listed("en", "names")]
