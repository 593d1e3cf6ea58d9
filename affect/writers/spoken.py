"""Whether a model was made to write a language, told from its vocabulary.

A model that was hardly taught a language spells it out in bytes and writes it without sense, in
letters that no check of the language finds fault with. Tokens for a word of our own rules, Chinese
against English: 1.5 to 1.4 for Qwen, 2.5 to 1.6 for Whisper, 3.3 to 1.4 for SmolLM2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from affect.perception.language import ENGLISH
from affect.writers import prompt, words

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 2.0  # times as many tokens for a word as English takes


def writes(count: Callable[[str], int], language: str) -> bool:
    """Whether a model whose tokens `count` counts has words for a language, and not only letters.

    Every model is taken to write English. A count that is guessed finds nothing against any.
    """
    return _tokens(count, language) <= MOST * _tokens(count, ENGLISH)


def _tokens(count: Callable[[str], int], language: str) -> float:
    """Tokens for each word of what a prompt in that language begins with."""
    sample = prompt.system("companion", language)
    return count(sample) / words.count(sample)
