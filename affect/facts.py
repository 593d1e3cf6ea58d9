"""Facts of a person's life in what they write: people by name, what lies ahead and when.

Fixed forms, so that what is kept can be foreseen: "my sister Anna", "I have an exam tomorrow",
我妹妹叫小雨, 明天有面试. A fact is the person's own phrase, never a conclusion; feelings are none.
What is asked, wished for or denied is passed over: a missed fact costs less than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

READ = 2_000  # characters of what is written that are looked through
LONGEST = 120  # characters of a phrase


class Kind(StrEnum):
    """What a fact is of."""

    PERSON = "person"
    EVENT = "event"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Fact:
    """A phrase of a person's own about their life.

    `about` says what it is of ("sister", "exam", 面试): a later fact of the kind about the same
    takes its place. `when` is the last day on which it may be. `over` says that it has been, or
    will not be.
    """

    kind: Kind
    about: str
    words: str
    when: date | None = None
    over: bool = False

    def replaces(self, other: Fact) -> bool:
        """Whether the other is not to be used any more once this one is told."""
        same = self.about.casefold() == other.about.casefold()
        return same and (self.kind is other.kind or (self.over and other.kind is not Kind.PERSON))

    def to_ask_after(self, today: date) -> bool:
        """Whether a friend would ask how it was: it is over since yesterday, lately, and light."""
        if self.over or self.when is None or not self.when < today <= self.when + ASKED_WITHIN:
            return False
        return self.kind is Kind.PLAN or self.about in LIGHT


ASKED_WITHIN = timedelta(days=10)

LIGHT = frozenset(
    re.split(
        r"[,\n] *",
        """exam,test,driving test,interview,job interview,presentation,audition,viva,match,game
        competition,concert,performance,recital,tournament,race,marathon,wedding,flight,trip,date
        appointment,meeting,talk,speech,party,final,midterm,dentist,performance review
        考试,面试,答辩,汇报,演讲,比赛,婚礼,演出,驾考,期末考,期中考,体检,相亲,聚会,见面""",
    )
)

_NOUNS = (
    r"driving test|job interview|performance review|exam|test|interview|appointment|surgery"
    r"|operation"
    r"|scan|biopsy|presentation|audition|viva|match|game|competition|concert|performance|recital"
    r"|tournament|race|marathon|wedding|funeral|hearing|trial|flight|trip|date|meeting|talk|speech"
    r"|party|final|midterm|dentist"
)
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_TIME = (
    rf"(?:today|tonight|tomorrow(?: (?:morning|afternoon|evening|night))?"
    rf"|(?:on |this |next )?(?:{_DAYS})(?: (?:morning|afternoon|evening|night))?"
    r"|next week|this weekend|next weekend|in (?:a|two|three|four|five|\d{1,2}) (?:days?|weeks?))"
)
_KIN = (
    r"mum|mom|mother|dad|father|sister|brother|son|daughter|wife|husband|partner|girlfriend|boyfriend"
    r"|fiancée?|friend|best friend|boss|manager|colleague|coworker|roommate|flatmate|grandma"
    r"|grandmother|grandpa|grandfather|aunt|uncle|cousin|niece|nephew|teacher|dog|cat"
)
# Of these there is one at a time; of sisters or friends there may be several, told apart by name.
_ONE = frozenset(
    re.split(
        r"[,\n] *",
        """mum,mom,mother,dad,father,wife,husband,partner,girlfriend,boyfriend,fiancé,fiancée
        best friend,boss,manager,妈妈,妈,爸爸,爸,老婆,老公,男朋友,女朋友,男友,女友,老板,领导""",
    )
)
# Small words that may stand before what lies ahead: "a big maths exam", "my sister's wedding".
_BEFORE = r"(?:(?:a|an|my|the|our|this|another) )(?:(?!not\b|no\b)[\w'-]+ ){0,3}?"

_ENGLISH: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.EVENT,
        re.compile(
            rf"\b(?:i have|i've got|i got|i've|there's|there is|we have|i'm having) {_BEFORE}"
            rf"(?P<about>{_NOUNS})\b(?: (?:with|at|for|in) [\w' ]{{1,30}}?)?,? (?P<time>{_TIME})\b",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.EVENT,
        re.compile(
            rf"\b(?:my|our) (?:[\w'-]+ ){{0,3}}?(?P<about>{_NOUNS})(?: is|'s| starts| (?:was|got"
            rf"|has been|is) (?:moved|pushed back|postponed) (?:to|until))?"
            rf" (?P<time>{_TIME})\b(?! (?:was|went)\b)",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.EVENT,
        re.compile(
            rf"\b(?P<time>{_TIME}),? (?:is|i have|i've got|there's) {_BEFORE}(?P<about>{_NOUNS})\b",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.PLAN,
        re.compile(
            r"\bi(?:'m| am) (?P<about>(?:flying|moving|travelling|traveling|driving|going)"
            r" (?:back )?to (?!be\b|have\b|get\b|do\b|try\b|go\b|die\b|kill\b)[\w' ]{2,30}?"
            rf"|(?:visiting|seeing|meeting) [\w' ]{{2,30}}?),? (?P<time>{_TIME})\b",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.PERSON,
        re.compile(
            rf"\b[Mm]y (?P<about>{_KIN})(?:'s name is|,? (?:is )?(?:called|named)|,)?"
            r" (?P<name>[A-Z][a-zé'-]{1,20})\b"
        ),
    ),
)
_OVER = re.compile(
    rf"\b(?:my|the|that|our) (?:[\w'-]+ ){{0,2}}?(?P<about>{_NOUNS})"
    r" (?:went|was|is|got|has been|is now) (?:really |so |just |all )?"
    r"(?:cancell?ed|called off|over|done|fine|good|great|well|bad|badly"
    r"|terrible|terribly|awful|okay|ok|alright|amazing|a (?:disaster|success))\b"
    rf"|\bi (?:passed|failed|aced|survived|finished|missed|cancell?ed) (?:my|the|that) "
    rf"(?:[\w'-]+ ){{0,2}}?(?P<also>{_NOUNS})\b",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(
    r"\b(?:if|wish|wished|unless|imagine|suppose|pretend|dreamt|dreamed|used to|didn't|don't"
    r"|haven't|never|no longer|would|could have)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\blast (?:week|month|year)\b|上周|上个月|去年|昨天", re.IGNORECASE)
"""Nothing lies ahead in such a sentence; whom it names is there all the same."""

_THINGS = (
    "考试|面试|手术|体检|复查|答辩|汇报|演讲|比赛|婚礼|葬礼|开庭|演出|驾考"
    "|期末考|期中考|相亲|聚会|见面"
)
_WHEN = (
    r"今天|今晚|明天|明早|明晚|后天|大后天|(?:这|下)?(?:个)?(?:周|星期|礼拜)[一二三四五六日天末]|周末|下周"
    r"|[一二两三四五六七八九十\d]{1,2}天(?:之)?后"
)
_RELATIVES = (
    "妈妈?|爸爸?|姐姐?|哥哥?|弟弟?|妹妹?|儿子|女儿|老婆|老公|男朋友|女朋友|男友|女友|室友|同桌|同事|老板"
    "|领导|闺蜜|朋友|表姐|表妹|表哥|表弟|狗|猫"
)
_CHINESE: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.EVENT,
        re.compile(
            rf"(?P<time>{_WHEN})(?:早上|上午|中午|下午|晚上)?我?(?:就)?(?:要|得|有|去|是)?(?:去)?"
            rf"(?:个|一个|场|一场)?[\u4e00-\u9fff]{{0,4}}?(?P<about>{_THINGS})"
        ),
    ),
    (
        Kind.EVENT,
        re.compile(
            rf"(?P<about>{_THINGS})(?:时间)?(?:是|在|就在|定在|改到|推到|推迟到|挪到)(?:了)?(?P<time>{_WHEN})"
        ),
    ),
    (
        Kind.PERSON,
        re.compile(
            rf"我(?:的)?(?P<about>{_RELATIVES})(?:的名字)?(?:叫|名叫)(?P<name>[\u4e00-\u9fffA-Za-z]{{1,8}})"
        ),
    ),
)
_CHINESE_OVER = re.compile(
    rf"(?P<about>{_THINGS})(?:取消|没过|过了|考完|结束|完了|挺顺|很顺|顺利|还行|还可以|搞砸|砸了|不错|没考好|考砸|考得)"
    rf"|(?:取消|搞砸|错过)了?(?:那个|那场)?(?P<also>{_THINGS})"
)
_CHINESE_DOUBTFUL = re.compile("如果|要是|假如|希望|万一|以前|曾经|梦见|没有|不用")

_SENTENCE = re.compile(r"[^.!?;。！？；\n]+[?？]?")
_NUMBERS = {"a": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_CHINESE_NUMBERS = {character: n for n, character in enumerate("零一二三四五六七八九十")} | {
    "两": 2
}
_WEEK = "一二三四五六日"


def found(said: str, language: str, today: date) -> tuple[Fact, ...]:
    """The facts in what somebody writes on the day `today` of their own clock, in their order.

    Of several about the same thing the last one stays.
    """
    told: dict[tuple[Kind, str], Fact] = {}
    for sentence in _SENTENCE.findall(said[:READ]):
        if sentence.rstrip().endswith(("?", "？")):
            continue
        for fact in _of(sentence, language, today):
            told[fact.kind, fact.about] = fact
    return tuple(told.values())


def _of(sentence: str, language: str, today: date) -> list[Fact]:
    chinese = language == "zh"
    over = (_CHINESE_OVER if chinese else _OVER).search(sentence)
    if over:
        about = (over["about"] or over["also"]).lower()
        return [Fact(Kind.EVENT, about, over[0].strip()[:LONGEST], over=True)]
    if (_CHINESE_DOUBTFUL if chinese else _DOUBTFUL).search(sentence):
        return []
    day: Callable[[str, date], date | None] = _chinese_day if chinese else _day
    past = bool(_PAST.search(sentence))
    facts = []
    for kind, pattern in _CHINESE if chinese else _ENGLISH:
        if past and kind is not Kind.PERSON:
            continue
        for match in pattern.finditer(sentence):
            fact = Fact(kind, match["about"].strip(), match[0].strip()[:LONGEST])
            if kind is Kind.PERSON:
                about = fact.about.lower()
                facts.append(
                    replace(fact, about=about if about in _ONE else f"{about} {match['name']}")
                )
            elif when := day(match["time"].lower(), today):
                about = fact.about if kind is Kind.PLAN else fact.about.lower()
                facts.append(replace(fact, about=about, when=when))
    return facts


def _day(time: str, today: date) -> date | None:
    """The last day that "tomorrow", "on Friday" or "next week" may mean."""
    words = time.split()
    if words[0] in {"today", "tonight"}:
        return today
    if words[0] == "tomorrow":
        return today + timedelta(days=1)
    if words[0] == "in":
        count = _NUMBERS.get(words[1]) or int(words[1])
        return today + timedelta(days=count * (7 if words[2].startswith("week") else 1))
    sunday = today + timedelta(days=6 - today.weekday())
    if "week" in words[-1]:
        ahead = 7 if words[0] == "next" else 0
        return sunday + timedelta(days=ahead)
    named = next(word for word in words if word in _DAYS.split("|"))
    number = _DAYS.split("|").index(named)
    if words[0] == "next":
        return sunday + timedelta(days=number + 1)
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _chinese_day(time: str, today: date) -> date | None:
    near = {"今天": 0, "今晚": 0, "明天": 1, "明早": 1, "明晚": 1, "后天": 2, "大后天": 3}
    if time in near:
        return today + timedelta(days=near[time])
    if "天" in time and time.endswith("后"):
        digits = time[: time.index("天")]
        count = int(digits) if digits.isdecimal() else _CHINESE_NUMBERS.get(digits)
        return None if count is None else today + timedelta(days=count)
    sunday = today + timedelta(days=6 - today.weekday())
    later = timedelta(days=7 if time.startswith("下") else 0)
    if time.endswith(("末", "下周")):
        return sunday + later
    number = _WEEK.index(time[-1].replace("天", "日"))
    on = sunday - timedelta(days=6 - number) + later
    return on if on >= today else on + timedelta(days=7)
