"""What a talk is about over several turns: "yeah, three years" belongs to the breakup before it.

Told by words that leave little doubt (matters.yaml), because a matter that was guessed wrong is
worse than none. A matter holds until another begins, the person changes the topic or corrects the
program, or `KEPT` turns have passed without a word of it. After good news the matter is the good
news. Death, separation and illness (`grave`) must be told plainly: neither denied nor figurative
nor of other people. Knows no entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affect import written
from affect.corrections import corrects
from affect.latest import remembered
from affect.literals import Index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affect.shares import Turned

FILE = Path(__file__).parent / "matters.yaml"
LOOKED_BACK = 12  # turns that are read for it
READ = 400  # characters of a line that are read for it
LINES = 2_048  # lines of which it is kept what they begin, without their words
KEPT = 6  # turns that a matter holds without another word of it
GOOD = "good"
MOURNED = frozenset({"loss", "pet_loss"})  # what no good news turns
NEWS = frozenset({"good_news", "success", "relief"})
_RESOLVED = frozenset({"exam", "exam_result", "job_loss"})  # what good news mostly puts an end to
GLAD_FIRST = 2  # turns after good news in which no weak matter takes its place
# Words, and Chinese characters, of a line that hangs on what was told before: in a grave matter
# most lines do, in any other only the shortest.
SHORT, SHORTEST = (8, 9), (4, 6)
LONGEST = 160  # characters of a line that hangs on a grave matter by how it begins
HANGS = 3  # lines back on which a short one may hang
GLAD_TURNS = 5  # turns that good news is spoken about

SPOILT = -0.25  # valence of a line after which the talk is no longer about good news
WARY = 3  # turns after a correction in which nothing is taken for granted

NEW_TOPIC = re.compile(
    r"^(anyway|by the way|btw|on another note|something else|also, there'?s|different thing)\b"
    r"|\b(change the subject|talk about something else)\b"
    r"|^(对了|另外|还有(件|个)|话说|换个)|不(说|聊)这个",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter by its name; `since` counts the turns after the one that began it, `dark` is its
    colour: good news in a dark matter is a relief."""

    name: str
    since: int
    dark: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    dark: bool
    weak: bool
    brief: bool
    begins: re.Pattern[str]
    stays: re.Pattern[str]
    topics: frozenset[str]
    words: re.Pattern[str] | None
    """Any word of a grave matter; None where the matter is not grave."""


# Inside such a clause a grave word tells nothing: denied, feared, compared, of long habit.
_DOUBT = re.compile(
    r"\b(not|isnt|wasnt|arent|didnt|dont|hasnt|never|nobody|no ?one|none|almost|nearly|gonna"
    r"|going to|will|would|could|might|if|unless|i'?ll|she'?ll|he'?ll|as if|as though"
    r"|like (i|she|he|they|it|someone|somebody|we|you)('?s|'?m)?|feels like|give me|giving me)\b"
    r"|n't\b|没(?!了)|不是|好像|像是|要是|如果|差点|快要|怕|气得",
    re.IGNORECASE,
)
_BELIEVED = re.compile(r"\bcan'?t (even )?believe( that)?\b|\bdon'?t know how to\b", re.IGNORECASE)
# Whose it was, where it was nobody of one's own.
_OTHERS = re.compile(
    r"\b(her|his|their|your|someone'?s|somebody'?s|(?!(?:my|our)\b)\w+'s) (mom|mum|mother|dad"
    r"|father"
    r"|sister|brother|grand\w+|gran|nana|husband|wife|son|daughter|uncle|aunt|dog|cat|ex)\b"
    r"|\b(a|the|some|my|our) (co-?worker|colleague|neighbou?r|client|customer|teacher|boss"
    r"|patients?|residents?|pupils?|students?)\b"
    r"|[他她]的?(爸|妈|爷|奶|外|姥|哥|姐|弟|妹|老公|老婆)|(同事|邻居|客户|领导|老师|同学)",
    re.IGNORECASE,
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")
_CLAUSE = re.compile(
    r"[.!?;:,\n。！？；，、…]+|\s[-–—]+\s|\b(?:and|but|so|because|when|while)\b", re.IGNORECASE
)
_BEFORE = 24  # characters before a grave word in which a doubt or another's person counts


# Who or what was told of goes on being told of: "he used to wait at the door", 它的毯子我扔不掉.
_HANGS_ON = re.compile(
    r"^\W*(and |but |so |then |because |yeah |yes |well )*((he|she|it|they|we|his|her|its|their)\b"
    r"|i (still|just|keep|kept|miss|always|used to|can'?t|couldn'?t|never|thought|wish"
    r"|don'?t know how)\b"
    r"|every (day|night|morning|time)\b|(people|everyone|everybody|nobody|no one|someone)\b)"
    r"|^(然后|但是?|可是?|所以|因为|其实)?[，,]?([它他她]|以前|那时候?|每次|每天|到现在|我(还|一直|总|老是?|现在)"
    r"|别人|大家|人家|家里)",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"^\W*((no|but|and|well|ok) )*(it|that|this|he|she|they|i)('s|'m|'re| is| am| are| was)? not\b"
    r"|\b(isn'?t|wasn'?t|aren'?t) (even )?(about )?(the|my|her|his|that)\b|^\W*又?不是",
    re.IGNORECASE,
)


def denies(said: str) -> bool:
    """Whether a line says what is not so: "it's not even the money"."""
    return bool(_DENIES.search(said.replace("’", "'")))


def names() -> frozenset[str]:
    """All matters that an entry may be for."""
    return frozenset({*_kinds(), GOOD})


@remembered(LINES)
def begun(said: str) -> str | None:
    """The matter that these words begin, or None."""
    plain = said.replace("’", "'")
    kinds = tuple(_kinds().items())
    possible = (kinds[number] for number in _beginnings().may_match(plain))
    return next((name for name, kind in possible if _begins(kind, plain)), None)


def _begins(kind: _Kind, plain: str) -> bool:
    if kind.words is None:
        return bool(kind.begins.search(plain))
    return any(_told(kind.begins, clause) for clause in _clauses(plain))


def grave() -> frozenset[str]:
    """The matters in which a wrong guess wounds."""
    return frozenset(name for name, kind in _kinds().items() if kind.words is not None)


def mourns(history: Sequence[Turned]) -> bool:
    """Whether the talk was about a death before this line."""
    before = current(history[:-1], history[-1].said) if history else None
    return before is not None and before.name in MOURNED


def may_be(name: str, topic: str) -> bool:
    """Whether a talk about a topic of the bank may be about this matter."""
    return name == GOOD or topic in _kinds()[name].topics


def holds_word_of(name: str, text: str) -> bool:
    """Whether a text speaks of a grave matter, in whatever way."""
    words = _kinds()[name].words
    return words is not None and bool(words.search(text))


def speaks_of(name: str, said: str) -> bool:
    """Whether a person's words speak of a grave matter as theirs: not denied, not another's."""
    words = _kinds()[name].words
    plain = said[:READ].replace("’", "'")
    return words is not None and any(_told(words, clause) for clause in _clauses(plain))


def _clauses(plain: str) -> list[str]:
    return [part for part in _CLAUSE.split(plain) if part]


def _told(pattern: re.Pattern[str], clause: str) -> bool:
    clause = _BELIEVED.sub(" ", clause)
    for found in pattern.finditer(clause):
        around = clause[max(0, found.start() - _BEFORE) : found.end()]
        if not _DOUBT.search(around) and not _OTHERS.search(around):
            return True
    return False


def wary(history: Sequence[Turned]) -> bool:
    """Whether the program was corrected lately, so that it had better stay with what is said."""
    lately = history[-WARY:]
    before = (None, *history)[-len(lately) - 1 : -1]
    return any(corrects(turn.said, last) for last, turn in zip(before, lately, strict=True))


def current(history: Sequence[Turned], said: str) -> Matter | None:
    """What the talk is about now; `history` holds its earlier turns, oldest first."""
    now: str | None = None
    since = silent = 0
    last: Turned | None = None
    for turn in (*history[-LOOKED_BACK:], None):
        words = (turn.said if turn else said)[:READ]
        opened = begun(words)
        if corrects(words, last):
            # What was taken for granted is dropped; what they say it is instead may begin.
            opened = None if opened == now else opened
            now = None
        last = turn
        if NEW_TOPIC.search(words.strip()):
            now = None
        if (
            now is not None
            and opened != now
            and (
                _stays(now, words)
                or (now == GOOD and opened in _RESOLVED)
                or (is_weak(opened) and not _gives_way(now, since))
            )
        ):
            opened = None
        if opened and (opened != now or now is None):
            now, since, silent = opened, 0, 0
        elif now is not None:
            since += 1
            silent = 0 if opened or _stays(now, words) else silent + 1
            now = None if silent >= (GLAD_TURNS if now == GOOD else KEPT) else now
        if now == GOOD and turn and turn.reading and turn.reading.affect.valence < SPOILT:
            now = None
        if turn and turn.situation in NEWS:
            now, since, silent = GOOD, 0, 0
    return Matter(now, since, now != GOOD and _kinds()[now].dark) if now else None


def hangs(said: str) -> bool:
    """Whether a line is no whole one by itself: a few words, or "he ...", "it ..."."""
    plain = said[:READ].replace("’", "'")
    if NEW_TOPIC.search(plain.strip()):
        return False
    few = len(_HAN.findall(plain)) <= 6 if _HAN.search(plain) else len(plain.split()) <= 4
    return few or (bool(_HANGS_ON.match(plain)) and len(plain) <= LONGEST)


def goes_on(name: str, history: Sequence[Turned], said: str) -> bool:
    """Whether a line plainly goes on with an open matter: by its words, or short after such."""
    before = () if _kinds()[name].brief else reversed(history[-HANGS:])
    for line in (said, *(turn.said for turn in before)):
        plain = line[:READ].replace("’", "'")
        kept = _kinds()[name].stays.finditer(plain)
        if begun(plain) == name or any(each.group().lower() not in _PRONOUNS for each in kept):
            return True
        if name in grave() and _HANGS_ON.match(plain) and len(plain) <= LONGEST:
            continue
        words_most, characters_most = SHORT if name in grave() else SHORTEST
        han = len(_HAN.findall(plain))
        # Foreign words among the characters make a line no shorter: 开会我 hold 不住.
        written = han + 2 * len(_LATIN.findall(plain)) if han else 0
        if len(plain.split()) > words_most or written > characters_most:
            return False
    return False


_PRONOUNS = frozenset(
    {"he", "she", "they", "him", "her", "them", "here", "there", "他", "她", "还"}
)


def is_weak(name: str | None) -> bool:
    """Whether a matter begins only where none is open: bad nights may be part of any other."""
    return name is not None and name != GOOD and _kinds()[name].weak


def _gives_way(name: str, since: int) -> bool:
    """Whether an open matter gives way to a weak one: if it is weak itself, or old good news."""
    return since >= GLAD_FIRST if name == GOOD else is_weak(name)


def _stays(name: str, said: str) -> bool:
    return name != GOOD and bool(_kinds()[name].stays.search(said.replace("’", "'")))


@cache
def _kinds() -> Mapping[str, _Kind]:
    content: dict[str, Any] = written.read(FILE)
    return {
        name: _Kind(
            bool(raw["dark"]),
            bool(raw.get("weak")),
            bool(raw.get("brief")),
            _any(raw["begins"]),
            _any(raw["stays"]),
            frozenset(raw["topics"]),
            _any(raw["words"]) if "words" in raw else None,
        )
        for name, raw in content.items()
    }


@cache
def _beginnings() -> Index:
    return Index([kind.begins for kind in _kinds().values()])


def _any(parts: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)
