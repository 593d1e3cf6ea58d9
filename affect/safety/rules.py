"""The danger phrases of one language, read from YAML and compiled once.

A pattern is a regular expression over plain text (see `plain`) with two short forms: {name} for
an entry of `names`, <n> for at most n words (English) or characters (Chinese). No pattern may
repeat without a bound, so that reading a message takes time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from affect import written
from affect.literals import Index
from affect.safety.plain import Spelling

LANGUAGES = ("en", "zh")
GAPS = {"en": r"(?:[a-z0-9,]{1,24} ){0,%s}", "zh": "[^，。]{0,%s}"}
UNBOUNDED = re.compile(r"(?<!\\)[*+](?!\])|\{\d+,\}")
NEVER = r"(?!)"
GUARDS = (
    "embarrassed", "leaving", "joke", "earnest", "frame", "past", "present", "better", "negation",
    "inner_negation", "no_negation", "denies_that", "after_negation", "half", "hypothetical",
    "condition", "generic", "others", "selves", "second", "reports", "loss", "trying",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One danger phrase: what it says (`level`, `topic`) and what may take it back (`flags`)."""

    id: str
    level: int
    topic: str
    pattern: re.Pattern[str]
    needs: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    flags: frozenset[str]


@dataclass(frozen=True)
class Phrases:
    """All that is known of one language: rules, guards by name, idioms, denials."""

    language: str
    rules: tuple[Rule, ...]
    idioms: re.Pattern[str]
    guards: Mapping[str, re.Pattern[str]]
    denials: Mapping[str, re.Pattern[str]]
    bare_denial: re.Pattern[str]

    def may_match(self, text: str) -> tuple[Rule, ...]:
        """The rules that may match in `text`, in their order: all others certainly do not."""
        return tuple(self.rules[number] for number in self._rules_by_word.may_match(text))

    def may_tell_loss(self, text: str) -> bool:
        """Whether the guard for somebody who was lost may match in `text`."""
        return bool(self._loss_by_word.may_match(text))

    def denies(self, sentence: str) -> tuple[str, ...]:
        """The kinds of words against danger that a sentence says (`screening.Denial`)."""
        kinds = list(self.denials)
        may = (kinds[number] for number in self._denials_by_word.may_match(sentence))
        return tuple(kind for kind in may if self.denials[kind].search(sentence))

    @cached_property
    def _rules_by_word(self) -> Index:
        return Index([rule.pattern for rule in self.rules])

    @cached_property
    def _loss_by_word(self) -> Index:
        return Index([self.guards["loss"]])

    @cached_property
    def _denials_by_word(self) -> Index:
        return Index(list(self.denials.values()))


class _Compiler:
    """Turns the short forms of one language into regular expressions."""

    def __init__(self, language: str, names: Mapping[str, str]) -> None:
        self.language = language
        self.names = names

    def source(self, pattern: str) -> str:
        for _ in range(3):  # a name may stand in a name
            pattern = re.sub(r"\{([a-z]+)\}", lambda found: self.names[found[1]], pattern)
        if UNBOUNDED.search(re.sub(r"\[[^\]]*\]", "", pattern)):
            raise ValueError(f"A phrase repeats without a bound: {pattern!r}.")
        return re.sub(r"<(\d+)>", lambda found: GAPS[self.language] % found[1], pattern)

    def compile(self, pattern: str | list[str]) -> re.Pattern[str]:
        either = "|".join([pattern] if isinstance(pattern, str) else pattern)
        source = self.source(either)
        edge = r"\b" if self.language == "en" else ""
        return re.compile(f"{edge}(?:{source}){edge}")

    def rule(self, entry: Mapping[str, Any]) -> Rule:
        needs, unless = entry.get("needs"), entry.get("not")
        return Rule(
            id=entry["id"],
            level=entry["level"],
            topic=entry["topic"],
            pattern=self.compile(entry["match"]),
            needs=re.compile(needs) if needs else None,
            unless=self.compile(unless) if unless else None,
            flags=frozenset(entry.get("flags", ())),
        )


@lru_cache(maxsize=len(LANGUAGES))
def load(language: str) -> dict[str, Any]:
    """Return the phrase file of a language as read."""
    file = files("affect.safety") / "phrases" / f"{language}.yaml"
    content: dict[str, Any] = written.read(file)
    return content


@lru_cache(maxsize=len(LANGUAGES))
def phrases(language: str) -> Phrases:
    """Return the compiled phrases of a language."""
    content = load(language)
    compiler = _Compiler(language, content["names"])
    denials = {kind: compiler.compile(words) for kind, words in content["denial"].items()}
    return Phrases(
        language=language,
        rules=tuple(compiler.rule(entry) for entry in content["rules"]),
        idioms=compiler.compile(content["idioms"]),
        guards={name: compiler.compile(content.get(name, NEVER)) for name in GUARDS},
        bare_denial=denials.pop("bare"),
        denials=denials,
    )


def _slips(word: str) -> set[str]:
    """Return what one slip of the finger makes of a word: a letter lost, doubled or swapped."""
    lost = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    doubled = {word[:i] + word[i] + word[i:] for i in range(len(word))}
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}
    return lost | doubled | swapped


@lru_cache(maxsize=1)
def spelling() -> Spelling:
    """Return the English spellings, one-slip misspellings of the keywords included."""
    content = load("en")
    words: dict[str, str] = {}
    for keyword in content["keywords"]:
        words.update(dict.fromkeys(_slips(keyword), keyword))
    for plain, variants in content["spellings"].items():
        words.update(dict.fromkeys(variants, plain))
    for plain in content["keywords"]:
        words.pop(plain, None)
    return Spelling(
        words=words,
        known=frozenset(content["known"]),
        runs=tuple((re.compile(run), plain) for run, plain in content["runs"].items()),
    )


@lru_cache(maxsize=1)
def chinese_spelling() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the Chinese spellings as (pattern, what the rules read)."""
    return tuple((re.compile(old), new) for new, old in load("zh")["spellings"].items())


@lru_cache(maxsize=1)
def traditional() -> tuple[str, ...]:
    """Return rows of traditional characters, each followed by its simplified row."""
    return tuple(load("zh")["traditional"])


@lru_cache(maxsize=1)
def gloss() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[re.Pattern[str], str], ...]]:
    """Return the glosses for mixed sentences: Chinese to English, English to Chinese."""
    entries: Mapping[str, list[str]] = load("zh")["gloss"]
    to_english = sorted(
        ((han, words[0]) for han, words in entries.items()), key=lambda e: -len(e[0])
    )
    pairs = [(words, han) for han, listed in entries.items() for words in listed]
    to_chinese = sorted(pairs, key=lambda pair: -len(pair[0]))
    return tuple(to_english), tuple((re.compile(rf"\b{old}\b"), new) for old, new in to_chinese)
