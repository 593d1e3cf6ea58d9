"""The person's own words for an entry's slots: {topic}, {person}, {time}; English and Chinese.

Precision before reach: only nouns of the word lists, or one word shut in between "my" and a word
that ends a noun phrase, are taken up. Names, slurs, anything long or in doubt are not: then the
entry's plain version is used. The grammar of the sentence around the slot is checked too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from affect.writers import chinese
from affect.writers.lexicon import listed

MOST_WORDS = 4

_TOKEN = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|\d[\w.,:%-]*|[^\sA-Za-z\d]")
_IN_LAW = re.compile(r"\b(\w+)[ -]in[ -]law\b", re.IGNORECASE)
_SLOT = re.compile(r"\{(topic|person|time|deed|other|told|feeling|name|count|pick)\}")
_CLAUSES = frozenset(
    {"deed", "other", "told", "feeling", "name", "count", "pick"}
)  # stand as they are: no article, no agreement
_SINGULAR = frozenset({"is", "was", "has", "does", "isn't", "wasn't", "hasn't", "doesn't"})
_PLURAL = frozenset({"are", "were", "have", "do", "aren't", "weren't", "haven't", "don't"})
_ENDS_IN_S = frozenset({"this", "us", "as", "always", "perhaps", "sometimes", "plus", "across"})
_BARE_AFTER = frozenset({"the", "your", "this", "a", "an", "another", "every"})
_VERBS = _SINGULAR | _PLURAL | {"had", "did", "went", "came", "said", "will", "would", "could"}
_FUTURE = re.compile(r"\b(will|won't|coming|comes|going to|ahead|before|until|by)\b|'ll\b")
_PAST = re.compile(r"\b(was|were|did|had|went|happened|came|said|[a-z]{3,}ed)\b")
_HE = re.compile(r"\b(he|him|his)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(she|her|hers)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Filler:
    """Words for a slot. `bare` leaves out the article; `kind` says how it may be used.

    Kinds: `singular`, `plural` (things, people); `weekday`, `past`, `future`, `present` (times).
    `event` is false for a thing, place or animal, which not every sentence can be about.
    """

    text: str
    bare: str
    kind: str = "singular"
    event: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What the person's words offer for each slot; None where nothing is sure."""

    topic: Filler | None = None
    person: Filler | None = None
    time: Filler | None = None
    deed: Filler | None = None
    other: Filler | None = None
    told: Filler | None = None
    feeling: Filler | None = None
    name: Filler | None = None
    count: Filler | None = None
    pick: Filler | None = None

    def of(self, slot: str) -> Filler | None:
        """The filler for a slot by its name."""
        fillers = {
            "topic": self.topic,
            "person": self.person,
            "time": self.time,
            "deed": self.deed,
            "other": self.other,
            "told": self.told,
            "feeling": self.feeling,
            "name": self.name,
            "count": self.count,
            "pick": self.pick,
        }
        return fillers[slot]


def take(said: str, language: str) -> Taken:
    """Find fillers in the person's words; `language` is the language that they will stand in."""
    if language == "zh":
        found = chinese.find(said)
        return Taken(
            topic=_chinese_topic(found.topic) if found.topic else None,
            person=Filler(found.person, found.person_bare) if found.person else None,
            time=Filler(found.time, found.time, found.time_kind) if found.time else None,
        )
    tokens = _TOKEN.findall(_IN_LAW.sub(r"\1-in-law", said.replace("’", "'")))
    return Taken(topic=_topic(tokens), person=_person(tokens), time=_time(said))


def _chinese_topic(word: str) -> Filler:
    return Filler(word, word, event=word not in listed("zh", "tangible"))


def fill(text: str, taken: Taken, language: str, *, general: bool = False) -> str | None:
    """`text` with its slots filled, or None where a filler is missing or would read wrong.

    `general` sentences fit anything that happens, but not things.
    """
    parts, end = [], 0
    for slot in _SLOT.finditer(text):
        filler = taken.of(slot.group(1))
        before, after = text[: slot.start()], text[slot.end() :]
        if filler is None or (general and not filler.event):
            return None
        word = _worded(slot.group(1), filler, before, after, language)
        if word is None:
            return None
        parts += [text[end : slot.start()], word]
        end = slot.end()
    return "".join([*parts, text[end:]])


def _worded(slot: str, filler: Filler, before: str, after: str, language: str) -> str | None:
    if slot in _CLAUSES:
        starts = language != "zh" and (not before.strip() or before.rstrip()[-1] in ".?!")
        return filler.text[0].upper() + filler.text[1:] if starts else filler.text
    if language == "zh":
        return chinese.fitted(filler.text, filler.bare, before)
    return _fitted(slot, filler, before, after)


def _fitted(slot: str, filler: Filler, before: str, after: str) -> str | None:
    """The filler as it reads at this place of an English sentence."""
    last = re.search(r"([A-Za-z']+)\s+$", before)
    following = re.match(r"\s*('s|[A-Za-z']+)", after)
    previous, following_word = _lower(last), _lower(following)
    if slot == "time":
        if not _tense_fits(filler, previous, before + after):
            return None
    elif not _agrees(slot, filler, previous, following_word, before + after):
        return None
    # "That shift" points, "notice that your shift had" joins.
    pointing = previous == "that" and slot == "topic" and following_word not in _VERBS
    word = filler.bare if previous in _BARE_AFTER or pointing else filler.text
    starts = not before.strip() or before.rstrip()[-1] in ".?!"
    return word[0].upper() + word[1:] if starts else word


def _lower(match: re.Match[str] | None) -> str:
    return match.group(1).lower() if match else ""


def _agrees(slot: str, filler: Filler, previous: str, following: str, rest: str) -> bool:
    wants_one = (
        following in _SINGULAR
        or previous in _SINGULAR
        or previous in {"a", "an", "this", "that", "another", "every"}
        or following == "'s"
        or (following.endswith("s") and following not in _ENDS_IN_S and following not in _PLURAL)
    )
    wants_many = following in _PLURAL or previous in {"are", "were", "do", "these", "those"}
    if filler.kind == "plural":
        return not wants_one and not (slot == "topic" and re.search(r"\bit('s)?\b", rest))
    if wants_many:
        return False
    if slot == "person":
        head = filler.bare.split()[-1]
        if _HE.search(rest) and head not in listed("en", "male"):
            return False
        return not (_SHE.search(rest) and head not in listed("en", "female"))
    return True


def _tense_fits(filler: Filler, previous: str, rest: str) -> bool:
    if previous == "on" and filler.kind != "weekday":
        return False
    if filler.kind in {"future", "weekday"} and _PAST.search(rest):
        return False  # a weekday may be the last or the next
    return not (filler.kind == "past" and _FUTURE.search(rest))


def _topic(tokens: list[str]) -> Filler | None:
    found: list[tuple[int, Filler]] = []
    for index, token in enumerate(tokens):
        word = token.lower()
        if word in {"my", "our", "the", "this", "that", "a", "an", "these", "those"}:
            found += _phrase(word, tokens[index + 1 : index + 1 + MOST_WORDS])
        elif word in listed("en", "bare") and (not index or tokens[index - 1].lower() in _OPEN):
            found.append((1, Filler(word, word)))
    return max(found, key=lambda each: each[0])[1] if found else None


# Before these a mass noun stands alone ("at work", "about school").
_OPEN = frozenset({"at", "about", "from", "after", "before", "to", "in", "with", "and", "because"})


def _phrase(determiner: str, following: list[str]) -> list[tuple[int, Filler]]:
    """The noun phrase after a determiner, with how sure it is, if it may be taken up."""
    owned = determiner in {"my", "our"}
    first = following[0].lower() if following else ""
    if owned and first.endswith("'s"):
        inner = _noun(following[1:]) if first[:-2] in listed("en", "people") else None
        return [(4, _thing("your", f"{first} {inner[0]}", inner[0], inner[1]))] if inner else []
    noun = _noun(following)
    if noun:
        known = owned or noun[0] not in listed("en", "incidental")
        article = "your" if determiner == "my" else "the"
        filler = _thing(article, noun[0], *noun)
        return [(3 if owned else 2, filler)] if known else []
    if owned and _shut_in(following):
        many = first.endswith("s") and not first.endswith(("ss", "us", "is"))
        kind = "plural" if many else "singular"
        return [(2, Filler(f"your {first}", first, kind, event=False))]
    return []


def _thing(article: str, words: str, bare: str, kind: str) -> Filler:
    event = bare.rsplit(maxsplit=1)[-1] not in listed("en", "tangible")
    return Filler(f"{article} {words}", bare, kind, event)


def _noun(following: list[str]) -> tuple[str, str] | None:
    """The longest run of listed words that ends in a topic: (words, kind)."""
    topics, plurals = listed("en", "topics"), listed("en", "plurals")
    best: tuple[str, str] | None = None
    for count, token in enumerate(following[: MOST_WORDS - 1], start=1):
        word = token.lower()
        if word in topics or word in plurals:
            run = " ".join(each.lower() for each in following[:count])
            best = (run, "plural" if word in plurals else "singular")
        elif word not in listed("en", "adjectives"):
            break
    return best


def _shut_in(following: list[str]) -> bool:
    """Whether the first word alone is a plain lower-case noun: what follows ends the phrase."""
    if not following:
        return False
    word = following[0]
    after = following[1].lower() if len(following) > 1 else "."
    ends = not after[0].isalnum() or after in listed("en", "boundaries")
    known = ("people", "people_plural", "boundaries", "blocked", "adjectives", "stop")
    return (
        ends
        and word.islower()
        and word.isalpha()
        and 3 <= len(word) <= 14
        and not word.endswith(("ing", "ly"))
        and not any(word in listed("en", name) for name in known)
    )


def _person(tokens: list[str]) -> Filler | None:
    found: dict[str, Filler] = {}
    for index, token in enumerate(tokens):
        word = token.lower()
        people = listed("en", "people")
        many = word in listed("en", "people_plural")
        if word not in people and not many:
            continue
        start = index
        while start and tokens[start - 1].lower() in listed("en", "person_adjectives"):
            start -= 1
        before = tokens[start - 1].lower() if start else ""
        bare = " ".join(each.lower() for each in tokens[start : index + 1])
        article = _article(before, word)
        if article and len(bare.split()) < MOST_WORDS:
            found[word] = Filler(f"{article} {bare}", bare, "plural" if many else "singular")
        elif before in {"his", "her", "their", "your"}:
            continue
    # With two people in play it is not clear whom the sentence is about.
    return next(iter(found.values())) if len(found) == 1 else None


def _article(before: str, word: str) -> str | None:
    if before in {"my", "our"}:
        return "your"
    if before == "the" and word in listed("en", "people_the"):
        return "the"
    if before not in {"his", "her", "their", "your", "a", "the"} and word in listed(
        "en", "people_bare"
    ):
        return "your"
    return None


def _time(said: str) -> Filler | None:
    low = said.lower()
    found: dict[str, Filler] = {}
    for day in listed("en", "weekdays"):
        if re.search(rf"\b{day.lower()}s?\b", low):
            found[day] = Filler(day, day, "weekday")
    for kind in ("past", "future", "present"):
        for phrase in sorted(listed("en", f"{kind}_times"), key=len, reverse=True):
            inside = any(phrase in longer.lower() for longer in found)
            if not inside and re.search(rf"\b{phrase}\b", low):
                found[phrase] = Filler(phrase, phrase, kind)
    return next(iter(found.values())) if len(found) == 1 else None
