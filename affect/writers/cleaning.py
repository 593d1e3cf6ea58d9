"""What an LLM gave becomes a reply: thinking, roles, quotes and the unfinished end are taken off.

Whole sentences only, and only such as may leave: a sentence that the guard would refuse is left
out, and the others stand if enough is left. Nothing is reworded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.writers import guard, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.types import Plan

MOST_SENTENCES = 4
LEAST_WORDS = 3.0  # fewer say nothing by themselves
ROUND = 6  # words in a row that come again only where a model goes round; Chinese: twice as many

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", re.IGNORECASE | re.DOTALL)
_THOUGHT_END = re.compile(r"^.*</think(?:ing)?>", re.IGNORECASE | re.DOTALL)
_CHANNEL = re.compile(r"^.*<\|channel\|>\s*final\s*(?:<\|message\|>)?", re.DOTALL)
_FRAME_FIRST = re.compile(r"^\s*(?:<(said|plan|kept|earlier)>.*?</\1>\s*)+", re.DOTALL)
_TOKEN_START = re.compile(r"^\s*(?:<\|[^|>]*\|>\s*)+")
# Where the model goes on to play the person, or repeats the frame of the prompt.
_END = re.compile(
    r"<\|[^|>]*\|>|</?(?:said|plan|kept|earlier|s|eos|answer)>|\[/?INST\]"
    r"|\n\s*(?:user|human|person|they|them|system|assistant|用户|对方|系统)\s*[:：]",
    re.IGNORECASE,
)
_ECHO = re.compile(
    r"^\s*(?:\*\*)?(?:attune|assistant|ai|bot|answer|reply|response|you|助手|回答|回复)"
    r"\s*(?:\*\*)?\s*[:：]\s*(?:\*\*)?",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "「": "」", "«": "»"}
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,2}|_{1,2}(?!\w)|`+")
_EMOJI = re.compile(r"[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B50\u2B55\uFE0F\u200d]+")
_SENTENCE = re.compile(r"[^.!?。！？…]+(?:[.!?…]+(?![\w])|[。！？]+|[.!?…]+(?=\w))[\"'”’」）)]*")
_SHORT_FORM = re.compile(r"\b(?:mr|mrs|ms|dr|st|vs|etc|e\.g|i\.e|\d)\.$", re.IGNORECASE)


def clean(raw: str, plan: Plan) -> str | None:
    """The reply in what was generated, or None where nothing of it can be one."""
    kept: list[str] = []
    for sentence in sentences(_bare(raw)):
        spoken = _calm(sentence, bright=plan.tone == "bright" and not kept)
        asks = words.questions(spoken) > 0
        if (asks and not plan.ask) or not guard.check(spoken, None).ok:
            continue
        if "advice" in plan.avoid and guard.gives_advice(spoken):
            continue
        if kept and not guard.check(joined([*kept, spoken]), plan).ok:
            break
        kept.append(spoken)
        if asks or len(kept) == MOST_SENTENCES:
            break  # a question comes last
    text = joined(kept)
    return text if words.count(text) >= LEAST_WORDS else None


def goes_round(raw: str) -> bool:
    """Whether what was said last had been said before: nothing new will come."""
    found = words.units(raw)
    size = ROUND * (2 if words.is_chinese(raw) else 1)
    last = found[-size:]
    return len(found) > size and any(
        found[at : at + size] == last for at in range(len(found) - size)
    )


def sentences(text: str) -> list[str]:
    """The whole sentences of a text, without the one that it breaks off in."""
    flat = " ".join(text.split())
    found: list[str] = []
    open_part = ""
    for match in _SENTENCE.finditer(flat):
        open_part += match[0]
        broken = _SHORT_FORM.search(open_part.rstrip())
        goes_on = flat[match.end() : match.end() + 1].isalnum() and flat[match.end() - 1] in ".…"
        if not broken and not goes_on:
            found.append(open_part.strip())
            open_part = ""
    return found


def _bare(raw: str) -> str:
    """Without thinking, roles, tokens, quotes and ornaments."""
    text = _CHANNEL.sub("", _THOUGHT_END.sub("", _THOUGHT.sub("", raw)))
    text = _FRAME_FIRST.sub("", _TOKEN_START.sub("", text)).strip()
    text = re.sub(r"^\s*<(?:answer|said|reply)>\s*", "", text, flags=re.IGNORECASE)
    if end := _END.search(text):
        text = text[: end.start()]
    text = _ECHO.sub("", text).strip()
    closing = _QUOTES.get(text[:1])
    if closing and text.endswith(closing) and len(text) > 1:
        text = text[1:-1]
    return _EMOJI.sub("", _EMPHASIS.sub("", text))


def _calm(sentence: str, *, bright: bool) -> str:
    """Exclamation marks only for good news, and then one."""
    mark = "！" if "！" in sentence else "!"
    if mark not in sentence:
        return sentence
    calm = re.sub(r"[!！]+", "。" if mark == "！" else ".", sentence)
    at_end = sentence.rstrip("\"'”’」）)").endswith(mark)
    return calm[:-1] + mark if bright and at_end and calm[-1] in ".。" else calm


def joined(parts: Sequence[str]) -> str:
    """Sentences as one text; in Chinese without blanks between them."""
    text = " ".join(parts)
    return re.sub(r"(?<=[。！？，…”」])\s+(?=\S)", "", text) if words.is_chinese(text) else text
