"""Whether a line reports a deed that was weighed before: "i told him", after "how do i tell him".

Fixed forms: the verb of the report must be one of what was weighed. What came of it is not told
yet, so it is asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.shares import Turned

LOOKED_BACK = 8  # turns in which it may have been weighed

_VERBS = (
    r"tell|told|talk(?:ed)?|sp(?:eak|oke)|said|say|call(?:ed)?|r[ia]ng|ask(?:ed)?|text(?:ed)?"
    r"|messaged?|e?mail(?:ed)?|wr(?:i|o)te|sen[dt]|book(?:ed)?|quit|went|go|appl(?:y|ied)|met|meet"
    r"|sign(?:ed)?|try|tried|apologi[sz]ed?"
)
_DONE = re.compile(
    r"^\W*(?:(?:so|ok|okay|well|hey|update|and|yeah|anyway|right|just|finally|today|yesterday)\W+)*"
    rf"(?:(?:i|we) )?(?:(?:just|finally|actually|really|did) )*({_VERBS})\b"
    r"(?!.*\b(?:but|never|and|then|he|she|they)\b)",  # else what came of it is told already
    re.IGNORECASE,
)
_WEIGHED = re.compile(
    r"\b(?:i'll|i will|(?:i'm )?(?:going to|gonna)|should i|i should|i might|i could|i want to"
    r"|i need to|i have to|i've got to|how (?:do|can|should) i|(?:maybe|if|whether|do) i"
    rf"|afraid to|scared to|planning to|one on one)\b.{{0,40}}?\b(?:({_VERBS})\b|conversation)",
    re.IGNORECASE,
)
_SAME = {
    "told": "tell", "talked": "talk", "spoke": "talk", "speak": "talk", "said": "tell",
    "say": "tell", "talk": "talk", "called": "call", "rang": "call", "ring": "call",
    "asked": "ask", "texted": "write", "text": "write", "messaged": "write", "message": "write",
    "mailed": "write", "emailed": "write", "email": "write", "mail": "write", "wrote": "write",
    "sent": "write", "send": "write", "booked": "book", "went": "go", "applied": "apply",
    "met": "meet", "signed": "sign", "tried": "try", "apologised": "apologise",
    "apologized": "apologise", "apologize": "apologise",
}  # fmt: skip
_SPEAKING = frozenset({"tell", "talk", "call", "ask", "write", "apologise"})
_DONE_CHINESE = re.compile(
    r"^(?:然后|今天|昨天|刚才?|后来|最后|终于|还是)*[，,]?我?(?:今天|昨天|刚才?|最后|终于|还是|真的)*"
    r"(?:跟|和|给|找|问|去|把)?.{0,8}?(说|谈|聊|打|问|发|写|告诉|联系|辞|交|去|找|报|道歉)(?:了|过了|完了|清楚了|开了)"
    r"(?!.*(?:但|可是|不过))"
)
_WEIGHED_CHINESE = re.compile(
    r"(?:该不该|要不要|应不应该|怎么|如何|打算|准备|决定|想|明天|周末|会|得|去)[^，。？?！!]{0,10}?"
    r"(说|谈|聊|打|问|发|写|告诉|联系|辞|交|找|报|道歉|开口)"
)
_SPEAKING_CHINESE = frozenset(
    ["说", "谈", "聊", "打", "问", "发", "写", "告诉", "联系", "找", "道歉", "开口"]
)


def done(said: str, history: Sequence[Turned]) -> bool:
    """Whether the person says that they did what they had weighed in this talk."""
    weighed = [turn.said.replace("’", "'") for turn in history[-LOOKED_BACK:]]
    if chinese := _DONE_CHINESE.search(said):
        before = {verb for line in weighed for verb in _WEIGHED_CHINESE.findall(line)}
        speaking = chinese[1] in _SPEAKING_CHINESE and before & _SPEAKING_CHINESE
        return bool(speaking) or chinese[1] in before
    found = _DONE.search(said.replace("’", "'"))
    if not found:
        return False
    verb = _plain(found[1])
    before = {_plain(each or "talk") for line in weighed for each in _WEIGHED.findall(line)}
    return verb in before or (verb in _SPEAKING and bool(before & _SPEAKING))


def _plain(verb: str) -> str:
    return _SAME.get(verb.lower(), verb.lower())
