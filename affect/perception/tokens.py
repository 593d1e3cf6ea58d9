"""Words in, token numbers out: cleaning, the model's prefix, and what to keep of a long text.

Training and run time share this file, so that the model reads at home what it learned on. Needs
only the `tokenizers` library; knows nothing about emotions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tokenizers import Tokenizer

PREFIX = "query: "  # e5 was trained with it; without it the vectors drift
MAX_TOKENS = 512  # positions that the encoder has
MAX_CHARACTERS = 20_000  # a text longer than this is cut before tokenising, to bound the work

# Controls, zero-width spaces, byte-order marks, soft hyphens and direction marks carry no feeling
# but split words for the tokenizer. Joiners stay between symbols (families of emoji) and in scripts
# that spell with them, and go between Latin letters, where they only hide words.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_HIDDEN_JOINERS = re.compile("(?<=[A-Za-z])[\u200c\u200d]+(?=[A-Za-z])")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """The text as the model sees it: one line, without invisible characters or surrogates."""
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    text = _HIDDEN_JOINERS.sub("", _INVISIBLE.sub("", text))
    return _SPACES.sub(" ", text).strip()


def middle_cut(pieces: Sequence[int], room: int) -> list[int]:
    """At most `room` items: both ends of a long text count, its middle is left out."""
    if len(pieces) <= room:
        return list(pieces)
    head = (room + 1) // 2
    return [*pieces[:head], *pieces[len(pieces) - (room - head) :]]


def encode(tokenizer: Tokenizer, texts: Sequence[str], limit: int = MAX_TOKENS) -> list[list[int]]:
    """Token numbers of each cleaned text, with prefix and both end marks; at most `limit` each."""
    cut = [_bounded(text) for text in texts]
    encodings = tokenizer.encode_batch_fast([PREFIX + text for text in cut])
    result = []
    for encoding in encodings:
        ids = encoding.ids
        if len(ids) > limit:
            # The two end marks and the prefix survive because they are the ends.
            ids = [*middle_cut(ids[:-1], limit - 1), ids[-1]]
        result.append(ids)
    return result


def _bounded(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    half = MAX_CHARACTERS // 2
    return f"{text[:half]} {text[-half:]}"
