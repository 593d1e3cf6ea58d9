"""Whether a line that begins with a no agrees: "no, not a small thing", after "Not a small thing".

In English (and with 不是 in Chinese) a no goes along with a sentence that denies. What is denied
must be what we denied, as often as we did: a second no takes the first back.
"""

from __future__ import annotations

import re

_LEAD = re.compile(r"^\W*((no+|nope|nah|oh|hm+|true)\b\W*)*([嗯啊哦对是]+[，,]?)?", re.IGNORECASE)
_CLAUSE = re.compile(r"[,.!?;…，。！？；]| (?:and|but|because|so)\b")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s*")
_DENIES = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|hardly)\b|n't\b|不|没有?", re.IGNORECASE
)
# What a sentence may hold beside its denial and still say nothing else.
_LITTLE = re.compile(
    r"\b(?:it|that|this|they|there|'?s|is|was|are|were|do|does|did|has|had|a|an|the|one|at|all"
    r"|really|about|of|quite)\b|[\W_]|[的了是啊呀吧呢嘛这那也都就还可真有]",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"\b(?:i|we|you|he|she)\b", re.IGNORECASE)
_UNIT = re.compile(r"[a-z']+|[\u4e00-\u9fff]", re.IGNORECASE)


def agrees(said: str, reply: str) -> bool:
    """Whether `said` denies what `reply` denied, and nothing else, in its first clause."""
    plain = said.replace("’", "'")
    clause = _CLAUSE.split(plain[_LEAD.match(plain).end() :].strip(), maxsplit=1)[0]  # type: ignore[union-attr]
    denials = len(_DENIES.findall(clause))
    if not denials:
        return False
    own = _content(clause)
    if not own and (_SOMEBODY.search(clause) or not clause.isascii()):
        return False  # "no, i didn't" is about them, 没有 answers
    sentences = [each for each in _SENTENCE.split(reply.replace("’", "'")) if each.strip()]
    ours = sentences if own else sentences[-1:]
    bare = not own and denials == 1  # "no, it isn't" denies as often as we did
    return any(
        own <= _content(each) and (bare or len(found) % 2 == denials % 2)
        for each in ours
        if (found := _DENIES.findall(each))
    )


def _content(text: str) -> frozenset[str]:
    """Its words (Chinese: characters) beside denials and small words."""
    return frozenset(_UNIT.findall(_LITTLE.sub(" ", _DENIES.sub(" ", text.lower()))))
