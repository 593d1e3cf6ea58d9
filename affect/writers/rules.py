"""The rules that written entries keep: length, questions, phrases, openings, coverage.

Each problem names an entry (or the bank) and says in one sentence what to change. The numbers come
from the house style; docs/writing-entries.md tells them to people who write.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affect.special import SPECIAL
from affect.types import EMOTIONS, Strategy
from affect.writers import guard, words
from affect.writers.entry import asks
from affect.writers.slots import Filler, Taken, fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affect.writers.bank import Bank
    from affect.writers.entry import Entry

LEAST = {"en": 200, "zh": 80}  # entries a language
USUAL = {"en": 35.0, "zh": 55.0}  # words; Chinese: characters
HARD = {"en": 70.0, "zh": 120.0}
LONG_SHARE = 0.1  # of the entries may be longer than usual
OPENING_SHARE = 0.03  # of the entries may open alike
GRAM = 6  # words (characters of Chinese: twice as many) that no two entries of a cell share
CUES = (2, 5)
_NO_CUES = frozenset(
    {
        "fallback",
        "permission",
        "after_crisis",
        "after_card",
        "repeated_topic",
        "said_yes",
        "said_no",
    }
    | {
        "unsure",
        "acknowledged",
        "declined",
        "explain",
        "remember",
        "should_i",
        "relief",
        "lift",
        "answer_when",
        "answer_who",
        "answer_name",
        "answer_how",
        "answer_what",
        "change_topic",
        "teasing",
        "choose",
        "asked_again",
        "corrected",
        "sarcasm",
        "wry",
        "my_feeling",
        "my_voice",
        "understand_me",
        "memory",
        "is_it_ok",
        "hindsight",
        "others_mind",
        "task",
        "fact",
        "your_life",
        "your_view",
        "open_question",
        "may_i",
        "beyond",
        "support",
        "support_first",
        "did_it",
        "you_said",
        "result_out",
        "back_again",
        "away",
        "off_tone",
        "back",
        "silence",
        "small_talk",
        "thanks",
        "goodbye",
        "owned",
        "advice_any",
        "word_it",
        "ideas",
        "pick",
        "draft_plain",
        "draft_heated",
        "draft_unsure",
        "able",
        "subject",
        "humour",
        "why_pick",
        "foresee",
        "unknown",
        "something",
        "story",
        "wish_luck",
        "too_late",
        "your_day",
        "plan_help",
        "liked",
        "praised",
        "rhetorical",
    }
)
_EXAMPLES = {
    "en": Taken(
        Filler("the shift", "shift"),
        Filler("your sister", "sister"),
        Filler("Monday", "Monday"),
        Filler("call her", "call her"),
        Filler("leave it", "leave it"),
        Filler("your shift was moved", "your shift was moved"),
        Filler("sadness", "sadness"),
        Filler("Jess", "Jess"),
        Filler("14 clients", "14 clients"),
        Filler("leave it till you're better", "leave it till you're better"),
    ),
    "zh": Taken(
        Filler("夜班", "夜班"),
        Filler("你妹妹", "妹妹"),
        Filler("周一", "周一"),
        Filler("给她打电话", "给她打电话"),
        Filler("先放着", "先放着"),
        Filler("你换了班", "你换了班"),
        Filler("难过", "难过"),
        Filler("小雨", "小雨"),
        Filler("血糖十六", "血糖十六"),
        Filler("在家躺着", "在家躺着"),
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an entry, or with the bank as a whole (`entry` is then a language)."""

    entry: str
    what: str


def problems(bank: Bank, *, complete: bool = True) -> list[Problem]:
    """Everything that breaks a rule; counts and coverage only where the bank is `complete`."""
    found = [problem for entry in bank.entries for problem in _of_entry(entry)]
    for language in ("en", "zh"):
        entries = bank.of(language)
        found += _openings(entries, language)
        found += _likeness(entries)
        if complete:
            found += _coverage(entries, language)
    return found


def _of_entry(entry: Entry) -> Iterator[Problem]:
    filled = fill(entry.text, _EXAMPLES[entry.language], entry.language) if entry.slots else None
    for text in {filled or entry.plain, entry.plain}:
        for what in _of_text(entry, text):
            yield Problem(entry.id, what)
    chinese = entry.language == "zh"
    checks = {
        "the slots do not read well even with an easy filler.": bool(entry.slots) and not filled,
        "a slot is there twice, or there are more than two.": len(entry.slots) > 2
        or len(set(entry.slots)) < len(entry.slots),
        "plain must have no slots.": "{" in entry.plain,
        f"needs {CUES[0]} to {CUES[1]} cues.": entry.situation not in _NO_CUES
        and not ((entry.matter or entry.topic) and not entry.cues)
        and not CUES[0] <= len(entry.cues) <= CUES[1],
        "is not in its language.": words.is_chinese(entry.text) != chinese,
        "uses 您 or half-width punctuation.": chinese and any(c in entry.text for c in "您,?!;"),
    }
    for what, broken in checks.items():
        if broken:
            yield Problem(entry.id, what)


def _of_text(entry: Entry, text: str) -> Iterator[str]:
    verdict = guard.check(text)
    if not verdict.ok:
        yield f"may not leave: {verdict.reason}."
    if asks(text) != entry.question:
        yield "question must be true exactly if the text ends in one."
    if not entry.question and words.questions(text):
        yield "a question must stand last."
    if _length(text, entry.language) > HARD[entry.language]:
        yield "is too long."
    if entry.strategy is not Strategy.SUGGESTION and _advises(entry, text):
        yield "gives advice, but is not a suggestion."


def _advises(entry: Entry, text: str) -> bool:
    return entry.situation not in {"support", "cannot_serve"} and guard.gives_advice(text)


def _length(text: str, language: str) -> float:
    return words.characters(text) if language == "zh" else words.count(text)


def _openings(entries: Sequence[Entry], language: str) -> Iterator[Problem]:
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for entry in entries:
        alike[words.opening(entry.plain)].append(entry.id)
    most = max(2, int(OPENING_SHARE * len(entries)))
    for opening, names in alike.items():
        if len(names) > most:
            said = ("" if language == "zh" else " ").join(opening)
            yield Problem(names[most], f"opening {said!r} is used {len(names)} times.")


def _likeness(entries: Sequence[Entry]) -> Iterator[Problem]:
    """No long run of words twice among entries that could stand for one another."""
    cells: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        for emotion in entry.emotions:
            for level in entry.intensity:
                cells[entry.strategy, emotion, level].append(entry)
    told: set[frozenset[str]] = set()
    for cell in cells.values():
        first: dict[tuple[str, ...], str] = {}
        for entry in cell:
            for gram in words.grams(entry.plain, GRAM * (2 if entry.language == "zh" else 1)):
                other = first.setdefault(gram, entry.id)
                pair = frozenset({other, entry.id})
                if other != entry.id and pair not in told:
                    told.add(pair)
                    yield Problem(entry.id, f"shares {' '.join(gram)!r} with {other}.")


def _coverage(entries: Sequence[Entry], language: str) -> Iterator[Problem]:
    if len(entries) < LEAST[language]:
        yield Problem(language, f"{len(entries)} entries, needs {LEAST[language]}.")
    usual = sum(_length(entry.plain, language) > USUAL[language] for entry in entries)
    if usual > LONG_SHARE * len(entries):
        yield Problem(language, f"{usual} entries are longer than {USUAL[language]:g}.")
    told = set(SPECIAL) | {"fallback"}
    ordinary = [entry for entry in entries if entry.situation is None]
    strategies = Counter(entry.strategy for entry in entries)
    emotions = Counter(emotion for entry in ordinary for emotion in entry.emotions)
    situations = Counter(entry.situation for entry in entries)
    missing = [str(name) for name in Strategy if not strategies[name]]
    missing += [str(name) for name in EMOTIONS if not emotions[name]]
    missing += [name for name in sorted(told) if not situations[name]]
    for name in missing:
        yield Problem(language, f"no entry for {name}.")
