"""What a model was told must not come out again: rules, fields, and things nobody in the talk said.

The guard refuses what may never be said; this looks at one reply beside its own prompt. A model
that obeys an attack gives the prompt away as it stands, in pieces, spaced out or encoded: runs of
its words, names of its fields and text that is no language are refused. A prompt holds nothing of
other people; a name, an address or a number that nobody in this talk has said is refused all the
same, since it can only be made up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from affect.writers import prompt, words
from affect.writers.lexicon import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affect.writers.base import Scene

RUN = 5  # words in a row of the rules that a reply may not have; Chinese: twice as many
_FIELDS = re.compile(
    r"\b(?:valence|arousal|dominance|stage|strategy|tone|aim|avoid|emotion)\s*[:=：]"
    r"|(?:效价|唤醒|阶段|策略|语气|目标|避免|情绪)\s*[:：=]|reflection_of_feelings|common_humanity"
    r"|</?\s*(?:said|plan|kept|earlier)\b|\b(?:valence|arousal)\b|效价|唤醒"
    r"|[+-][01]\.\d",
    re.IGNORECASE,
)
_ABOUT_RULES = re.compile(
    r"\b(?:my|the) (?:system )?(?:prompt|instructions|rules|plan) (?:is|are|says?|said|reads?)\b"
    r"|\b(?:system prompt|developer message|i was (?:told|instructed) to|my instructions)\b"
    r"|系统提示|提示词|我的(?:指令|规则|计划)(?:是|说|里)|我被(?:要求|告知)",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:another|other|previous|last) (?:user|person|people|customer|client)s?\b.{0,40}"
    r"\b(?:said|told|wrote|asked|mentioned|says|talks?|name)\b"
    r"|(?:别的|其他|另一个|上一个)(?:用户|人|客户).{0,20}(?:说|写|问|告诉|提到|叫)",
    re.IGNORECASE,
)
_ODD = re.compile(
    r"[A-Za-z0-9+/=_-]{24,}|(?:\b[0-9a-f]{2}[ :]){6,}|(?:\b\w[ ._-]){6,}|\\u[0-9a-f]{4}"
)
_ADDRESS = re.compile(r"\S+@\S+\.\w+|\b\d[\d ()-]{5,}\d\b|\b\d{3,}\b")
_NAME = re.compile(r"(?<=[a-z,;] )([A-Z][a-z]+)\b")  # not one that begins a sentence
_SUBJECT = re.compile(
    r"(?:^|[.!?:\"“] )([A-Z][a-z]+)(?='s\b| (?:is|was|has|had|says?|said|saw|told|wrote|feels?|felt"
    r"|wants?|thinks?|lost|left|went|and)\b)"
)
_NAME_ZH = re.compile(r"(?:小|老|阿)[\u4e00-\u9fff](?=[说在和跟的也给，。！？])|[A-Za-z]{2,}")
_KNOWN = frozenset(
    {"I", "Attune", "OK", "TV", "English", "Chinese", "Christmas", "Easter", "God", "Internet"}
)
_COMMON_ZH = frozenset({"小时", "小事", "小心", "老师", "老板", "老是", "老家", "阿姨"})


def find(text: str, scene: Scene) -> str | None:
    """Why the reply gives something away, as a short constant name; None where it does not."""
    if _FIELDS.search(text) or _ABOUT_RULES.search(text):
        return "tells_plan"
    if any(_quotes_rules(way, scene.persona) for way in (text, text[::-1])):
        return "tells_rules"
    if _ODD.search(text):
        return "encoded"
    if _OTHERS.search(text):
        return "tells_others"
    return "invented" if _unheard(text, scene) else None


def _quotes_rules(text: str, persona: str) -> bool:
    found = words.units(text)
    return any(
        tuple(found[at : at + size]) in runs
        for size, runs in _rules(persona).items()
        for at in range(len(found) - size + 1)
    )


@cache
def _rules(persona: str) -> Mapping[int, frozenset[tuple[str, ...]]]:
    """Runs of the rules by their length; a sentence that is shorter than a run counts whole."""
    runs: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for language, most in (("en", RUN), ("zh", 2 * RUN)):
        told = prompt.texts(language)
        for part in [prompt.system(persona, language), *told["strategies"].values()]:
            runs[most] |= words.grams(part, most)
            for sentence in re.split(r"[.。\n]", part):
                size = len(words.units(sentence))
                if RUN - 2 < size < most:
                    runs[size].add(tuple(words.units(sentence)))
    return {size: frozenset(some) for size, some in runs.items()}


def _unheard(text: str, scene: Scene) -> bool:
    """Whether the reply names somebody or some number that nobody in this talk has."""
    heard = _heard(scene)
    low = heard.lower()
    if any(one.lower() not in low for one in _ADDRESS.findall(text)):
        return True
    known = _KNOWN | listed("en", "weekdays") | listed("en", "months")
    names = {name for name in _NAME.findall(text) if name not in known}
    common = listed("en", "stop") | listed("en", "topics") | listed("en", "people")
    names |= {name for name in _SUBJECT.findall(text) if name.lower() not in common} - known
    if words.is_chinese(text):
        names |= set(_NAME_ZH.findall(text)) - _COMMON_ZH - known
    return any(name.lower() not in low for name in names)


def _heard(scene: Scene) -> str:
    told = [part for exchange in scene.history for part in (exchange.said, exchange.reply)]
    return "\n".join([*scene.memory, *told, scene.said])
