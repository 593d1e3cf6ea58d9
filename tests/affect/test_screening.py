"""Screening: sentences with their levels, and what no text may do to it.

`pytest tests/affect/test_screening.py -s -k figures` prints the figures of docs/safety.md.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.danger import About, Topic
from affect.safety.plain import MAX_CHARACTERS
from affect.safety.rules import LANGUAGES, load, phrases
from affect.safety.screening import Denial, Screening, risk, screen
from affect.types import Risk

DATA = Path(__file__).parents[1] / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / f"screening_{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


@pytest.mark.parametrize("name", ["dev", "frozen"])
def test_figures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Recall and false alarms by language; the frozen file is measured, never tuned on."""
    crisis_floor, concern_floor = {"dev": (0.98, 0.90), "frozen": FROZEN_FLOORS}[name]
    for language in (*LANGUAGES, "all"):
        read = [
            (int(row["level"]), screen(row["text"]))
            for row in rows(name)
            if language in {row["language"], "all"}
        ]
        crisis = [found.level >= 2 for level, found in read if level >= 2]
        seen = [found.level >= 1 for level, found in read if level >= 2]
        concern = [found.level >= 1 for level, found in read if level == 1]
        alarms = [found.level >= 1 for level, found in read if level == 0]
        with capsys.disabled():
            print(
                f"\n{name:6} {language:3} n={len(read):3}"
                f"  levels 2-5 as crisis {sum(crisis)}/{len(crisis)} = {share(crisis):.3f}"
                f"  (seen at all {sum(seen)})"
                f"  level 1 {sum(concern)}/{len(concern)} = {share(concern):.3f}"
                f"  false alarms {sum(alarms)}/{len(alarms)}",
                end="",
            )
        if language == "all":
            assert share(crisis) >= crisis_floor
            assert share(concern) >= concern_floor
            assert share(alarms) <= 0.03


# What the frozen file gave when the rules were finished; it may rise, and must not fall.
FROZEN_FLOORS = (0.91, 0.88)


@pytest.mark.parametrize("row", rows("dev"), ids=lambda row: f"{row['language']}-{row['note']}")
def test_every_dev_sentence(row: dict[str, str]) -> None:
    if row["note"].startswith("missed"):
        pytest.xfail(row["note"])
    found = screen(row["text"])
    level = int(row["level"])
    assert found.risk is risk(level)
    if level or row["topic"] != "none":
        assert found.topics[0] == row["topic"]
    if level:
        assert found.about == row["about"]


def test_the_files_are_large_enough() -> None:
    dev, frozen = rows("dev"), rows("frozen")
    assert len(frozen) >= 120
    assert len(dev) + len(frozen) >= 360
    assert not {row["text"] for row in dev} & {row["text"] for row in frozen}
    for row in [*dev, *frozen]:
        assert row["language"] in LANGUAGES
        assert row["topic"] in {"none", *Topic}
        assert row["about"] in {"-", *About}


def test_the_three_step_code() -> None:
    assert screen("lovely weather").risk is Risk.NONE
    assert screen("I wish I was dead").risk is Risk.CONCERN
    assert screen("I want to kill myself").risk is Risk.CRISIS


def test_past_is_told_and_softened() -> None:
    found = screen("Twelve years ago I tried to end my life.")
    assert (found.level, found.past) == (1, True)
    assert screen("Years ago I wanted to kill myself, and now I want it again.").level >= 2
    assert not screen("I tried to kill myself yesterday.").past


def test_only_rule_ids_are_kept() -> None:
    found = screen("I want to kill myself tonight and nobody knows about Rosalind")
    known = {entry["id"] for language in LANGUAGES for entry in load(language)["rules"]}
    assert found.rules
    assert set(found.rules) <= known
    assert "rosalind" not in repr(found).lower()


class TestSplitOverMessages:
    def test_a_sentence_in_parts(self) -> None:
        assert screen("myself", ["i want to", "kill"]).level == 2
        assert screen("die", ["i", "want", "to"]).level == 1
        assert screen("死", ["我", "想"]).level == 1

    def test_a_time_after_a_thought(self) -> None:
        assert screen("tonight", ["I want to kill myself"]).level == 5
        assert screen("今晚", ["我想自杀"]).level == 5
        assert screen("tonight", ["shall we eat pizza"]).level == 0

    def test_earlier_danger_is_not_raised_again_by_plain_words(self) -> None:
        assert screen("thanks for listening", ["I want to kill myself"]).level == 0

    def test_recent_never_lowers(self) -> None:
        for row in rows("dev"):
            assert (
                screen(row["text"], ["I was not", "no", "haha"]).level >= screen(row["text"]).level
            )


class TestDenial:
    @pytest.mark.parametrize(
        "text", ["No, I just mean I'm tired.", "i'm not suicidal", "我没有想自杀", "只是太累了"]
    )
    def test_clear(self, text: str) -> None:
        assert screen(text).denial is Denial.CLEAR

    @pytest.mark.parametrize("text", ["no", "Nope.", "不是", "没有啊"])
    def test_bare(self, text: str) -> None:
        assert screen(text).denial is Denial.BARE

    @pytest.mark.parametrize(
        "text", ["I don't want to die, I want to kill him and myself tonight", "no, I want to die"]
    )
    def test_danger_is_no_denial(self, text: str) -> None:
        assert screen(text).denial is Denial.NONE

    def test_nothing(self) -> None:
        assert screen("the cat is asleep") == Screening()


DANGEROUS = [row["text"] for row in rows("dev") if int(row["level"]) > 0]
INNOCENT = [
    "The weather is nice today.",
    "I had soup for lunch.",
    "今天天气不错。",
    "Do you like tea?",
    "晚饭吃面。",
]


HOSTILE = [
    *("a", "a ", "*", "1", ",", "k.i", "!a", "\u200b", "if i ", "want to ", "I want to die. "),
    *(
        "not kill myself ",
        "going to going to ",
        "he hits ",
        "took all my ",
        "想死",
        "不想自杀",
        "我想",
    ),
]


class TestAnyText:
    @given(st.text())
    def test_never_raises(self, text: str) -> None:
        assert 0 <= screen(text, [text]).level <= 5

    @given(st.text(st.characters(codec=None)))
    def test_surrogates_and_controls(self, text: str) -> None:
        screen(text + "\ud800\x00\u202e" + text)

    def test_nothing_said(self) -> None:
        for text in ("", " ", "\n", "\x00", "\u200b", "🙂", "…", None):
            assert screen(text) == Screening()  # type: ignore[arg-type]

    @settings(deadline=None)
    @given(st.sampled_from(DANGEROUS), st.data())
    def test_hidden_characters_lower_nothing(self, text: str, data: st.DataObject) -> None:
        hidden = "".join(
            letter
            + data.draw(st.sampled_from(["", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"]))
            for letter in text
        )
        assert screen(hidden).level >= screen(text).level

    @settings(deadline=None)
    @given(st.sampled_from(DANGEROUS))
    def test_width_and_case_lower_nothing(self, text: str) -> None:
        wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
        assert screen(wide).level >= screen(text).level
        assert screen(text.upper()).level >= screen(text).level
        assert screen(f"\u202e{text}\u202c").level >= screen(text).level

    @settings(deadline=None)
    @given(st.sampled_from(DANGEROUS), st.lists(st.sampled_from(INNOCENT), max_size=3))
    def test_innocent_text_after_it_lowers_nothing(self, text: str, more: list[str]) -> None:
        longer = f"{text.rstrip('.。')}. {' '.join(more)}"
        assert screen(longer).level >= screen(text).level

    @settings(deadline=None)
    @given(st.sampled_from(DANGEROUS), st.sampled_from(INNOCENT))
    def test_innocent_text_before_it_lowers_nothing(self, text: str, before: str) -> None:
        assert screen(f"{before}\n{text}").level >= screen(text).level

    @pytest.mark.parametrize("piece", HOSTILE)
    def test_long_texts_come_back(self, piece: str) -> None:
        screen(piece * (100_000 // len(piece)))

    def test_length_is_bounded(self) -> None:
        assert screen("a " * MAX_CHARACTERS + "I want to die").level == 0


class TestPhraseFiles:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_rules_are_named_once_and_well_formed(self, language: str) -> None:
        rules = phrases(language).rules
        assert len({rule.id for rule in rules}) == len(rules)
        for rule in rules:
            assert rule.id.startswith(f"{language}-")
            assert 1 <= rule.level <= 5
            assert rule.topic in set(Topic)
            assert rule.flags <= FLAGS

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_rule_fires_on_a_sentence_of_ours(self, language: str) -> None:
        fired = {rule for row in rows("dev") for rule in screen(row["text"]).rules}
        rules = phrases(language).rules
        assert {rule.id for rule in rules if "context" not in rule.flags} - fired == set()

    def test_traditional_rows_match(self) -> None:
        table = load("zh")["traditional"]
        for old, new in zip(table[::2], table[1::2], strict=True):
            assert len(old) == len(new)


FLAGS = {"firm", "own", "other", "keeps", "light", "leaving", "soon", "context", "recent"}
