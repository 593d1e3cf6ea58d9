"""Counting and comparing words: length, openings, n-grams, content stems; English and Chinese.

Chinese has no spaces, so characters stand for words where things are counted (a word is about
1 / 0.6 characters) and pairs of characters where meaning is compared.
"""

from __future__ import annotations

import re

from affect.writers.lexicon import listed

WORDS_PER_CHARACTER = 0.6  # science notes 6.4: Chinese characters x .6 = words

_ENGLISH = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_CHINESE_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_QUESTION = re.compile(r"[?？]+")
_BETWEEN = re.compile(r"[\s,.!?;:，。！？；、…~～-]+")
_UNIT = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[\u3400-\u4dbf\u4e00-\u9fff]")


def is_chinese(text: str) -> bool:
    """Whether Chinese characters make up at least a third of the letters."""
    chinese = len(_CHINESE.findall(text))
    latin = sum(len(word) for word in re.findall(r"[A-Za-z]+", text))
    return chinese > 0 and chinese * 2 >= latin / 3


def count(text: str) -> float:
    """Length in words; Chinese characters count 0.6 each."""
    return len(_CHINESE.findall(text)) * WORDS_PER_CHARACTER + len(_ENGLISH.findall(text.lower()))


def characters(text: str) -> int:
    """How many Chinese characters the text has."""
    return len(_CHINESE.findall(text))


def questions(text: str) -> int:
    """How many questions the text asks, by its question marks."""
    return len(_QUESTION.findall(text))


def units(text: str) -> list[str]:
    """Words in lower case, or single characters where the text is Chinese; no punctuation."""
    return _UNIT.findall(text.lower().replace("’", "'"))


def bare(text: str) -> str:
    """The words as they stand, with nothing but a space between them, in Chinese nothing."""
    return _BETWEEN.sub("" if is_chinese(text) else " ", text)


def opening(text: str) -> tuple[str, ...]:
    """The first three words, or five characters of Chinese: what a reader sees repeat."""
    return tuple(units(text)[: 5 if is_chinese(text) else 3])


def grams(text: str, size: int) -> set[tuple[str, ...]]:
    """All runs of `size` units (see `units`)."""
    found = units(text)
    return {tuple(found[i : i + size]) for i in range(len(found) - size + 1)}


def stems(text: str) -> frozenset[str]:
    """The content of a text: English stems without common words, Chinese pairs of characters."""
    low = text.lower().replace("’", "'")
    common = listed("en", "stop")
    found = {_stem(word) for word in _ENGLISH.findall(low) if word not in common and len(word) > 2}
    for run in _CHINESE_RUN.findall(text):
        found.update(run[i : i + 2] for i in range(len(run) - 1))
    return frozenset(found - listed("zh", "stop"))


def _stem(word: str) -> str:
    """A crude stem: enough to see that shifts and shift, waiting and waited are one word."""
    word = word.removesuffix("'s")
    for suffix in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word
