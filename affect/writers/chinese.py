"""Taking up words in Chinese: one pass of longest matches over the word lists.

Chinese has no spaces and no inflection: a listed word can stand anywhere as it is, and what is not
listed is left alone. Relatives get 你 before them, roles such as 老板 do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from affect.writers.lexicon import listed, table

_TIMES = {
    "weekdays": "weekday",
    "past_times": "past",
    "future_times": "future",
    "present_times": "present",
}


_DENIED = re.compile(r"(不是|没有?|不算)$")  # 不是吵架 tells of no quarrel


@dataclass(frozen=True, slots=True)
class Found:
    """What may be taken up; empty strings where nothing is sure."""

    topic: str = ""
    person: str = ""
    person_bare: str = ""
    time: str = ""
    time_kind: str = ""


def find(said: str) -> Found:
    """The topic, the one person and the one time in the words."""
    found = [m for m in _pattern().finditer(said) if not _DENIED.search(said[: m.start()])]
    hits = [match.group(0) for match in found]
    topics = [hit for hit in hits if hit in listed("zh", "topics")]
    people = dict.fromkeys(name for hit in hits if (name := _named(hit)))
    times = dict.fromkeys(hit for hit in hits if _time_kind(hit))
    person = next(iter(people)) if len(people) == 1 else ""
    time = next(iter(times)) if len(times) == 1 else ""
    return Found(
        topic=max(topics, key=len, default=""),
        person=f"你{person}" if person in listed("zh", "kin") else person,
        person_bare=person,
        time=time,
        time_kind=_time_kind(time),
    )


def fitted(text: str, bare: str, before: str) -> str:
    """The filler at this place: no second 你 where the sentence has one."""
    return bare if before.endswith(("你", "你的", "你家")) else text


def _named(hit: str) -> str:
    if hit in listed("zh", "kin") or hit in listed("zh", "roles"):
        return hit
    return table("zh", "short_kin").get(hit[1:], "") if hit.startswith("我") else ""


def _time_kind(hit: str) -> str:
    return next((kind for name, kind in _TIMES.items() if hit in listed("zh", name)), "")


@cache
def _pattern() -> re.Pattern[str]:
    names = ("topics", "kin", "roles", "blocked", "incidental", *_TIMES)
    known = {word for name in names for word in listed("zh", name)}
    short = {f"我{word}" for word in table("zh", "short_kin")}
    ordered = sorted(known | short, key=lambda word: (-len(word), word))
    return re.compile("|".join(re.escape(word) for word in ordered))
