"""Which special turns a line can be at all, by the words that such a turn needs.

Nearness alone mistakes "should I write to her?" for a question to the program: these turns are only
possible where the words themselves speak of such a thing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect import kinds, matters
from affect.types import Strategy
from affect.writers.addressed import reported, to_us
from affect.writers.lexicon import contrast, no_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.writers.base import Exchange

_ANSWERING = frozenset({"anger_at_bot", "wrong_guess"})  # need a reply that they answer


_NO_GUESS = re.compile(
    r"(no|nope|nah|不|不用|不了|不要|没有)\W*(not now|thanks|thank you|really)?\W*"
    r"|(yes|yeah|yep|ok|okay|sure|好|嗯|对|是的).*",
    re.IGNORECASE | re.DOTALL,
)
# A correction that names a feeling corrects the guess of one.
FEELING = re.compile(
    r"\b(sad|angry|mad|upset|scared|afraid|worried|happy|tired|anxious|jealous|joking|depressed)\b"
    r"|难过|生气|害怕|担心|开心|高兴|伤心|焦虑|抑郁",
    re.IGNORECASE,
)
_SOME_HELP = re.compile(
    r"\b(some|any|a (little|bit of)|use|need|for)( \w+)? (help|support)\b(?! (me|to|with)\b)"
    r"|(需要|想要|找)(一?些|一?点|点儿)?(帮助|支持)",
    re.IGNORECASE,
)
_SPOKEN_OF = {
    "what_do_you_keep": re.compile(
        r"\b(keep|kept|stor(e|ed|ing)|sav(e|ed|ing)|record|data|privacy|private|delet|eras"
        r"|leak|remember|who (can |could )?(see|read))|存|记录|记得|隐私|泄露|删|看到|保密",
        re.IGNORECASE,
    ),
    "how_do_you_know": re.compile(
        r"\bhow (do|did|can|could|would) you\b|what makes you|why (do|did|would) you (think|say)"
        r"|\bguess|怎么知道|凭什么|怎么看出|怎么判断|怎么猜|怎么晓得",
        re.IGNORECASE,
    ),
    "are_you_real": re.compile(
        r"\b(you|this|bot|human|robot|machine|ai)\b|你|真人|机器", re.IGNORECASE
    ),
    "cannot_serve": re.compile(
        r"\b((can|could|will|would) you|for me|do i have|am i|promise|secret|diagnos\w*|depress\w*"
        r"|bipolar|adhd|ocd|autis\w*|pills?|dose|mg|medic\w*|tablets?|prescri\w*|legal|lawyer|sue"
        r"|marry|date me|write me)\b|帮我|替我|药|诊断|抑郁|症|病|保证|秘密|联系|律师",
        re.IGNORECASE,
    ),
    "anger_at_bot": re.compile(
        r"\b(you|your|yourself|help\w*|listen\w*|answers?|questions?|bot|this)\b|你|废话|没用|敷衍|重复",
        re.IGNORECASE,
    ),
    "harsh_on_self": re.compile(
        r"\b(i'?m|i am|me|my|myself|i (can'?t|never|always|ruin|fail|mess|screw|hate myself))\b"
        r"|我",
        re.IGNORECASE,
    ),
    "love_me": re.compile(r"\byou\b|\bu\b|^(?!.*[他她]).*你", re.IGNORECASE),
    "small_talk": re.compile(r"^(?!.*(吐|没叫|没喊|不想))."),
    "take_sides": re.compile(
        r"\b(right|wrong|sides?|agree|faults?|fair|unfair|unreasonable|overreact\w*|crazy|too much"
        r"|problem|blame|dramatic)\b|错|问题|对不对|站|评|过分|怪谁|谁对",
        re.IGNORECASE,
    ),
    "self_blame": re.compile(
        r"\b(me|i|my|i'm)\b.*\?|\b(am i|did i|is it me|my fault|wrong with me)\b|我", re.IGNORECASE
    ),
    "loved": re.compile(
        r"\b(he|she|they|it|dad|mum|mom|gran\w*|animals|\w+)\b.*\b(knew|know|felt?|proud|tell"
        r"|mattered|waiting|like|think|say)\b|[他她它]|爸|妈|爷|奶|外",
        re.IGNORECASE,
    ),
    "like_me": re.compile(
        r"\b(he|she|they|people|everyone|them|\w+)\b.*\?|^(?!.*\bdo you (like|love)).*\bdo (you|u)"
        r"|[他她]|大家|别人|人家",
        re.IGNORECASE,
    ),
    "comfort": re.compile(
        r"\b(say|tell|help|give|stay|comfort|calm|cheer|something|distract|easier|better|ok)\b"
        r"|说|话|安慰|陪|帮|哄|熬|好受|会好",
        re.IGNORECASE,
    ),
    "asked_advice": re.compile(
        r"\b(tips?|advice|ideas?|how (do|can|should)|what (helps|can|should))\b"
        r"|办法|建议|怎么|如何|主意|招",
        re.IGNORECASE,
    ),
    "congratulate": re.compile(
        r"\bcongrat|\bwell done\b|\bhappy for me\b|\bproud of me\b|恭喜|祝贺|夸|鼓掌|替我高兴",
        re.IGNORECASE,
    ),
    "about_me": re.compile(
        r"\b(you|your|u)\b|\b(this|it) (an? )?(ai|bot|program)\b|你", re.IGNORECASE
    ),
    "how_are_you": re.compile(
        r"\bhow (are|have|do) (you|u|things)\b"
        r"|\bhow('s|s| is| has) (it going|life|things|your|everything)"
        r"|\bwhat's new\b|\byou (ok|good)\b|\bhaving a good\b|好(吗|不|呀|啊)|怎么样|咋样|新鲜事",
        re.IGNORECASE,
    ),
    "irony": re.compile(
        r"\b(great|wonderful|nice|sure|lovely|perfect|brilliant|fantastic|thanks|right)\b"
        r"|呵呵|真行|真棒|太好了|好得很|厉害|谢谢",
        re.IGNORECASE,
    ),
}


_FIRST = re.compile(r"\b(i|me|my|i'm|we|us)\b|我", re.IGNORECASE)
_OTHER = re.compile(r"\b(he|she|they|him|her|them|people|everyone)\b|[他她]", re.IGNORECASE)
_QUESTIONS = frozenset({"self_blame", "loved", "like_me", "fact", "about_me"})
_WANTS_VIEW = re.compile(
    r"\bdo (you|u) think\b|\b(tell me|explain) what you\b|^\W*(am|is|did|do|does|how)\b"
    r"|你(说|觉得)|是不是|多少|多久|什么(?!都|也)",
    re.IGNORECASE,
)


def possible(name: str, said: str, history: Sequence[Exchange]) -> bool:
    """Whether a line that lies near the cues of a situation can be one."""
    asked = name not in _QUESTIONS or (asks_view(said) and not reported(said))
    if not asked or (name in _SPOKEN_OF and not _SPOKEN_OF[name].search(said)):
        return False
    if (name == "good_news" and unsettled(said)) or (
        name == "comfort" and seeks_help(said, history)
    ):
        return False
    if name == "mixed_news":
        return bool(contrast().search(said))
    if name == "anger_at_bot" and (reported(said) or (_OTHER.search(said) and not to_us(said))):
        return False  # who asked, said or did it was somebody else
    if name == "wrong_guess" and (_NO_GUESS.fullmatch(said.strip()) or not _guessed(history)):
        return matters.denies(said) and bool(FEELING.search(said))
    return bool(history) or name not in _ANSWERING


def seeks_help(said: str, history: Sequence[Exchange]) -> bool:
    """Whether a talk begins by saying no more than that help is wanted ("I could use some help"):
    with what is to be heard first.
    """
    return not history and bool(_SOME_HELP.search(said))


def asks_view(said: str) -> bool:
    """Whether it asks, or wants to hear what is thought of it."""
    return kinds.asks(said) or bool(_WANTS_VIEW.search(said))


def asks_us(said: str) -> bool:
    """Whether it asks the program about itself: "you", and nobody else."""
    return kinds.asks(said) and to_us(said) and not _FIRST.search(said)


def _guessed(history: Sequence[Exchange]) -> bool:
    """Whether the last reply guessed at a feeling, which alone can be guessed wrong."""
    last = history[-1] if history else None
    guessed = last is not None and last.strategy is Strategy.REFLECTION_OF_FEELINGS
    return guessed or (last is not None and bool(FEELING.search(last.reply)))


def unsettled(plain: str) -> bool:
    """Whether an outcome that it tells is none yet, or a mixed one."""
    return bool(no_outcome().search(re.sub("不[错少小低]", "", plain)))
