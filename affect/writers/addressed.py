"""What of a line is said about the reply before it: a question after its words, a correction, a
complaint; and what is told beside that.

"What table?" asks after a word that only we have used, "not the group, him" denies one that we
took up. What is put in other words is found by meaning. Whoever is quoted ("she said that's not
what I meant") says it to somebody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affect.agreeing import agrees
from affect.answers import closed
from affect.corrections import corrects
from affect.writers import words
from affect.writers.lexicon import turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from affect.writers.base import Exchange

    Meant = Callable[[str], str | None]

READ = 4  # sentences of a line that are read for it
SHORT = 9  # words of one that speaks about our words
SHORTEST = 4  # words of one in which any word of ours counts: "who's he", "before and after what"
ASKED_BACK = 2  # words of a question that can only be about a statement of ours: 会怎样？
TOLD_WORDS = 3  # what is told beside it, if it is to be answered
OWN_LINES = 6  # earlier lines whose words are the person's own

ASKED_ABOUT, CORRECTED, COMPLAINT = "meant", "corrected", "anger_at_bot"

_SENTENCE = re.compile(r"(?<=[.!?。！？…])\s*|\n+|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
# Said, asked or thought by somebody else, or to somebody else.
_REPORTED = re.compile(
    r"\b(he|she|they|who|someone|everyone|people|(my|the|our|his|her|their) \w+) "
    r"(just |always |never |also |then |still |only |keeps? )*"
    r"(sa(id|ys?)|ask(s|ed|ing)?|told|tells?|call(s|ed)|go(es)?|went|(was|were|is|are|'s) like"
    r"|thinks?|thought|wrote|writes|texted|repeat(s|ed)|understands?|listens?)\b"
    r"|\b(i|we) (just |then |also |already )*(said|asked|told|say|tell) (to )?(him|her|them|my|the"
    r"|sorry|no|yes)\b|\b(he|she|they)('s| is| are|'re) (always |just )*(asking|saying|telling)\b"
    r"|^说(?!了)|([他她](们)?|人家|我?(妈妈?|爸爸?|老公|老婆|男友|女友|男朋友|女朋友|朋友|领导|老板|老师"
    r"|室友|同事|女儿|儿子|[姐哥弟妹]))(就|又|还|却|老|总|从来|现在)*(都|不|没)?(说|问|骂|吼|发|回|讲|重复"
    r"|听|觉得|一句话)|我(就|又|说|回)*(跟|对|问)(他|她|我妈|我爸|房东|老板|领导)|(?<!你)(说|骂|问)我(?!的)",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"\b(i|me|my|we|he|she|they|you|u)\b|[你我他她]", re.IGNORECASE)
_SECOND = re.compile(r"\b(you|your|you're|u|ur|youre)\b|你", re.IGNORECASE)
_THIRD = re.compile(
    r"\b(he|she|they|him|her|them|his|their|people|(my|our) \w+|nobody|everyone)\b|[他她它]"
    r"|我(妈|爸)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"[?？]|^\W*(and |so |but )?(what|which|who|whose|how|where)\b|\bwhat\W*$|什么|啥|哪|谁",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(not|never|no|isn'?t|wasn'?t|aren'?t|didn'?t|don'?t|haven'?t)\b|不|没", re.IGNORECASE
)
# Says what it is instead: "not the group, him", "stepmum, not mother", 是老师不是老板.
_INSTEAD = re.compile(
    r"^\W*(no\W+)?(it'?s |i said |i meant )?not\b(?!.*\b(really|sure|yet|much|great|bad))"
    r"|[\w'][,.]? not \w+( \w+){0,2}\W*$"
    r"|^\W*(啊|哎|嗯)?[？?]?(又|也)?(不是|没有)|[，,]?不是[^，,]{1,6}$",
    re.IGNORECASE,
)
# Phrases by which people ask what was meant, say that they have said it, or that it hurt.
_PHRASES = (
    (
        ASKED_ABOUT,
        re.compile(
            r"\bwhat ((do|did|does) )?(you|u|that|this) (even |actually |really )?means?\b|\bwdym\b"
            r"|\b(don'?t|do not|can'?t) (get|understand|follow) (it|that|you|this)( \w+){0,2}\W*$"
            r"|(什么|啥)意思|^\W*(没|不)太?(看|听)?(懂|明白)\W*$|(听|看)不懂|没(听|看)懂你",
            re.IGNORECASE,
        ),
    ),
    (
        COMPLAINT,
        re.compile(
            r"\bi (literally |just |already )+(told you|said|wrote|answered|did|mentioned)\b"
            r"|\b(told|said) (you )?(that |it |this )?(already|twice|three times|before)\b"
            r"|\bi never (mentioned|said|told|asked)\b|\byou'?ve (asked|said|told) .{0,24}times\b"
            r"|^\W*(ouch|ow|oof)\b|^\W*(wow|really|seriously),? ?(ok|thanks)?\W*$"
            r"|(刚|早|都|已经|上面|前面|明明)(才|就)?(不是)?(说|讲|写|回答)(过|了)|(说|问|讲)[了过]?.{0,6}[两三四五几]遍"
            r"|我没(提|说)过|^\W*(就这|扎心)了?\W*$",
            re.IGNORECASE,
        ),
    ),
)
_NOTHING = re.compile(
    r"\b(nobody|no ?one|none|nothing)\b|没人|没有(人|谁)|没谁|都没|什么都", re.IGNORECASE
)
_FILLER = re.compile(
    r"\W*((ok(ay)?|well|hm+|wow|lol|haha|ha|ugh|no|nah|nope|yeah|right|oh|um|what|huh|sorry|fine|anyway"
    r"|i didn'?t)\W*)+|\W*([嗯啊哦呃唉哈额诶]|好吧|算了|行吧|好的?|不是)*\W*",
    re.IGNORECASE,
)
# Words that are nobody's: only of a very short question are other small words looked at.
_NOBODYS = re.compile(
    r"a|an|and|are|as|at|be|but|do|does|did|for|i|in|is|it|its|me|my|of|on|or|so|that|the|this|to"
    r"|was|what|what's|which|who|who's|how|where|why|you|your|with|mean|like|just|even"
    r"|[的了是我你他她它这那么什啥哪谁怎不没有在也都就还吗呢啊呀吧一个人说看想为要会能和跟]"
)


@dataclass(frozen=True, slots=True)
class Addressed:
    """`act` is the situation that a line is by what it says about our last reply; `rest` is what it
    tells beside that, empty where it tells nothing."""

    act: str
    rest: str


def addressed(said: str, history: Sequence[Exchange], meant: Meant) -> Addressed | None:
    """What of `said` is about our last reply; None where nothing is.

    `meant` gives the act of a sentence as it was learned, where it is sure.
    """
    if not history:
        return None
    found: list[str] = []
    rest: list[str] = []
    parts = sentences(said)
    for number, sentence in enumerate(parts):
        bare_no = len(parts) > 1 and _FILLER.fullmatch(sentence) and not _ASKS.search(sentence)
        looked_at = number < READ and not bare_no
        act = _act(sentence, history, meant) if looked_at else None
        if act:
            found.append(act)
        elif not _FILLER.fullmatch(sentence):
            rest.append(sentence)
    if not found:
        return None
    told = " ".join(rest)
    act = next(each for each in (COMPLAINT, CORRECTED, ASKED_ABOUT) if each in found)
    return Addressed(act, told if words.count(told) >= TOLD_WORDS else "")


def sentences(said: str) -> list[str]:
    """The sentences of a line; in Chinese a space may stand for the stop."""
    return [part.strip() for part in _SENTENCE.split(said) if part.strip(" ,，.。…")]


def reported(said: str) -> bool:
    """Whether it tells what somebody else says, or what was said to them."""
    return bool(_REPORTED.search(said.replace("’", "'")))


def to_us(said: str) -> bool:
    """Whether it speaks to the program, and of nobody else."""
    return bool(_SECOND.search(said)) and not _THIRD.search(said)


def _act(sentence: str, history: Sequence[Exchange], meant: Meant) -> str | None:
    """The act of one sentence."""
    plain = sentence.replace("’", "'")
    if reported(plain) or agrees(plain, history[-1].reply):
        return None
    return _by_form(plain, history) or meant(plain)


def _by_form(plain: str, history: Sequence[Exchange]) -> str | None:
    bare = words.bare(plain).strip()
    if turns("whole")["explain"].fullmatch(bare):
        return ASKED_ABOUT
    if corrects(plain, history[-1]):
        return CORRECTED
    if act := _about_words(plain, history):
        return act
    return next((act for act, form in _PHRASES if form.search(plain)), None)


def _about_words(plain: str, history: Sequence[Exchange]) -> str | None:
    """Whether a short sentence asks after words of ours, or denies them."""
    if words.count(plain) > SHORT:
        return None
    last = history[-1]
    theirs = " ".join(turn.said for turn in history[-OWN_LINES:])
    ours = words.stems(plain) & words.stems(last.reply)
    alone = bool(ours - words.stems(theirs))  # only we have used it
    if _ASKS.search(plain):
        return ASKED_ABOUT if alone or _asks_back(plain, last, theirs) else None
    if not ours or not _DENIES.search(plain):
        return None
    asked = words.stems(sentences(last.reply)[-1]) & ours if last.asked else frozenset()
    if asked and (closed(last.reply) or _NOTHING.search(plain)):
        return None  # it answers
    return CORRECTED if alone or _INSTEAD.search(plain) else None


def _asks_back(plain: str, last: Exchange, theirs: str) -> bool:
    """Whether a question is so short that it can be about our reply alone: "who's he", 会怎样？"""
    if any(form.search(plain) for form in turns("wants").values()):
        return False  # "any ideas?" asks for some
    length = words.count(plain)
    if not last.asked and length <= ASKED_BACK and not _OTHERS.search(plain):
        return True
    return length <= SHORTEST and bool(_units(plain) & _units(last.reply) - _units(theirs))


def _units(text: str) -> frozenset[str]:
    return frozenset(unit for unit in words.units(text) if not _NOBODYS.fullmatch(unit))
