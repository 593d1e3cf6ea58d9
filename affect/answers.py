"""What a short line answers: a yes, a no or a "don't know" belongs to what was asked before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect import kinds

if TYPE_CHECKING:
    from affect.shares import Turned

SHORT_WORDS, SHORT_CHARACTERS = 7, 12  # of a line that is nothing but an answer
SHORTEST_WORDS, SHORTEST_CHARACTERS = 5, 8  # of one to a question that may want anything
FEW = 2  # words of a question that asks back: "Badly?"
YES = re.compile(
    r"^\W*(yes|yeah|yep|yup|sure|ok|okay|please|go ahead|go on|i'?d like that|why not|ideas?|"
    r"an idea)\b|^\W*(好|行|可以|嗯|要|想听|说吧|你说|来吧|听听)",
    re.IGNORECASE,
)
NO = re.compile(
    r"\b(no|not|don'?t|just (listen|heard|vent))\b|不(?!错)|(?<![特分区])别(?!人|的)|算了|先听",
    re.IGNORECASE,
)

# What is asked there wants no short answer: leave, a number, or what was tried.
# What a greeting asks is open: whatever is told then is told, and answers nothing.
_OFFERS = frozenset(
    {"permission", "support", "support_first", "asked_advice", "advice_any"}
    | {"greeting", "back_again", "back", "may_i"}
)
# Kinds of line that tell of something new, and answer neither who it was nor what it was like; and
# kinds that do where they are clauses: "his old maps" has the form of one.
_TELLS_ON = frozenset({"reported", "did", "deeds", "plans", "what_if", "laugh", "laughing"})
_TELLS_ON_CHINESE = re.compile("[了没过着给还都成让，]|正在|一直")  # a Chinese clause, by its verb
_PLANS = re.compile(
    r"\W*(but|and then|also)\b|\W*(maybe|perhaps|probably) (tomorrow|later|tonight|next|another)\b",
    re.IGNORECASE,
)
_CLAUSES = {
    "answer_who": frozenset({"about", "own", "feels", "told"}),
    "answer_what": frozenset({"about", "own", "told"}),
}
_OF_TIME = frozenset({"answer_when", "answer_name"})
CLAUSE_WORDS, CLAUSE_CHARACTERS = 4, 5  # from which a line of such a kind is a clause
_HAN = re.compile(r"[\u4e00-\u9fff]")

# A whole line that is nothing but the answer.
_BARE = {
    "said_yes": re.compile(
        r"(oh |well |hmm+ )?(yes|yeah|yep|yup|ya|sure|i (do|did|am|was|have|guess( so)?|think so)"
        r"|kind ?of|kinda|sort of|a (bit|little)|maybe|probably|exactly|right|true|totally"
        r"|definitely|of course|mhm+|all the time|always|it (is|was|does|did))"
        r"( (yes|yeah|maybe|a bit|so|really|it (is|was|does|did)|i (do|did|am|was)))*"
        r"|(嗯+|对+|是的?|有(点|一点)?|会的?|没错|是啊|对啊|好像是|可能吧?|应该是|差不多|当然"
        r"|一直都是|有的)"
        r"(啊|呀|吧|呢|的|，?(是|有|对|嗯)(的|啊)?)*",
        re.IGNORECASE,
    ),
    "said_no": re.compile(
        r"(oh |well |lol |hmm+ )?(no|nope|nah|not (really|yet|at all|much|now|anymore)|never"
        r"|i (don'?t|didn'?t|haven'?t|wasn'?t|am not)( think so)?|no one|nobody|none"
        r"|nothing( really)?|it (isn'?t|wasn'?t|doesn'?t|didn'?t))"
        r"( (no|not (really|yet)|really|at all|thanks?|thank you|no ?body|no one|i didn'?t))*"
        r"|(没有?|不是?|不会|不太|没人|还没|并没有|不怎么|从来没有?)"
        r"(啊|呀|吧|呢|的|，?(没有|不是|没))*",
        re.IGNORECASE,
    ),
    "unsure": re.compile(
        r"(honestly )?(idk|dunno|(i )?(don'?t|do not) (really )?know|no (idea|clue)|not sure"
        r"|i'?m not sure|hard to say|who knows|beats me)"
        r"( (honestly|really|tbh|yet|maybe|why|anymore))*"
        r"|我?(也)?(不知道|不清楚|说不清楚?|说不上来?|不好说|没想过|没想好|不确定)(啊|呀|吧|呢"
        r"|诶)*",
        re.IGNORECASE,
    ),
}
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_BETWEEN = re.compile(r"[\s,.!?;:，。！？；、…~～-]+")
# Questions that a yes or a no answers.
_CLOSED = re.compile(
    r"(^|[.!?,:;] )(and |or |so |but )?(is|are|was|were|do|does|did|has|have|had|can|could|would"
    r"|will|shall|want|any(one|body|thing)?|somebody|someone|same|still|has anyone)\b[^.!?]*\?$"
    r"|(吗|没有|了没|不是|是不是.*|有没有.*|能不能.*|要不要.*|会不会.*|想不想.*)[？?]$",
    re.IGNORECASE,
)


_EITHER = re.compile(r"\bor\b|还是|\bwho\b|谁", re.IGNORECASE)


def answer(said: str, last: Turned | None) -> str | None:
    """`said_yes`, `said_no` or `unsure` where a bare answer follows a question, else None.

    After a question that wants more than a yes, a bare yes says nothing: it is None, and a bare no
    means that nothing comes to mind.
    """
    if last is None or not last.asked:
        return None
    kind = _bare(said)
    asked = last.reply[: 1 + max(last.reply.rfind(mark) for mark in "?？")]
    if kind in {None, "unsure"} or _CLOSED.search(asked.strip()):
        return kind
    return "unsure" if kind == "said_no" else None


# What a question of ours wants to know, by its words, and what an answer to it must hold.
_WANTS = {
    "answer_when": (
        re.compile(
            r"\b(when|since when|what (time|day|date)|how (long|soon)|how many (days|weeks"
            r"|months|years"
            r"|hours|nights))\b|什么时候|啥时候|几点|哪天|哪年|多久|几号|多少天|几天|几年",
            re.IGNORECASE,
        ),
        re.compile(
            r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|half|few|couple|ages"
            r"|years?|months?"
            r"|weeks?|days?|hours?|minutes?|ago|since|today|tonight|yesterday|tomorrow|now|soon"
            r"|last|next"
            r"|mornings?|evenings?|nights?|noon|midnight|weekends?|always|(mon|tues|wednes"
            r"|thurs|fri|satur"
            r"|sun)days?|january|february|march|april|may|june|july|august|september|october"
            r"|november"
            r"|december|spring|summer|autumn|winter|christmas|easter)\b"
            r"|[一二三四五六七八九十两几半多][个]?(年|月|天|周|点|号|小时|分钟|星期|礼拜|晚|宿)"
            r"|周|星期|礼拜|昨|今|明|前天|后天|刚|早|晚|夜|春|夏|秋|冬"
            r"|月|年|小时候|很久|好久",
            re.IGNORECASE,
        ),
    ),
    "answer_who": (
        re.compile(r"\b(who|whose|whom)\b|谁", re.IGNORECASE),
        re.compile(r"^(?!\W*(i|i'?m|i've|i'd|i'll|it|it's|that|this|there)\b)", re.IGNORECASE),
    ),
    "answer_name": (
        re.compile(r"\bname\b|\bcalled\b|叫什么|名字", re.IGNORECASE),
        re.compile(r"^\W*(\w+\W+){0,3}\w+\W*$|^.{1,8}$"),
    ),
    "answer_how": (
        re.compile(
            r"\bhow (are|is|was|were|did|does|do) (you|that|it|things|this)( (with|about|feel"
            r"|sit|go|look))?"
            r"|\bwhat('s| is| was) (that|it) like|\bhow do things stand|滋味|心情|感觉"
            r"|心里.{0,4}怎么样|怎么样了?[？?]",
            re.IGNORECASE,
        ),
        None,
    ),
}
_ASKS = re.compile(
    r"\b(who|whose|what|when|where|which|why|how|or)\b|谁|什么|啥|哪|怎么|咋|几|多少|多久|还是",
    re.IGNORECASE,
)
# Such a line turns to us, or leaves: it answers nothing.
_TURNS = re.compile(
    r"[?？]|\b(you|your|u|anyway|bye|thanks|thank|please|stop|forget)\b|你|谢|拜|算了|换个|别问",
    re.IGNORECASE,
)


def received(said: str, last: Turned | None) -> str | None:
    """The special turn that a short line is as the answer to our own question, by what that wanted
    to know: `answer_when`, `answer_who` ...; None where it answers nothing.
    """
    if last is None or not last.asked or last.situation in _OFFERS:
        return None
    plain = said.replace("’", "'").strip()
    question = _last_sentence(last.reply)
    if not question.endswith(("?", "？")) or not _ASKS.search(question) or _TURNS.search(plain):
        return None
    han = len(_HAN.findall(plain))
    if not plain or han > SHORT_CHARACTERS or (not han and len(plain.split()) > SHORT_WORDS):
        return None
    asked = (
        name
        for name, (wants, holds) in _WANTS.items()
        if wants.search(question) and (holds is None or holds.search(plain))
    )
    if _bare(plain):
        return None
    few = han <= SHORTEST_CHARACTERS if han else len(plain.split()) <= SHORTEST_WORDS
    heard = next(asked, "answer_what" if few else None)
    return None if heard not in _OF_TIME and _tells_on(plain, heard, han) else heard


def _tells_on(plain: str, heard: str | None, han: int) -> bool:
    """Whether a line tells of something new, whatever was asked."""
    kind = kinds.kind(plain)
    clause = han >= CLAUSE_CHARACTERS if han else len(plain.split()) >= CLAUSE_WORDS
    if _PLANS.match(plain) or (clause and han and _TELLS_ON_CHINESE.search(plain)):
        return True
    return kind in _TELLS_ON or (clause and kind in _CLAUSES.get(heard or "", ()))


def _bare(said: str) -> str | None:
    """Which bare answer a line is, and nothing else."""
    bare = _BETWEEN.sub(" ", _EDGES.sub("", said.replace("’", "'"))).replace("， ", "，")
    return next((name for name, form in _BARE.items() if form.fullmatch(bare)), None)


def _last_sentence(reply: str) -> str:
    return re.split(r"(?<=[.!。！])\s*", reply.strip())[-1]


def closed(reply: str) -> bool:
    """Whether a reply ends on a question that a yes or a no, or a word or two, answers."""
    question = _last_sentence(reply)
    short = len(question.split()) <= FEW if question.isascii() else len(question) <= 2 * FEW
    return short or bool(_CLOSED.search(reply.strip()) or _EITHER.search(question))


def says_yes(said: str) -> bool:
    """Whether the words begin with a yes and hold no no."""
    return bool(YES.search(said.strip())) and not NO.search(said)
