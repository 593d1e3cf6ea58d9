"""What kind of line it is: a plan, a laugh, what somebody said, a bare detail (kinds.yaml).

Where no entry is near, only this is known of a line, and it is enough not to answer a plan like a
wound. Fixed forms, no model; a kind only chooses among sentences that are true of any line of it.
Knows no entry.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from affect import written

FILE = Path(__file__).parent / "kinds.yaml"
READ = 300  # characters of a line that are read for it
DETAIL, TOLD = "detail", "told"
EXCITED = "excited"  # said aloud and not darkly: known only with the reading
FEWEST_WORDS, FEWEST_CHARACTERS = 3, 6  # what news takes to be told
DETAIL_WORDS = 4
DETAIL_CHARACTERS = 5
BRIGHT = 0.1  # valence from which a loud line is taken as a glad one

_LOUD = re.compile(r"!|！|\b(so|sooo+) (good|cool|nice|fun|happy)\b|\bomg\b|啦$|耶", re.IGNORECASE)
_THANKS = re.compile(r"\b(thanks?|thx|cheers)\b|谢", re.IGNORECASE)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_DENIED = re.compile(r"\bnot\b|n'?t\b|\bno\b|\bnever\b|\bridiculous\b|不|没|别", re.IGNORECASE)
_ASKS = re.compile(
    r"[?？]\W*$|^\W*(ok(ay)? |so |but |and |wait |well |hm+ |like )*"
    r"((who|what|what's|when|where|why|how|how's|who's|where's|which)\b(?! a\b)"
    r"|(is|are|am|was|were|do|does|did|can|could|will|would|should|have|has)(n't)? "
    r"(i|you|he|she|it|we|they|this|that|there|my|your|the|his|her|these|any\w+|people)\b)"
    r"|^(?!.*(还?说了?句|问我|就说|发来)).*(吗|(?<!什)么)\W*$"
    r"|^(?!.*(在|正|还|才|着|没|可|说|问)).*呢\W*$|^(谁|什么|怎么|为什么|为啥|哪|几|多少)"
    r"|^(?!.{0,4}(在想|想着|不知道|怕|担心|怀疑)|.*问[我他她]).*(?P<verb>[\u4e00-\u9fff])不(?P=verb)"
    r"|^(?!.*(有什么用|算什么|有什么意思))[^没不都]{0,8}(什么|谁|哪儿?|怎么).{0,2}(好|啊|办)?$",
    re.IGNORECASE,
)

_LAUGHTER = re.compile(
    r"\b(lol|lmao|rofl|(ha){2,}h?|hehe+|xd)\b[.!]*|哈哈+|嘿嘿+|2333+", re.IGNORECASE
)
# 还不知道能不能过 tells that something is open; it asks nobody.
_UNKNOWN = re.compile("不知道|不确定|说不准|不晓得|不清楚|看看?能不能")


def names() -> frozenset[str]:
    """All kinds that an entry may be for."""
    return frozenset({*_patterns(), DETAIL, TOLD, EXCITED})


def kind(said: str, valence: float = 0.0) -> str:
    """The kind of the line; `valence` in [-1, 1] tells a glad shout from an angry one."""
    line = said[:READ].strip()
    if loud(line) and valence >= BRIGHT and not _DENIED.search(line) and not asks(line):
        return EXCITED
    found = next((name for name, form in _patterns().items() if form.search(line)), None)
    if found is not None:
        return found
    return DETAIL if _is_short(line) else TOLD


def laughs(said: str) -> bool:
    """Whether it is said with a laugh: amusement, and no news."""
    return any(_patterns()[name].search(said[:READ]) for name in ("laugh", "laughing"))


def sober(said: str) -> str:
    """The line without its laugh, for who is not amused; as it is where nothing else is."""
    rest = _LAUGHTER.sub(" ", said).strip()
    return rest if any(letter.isalpha() for letter in rest) else said


def tells(said: str) -> bool:
    """Whether the line tells something at all, so that a joy in it may be news."""
    line = said[:READ].strip()
    aside = laughs(line) or asks(line) or bool(_THANKS.search(line))
    return (
        not aside and kind(line) not in {"plans", "nod", "sigh", "laugh"} and _says_something(line)
    )


def asks(said: str) -> bool:
    """Whether the line is a question, with or without its mark."""
    line = said[:READ].strip()
    unknown = _UNKNOWN.search(line) and not line.endswith(("?", "？"))
    return bool(_ASKS.search(line)) and not unknown


def loud(said: str) -> bool:
    """Whether it is shouted: a mark, or a word in capitals among others."""
    shouted = [word for word in _CAPITALS.findall(said) if word not in {"OK", "TV", "UK", "US"}]
    return bool(_LOUD.search(said)) or any(len(word) > 1 for word in shouted)


def _says_something(line: str) -> bool:
    return len(line.split()) >= FEWEST_WORDS or len(_HAN.findall(line)) >= FEWEST_CHARACTERS


def _is_short(line: str) -> bool:
    chinese = len(_HAN.findall(line))
    return chinese <= DETAIL_CHARACTERS if chinese else len(line.split()) <= DETAIL_WORDS


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    content: dict[str, list[str]] = written.read(FILE)
    return {
        name: re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)
        for name, parts in content.items()
    }
