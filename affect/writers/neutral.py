"""A person's words made harmless for a prompt: still readable, no longer part of its structure.

Models know turns by template tokens (`<|im_start|>`, `[INST]`), by role names at the beginning of a
line, and by our own tags. None of these survives in words that come from a person, a transcript,
a caption or what was remembered; neither do characters that nobody sees. What the words ask for
is left as it is: that they are talk and no orders, the prompt says.
"""

from __future__ import annotations

import re
import unicodedata

_LOOKALIKES = str.maketrans(
    {
        "<": "‹", "＜": "‹", "﹤": "‹", "〈": "‹", "⟨": "‹",
        ">": "›", "＞": "›", "﹥": "›", "〉": "›", "⟩": "›",
        "|": "/", "｜": "/", "￨": "/", "▁": " ",
        "{": "(", "}": ")", "｛": "(", "｝": ")",
        "\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\v": "\n", "\f": "\n",
    }
)  # fmt: skip
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_INSTRUCTION = re.compile(
    r"[\[［【]\s*(/?\s*(?:INST|SYS\w*|AVAILABLE_TOOLS|TOOL_\w+))\s*[\]］】]", re.IGNORECASE
)
_TOKEN = re.compile(r"‹\s*/?\s*/?\s*[\w/ -]{1,40}?\s*/?\s*›")
_ROLE = re.compile(
    r"^([\W_]{0,6})\b(system|assistant|user|human|ai|bot|developer|tool|attune|model|系统|助手|用户"
    r"|开发者|人类)([\W_]{0,4})[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING = re.compile(r"^\s*(#{1,6}|-{3,}|={3,}|`{3,})\s*", re.MULTILINE)
_GAPS = re.compile(r"\n{2,}")


def neutralise(words: str) -> str:
    """The words without anything that a model could take for the frame of the talk."""
    plain = words.translate(_LOOKALIKES)
    seen = "".join(c for c in plain if c in "\n\t" or unicodedata.category(c) not in _INVISIBLE)
    bare = _TOKEN.sub(" ", _INSTRUCTION.sub(" ", seen))
    bare = _HEADING.sub("", bare)
    # Last, since what was taken out may have stood between the halves of a role's name.
    bare = _ROLE.sub(r"\2,", bare)
    return _GAPS.sub("\n", bare).strip()
