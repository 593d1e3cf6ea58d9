"""Words of their own that a person holds up for a yes or no: "... is that ok to send?", 这么说行吗.

How it reads, nobody can say who does not know the one who gets it. What can be told: whether it
is short, whether it accuses (forms, `stings` in lexicon/situations.yaml), and whether the text
model reads anger in it. The model alone is no judge of single sentences: it read joy in "you never
listen and i'm done with you", and anger in a mother's "open the door". So heat is told by its
form, and calm only where both agree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.errors import BadInput
from affect.types import Emotion
from affect.writers import words
from affect.writers.lexicon import turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affect.perception.text import TextReader
    from affect.writers.base import Exchange

LEAST = 3  # words of a draft
LONGEST = 45  # words of one of which anything is said
ANGRY = 0.4  # probability of anger from which it is not called calm
GLAD = 0.5  # probability of joy from which "you always" is no reproach

HELD_UP = "draft"
PLAIN, HEATED, UNSURE = "draft_plain", "draft_heated", "draft_unsure"
READ = frozenset({PLAIN, HEATED, UNSURE})

_QUOTED = re.compile(
    r"(?:^|(?<=[\s:：(,，说写发]))[\"“‘'「](?P<draft>.{6,}?)[\"”’'」](?=[\s.,!?)。，！？]|$|[\u4e00-\u9fff])"
)
_OPENED = re.compile(
    r"(?:\b(?:i'?d|i'?ll|i'?m|i|so|my|what about|what do you think of (?:this|that))\b"
    r"[\w' ]{0,40}|我?(?:就|打算|想|要|准备)?(?:跟[^，。：:]{1,4})?(?:说|写|发|回)"
    r"(?:的是|的|一句|个)?)"
    r"[:：]\s*(?P<draft>.+)|^(?:要不|那)?我?就(?:说|写|发|回)(?!了|过)(?P<draft2>.+)",
    re.IGNORECASE | re.DOTALL,
)
_SENT = re.compile(
    r"\bi(?:'?ve)? (?:just |already |then )?(?:sent|texted|told|said|replied)\b"
    r"|[发回说](?:了|过去了|出去了)|已经[发回说]",
    re.IGNORECASE,
)  # past help: that is for hindsight
_THEIRS = re.compile(
    r"\b(?:he|she|they|my \w+|someone) (?:just |also |then )?(?:said|wrote|texted|sent|replied|put"
    r"|told|says|goes)\b|(?<![跟和对给])(?:[他她]们?|人家|我?(?:妈|爸|老公|老婆|领导|老板|同事|朋友))"
    r"(?:就|又|还|刚)?(?:说|发|回|写)",
    re.IGNORECASE,
)


def held_up(said: str, history: Sequence[Exchange]) -> str | None:
    """The words that are held up, here or (where this line only asks) in the one before."""
    plain = said.replace("’", "'").strip()
    asked = turns("held_up")["asks"].search(plain)
    if not asked:
        return None
    before = plain[: asked.start()].strip()
    if _SENT.search(before):
        return None
    if draft := _written(before):
        return draft
    if _enough(before):
        sure = turns("held_up")["of_words"].search(asked[0]) and not _THEIRS.search(before)
        return before if sure else None
    return _written(history[-1].said.replace("’", "'")) if history else None


def reads(draft: str, reader: TextReader | None) -> str:
    """`PLAIN`, `HEATED`, or `UNSURE` where the signs do not agree or there is no reader."""
    stings = turns("stings")
    if stings["hard"].search(draft):
        return HEATED
    felt = _felt(draft, reader)
    if stings["blame"].search(draft) and felt.get(Emotion.JOY, 0.0) < GLAD:
        return HEATED
    grave = turns("either")["grave"].search(draft)
    calm = bool(felt) and felt[Emotion.ANGER] < ANGRY and not stings["blame"].search(draft)
    return PLAIN if calm and not grave and words.count(draft) <= LONGEST else UNSURE


def _felt(draft: str, reader: TextReader | None) -> dict[Emotion, float]:
    try:
        return dict(reader.read(draft).estimate.probabilities) if reader else {}
    except BadInput:
        return {}


def _written(text: str) -> str | None:
    """What of a text is wording of their own: in quotation marks, or after "I'd write:"."""
    for form in (_QUOTED, _OPENED):
        found = form.search(text)
        if found and not _THEIRS.search(text[: found.start()]):
            draft = next(part for part in found.groupdict().values() if part)
            return draft if _enough(draft) else None
    return None


def _enough(text: str) -> bool:
    return words.count(text) >= LEAST
