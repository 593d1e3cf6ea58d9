"""A miss that the person names, "that's not what i asked", 你没听懂, and what is taken up anew.

Whoever says so in words that leave no doubt is owed a word that owns it, whatever else the line
looks like, and then an answer to what they said: here ("you're not listening, i said she's away"),
or in the line that was missed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect import kinds
from affect.corrections import corrects
from affect.special import ASKS
from affect.writers import plainly, words
from affect.writers.addressed import TOLD_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.writers.base import Exchange

LOOKED_BACK = 4  # lines among which the missed one is
_NAMED = re.compile(
    r"\b(that|this|it)(('?s| is| was) not|n'?t| isn'?t| wasn'?t) (at all |really )?(what|how) i"
    r"(('| a)m| was)? (just |even |actually )?(said|meant|mean|asked|asking|wrote|put it|told"
    r"|saying)\b"
    r"|^\W*no\W+i (just |clearly )?(said|meant|asked)\b"
    r"|\bnot what i(('| a)m| was)? (just |even |actually )?(said|meant|mean|asked|asking|wrote|told"
    r"|talking|saying)\b"
    r"|\b(you'?re|you are|you'?ve|you( have| were| did| do)?|u r|ur|u) ?(still |just |clearly )?"
    r"(not|n'?t|never|didn'?t|don'?t|aren'?t|weren'?t|haven'?t) (even |really |actually |quite )?"
    r"(listen\w*|hear(ing|d)?|read(ing)?( (it|that|what|my|me))|get(ting)? (it|me|that)|got (it"
    r"|me|that)"
    r"|understand\w*|understood|follow\w*|answer\w*|paying attention)\b(?! to (him|her|them))"
    r"|\byou(('ve| have)? (completely |totally |just )?(misread|misunderst\w+|missed|ignored"
    r"|forgot)"
    r"(?! (him|her|them|out|home))|('ve)? (got|have|had) (it|me|that|this) (all "
    r"|completely )?wrong)\b"
    r"|\bi('ve| have)? (literally |just |only |already |also )*(told you(?! (about|the|what|how"
    r"|who|why|when|so)\b)|wrote that|answered (that|it|you))\b"
    r"|\bi (literally |just |already )+(said|mentioned|asked) (that|it|so|this|you)\b"
    r"|\bi (literally |just |already )+said\W*$|\b(told|said) (you )?(that |it |this )?(already"
    r"|twice|before)\b"
    r"|\b(has|had|have) nothing to do with (what i|it|that|me|my)\b|\bi asked (you )?(something"
    r"|a question"
    r"|about something) else\b|\bthat('?s| is| was) no(t an?)? answer\b|\b(you|that) (didn'?t"
    r"|doesn'?t) answer"
    r"|\bread (it|that|what i (said|wrote)|my (message|line)) (again|properly)\b"
    r"|\bwrong (person|topic|story)\b"
    r"|\byou('?re| are) (mixing|confus\w+)"
    r"|你(根本|完全|到底|是不是|有没有|压根|都|就|又|还是)*(没|不)(有)?(在|认真|好好)?(听懂"
    r"|看懂|明白我|听进去|听我|听|理解我|看我"
    r"|看清|接住|回答)(?!他|她|课|歌)|你(是不是|都|怎么|又)*(搞|弄|理解|会|想|猜|听|看|扯)(错"
    r"|岔|偏)"
    r"|(答非所问|牛头不对马嘴|文不对题|跑题)|我(刚才|刚刚|刚|前面|上面|都|已经|早就?|明明)(才"
    r"|就)?(不是|都|已经)*(跟你)?(说|讲|写|答|回答)"
    r"(过|了)(?!.*[他她])|我(刚才|刚刚)?(说|讲|问)的(又|可|明明)?(不是|是(?!真))|不是(这个|那个"
    r"|这|那)个?意思|我(是|在)问(?![他她])|我(可)?没(有)?(这么|那么)说"
    r"|(跟|和)我说的.{0,4}(没关系|不搭|对不上|两回事)|我问的你",
    re.IGNORECASE,
)
# Told to somebody else, told by them, or asked whether it is remembered: no miss is named.
_ELSEWHERE = re.compile(
    r"\b(he|she|they|who|mum|mom|dad|boss|(my|the|our) \w+)('s|'d| just| always| then"
    r"| kept)* (said|says|told"
    r"|goes|asked|keeps? saying)\b|\b(i|we) (just |already )?(said|told) (to )?(him|her|them|my)\b"
    r"|\b(do|can|will|did) you (still |even |actually )*(remember|recall|know|keep)\b|记得"
    r"|记不记得|什么来着"
    r"|([他她]们?|人家|我?(妈|爸|老公|老婆|领导|老板|老师|同事|室友|朋友))(就|又|还|总|老)*(说"
    r"|问|嫌|怪|骂|觉得|讲)",
    re.IGNORECASE,
)
_PART = re.compile(r"(?<=[,;，；])\s*|\s+[-–—]+\s+|(?<=[.!?。！？])\s*")
_LEAD = re.compile(
    r"^\W*((but|and|so|no|nope|sorry|because)\W+)*(it was |it'?s )?i('m| am| was|'ve)? (just "
    r"|only |already |literally |actually )*"
    r"(said|say|saying|told you|asked( you)?|asking( you)?|meant|mean|wrote|talking about)\b"
    r"( that\b(?! i\b)| it was| it'?s)?[\s:,]*"
    r"|^\W*(但|可是|可|不是)?[，,]?我(刚才|刚刚|刚|前面|明明)?(是|在)?(想)?(说|讲|问"
    r"|指)(你)?(的)?(是|过)?[，,：:]?",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\W*((that|so|it|this|already|twice|before|no|nope|sorry|but|and|了|过|不是|不对|啊|诶"
    r"|哎)\W*)*",
    re.IGNORECASE,
)


def named(said: str) -> bool:
    """Whether the words say that our last reply missed what they said."""
    plain = said.replace("’", "'").strip()
    parts = (*_PART.split(plain), plain)
    return any(_NAMED.search(part) and not _ELSEWHERE.search(part) for part in parts)


def restated(said: str) -> str:
    """What a line that names a miss says again: "i said she's away" -> "she's away"; or nothing."""
    told = []
    for part in _PART.split(said.replace("’", "'").strip()):
        bare = _LEAD.sub("", part, count=1)
        if bare == part and named(part):
            continue
        if not _NOTHING.fullmatch(bare):
            told.append(bare.strip())
    return " ".join(told)


def missed(history: Sequence[Exchange]) -> Exchange | None:
    """The line that was missed: the last that does not itself say so."""
    lately = history[-LOOKED_BACK:]
    return next((each for each in reversed(lately) if not named(each.said)), None)


def anew(said: str, history: Sequence[Exchange]) -> str:
    """What is to be answered anew: what the line says again, or the question that was missed;
    nothing where only words of theirs can be said back.
    """
    told = restated(said)
    if (words.count(told) >= TOLD_WORDS or kinds.asks(told)) and not corrects(told, history[-1]):
        return told
    line = missed(history)
    return line.said if line and not told and _asked(line) else ""


def _asked(line: Exchange) -> bool:
    return line.situation in ASKS or kinds.asks(line.said) or plainly.asked(line.said) is not None
