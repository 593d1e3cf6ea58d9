"""An index of patterns: whatever is written, it never leaves out a pattern that matches."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect import matters
from affect.literals import Index
from affect.safety.rules import LANGUAGES, phrases
from affect.safety.screening import screen

DATA = Path(__file__).parents[1] / "data"
PIECES = (
    "kill",
    "my self",
    "myself",
    "k",
    "s",
    "\u017f",
    "\u212a",
    "\u0130",
    "\u0131",
    "I",
    "a",
    "ab",
    " ",
    "死",
    "想死",
)
PATTERNS = tuple(
    re.compile(source, flags)
    for source in (
        r"\b(?:kill|end) (?:my ?self|it all)\b",
        r"(?:a|ab)?k?i{1,3}s",
        r"[kK]ill(?!ing)|想死|不想活",
        r"(?:x|[^y]|z{0,2})",
        r"(?P<one>k|s)(?P=one)",
        r"(?<!想)死.{0,3}(?:死|想)",
    )
    for flags in (re.NOFLAG, re.IGNORECASE)
)


def sentences() -> list[str]:
    texts = []
    for name in ("dev", "frozen"):
        with (DATA / f"screening_{name}.tsv").open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            texts += [row["text"].lower() for row in rows]
    return texts


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12))
def test_a_pattern_that_matches_is_never_left_out(pieces: list[str]) -> None:
    text = "".join(pieces)
    possible = Index(PATTERNS).may_match(text)
    matching = [number for number, pattern in enumerate(PATTERNS) if pattern.search(text)]
    assert set(matching) <= set(possible)
    assert possible == sorted(possible)


def test_a_pattern_without_its_words_is_left_out() -> None:
    index = Index([re.compile(r"\b(?:kill|end) (?:my ?self|it all)\b"), re.compile("想死|.")])
    assert index.may_match("it rained all day") == [1]
    assert index.may_match("the rest of my week") == [1]
    assert index.may_match("ended it all") == [0, 1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_danger_rule_is_left_out(language: str) -> None:
    known = phrases(language)
    texts = sentences()
    for text in texts:
        matching = {rule.id for rule in known.rules if rule.pattern.search(text)}
        assert matching <= {rule.id for rule in known.may_match(text)}
        said = tuple(kind for kind, words in known.denials.items() if words.search(text))
        assert known.denies(text) == said
        assert known.may_tell_loss(text) or not known.guards["loss"].search(text)
    quiet = "my boss moved the deadline again and nobody told me"
    assert len(known.may_match(quiet)) < len(known.rules) / 4


@given(st.lists(st.sampled_from(sentences()), min_size=1, max_size=3), st.data())
def test_no_danger_rule_is_left_out_of_pieces(texts: list[str], data: st.DataObject) -> None:
    cuts = [data.draw(st.integers(0, len(text))) for text in texts]
    text = " ".join(text[cut:] for text, cut in zip(texts, cuts, strict=True))
    for language in LANGUAGES:
        known = phrases(language)
        matching = {rule.id for rule in known.rules if rule.pattern.search(text)}
        assert matching <= {rule.id for rule in known.may_match(text)}


def test_letters_that_pass_for_others_hide_nothing() -> None:
    assert screen("I want to \u212aill my\u017felf").level >= 2
    assert matters.begun("My dog died la\u017ft night") == matters.begun("my dog died last night")
