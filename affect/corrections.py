"""Whether a line corrects the program: "its not that", "jess is alive", "it was sarcasm", 你没听懂.

Fixed forms, because who is told wrong things of their own life says so in few words, and each
such word must count. A bare "no" corrects only what was stated; after a question it answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.agreeing import agrees
from affect.latest import remembered

if TYPE_CHECKING:
    from affect.shares import Turned

READ = 300  # characters of a line that are read for it
LINES = 2_048  # lines of which it is kept what they are, without their words
_OFFERS = frozenset({"permission", "asked_advice", "asked_again"})  # a no declines these

_SARCASM = re.compile(
    r"\b(that|this|it|i)( was|'s|'m| am)? (meant |being |just )*(sarcas\w+|ironic|irony)\b"
    r"|^\W*(it'?s |thats |just )?sarcasm\b|\bbeing sarcastic\b|反话|讽刺|挖苦",
    re.IGNORECASE,
)
_GRAVE = (
    r"(dead|died|die|dying|a death|grief|grieving|a funeral|sick|ill|dumped"
    r"|(a )?break-?up|a break up|(a )?divorce|illness|cancer|medical|(about )?(my )?"
    r"health|a health (thing|issue|problem)|about (that|her|him|them|my ex|love|death|dating))"
)
_CORRECTED = re.compile(
    r"\b(that|it|this)(('?s| is| was) not|n'?t| isn'?t| wasn'?t) (at all )?"
    r"(what|how|why|who) (i|we|it|he|she|they)\b"
    r"|\bnot what i('m| am)? (said|meant|mean|asked|saying|asking|told|talking)\b"
    r"|\bi (didn'?t|did not|never) (even )?(say|said|tell|told|mean|meant) (that|it|any"
    r"|you (that|it)"
    r"|\w+ (died|is dead|was dead|left me|broke up|was sick|is sick))"
    r"|\byou('?re| are)? ?(not|aren'?t|never|didn'?t|don'?t|weren'?t|do not) (even |really )?"
    r"(listen|hear|read|get it|understand|following|getting)"
    r"|\byou('?re| are)? (just |still |kinda |kind of )?(acting|talking|writing|going on|treating"
    r"|making it) (\w+ )?(like|as if|as though|sound)\b"
    r"|\byou('ve)? (got|get|had|have|understood|read) (\w+ )?(all |completely )?wrong\b"
    r"|\byou('ve)? (misunderst\w+|misread|mixed)\b|\bwrong (person|topic|story|thing)\b"
    r"|\bwhy (are|do|would|did) you (keep |even )?(talk|say|bring|go|act)\w*"
    r"|\b(nobody|no ?one) (has |is |was )?(died|dead|dying|left me|broke up|is sick|is ill"
    r"|got dumped)\b"
    rf"|\bnot like (she|he|they|it|\w+)('?s| is| are|'?re| has)? (a )?{_GRAVE}\b"
    rf"|\b(isn'?t|not|wasn'?t|aren'?t|didn'?t|hasn'?t|haven'?t) (even |actually |really )?"
    rf"({_GRAVE}|break up|broken up|left me)\W*($|[,.!;])"
    r"|\bwe('re| are| were)? ?(not|n'?t|aren'?t|arent|weren'?t) (even )?(together|dating"
    r"|a couple|married)\b"
    r"(?! any)|\bnot my (bf|gf|boyfriend|girlfriend|partner|husband|wife|ex|mom|mum|dad|family)\b"
    r"|\bi (didn'?t|did not|haven'?t) (lose|lost) (anyone|anybody|someone|him|her)\b"
    r"|\b(is|are|'s|'re|shes|hes|very much|still) (very much |still |totally )?alive\b"
    r"|^\W*(no+|nope|nah)?[,.! ]*(it|this|that)('?s| is| was|s)? ?(not|n'?t|isn'?t|wasn'?t)"
    r" ?(that|it|this|true|so|right|about (that|this|it|him|her|them))( at all)?[^\w]*($|[,.!])"
    r"|^\W*(wrong|incorrect)\b"
    r"|^\W*(no,? )?not (the|my|a|him|her|them|that) ?[\w ]{0,16}[,.;:] ?(it'?s )?(the|my|him|her"
    r"|them|it|a|how)\b|\bi (just )?said not\b|\bit was in this (talk|chat)\b"
    r"|\b(two|three|\d) (lines|messages) ago\b"
    r"|\bi (haven't|didn't) (even )?(done|do|did|called|tell|told) (anything|it|that|him|her|them)"
    r"( yet)?\W+i (was|meant|only)\b|\bi never said (you|i|he|she|it|that)\b"
    r"|^(啊|诶|哎)?[？?，,\s]*(没有?|哪有)(几|多少|那么|这么)(年|天|次|久|多|长)"
    r"|我(都)?已经.{1,6}了呀|我(什么时候|啥时候|哪).{0,2}说"
    r"|(?<![谁他她])(我|咱)(刚才|刚刚)?(说|讲|指|问)的(是(?!真)|不是)|我(可)?没(有)?(这么"
    r"|那么)?说(过|她|他|这)?"
    r"|不是(这个|那个|这|那)(个)?意思|不是(这|那)(样|个|回事|么回事)的?($|[，。！,!啊呀])"
    r"|(根本|完全|压根)?不是一回事"
    r"|(又|并|也|可)?(不是|没|没有|没有人|没人)(分手|离婚|失恋|去世|过世|死|生病|得病|住院"
    r"|确诊|情侣|一对|夫妻|谈恋爱)"
    r"|(还|都|就|他|她|是)活着|活着呢|活得好好的|人(还|都)?好好的"
    r"|你(根本|完全|到底|是不是|有没有|都|就)*(没|不)(有)?(听懂|看懂|明白|在听|听|听我|理解)|你听懂"
    r"|你(是不是|都|怎么|又)*(搞|弄|理解|会|想|猜|听|看)错|答非所问|牛头不对马嘴|跑题"
    r"|说(的)?什么呢",
    re.IGNORECASE,
)
# A line that begins with a no, by itself or before what is the case; "no regrets" denies nothing.
_NO = re.compile(
    r"^\W*(no+|nope|nah)\W*($|[,.!;:…-]|(it|its|it's|that|thats|that's|this|i|im|i'm|he|he's|hes|she"
    r"|she's|shes|we|they|the|my|not(?! really| now| yet)|but|there|you|wrong|because)\b)"
    r"|^\W*(it|this|that)('?s| is| was|s)? ?(not|n'?t|isn'?t|wasn'?t)\W*$"
    r"|^\W*(不是|不对|错了)(的|啊|呀|啦|吧)?([，,。！!…\s]|$)|^\W*不是[^，。！？?吗]{1,6}$",
    re.IGNORECASE,
)


def corrects(said: str, last: Turned | None) -> str | None:
    """`sarcasm` or `corrected` where the words correct what was answered before, else None."""
    if last is None:
        return None
    plain = said[:READ].replace("’", "'").strip()
    if _is_sarcasm(plain):
        return "sarcasm"
    stated = not last.asked and last.situation not in _OFFERS
    against = _is_correction(plain) or (stated and bool(_NO.search(plain)))
    return "corrected" if against and not agrees(plain, last.reply) else None


@remembered(LINES)
def _is_sarcasm(plain: str) -> bool:
    return bool(_SARCASM.search(plain))


@remembered(LINES)
def _is_correction(plain: str) -> bool:
    return bool(_CORRECTED.search(plain))
