"""What a correcting line says it is instead: "NOBODY LEFT ME. its WORK" is about work,
"not the group, him" about him; as a clause that an entry can take up.
"""

from __future__ import annotations

import re

from affect import matters
from affect.writers.lexicon import listed
from affect.writers.naming import capitalised
from affect.writers.slots import Filler

MOST_WORDS, MOST_CHARACTERS = 8, 16
TURN = {
    "my": "your",
    "me": "you",
    "i": "you",
    "mine": "yours",
    "myself": "yourself",
    "i'm": "you're",
    "i've": "you've",
    "i'd": "you'd",
    "i'll": "you'll",
}

# What it is instead: "NOBODY LEFT ME. its WORK", "jess is alive", 我说的是他喝酒.
_IS = re.compile(
    r"^((it|that|this|he|she|they)('s|'re| is| are| was)|its|thats|hes|shes|theyre|\w+ (is|are))\b",
    re.IGNORECASE,
)
_DENYING = re.compile(
    r"\b(not|never|nobody|no ?one|isnt|wasnt|arent|didnt|like)\b|n't\b", re.IGNORECASE
)
_AGREES = {"was": "were", "am": "are"}
_NOT_AGREED = re.compile(r"\b([Yy]ou) (was|am)\b")
_SPELT = {"its": "it's", "thats": "that's", "hes": "he's", "shes": "she's", "theyre": "they're"}
_SAID_CHINESE = re.compile(r"我(?:刚才|刚刚)?(?:说|讲|指|问)的是([^，。！？,.!?\s]{2,12})")
_LIVES_CHINESE = re.compile(r"([他她]|我?[\u4e00-\u9fff]{1,3})(还活着|活得好好的|还好好的)")


# "Not the group, him", "teacher. not boss", 不是工作，是我弟: both are said back.
_NOT_THIS = re.compile(
    r"\W*(?:no\W+)?(?:it'?s |it was |i (?:just |already )?said |i meant )?"
    r"not (?P<not>[\w' ]{2,24}?)\s*[,.;]+\s*(?:it'?s |but |i meant )?(?P<this>[\w' ]{2,24}?)\W*"
    r"|\W*(?:it'?s |i meant )?(?P<this2>(?!i (?:just |already )?said)[\w' ]{2,24}?)\s*[,.;]*\s*"
    r"not (?P<not2>[\w' ]{2,24}?)\W*",
    re.IGNORECASE,
)
_CHINESE_NOT_THIS = re.compile(
    r"\W*(?:不是|没有?|不)(?P<not>[^，。！？,.!?\s]{1,8})[，。,.\s]+(?:就?是)?(?P<this>[^，。！？,.!?\s]{1,8})\W*"
    r"|\W*(?:就?是)?(?P<this2>[^，。！？,.!?\s]{1,8}?)[，。,.\s]*不是(?P<not2>[^，。！？,.!?\s]{1,8}?)\W*"
)
INSTEAD_WORDS = 4


_UNFIT = frozenset({"its", "im", "you", "your", "is", "are", "was", "really", "very", "at", "so"})


def instead(said: str, language: str) -> Filler | None:
    """What a line says and what it denies, "him, not the group"; None where it does not do both.

    A death, a parting or an illness that was none is not named again.
    """
    clauses = re.split(r"(?<=[.!?。！？])\s+", said.replace("’", "'").strip())
    both = _CHINESE_NOT_THIS if language == "zh" else _NOT_THIS
    found = both.fullmatch(clauses[0]) or both.fullmatch(" ".join(clauses[:2]))
    if not found:
        return None
    this, denied = found["this"] or found["this2"], found["not"] or found["not2"]
    text = _chinese(this, denied) if language == "zh" else _english(this, denied)
    grave = text and any(matters.holds_word_of(name, text) for name in matters.grave())
    return Filler(text, text) if text and not grave else None


def _chinese(this: str, denied: str) -> str | None:
    if any(word in this + denied for word in (*listed("zh", "blocked"), "你")):
        return None
    return turned_chinese(f"{this}，不是{denied}")


def _english(this: str, denied: str) -> str | None:
    parts = [each.lower().split() for each in (this, denied)]
    low = {word for each in parts for word in each}
    clause = low & (blocked("en") | _UNFIT) or any("'" in word for word in low)  # "I'm, not the"
    if clause or any(len(each) > INSTEAD_WORDS for each in parts):
        return None
    one, other = (" ".join(capitalised(TURN.get(word, word)) for word in each) for each in parts)
    return f"{one}, not {other}"


def put_right(said: str, language: str) -> Filler | None:
    """What a correcting line says it is instead, as a clause; None where it only denies."""
    if both := instead(said, language):
        return both
    if language == "zh":
        found = _SAID_CHINESE.search(said)
        lives = _LIVES_CHINESE.search(said)
        text = found[1] if found else "".join(lives.groups()) if lives else ""
        text = turned_chinese(re.sub(r"^(关于|因为)|(这件事|的事)$", "", text))
        fits = text and not any(word in text for word in listed("zh", "blocked"))
        return Filler(text, text) if fits and "你没" not in text else None
    for clause in re.split(r"[.!?;,\n]+", said.replace("’", "'")):
        plain = re.sub(
            r"^(no+|nope|nah|i (said|meant|mean)|but|and|because)\s+", "", clause.strip()
        )
        words = plain.split()
        if not 2 <= len(words) <= MOST_WORDS or not _IS.match(plain) or _DENYING.search(plain):
            continue
        low = [word.lower() for word in words]
        if set(low) & (blocked("en") - {"living"} | {"you", "your", "youre", "you're", "weird"}):
            continue
        turned = [TURN.get(word, _SPELT.get(word, word)) for word in low]
        text = " ".join(capitalised(word) for word in turned)
        return Filler(text, text)
    return None


def turned(part: str, language: str) -> str | None:
    """A few words of theirs turned to them, "my sister" -> "your sister"; None where they may not
    be said back.
    """
    plain = part.strip().rstrip(".。!！,，").replace("’", "'")
    if language == "zh":
        held = any(word in plain for word in blocked("zh")) or "你" in plain
        return None if held or not plain or len(plain) > MOST_CHARACTERS else turned_chinese(plain)
    found = plain.split()
    low = {word.lower() for word in found}
    never = listed("en", "blocked") - listed("en", "harmless_inside")
    never |= listed("en", "never_mirrored") | {"you", "your", "you're", "we", "we're"}
    if low & never or "?" in plain or not 1 <= len(found) <= MOST_WORDS:
        return None
    return agreed(" ".join(map(_turned, found)))


def agreed(turned: str) -> str:
    """Words turned to the person with verbs that go with "you": "you was late", "you were late"."""
    return _NOT_AGREED.sub(lambda found: f"{found[1]} {_AGREES[found[2]]}", turned)


def _turned(word: str) -> str:
    low = word.lower()
    other = TURN.get(low) or _SPELT.get(low)
    day = word.capitalize() in listed("en", "weekdays")
    return other or (word.capitalize() if day else capitalised(word))


def turned_chinese(part: str) -> str:
    """你妈 alone can sound like swearing."""
    part = re.sub("我妈(?!妈)", "你妈妈", part)
    part = re.sub("我爸(?!爸)", "你爸爸", part)
    return part.replace("我", "你")


def blocked(language: str) -> frozenset[str]:
    """Words that are never said back."""
    return listed(language, "blocked") | listed(language, "never_mirrored")
