"""Scripts decide, small words help, habit fills the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.perception.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I feel so sad today and nobody cares", "en"),
        ("so tired", "en"),
        ("今天好累，什么都不想做", "zh"),
        ("今日はとても疲れた", "ja"),
        ("疲れた", "ja"),
        ("오늘 너무 슬퍼요", "ko"),
        ("мне очень грустно", "ru"),
        ("أنا حزين جدا اليوم", "ar"),
        ("मैं बहुत खुश हूँ", "hi"),
        ("estoy muy triste hoy", "es"),
        ("je suis très fatigué aujourd'hui", "fr"),
        ("Ich bin heute sehr müde", "de"),
        ("oggi sono molto stanco", "it"),
        ("estou muito cansado hoje", "pt"),
        ("ik ben vandaag heel moe", "nl"),
    ],
)
def test_plain_lines(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_mixed_line_has_the_language_of_most_of_its_words() -> None:
    assert detect("my boss 骂我 again today") == "en"
    assert detect("我今天 feel 好 sad 因为老板又骂我了") == "zh"


@pytest.mark.parametrize(
    "text", ["", "   ", "😂😂", "123", "!!!", "ok", "haha", "https://example.org"]
)
def test_what_says_nothing_keeps_the_last_language(text: str) -> None:
    assert detect(text) == "en"
    assert detect(text, "zh") == "zh"
    assert detect(text, "es") == "es"


def test_a_whole_line_changes_the_language() -> None:
    assert detect("I am not sure what to do about this", "zh") == "en"
    assert detect("其实我也不知道", "en") == "zh"
    assert detect("刚 pass 了 probation！") == "zh"
    assert detect("感觉要 get fired", "zh") == "zh"


def test_links_and_names_are_no_words() -> None:
    assert detect("@somebody https://example.org/the/and/you 好累") == "zh"


@given(st.text(max_size=80), st.sampled_from([None, "en", "zh", "es"]))
def test_any_text_gives_a_code(text: str, last: str | None) -> None:
    code = detect(text, last)
    assert len(code) == 2
    assert code.islower()
