"""The two sides of a light either-or, "xbox or sleep. which?", and the one that is picked.

Only by form, and precision first: both sides must be short, and nothing in the line may be grave
(`either` in lexicon/situations.yaml); what concerns other people is only picked where a pick was
asked for outright. "A week or so", "sooner or later", "good or not" are between nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from affect.writers import words
from affect.writers.lexicon import listed, turns
from affect.writers.righting import TURN, turned_chinese

if TYPE_CHECKING:
    from datetime import date

READ = 300  # characters of a line that are read for it
SIDE_WORDS, SIDE_CHARACTERS = 6, 10
LATEST = 3  # sentences at the end of a line in which an either-or may stand

Sides = tuple[str, str]

_SENTENCE = re.compile(r"(?<=[.!?。！？])\s*|\n+")
_CHUNK = re.compile(r"[,;:]\s*(?!or\b)| [-–—]+ ")
_LEAD = re.compile(
    r"(?:(?:so|ok(?:ay)?|hm+|um+|and|but|well|anyway|right|alright|now|then|go on|just|like|either"
    r"|between|maybe|do you (?:think|reckon)|i (?:can'?t|cannot) (?:decide|choose)|help me (?:pick"
    r"|choose|decide)|torn|you (?:pick|choose|decide)|pick(?: for me| one)?"
    r"|(?:would|is) it (?:be )?(?:better|nicer|best|wiser)(?: to)?|better to"
    r"|which (?:is|would be) (?:better|nicer|best)|(?:i'?ve got|there'?s|i have)(?: either)?"
    r"|(?:[\w' ]{0,24}\b)?(?:i|we) (?:could|can|might)(?: (?:do|have|make|get))?"
    r"|(?:should|shall|do) (?:i|we)(?: just| rather)?"
    r"|would you (?:go for|pick|choose|take|have|get|do))\s+)+",
    re.IGNORECASE,
)
_IS_IT = re.compile(r"(?:is it|it'?s)\s+", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:(?<! or)(?<! or right)\s+(?:then|instead|please|pls|lol|haha|though|tbh|hmm|or what"
    r"|(?:right )?now|which(?: one)?))+$",
    re.IGNORECASE,
)
_OR = re.compile(r"(.+?),? or (?:just |should i |do i |shall i )*(.+)", re.IGNORECASE)
_AND = re.compile(r"(?:.*\bbetween )(.+?) and (.+)", re.IGNORECASE)
_LISTED = re.compile(r"(.+?) and (.+)", re.IGNORECASE)
_SHOULD = re.compile(r"(?:\w+ ){0,2}(?:should|shall|do) (?:i|we)\b", re.IGNORECASE)
_NO_CHOICE = re.compile(
    r"\b(?:sooner or later|more or less|once or twice|yes or no|now or never|rain or shine"
    r"|(?:better|good|right) or (?:worse|bad|wrong)|true or false|one way or|all or nothing"
    r"|(?:an?|one|two|three|four|\d+)(?: \w+)? or (?:so|two|three|four|five|more|\d+)"
    r"|or (?:so|something|whatever|what|else|not|both|neither|any\w+|nah|maybe)|or no\W*$)\b",
    re.IGNORECASE,
)
# A side that begins so is a clause of its own, or a question.
_NO_SIDE = re.compile(
    r"(?:i|i'?m|he|she|it|it'?s|they|we|you|that'?s|am|is|are|was|were|does|did|has|have"
    r"|had|do (?:you|they|we|people)|will"
    r"|would|could|can|should|what|why|how|who|when|where|if|because|not|to)\b|.*\byour?\b",
    re.IGNORECASE,
)
_TURN = TURN | {"im": "you're", "our": "your"}

_CHINESE_CHUNK = re.compile(r"[，,。！!；;：:、\s…]+")
_CHINESE_LEAD = re.compile(
    r"(?:那|所以|就是|哎|诶|嗯|话说|你(?:说|看|觉得|要是我)|换你|帮我(?:选|挑)(?:一?个)?|到底|究竟"
    r"|我们?|咱们?|是|应该|该|要)+"
)
_OF_STATE = re.compile(r"我是")
_DOING = re.compile(r"先|去|等|今|明|现在|直接|接着|再")
_CHINESE_OR = re.compile(r"(.+?)(?:还是|或者?)(?:是|应该|该|要)?(.+)")
_CHINESE_AND = re.compile(r"(.+?)[和跟](.+)")
_SOFT = re.compile(r"[呢啊呀吧嘛呗哇哦]+$")
_CHINESE_NO_SIDE = re.compile(
    r"[他她它这都但]|可(?!乐|颂|丽)|那[个是]|结果|最后|反正|算了|感觉|觉得|怎么|老样子|[那这]样|很|挺|有点|会|没|别"
)
_NOT_ASKED = re.compile(r"不(?:知道|记得|确定|清楚)|忘了|\b(?:remember|forgot|know|sure) which\b")


@dataclass(frozen=True, slots=True)
class Between:
    """`sides` in the person's words, turned to them; `outright` where a pick was asked for in so
    many words, `asks` where the line at least has the form of a question."""

    sides: Sides
    outright: bool
    asks: bool


def light(said: str, *, heard: bool = False) -> Sides | None:
    """The sides where one may be picked, else None; `heard`: a choice was heard in other ways."""
    plain = said[-READ:].replace("’", "'").strip()
    grave, people = turns("either")["grave"], turns("either")["people"]
    if grave.search(plain) or _NOT_ASKED.search(plain):
        return None
    found = between(plain)
    if found is None or not (found.outright or found.asks or heard):
        return None
    theirs = any(people.search(side) for side in found.sides)
    return None if theirs and not found.outright else found.sides


def picked(sides: Sides, day: date) -> str:
    """The side that is picked: as by a coin, but the same all day, whichever is named first."""
    low, high = sorted(sides)
    coin = blake2b(f"{day.isoformat()}\0{low}\0{high}".encode(errors="replace"), digest_size=1)
    return (low, high)[coin.digest()[0] % 2]


def between(plain: str) -> Between | None:
    """What a line is between; None where it is between nothing short and plain."""
    outright = bool(turns("either")["outright"].search(plain))
    chinese = words.is_chinese(plain)
    for sentence in reversed(_SENTENCE.split(plain)[-LATEST:]):
        asks = sentence.rstrip().endswith(("?", "？"))
        if chinese:
            sides = _chinese(sentence, outright=outright)
            asks = asks or bool(_SOFT.search(sentence))
        else:
            sides = _english(sentence, outright=outright)
            asks = asks or bool(_SHOULD.match(sentence))
        if sides:
            return Between(sides, outright, asks)
    return None


def _english(sentence: str, *, outright: bool) -> Sides | None:
    if _NO_CHOICE.search(sentence):
        return None
    for chunk in _CHUNK.split(sentence):
        bare = _TAIL.sub("", chunk.strip().rstrip("?!. "))
        found = _AND.fullmatch(bare)
        if not found:
            lead = _LEAD.match(bare)
            bare = bare[lead.end() :] if lead else bare
            if outright:
                bare = _IS_IT.sub("", bare, count=1)
            either = _OR.fullmatch(bare)
            found = either or (_LISTED.fullmatch(bare) if outright else None)
        if found and (sides := _sides(found[1], found[2])):
            return sides
    return None


def _sides(one: str, other: str) -> Sides | None:
    parts = [part.strip().split() for part in (one, other)]
    if not all(1 <= len(part) <= SIDE_WORDS for part in parts) or " or " in f" {other} ":
        return None
    low = {word.lower() for part in parts for word in part}
    blocked = listed("en", "blocked") - listed("en", "harmless_inside")
    if low & blocked or any(_NO_SIDE.match(" ".join(part)) for part in parts):
        return None
    first, second = (" ".join(_TURN.get(word.lower(), word) for word in part) for part in parts)
    return (first, second) if first.lower() != second.lower() else None


def _chinese(sentence: str, *, outright: bool) -> Sides | None:
    joined = re.sub(r"[，,\s]+(?=还是)", "", sentence.rstrip("？?"))
    for chunk in _CHINESE_CHUNK.split(joined):
        either = _CHINESE_OR.fullmatch(chunk) if chunk.count("还是") < 2 else None
        found = either or (_CHINESE_AND.fullmatch(chunk) if outright else None)
        if found is None:
            continue
        lead = _CHINESE_LEAD.match(found[1])
        one = _SOFT.sub("", found[1][lead.end() :] if lead else found[1])
        one = one.rpartition("选")[2] or one  # 报告选甲还是乙
        other = _SOFT.sub("", found[2])
        if other.endswith("好") and len(other) > 1:
            one, other = one.removesuffix("好"), other.removesuffix("好")
        state = _OF_STATE.search(chunk) and not _DOING.search(one + other)
        if (outright or not state) and _fits_chinese(one, other, outright=outright):
            return turned_chinese(one), turned_chinese(other)
    return None


def _fits_chinese(one: str, other: str, *, outright: bool) -> bool:
    both = (one, other)
    if not all(1 <= len(side) <= SIDE_CHARACTERS for side in both) or one == other:
        return False
    if any("你" in side or _CHINESE_NO_SIDE.match(side) for side in both):
        return False
    if any(word in side for side in both for word in listed("zh", "blocked")):
        return False
    # 去还是不去 is a yes or no; it is picked only where that is asked for.
    return outright or not (other.startswith("不") and one.startswith(other[1:2]))
