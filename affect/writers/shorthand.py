"""Words as they are typed in a hurry, spelt out: "idk if u r awake rn" -> what the rules can read.

Only what stands for one thing: "were" stays, for it is a word of its own. Of Chinese, traditional
characters are read as simplified ones.
"""

from __future__ import annotations

import re
from functools import cache

from affect.safety.rules import traditional
from affect.writers.lexicon import rows, table

_WORD = re.compile(r"(?<![\w'])[A-Za-z]+(?![\w'])")
# "Ill" is sick and "id" a document, except before these.
_CONTRACTED = re.compile(
    r"\b(i)(ll|d) (?=(just|never|probably|rather|have|tell|go|try|be|do|write|call|text|get|take"
    r"|make|ask|see|buy|wait|let|say|feel|like|love|hate|stay|leave|need|pay|send|give|find)\b)",
    re.IGNORECASE,
)


_IT_IS = re.compile(
    r"\b(it)s (?=(my|our|a|an|the|not|so|just|been|like|only|really|too|about|over|ok|okay"
    r"|fine|no|\d+|[a-z]{2,}ing)\b)",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"\b((?:my|our) (?:mom|mum|dad|mother|father|brother|sister|friend|boss|wife|husband|gran|nan"
    r"|grandma|grandpa|boyfriend|girlfriend|cat|dog))s "
    r"(?=(?!(?:are|were|have|and|all|both|don't|do|in|at|who|that)\b)[a-z])",
    re.IGNORECASE,
)


def spelt_out(said: str) -> str:
    """The line with its shorthand, lost apostrophes and traditional characters written plainly."""
    plain = simplified(said.replace("’", "'"))
    plain = _CONTRACTED.sub(r"\1'\2 ", plain)
    plain = _OWNER.sub(r"\1's ", _IT_IS.sub(r"\1's ", plain))
    return _WORD.sub(lambda found: _in_full(found.group()), plain)


def simplified(said: str) -> str:
    """The line with its traditional Chinese characters written as simplified ones."""
    return said.translate(_simplified())


def _in_full(word: str) -> str:
    full = _known().get(word.lower())
    if full is None:
        return word
    return full[0].upper() + full[1:] if word[0].isupper() and not word.isupper() else full


@cache
def _simplified() -> dict[int, int]:
    pairs = (*traditional(), *rows("zh", "traditional"))
    known: dict[int, int] = {}
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        known.update(str.maketrans(old, new))
    return known


@cache
def _known() -> dict[str, str]:
    return table("en", "shorthand")
