"""Whether a line takes leave, whatever is told before it: "nobody. anyway thx, going to bed".

Fixed forms for its last clauses; who is quoted ("he said good night") takes leave of somebody else.
"""

from __future__ import annotations

import re

from affect import kinds
from affect.writers import words
from affect.writers.addressed import reported
from affect.writers.lexicon import turns

READ = 300  # characters at the end of a line that are read for it
LONGEST = 120  # characters of a line that may take leave in words of its own
LEAST_WORDS = 3  # and its words
_CLAUSES = re.compile(r"[.,!;\n。，！；…]+|\s[-–—]+\s")
# A space beside a Chinese clause stands for a comma.
_CHINESE_CLAUSES = re.compile(r"[.,!;\n。，！；…\s]+")
# Says itself that the talk ends, whatever comes after it: "行了不聊了，菜市场快关门了".
_ENDS = re.compile(
    r"(好了|行了|好吧?|行吧?|嗯+|那|今天|先|就)*(不(聊|说|跟你说|和你说)了|先这样|先聊到这儿?|拜拜?|掰"
    r"|再见|晚安|回聊|下次(再)?聊)(啦|了|哈|吧|啊|哦)*"
)
# What one leaves for; "I'll call him" beside something told is a plan and no farewell.
_RETIRES = re.compile(
    r"\b(bed|sleep|(good ?)?night|nite|gn|bye|rest|off|out|go|run|later|laters|soon|care|see|gtg"
    r"|g2g|ttyl|dinner|shower|have a)\b|睡|安|拜|见|撤|走|下|洗|吃|班|忙|聊|溜|闪|休息",
    re.IGNORECASE,
)
LAST = 3  # clauses at the end of a line in which people take leave
_AND = re.compile(
    r"^(and|so|but|then|i think|i guess|maybe|probably|那|那就)\s+|\s*[\U0001f000-\U0001faff]+",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"(ok(ay)? |well |so |kk |right |anyway )*(good ?night|night( night)?|nite|gn|bye( bye)?|gtg"
    r"|g2g|ttyl|cya|see (you|ya)|talk (soon|later|tomorrow))( x+| then| all| attune| thanks)*"
    r"|(我)?(先)?(晚安|拜拜|再见|睡了|走了|下了|撤了)(啦|了|哈|咯)?",
    re.IGNORECASE,
)
# Said at the end of a clause after "so", "anyway" and the like; and by itself in Chinese.
_FAREWELL_LAST = re.compile(
    r"(^|\b(so|anyway|and|then|ok|well|right) )(good ?night|night|bye( for now)?|gtg|ttyl|laters?"
    r"|take care|see (you|ya)|catch you( later)?|(talk|speak) (soon|later|tomorrow)"
    r"|have a good (one|night|day|evening))( x+| all| then)*$"
    r"|^[我先得要该那就也不早时间到]{0,5}(溜|闪|撤|走|下线)(了|啦|喽)$|^(保重|拜|改天(来|聊))$",
    re.IGNORECASE,
)
# A clause by which a talk is closed before one goes: "行了，我去揉面了".
_CLOSES = re.compile(
    r"((那|好|行|嗯|对)+(吧|了|啊|的)*|算了|不早了|先这样|就这样|.{1,6}(到|来|开|醒|熟|没电)了)"
)
_GOES_TO = re.compile(r"(那)?我(先|得|要|就|这就)?(去|回)[^，。他她谁]{1,8}[了啦咯]")
# What one does next, and says so to whoever is left: "该歇着了", "我得去接孩子了", "先撤".
_CHINESE_NEXT = re.compile(
    r"(那)?(我|咱)?(们)?(这就|就|得|要|该|先|赶紧|准备|去|回){1,4}(眯|睡|歇|休息|忙|干活|做饭|吃饭?|洗澡"
    r"|洗漱|下车|上车|上班|上课|开会|接孩子|接娃|出门|看店|收摊|开工|赶车|值班|写作业|撤|溜)(着|会儿?|觉|个?澡|放学"
    r"|一会儿)?(?P<now>去?[了啦咯吧哈])?"
)
_FIRST = re.compile("先|撤|溜")
# The talk is put off to another time.
_PUT_OFF = re.compile(
    r"((i'?ll |i will |let'?s |we'?ll |we can )?(talk|speak|chat|write|text|tell you|message|type)"
    r"( you| to you| again| more| the rest| back)* (tomorrow|later( on)?|soon|another (day|time)"
    r"|tonight))"
    r"|(i('?ve)? )?(got to|gotta|have to|need to|must|had better|'?d better) (get off|dash|fly"
    r"|run off|head (off|in|out)|get (going|to bed|some sleep|back to (it|work)))( now| here)?"
    r"|(it'?s |it is )?(time for bed|bedtime|time i was in bed)( i (reckon|think|guess)| for me)?"
    r"|(我)?(们|就)?(明天|明晚|下次|改天|回头|晚点|晚上|待会儿?|等会儿?|回来|有空)(再|接着|跟你|来|我)+(聊|说|讲|写|唠)"
    r"(了|啦|吧|哈|啊)?",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(was|were|had|did|went|came|didn't|wasn't|he|she|they|yesterday)\b|昨|那天|早早|[他她]"
    r"|(?P<done>[\u4e00-\u9fff])了(?P=done)",  # 出去走了走 is done
    re.IGNORECASE,
)
_ANOTHER_DAY = re.compile(
    r"\b(tomorrow|(next|on|this) (week|month|weekend|(mon|tues|wednes|thurs|fri|satur|sun)day))\b"
    r"|明[天早晚]|后天|下(周|个?月|星期)|周[一二三四五六日末]",
    re.IGNORECASE,
)


def leaves(said: str) -> str | None:
    """`goodbye` or `thanks` where a line ends on one: "right. bed. night", "no. thx, i'm off"."""
    if ends(said):
        return "goodbye"
    clauses = _bare_clauses(said)
    whole = len(clauses) == 1
    bare = clauses[-LAST:]
    if not bare:
        return None
    taken = ["goodbye" if _bids(each, whole=whole) else _thanked(each) for each in bare]
    if taken[-1] is None:
        return None
    return "goodbye" if "goodbye" in taken else "thanks"


def ends(said: str) -> bool:
    """Whether it says itself that the talk ends for now: "下次聊", "got to get back to work"."""
    bare = _bare_clauses(said)
    return bool(bare) and (any(map(_ENDS.fullmatch, bare[-LAST:])) or _puts_off(bare))


def _bare_clauses(said: str) -> list[str]:
    """The clauses at its end, bare; none where it asks, or tells what somebody said."""
    plain = said[-READ:].replace("’", "'").strip()
    if plain.endswith(("?", "？")) or reported(plain):
        return []
    split = _CHINESE_CLAUSES if words.is_chinese(plain) else _CLAUSES
    clauses = [_AND.sub("", part.strip()) for part in split.split(plain) if part.strip()]
    return list(map(words.bare, clauses))


def _puts_off(clauses: list[str]) -> bool:
    """Whether it says last what comes next, or when the talk goes on."""
    last = clauses[-1]
    if _PUT_OFF.fullmatch(last):
        return True
    following = _CHINESE_NEXT.fullmatch(last)
    if following and (following["now"] or _FIRST.search(last)):
        return True
    closed = [bool(_CLOSES.fullmatch(clause)) for clause in clauses]
    return any(
        any(closed[:at]) and _GOES_TO.fullmatch(clauses[at])
        for at in range(max(1, len(clauses) - 2), len(clauses))
    )


def _bids(clause: str, *, whole: bool) -> bool:
    """`whole`: nothing else is said; else what one goes to do next may be told and no farewell."""
    if _PAST.search(clause):
        return False
    if not whole and not _RETIRES.search(clause):
        return False
    parts = _FAREWELL.fullmatch(clause) or _FAREWELL_LAST.search(clause)
    return bool(parts or turns("whole")["goodbye"].fullmatch(clause))


def tells_past(clause: str) -> bool:
    """Whether it tells of what was, or of somebody else: "early to bed, and slept"."""
    return bool(_PAST.search(clause))


def plans(clause: str) -> bool:
    """Whether it tells of another day than this: "back at work tomorrow" is a plan."""
    return bool(_ANOTHER_DAY.search(clause))


def _thanked(clause: str) -> str | None:
    return "thanks" if turns("whole")["thanks"].fullmatch(clause) else None


def may_leave(said: str) -> bool:
    """Whether a line may take leave in words of its own, as far as its form goes."""
    if words.count(said) < LEAST_WORDS:
        return False
    if plans(said) or _PAST.search(said):
        return False
    return not (reported(said) or kinds.asks(said)) and len(said) <= LONGEST
