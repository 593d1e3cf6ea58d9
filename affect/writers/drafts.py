"""Words of their own that a person holds up for a yes or no: "... is that ok to send?", 这么说行吗.

How it reads, nobody can say who does not know the one who gets it. What can be told: whether it
accuses, or changes a life (forms, `stings` in lexicon/situations.yaml), and whether the text model
reads anger in it. The model alone is no judge of single sentences: it read joy in "you never
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
LONGEST = 120  # words of one of which anything is said
ANGRY = 0.4  # probability of anger from which it is not called calm
GLAD = 0.5  # probability of joy from which "you always" is no reproach

HELD_UP = "draft"
PLAIN, HEATED, UNSURE = "draft_plain", "draft_heated", "draft_unsure"
READ = frozenset({PLAIN, HEATED, UNSURE})

_QUOTED = re.compile(
    r"(?:^|(?<=[\s:：(,，。？?说写发]))[\"“‘'「](?P<draft>.{6,}?)[\"”’'」](?=[\s.,!?)。，！？]"
    r"|$|[\u4e00-\u9fff])",
    re.DOTALL,
)
_OPENED = re.compile(
    r"(?:\b(?:i'?d|i'?ll|i'?m|i|so|my|what about|what do you think of (?:this|that)|here'?s|here is"
    r"|this is|(?:the|my) (?:message|text|note|mail|email|reply|draft))\b"
    r"[\w' ]{0,40}|(?:这是)?我?(?:就|打算|想|要|准备)?(?:这么|这样)?(?:跟[^，。：:]{1,4})?(?:说"
    r"|写|发|回)"
    r"(?:给?[^，。：:]{1,5}?)?(?:的是|的|一句|个)?)"
    r"[:：]\s*(?P<draft>.+)|^(?:要不|那)?我?就(?:说|写|发|回)(?!了|过)(?P<draft2>.+)",
    re.IGNORECASE | re.DOTALL,
)
_HAILS = re.compile(r"(?:hi|hey|hello|dear)\b|[^，。！？,.!?]{0,6}(?:你|您)好", re.IGNORECASE)
_SENT = re.compile(
    r"\bi(?:'?ve)? (?:just |already |then )?(?:sent|texted|told|said|replied)\b"
    r"|[发回说](?:了|过去了|出去了)|已经[发回说]",
    re.IGNORECASE,
)  # past help: that is for hindsight
_THEIRS = re.compile(
    r"\b(?:he|she|they|my \w+|someone) (?:just |also |then )?(?:said|wrote|texted|sent|replied|put"
    r"|told|says|goes)\b|(?<![跟和对给])(?:[他她]们?|人家|我?(?:妈|爸|老公|老婆|领导|老板|同事"
    r"|朋友))"
    r"(?:就|又|还|刚)?(?:说|发|回|写)",
    re.IGNORECASE,
)


def held_up(said: str, history: Sequence[Exchange]) -> str | None:
    """The words that are held up, here or (where this line only asks) in the one before."""
    plain = said.replace("’", "'").strip()
    asked = turns("held_up")["asks"].search(plain)
    if not asked:
        return _after(plain)
    before = plain[: asked.start()].strip()
    if _SENT.search(before):
        return None
    if draft := _written(before):
        return draft
    if _enough(before):
        sure = turns("held_up")["of_words"].search(asked[0]) and not _THEIRS.search(before)
        return before if sure else None
    return _written(history[-1].said.replace("’", "'")) if history else None


def beside(said: str, history: Sequence[Exchange]) -> str:
    """What a line says beside words that are held up and the question about them; without such
    words all of it.
    """
    draft = held_up(said, history)
    if draft is None:
        return said
    plain = said.replace("’", "'").strip()
    for form in ("asks", "first"):
        plain = turns("held_up")[form].sub(" ", plain, count=1)
    return plain if plain.strip() == draft else plain.replace(draft, " ")


def reads(draft: str, reader: TextReader | None) -> str:
    """`PLAIN`, `HEATED`, or `UNSURE` where the signs do not agree or there is no reader."""
    stings = turns("stings")
    if stings["hard"].search(draft):
        return HEATED
    felt = _felt(draft, reader)
    if stings["blame"].search(draft) and felt.get(Emotion.JOY, 0.0) < GLAD:
        return HEATED
    calm = bool(felt) and felt[Emotion.ANGER] < ANGRY
    weighs = stings["weighs"].search(draft)
    return PLAIN if calm and not weighs and words.count(draft) <= LONGEST else UNSURE


def _felt(draft: str, reader: TextReader | None) -> dict[Emotion, float]:
    try:
        return dict(reader.read(draft).estimate.probabilities) if reader else {}
    except BadInput:
        return {}


def _written(text: str) -> str | None:
    """What of a text is wording of their own: in quotation marks, or after "I'd write:"."""
    for form in (_QUOTED, _OPENED):
        if found := form.search(text):
            name = next(each for each, part in found.groupdict().items() if part)
            if not _THEIRS.search(text[: found.start(name)]):
                return found[name] if _enough(found[name]) else None
    return None


def _after(plain: str) -> str | None:
    """The words after the question about them: "is this ok to send: ...", 帮我看看这段：……"""
    asked = turns("held_up")["first"].match(plain)
    if not asked or _THEIRS.search(asked[0]) or _SENT.search(asked[0]):
        return None
    rest = plain[asked.end() :].strip()
    if quoted := _QUOTED.match(rest):
        return quoted["draft"] if _enough(quoted["draft"]) else None
    begins = asked[0].rstrip().endswith((":", "：")) or _HAILS.match(rest)
    return rest if begins and _enough(rest) else None


def _enough(text: str) -> bool:
    return words.count(text) >= LEAST
