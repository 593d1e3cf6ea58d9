"""What a line asks to be told about, "tell me something about owls": a subject out in the world.

The program knows next to nothing of any, so it says so and hands the word back. What is asked about
itself, about the person or about somebody in the talk is another thing.
"""

from __future__ import annotations

import re

from affect.writers import words
from affect.writers.addressed import sentences
from affect.writers.lexicon import listed

MOST_WORDS, MOST_CHARACTERS = 5, 8

_LEAD = r"^\W*(?:(?:so|and|but|ok(?:ay)?|well|hey|hm+|then|now|anyway|fine|please|go on|sorry)\W+)*"
_WHAT = (
    r"(?:(?:something|anything|a bit|a little|some more|more|one thing|a thing or two|(?:a"
    r"|some) facts?"
    r"|all|everything|what you know)(?: (?:interesting|nice|new|fun|cool|else|more|random))? )?"
)
_ASKED = re.compile(
    _LEAD
    + r"(?:(?:(?:can|could|would|will) you )?(?:please )?(?:just )?(?:tell|teach) me "
    + _WHAT
    + r"(?:about|on)|what (?:do|can) you (?:know|tell me|say) about"
    r"|do you know (?:anything|something|much|a lot|a bit) about) (?P<subject>.+?)"
    r"(?:,? (?:please|then|instead|if you (?:can|like)|will you|would you|or something))*\W*$",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"^(?:那|就|来|嗯|好吧|好|算了|\W)*(?:你|能不能|可不可以|可以|能)*"
    r"(?:(?:给|跟|对)我(?:讲讲|说说|讲一讲|说一说|讲|说|聊聊|聊|介绍|科普)(?:一下|下|点儿?"
    r"|些)?(?:关于)?"
    r"|(?:讲讲|说说|讲|说|聊聊|聊|介绍)(?:一下|下|点儿?|些)?关于|知道(?:点|些)?关于)"
    r"(?P<subject>[\u4e00-\u9fff]{1,8}?)"
    r"(?:的?(?:事儿?|事情|知识|东西|常识|冷知识)|的)?(?:呗|吧|吗|呀|啊|嘛|行吗|好吗|可以吗)*\W*$"
    r"|^(?:那|\W)*(?:你)?(?:对|关于)(?P<subject2>[\u4e00-\u9fff]{1,8}?)(?:你)?(?:了解|知道|懂)"
    r"(?:多少|什么|些什么|点什么|点啥|啥|吗)\W*$"
)
_CLAUSE = re.compile(r"[,;，；]\s*")
# Nothing out in the world: the program, the person, what was spoken of.
_OURS = re.compile(
    r"\b(?:i|me|my|mine|myself|you|your|yours|yourself|u|us|our|it|its|this|that|these|those"
    r"|him|her"
    r"|them|he|she|they|his|their|what|how|why|when|where|who|whether|if|attune|today|yesterday"
    r"|life|love|feelings?|anything|something|everything|nothing)\b|[我你您他她它咱这那]|自己"
    r"|今天|昨天|刚才"
    r"|故事|段子|笑话|^[一两几]?[个段条句件]|什么|啥|怎么|有意思|有趣|好玩|新鲜",
    re.IGNORECASE,
)


def subject(said: str) -> str | None:
    """The thing that a sentence of the line asks to be told about; None where none does."""
    plain = said.replace("’", "'")
    for sentence in (*sentences(plain), *_CLAUSE.split(plain)):
        form = _CHINESE if words.is_chinese(sentence) else _ASKED
        if found := form.match(sentence):
            name = next(part for part in found.groupdict().values() if part).strip()
            if not _OURS.search(found[0][found[0].index(name) :]) and _short(name):
                return name
    return None


def named(said: str, language: str) -> str | None:
    """The same as it may be said back; None for a word that never is."""
    name = subject(said)
    blocked = listed(language, "blocked")
    held = name and (
        blocked & set(words.units(name))
        or any(word in name for word in blocked if not word.isascii())
    )
    return None if held else name


def _short(name: str) -> bool:
    return len(name.split()) <= MOST_WORDS and words.characters(name) <= MOST_CHARACTERS
