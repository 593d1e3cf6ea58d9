"""The parts of a long line, for a search by meaning: who tells much, tells one thing after another.

The vector of a whole line lies between all of its parts, and near to none of them. What comes last
is mostly what a line is about, and what comes after a "but".
"""

from __future__ import annotations

import re

from affect.writers import words

LONG = 14  # words from which a line is searched by its parts too
MOST = 3  # parts, the last ones
FEWEST = 4  # words of a part; what is shorter goes with the one before it
READ = 600  # characters of a line that are read for it

_ENGLISH = re.compile(
    r"(?<=[.!?;])\s+|\n+|,?\s+\bbut\s+|,\s+(?=(?:and |so )?(?:i|he|she|they|we|my)\b)",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[，。！？；,.!?;~～…\n]+|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")


def parts(said: str) -> tuple[str, ...]:
    """At most `MOST` parts of a line; none where it is short or one piece."""
    if words.count(said) < LONG:
        return ()
    form = _CHINESE if words.is_chinese(said) else _ENGLISH
    found: list[str] = []
    for part in form.split(said[:READ].strip()):
        if found and words.count(found[-1]) < FEWEST:
            found[-1] = f"{found[-1]} {part}".strip()
        elif part.strip():
            found.append(part.strip())
    return tuple(found[-MOST:]) if len(found) > 1 else ()
