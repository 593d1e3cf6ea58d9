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
_PAST = re.compile(
    r"\b(was|were|had|did|went|came|didn't|wasn't|he|she|they|yesterday)\b|昨|那天|早早|[他她]",
    re.IGNORECASE,
)


def leaves(said: str) -> str | None:
    """`goodbye` or `thanks` where a line ends on one: "right. bed. night", "no. thx, i'm off"."""
    plain = said[-READ:].replace("’", "'").strip()
    split = _CHINESE_CLAUSES if words.is_chinese(plain) else _CLAUSES
    clauses = [_AND.sub("", part.strip()) for part in split.split(plain) if part.strip()]
    if not clauses or plain.endswith(("?", "？")) or reported(plain):
        return None
    bare = list(map(words.bare, clauses[-LAST:]))
    if any(map(_ENDS.fullmatch, bare)):
        return "goodbye"
    whole = len(clauses) == 1
    taken = ["goodbye" if _bids(each, whole=whole) else _thanked(each) for each in bare]
    if taken[-1] is None:
        return None
    return "goodbye" if "goodbye" in taken else "thanks"


def _bids(clause: str, *, whole: bool) -> bool:
    """`whole`: nothing else is said; else what one goes to do next may be told and no farewell."""
    if _PAST.search(clause):
        return False
    if not whole and not _RETIRES.search(clause):
        return False
    ends = _FAREWELL.fullmatch(clause) or _FAREWELL_LAST.search(clause)
    return bool(ends or turns("whole")["goodbye"].fullmatch(clause))


def tells_past(clause: str) -> bool:
    """Whether it tells of what was, or of somebody else: "early to bed, and slept"."""
    return bool(_PAST.search(clause))


def _thanked(clause: str) -> str | None:
    return "thanks" if turns("whole")["thanks"].fullmatch(clause) else None


def may_leave(said: str) -> bool:
    """Whether a line may take leave in words of its own, as far as its form goes."""
    if words.count(said) < LEAST_WORDS:
        return False
    return not (reported(said) or kinds.asks(said) or _PAST.search(said)) and len(said) <= LONGEST
