"""The special turn that a line is by its fixed forms alone (lexicon/situations.yaml)."""

from __future__ import annotations

import re

from affect import kinds
from affect.writers import words
from affect.writers.addressed import reported
from affect.writers.leaving import leaves, tells_past
from affect.writers.lexicon import turns
from affect.writers.possible import unsettled

ENDS = 300  # characters at both ends of a long message where it may turn to the program
SHORT = 120  # characters that a greeting or a goodbye has at most
COURTESIES = frozenset({"greeting", "thanks", "goodbye"})
_MAYBE_QUOTED = frozenset(
    {"insult", "love_me", "leaning", "harsh_on_self", "about_me"}
)  # said by others
_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def by_form(said: str) -> str | None:
    """The situation by fixed forms alone: greetings, thanks, goodbyes, questions to the program."""
    plain = said.replace("’", "'").strip()
    if not any(letter.isalpha() for letter in plain):
        return _wordless(plain)
    if found := whole(plain):
        return found
    if parting := leaves(plain):
        return parting
    plain = plain if len(plain) <= 2 * ENDS else f"{plain[:ENDS]} {plain[-ENDS:]}"
    for name, pattern in turns("inside").items():
        quoted = name in _MAYBE_QUOTED and reported(plain)
        if pattern.search(plain) and not quoted and not (name == "success" and unsettled(plain)):
            return name
    return None


def courtesy(said: str) -> str:
    """The greeting or the leave that a line is by its form; "" for neither."""
    plain = said.replace("’", "'").strip()
    found = whole(plain) or leaves(plain)
    return found if found in COURTESIES else ""


def whole(plain: str) -> str | None:
    """The situation that a line is and nothing else."""
    bare = words.bare(_EDGES.sub("", plain))
    if len(bare) > SHORT:
        return None
    for name, pattern in turns("whole").items():
        if pattern.fullmatch(bare) and not (name == "goodbye" and tells_past(bare)):
            return name
    return None


def asked(said: str) -> str | None:
    """Which kind of question the words are, where nothing nearer answers them."""
    plain = said[:ENDS].replace("’", "'").strip()
    if kinds.kind(plain) == "what_if":
        return None
    found = next((name for name, form in turns("asked").items() if form.search(plain)), None)
    return found or ("open_question" if kinds.asks(plain) else None)


def _wordless(plain: str) -> str | None:
    """Dots are silence; a face or a heart says enough to be read; anything else is unclear."""
    if _EMOJI.search(plain):
        return None
    return "unclear" if re.search(r"[^\s.…。·,，~～-]", plain) else "silence"
