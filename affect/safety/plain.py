"""Any text made plain for the rules: one case, one width, one spelling, sentence by sentence.

People in danger write in a hurry, in two languages, or around filters. Everything that only
changes how a word looks is undone here, so that the phrases themselves stay readable. Nothing is
judged here, and nothing raises: what cannot be read becomes a space.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

# Zero-width, directional and filler characters, and accents once NFKD has parted them.
INVISIBLE = re.compile(
    "[\u00ad\u0300-\u036f\u0600-\u0605\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f"
    "\ufe20-\ufe2f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
LOOKALIKES = str.maketrans(  # letters of other scripts that pass for Latin ones
    "авекморстухіјѕԁɡһӏαβεικνορτυχωıᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ’‘`´ʼ",
    "abekmopctyxijsdghlabeikvoptuxwiabcdeghijklmnoprstuvwyz'''''",
)
LEET = str.maketrans("013457$@!|8", "oieastsail8")
LAUGHTER = re.compile("[\U0001f602\U0001f923\U0001f639\U0001f606\U0001f605]")
PAUSED = "…"  # dots or a new line: a sentence may go on after them, or another thought begins
PAUSE = re.compile(r"\.(?: ?\.)+|。{2,}|\n+")
SPACED_OUT = re.compile(
    rf"(?<![a-z0-9])(?:[a-z0-9@$](?:[ .\-_*/|~·{PAUSED}]{{1,3}})){{2,60}}[a-z0-9@$](?![a-z0-9])"
)
TOKEN = re.compile(r"[a-z0-9$@&](?:[a-z0-9$@'*&]|[!|.\-/_#+](?=[a-z0-9$@*]))*")
SEPARATOR = re.compile(r"[^a-z0-9']+")
DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
HAN = "\u3400-\u4dbf\u4e00-\u9fff〇"
HAS_HAN = re.compile(f"[{HAN}]")
HAS_LATIN = re.compile("[a-z]")
NEXT_TO_HAN = re.compile(f"(?<=[{HAN}，]) | (?=[{HAN}，])")
BETWEEN_HAN = re.compile(f"(?<=[{HAN}]) (?=[{HAN}])")
CLAUSE = re.compile(r"[,，、:：—()（）]+|(?<= )[-–]+(?= )")
SENTENCE = re.compile(r"[.!?;。！？；]+")
NOISE = re.compile(rf"[^\w,，{HAN}.!?;。！？；{PAUSED}]+|_+")
ENDINGS = {
    "n't": " not",
    "'ve": " have",
    "'ll": " will",
    "'d": " would",
    "'re": " are",
    "'m": " am",
}
MAX_CHARACTERS = 200_000  # more than any platform delivers


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in the plain form the rules read; `question` says how it ended."""

    text: str
    question: bool


@dataclass(frozen=True, slots=True)
class Spelling:
    """What turns a written English word into the words that the rules read.

    `words` maps a spelling to its plain form; `known` are the words that leet may stand for;
    `runs` are words found inside letters that were written with gaps.
    """

    words: Mapping[str, str]
    known: frozenset[str]
    runs: tuple[tuple[re.Pattern[str], str], ...]

    def plain(self, token: str) -> str:
        """Return the plain form of one token, which may be several words."""
        found = self.words.get(token)
        if found is not None:
            return found
        if token.isalpha():
            short = DRAWN_OUT.sub(r"\1", token)
            return self.words.get(short, short)
        for ending, words in ENDINGS.items():
            if token.endswith(ending) and len(token) > len(ending):
                return self.plain(token[: -len(ending)]) + words
        token = token.removesuffix("'s").strip("'") or " "
        joined = SEPARATOR.sub("", token)
        unmasked = (joined, self._unleet(token, "i"), self._unleet(token, "l"))
        for candidate in (DRAWN_OUT.sub(r"\1", one) for one in unmasked):
            if candidate in self.words or candidate in self.known:
                return self.words.get(candidate, candidate)
        if joined == token:
            return token.replace("'", "")
        parts = re.split(r"([!.])", token)
        return " ".join(self._part(part) for part in parts)

    def _part(self, part: str) -> str:
        if part in {"!", "."}:
            return part
        return " ".join(self.words.get(word, word) for word in SEPARATOR.split(part)).replace(
            "'", ""
        )

    def _unleet(self, token: str, one: str) -> str:
        return SEPARATOR.sub("", token.replace("1", one).translate(LEET))

    def together(self, spaced: str) -> str:
        """Return letters written with gaps as the word or words they make."""
        letters = re.sub(r"[^a-z0-9@$]", "", spaced)
        letters = letters if letters.isdigit() else letters.translate(LEET)
        for pattern, words in self.runs:
            letters = pattern.sub(f" {words} ", letters)
        return letters


@lru_cache(maxsize=4)
def _table(traditional: tuple[str, ...]) -> dict[int, int]:
    table = dict(LOOKALIKES)
    for old, new in zip(traditional[::2], traditional[1::2], strict=True):
        table.update(str.maketrans(old, new))
    return table


def flatten(text: str | None, spelling: Spelling, traditional: tuple[str, ...]) -> str:
    """Return `text` in plain form, sentence marks and commas kept, both languages together."""
    flat = unicodedata.normalize("NFKD", (text or "")[:MAX_CHARACTERS])
    flat = INVISIBLE.sub("", flat).casefold().translate(_table(traditional))
    lines = "\n".join(" ".join(line.split()) for line in flat.splitlines())
    flat = PAUSE.sub(f" {PAUSED} ", LAUGHTER.sub(" lol ", lines.strip()))
    flat = SPACED_OUT.sub(lambda found: spelling.together(found[0]), flat)
    flat = TOKEN.sub(lambda found: f" {spelling.plain(found[0])} ", flat)
    flat = NOISE.sub(" ", CLAUSE.sub(" , ", flat))
    return " ".join(flat.split())


def sentences(flat: str) -> list[Sentence]:
    """Return the sentences of a flattened text."""
    found = []
    at = 0
    for mark in [*SENTENCE.finditer(flat), None]:
        end = len(flat) if mark is None else mark.start()
        words = flat[at:end].strip(" ,")
        if words:
            found.append(Sentence(words, mark is not None and ("?" in mark[0] or "？" in mark[0])))
        at = end if mark is None else mark.end()
    return found


def english(flat: str, gloss: Sequence[tuple[str, str]]) -> list[Sentence]:
    """Return the sentences as the English rules read them, Chinese words glossed.

    A pause may part two clauses or may stand inside one, so such a text is read both ways.
    """
    if not HAS_LATIN.search(flat):
        return []
    if HAS_HAN.search(flat):
        for chinese, words in gloss:
            flat = flat.replace(chinese, f" {words} ")
        flat = " ".join(flat.split())
    if PAUSED not in flat:
        return sentences(flat)
    parted = sentences(flat.replace(PAUSED, ","))
    joined = sentences(" ".join(flat.replace(PAUSED, " ").split()))
    return list(dict.fromkeys((*parted, *joined)))


def chinese(
    flat: str,
    gloss: Sequence[tuple[re.Pattern[str], str]],
    spelling: Sequence[tuple[re.Pattern[str], str]],
) -> list[Sentence]:
    """Return the sentences as the Chinese rules read them, English words glossed.

    A space between two characters may part two clauses or may hide a word, so such a text is
    read both ways.
    """
    if not HAS_HAN.search(flat) and not any(pattern.search(flat) for pattern, _ in spelling):
        return []
    if HAS_LATIN.search(flat) and HAS_HAN.search(flat):
        for pattern, characters in gloss:
            flat = pattern.sub(f" {characters} ", flat)
        flat = " ".join(flat.split())
    flat = flat.replace(" , ", "，").replace(",", "，").replace(f" {PAUSED}", "")
    readings = [NEXT_TO_HAN.sub("", flat)]
    if BETWEEN_HAN.search(flat):
        readings.append(NEXT_TO_HAN.sub("", BETWEEN_HAN.sub("，", flat)))
    found: dict[Sentence, None] = {}
    for reading in readings:
        spelled = reading
        for pattern, characters in spelling:
            spelled = pattern.sub(characters, spelled)
        found.update(dict.fromkeys(sentences(spelled)))
    return list(found)
