"""The person's own clauses for an entry: what they ask whether to do, and what they told before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.writers.lexicon import listed
from affect.writers.mirror import retold
from affect.writers.slots import Filler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.writers.base import Exchange, Scene

MOST_TOLD = 3  # things said back of a talk
MOST_WORDS = 8
_TELLING = frozenset({None, "good_news", "mixed_news", "success", "relief", "after_card"})
# "Do you remember what I told you last week?" asks for more than this talk.
_FAR = re.compile(
    r"\b(yesterday|last (time|week|night|month|year)|(a|few|some) (days?|weeks?) ago)\b"
    r"|昨[天晚]|前[天几]|上(次|周|个月|回)|以前|很久",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"\bshould (?:i|we) (?:really |even |just |maybe |actually )?([a-z][^?.!,;\n]*)"
    r"|\b(?:if|whether|think) i should ([a-z][^?.!,;\n]*)",
    re.IGNORECASE,
)
_SHOULD_CHINESE = re.compile(
    r"(?:该不该|应不应该|要不要|是不是(?:应)?该|(?:应)?该)(?:去)?([^？?，。！!\s]{1,14})"
)
_TURN = {"my": "your", "me": "you", "i": "you", "mine": "yours", "myself": "yourself"}
_UNFIT = re.compile(r"\b(or|and|because|that|which|do|it)\b|\b\w+n't\b", re.IGNORECASE)


def deed(said: str, language: str) -> Filler | None:
    """What the person asks whether to do: "call her", 给她打电话; None where it is not plain."""
    return _chinese_deed(said) if language == "zh" else _english_deed(said)


def told(scene: Scene) -> Filler | None:
    """What was told in this talk, oldest first, as one clause; None where nothing can be said."""
    if scene.plan.situation == "explain":
        wanted: Sequence[Exchange] = scene.history[-1:]
    elif scene.plan.situation == "remember" and not _FAR.search(scene.said):
        wanted = scene.history
    else:
        return None
    clauses = [
        clause
        for exchange in wanted
        if exchange.situation in _TELLING and (clause := retold(exchange.said, scene.language))
    ]
    picked = list(dict.fromkeys(clauses))
    if len(picked) > MOST_TOLD:
        picked = [*picked[:2], picked[-1]]  # how it began, and where it stands
    if not picked:
        return None
    text = "，".join(picked) if scene.language == "zh" else _series(picked)
    return Filler(text, text)


def _series(clauses: Sequence[str]) -> str:
    if len(clauses) == 1:
        return clauses[0]
    return f"{', that '.join(clauses[:-1])}, and that {clauses[-1]}"


def _english_deed(said: str) -> Filler | None:
    found = _SHOULD.search(said.replace("’", "'"))
    if not found:
        return None
    words = re.sub(r" (or not|instead|then|now)$", "", (found[1] or found[2]).strip()).split()
    low = {word.lower() for word in words}
    if len(words) > MOST_WORDS or _UNFIT.search(" ".join(words)) or low & _blocked("en"):
        return None
    text = " ".join(_TURN.get(word.lower(), word) for word in words)
    return Filler(text, text)


def _chinese_deed(said: str) -> Filler | None:
    found = _SHOULD_CHINESE.search(said)
    if not found:
        return None
    asked = re.sub(r"[吗呢啊吧呀]+$", "", found[1])
    if not asked or any(word in asked for word in _blocked("zh")) or asked.startswith("做什"):
        return None
    # 你妈 alone can sound like swearing.
    text = re.sub("我妈(?!妈)", "你妈妈", asked).replace("我", "你")
    return Filler(text, text)


def _blocked(language: str) -> frozenset[str]:
    return listed(language, "blocked") | listed(language, "never_mirrored")
