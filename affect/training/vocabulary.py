"""Cut the vocabulary of a multilingual tokenizer down to what people write to Attune.

Kept: the four special pieces; every piece seen in the corpora; single characters; emoji; then, by
unigram score, a fixed number of pieces of each script. The embedding table is cut the same way, so
the model's answers change only for words whose pieces went.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

SPECIAL = 4  # <s> <pad> </s> <unk>, in this order at the start of XLM-R's vocabulary
MASK = "<mask>"
BOUNDARY = "▁"


class Script(StrEnum):
    """Writing systems as far as the cut tells them apart."""

    LATIN = "latin"
    CJK = "cjk"
    KANA = "kana"
    HANGUL = "hangul"
    CYRILLIC = "cyrillic"
    ARABIC = "arabic"
    DEVANAGARI = "devanagari"
    SIGNS = "signs"  # digits, punctuation, symbols, emoji
    OTHER = "other"


# Pieces beside the seen ones, by script: what the companion promises (English, Chinese) is covered
# by what was seen; these shares keep neighbours readable. Sized for a file of at most 65 MB.
SHARES: dict[Script, int] = {
    Script.LATIN: 38_000,
    Script.CJK: 14_000,
    Script.CYRILLIC: 8_500,
    Script.KANA: 3_000,
    Script.HANGUL: 2_000,
    Script.ARABIC: 3_500,
    Script.DEVANAGARI: 2_500,
    Script.SIGNS: 3_000,
}
LIMIT = 104_000

_NAMES = {
    "LATIN": Script.LATIN,
    "CJK": Script.CJK,
    "HIRAGANA": Script.KANA,
    "KATAKANA": Script.KANA,
    "HANGUL": Script.HANGUL,
    "CYRILLIC": Script.CYRILLIC,
    "ARABIC": Script.ARABIC,
    "DEVANAGARI": Script.DEVANAGARI,
}


@lru_cache(maxsize=65_536)
def script_of(character: str) -> Script:
    """The script of one character; digits, signs and emoji are SIGNS."""
    if unicodedata.category(character)[0] in "NPSZ":
        return Script.SIGNS
    first = unicodedata.name(character, "OTHER").split(" ")[0].split("-")[0]
    return _NAMES.get(first, Script.SIGNS if character in "\ufe0f\u200d" else Script.OTHER)


def piece_script(piece: str) -> Script:
    """The script of a piece: of its letters if it has any; OTHER where two scripts meet."""
    found = {script_of(character) for character in piece.replace(BOUNDARY, "")}
    letters = found - {Script.SIGNS}
    if not letters:
        return Script.SIGNS
    if letters == {Script.CJK, Script.KANA}:
        return Script.KANA
    return letters.pop() if len(letters) == 1 else Script.OTHER


def has_emoji(piece: str) -> bool:
    """Whether the piece holds a pictograph."""
    return any(
        unicodedata.category(c) == "So" or 0x1F000 <= ord(c) <= 0x1FAFF or c in "\ufe0f\u200d\u20e3"
        for c in piece
    )


def count(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    """How often each piece occurs in some texts."""
    counts: Counter[int] = Counter()
    for encoding in tokenizer.encode_batch_fast(list(texts)):
        counts.update(encoding.ids)
    return counts


def select(
    pieces: Sequence[tuple[str, float]], seen: Counter[int], limit: int = LIMIT
) -> NDArray[np.int64]:
    """Numbers of the pieces to keep, ascending; `pieces` are (text, unigram score) by number."""
    keep = set(range(min(SPECIAL, len(pieces))))
    keep |= {number for number in seen if number < len(pieces)}
    rest: dict[Script, list[int]] = {script: [] for script in Script}
    for number, (piece, _) in enumerate(pieces):
        bare = piece.replace(BOUNDARY, "")
        script = piece_script(piece)
        if piece == MASK or number in keep:
            continue
        if has_emoji(bare) or (len(bare) <= 1 and script is not Script.OTHER):
            keep.add(number)
        else:
            rest[script].append(number)
    for script, share in SHARES.items():
        ranked = sorted(rest[script], key=lambda number: -pieces[number][1])
        keep |= set(ranked[: min(share, max(0, limit - len(keep)))])
    keep -= {number for number in keep if pieces[number][0] == MASK}
    return np.array(sorted(keep), dtype=np.int64)


def cut(tokenizer: Tokenizer, keep: NDArray[np.int64]) -> Tokenizer:
    """The same tokenizer with only the pieces numbered in `keep`, renumbered in that order."""
    description = json.loads(tokenizer.to_str())
    pieces = description["model"]["vocab"]
    description["model"]["vocab"] = [pieces[number] for number in keep]
    place = {int(number): new for new, number in enumerate(keep)}
    description["model"]["unk_id"] = place[description["model"]["unk_id"]]
    description["added_tokens"] = [
        {**token, "id": place[token["id"]]}
        for token in description["added_tokens"]
        if token["id"] in place
    ]
    description["truncation"] = description["padding"] = None
    return Tokenizer.from_str(json.dumps(description, ensure_ascii=False))


def pieces_of(tokenizer: Tokenizer) -> list[tuple[str, float]]:
    """(text, unigram score) of every piece of a Unigram tokenizer, by number."""
    model = json.loads(tokenizer.to_str())["model"]
    return [(piece, float(score)) for piece, score in model["vocab"]]
