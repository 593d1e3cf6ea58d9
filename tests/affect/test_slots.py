from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.writers.lexicon import listed
from affect.writers.slots import fill, take


def said(text: str, template: str, language: str = "en") -> str | None:
    return fill(template, take(text, language), language)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("my boss changed my shift again", "Your shift again."),
        ("I failed my driving test", "Your driving test again."),
        ("The landlord raised the rent", "The rent again."),
        ("I have an interview tomorrow", "The interview again."),
        ("our flight got cancelled", "The flight again."),
        ("work is killing me, I cried at work", "Work again."),
        ("my sister's wedding is in May", "Your sister's wedding again."),
        ("someone took my bike.", "Your bike again."),
        ("all I have is my ukulele, really", "Your ukulele again."),
    ],
)
def test_topics(text: str, reply: str) -> None:
    assert said(text, "{topic} again.") == reply


@pytest.mark.parametrize(
    "text",
    [
        "I just feel sad",
        "my Kevin left me",
        "I hate my life",
        "my suicide note",
        "my cunt of a neighbour",
        "it was the worst day",
        "my XJ-900 is broken",
        "",
        "我的夜班",
    ],
)
def test_no_topic_in_doubt(text: str) -> None:
    assert said(text, "{topic} again.") is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("my sister stopped calling", "And your sister said so."),
        ("Mom called again", "And your mom said so."),
        ("the landlord came in", "And the landlord said so."),
        ("my best friend moved away", "And your best friend said so."),
        ("my parents fight", "And your parents said so."),
    ],
)
def test_people(text: str, reply: str) -> None:
    assert said(text, "And {person} said so.") == reply


@pytest.mark.parametrize(
    "text", ["my sister told my boss", "his mother hates me", "your boss", "some guy yelled"]
)
def test_no_person_in_doubt(text: str) -> None:
    assert said(text, "And {person} said so.") is None


@pytest.mark.parametrize(
    ("text", "template", "reply"),
    [
        ("it starts on Monday", "What happens on {time}?", "What happens on Monday?"),
        ("it starts tomorrow", "What happens on {time}?", None),
        ("it starts tomorrow", "What is it about {time}?", "What is it about tomorrow?"),
        ("it starts tomorrow", "What happened {time}?", None),
        ("he left last night", "What will {time} bring?", None),
        ("Monday and Tuesday", "What about {time}?", None),
    ],
)
def test_times(text: str, template: str, reply: str | None) -> None:
    assert said(text, template) == reply


@pytest.mark.parametrize(
    ("text", "template", "reply"),
    [
        ("my bills", "{topic} keeps coming back.", None),
        ("my bills", "{topic} are back.", "Your bills are back."),
        ("my shift", "{topic} are back.", None),
        ("my shift", "So the {topic} again.", "So the shift again."),
        ("my shift", "And your {topic} again.", "And your shift again."),
        ("my parents", "{person} was there.", None),
        ("my sister", "{person} knows what she did.", "Your sister knows what she did."),
        ("my sister", "{person} knows what he did.", None),
        ("my boss", "{person} knows what she did.", None),
        ("my parents", "{person}'s house.", None),
        ("my sister", "Done. {person} again.", "Done. Your sister again."),
    ],
)
def test_grammar_around_the_slot(text: str, template: str, reply: str | None) -> None:
    assert said(text, template) == reply


@pytest.mark.parametrize(
    ("text", "template", "reply"),
    [
        ("又是夜班，累", "{topic}又来了。", "夜班又来了。"),
        ("妹妹考研没过", "{person}那边怎么样？", "你妹妹那边怎么样？"),
        ("我妈又打电话来催", "{person}那句话。", "你妈妈那句话。"),
        ("我妈又打电话来催", "跟你{person}。", "跟你妈妈。"),
        ("老板周一要我汇报", "{time}的{topic}。", "周一的汇报。"),
        ("老板说的", "{person}那句话。", "老板那句话。"),
        ("我妈和我姐", "{person}那句话。", None),
        ("心里空空的", "{topic}又来了。", None),
        ("朋友圈里都在晒", "{person}那句话。", None),
    ],
)
def test_chinese(text: str, template: str, reply: str | None) -> None:
    assert said(text, template, "zh") == reply


@given(st.text(max_size=120), st.sampled_from(["en", "zh"]))
def test_fillers_are_short_clean_and_never_raise(text: str, language: str) -> None:
    taken = take(text, language)
    for slot in ("topic", "person", "time"):
        filler = taken.of(slot)
        if filler:
            assert 0 < len(filler.text.split()) <= 4
            assert not set(filler.text.lower().split()) & listed("en", "blocked")
    filled = fill("{topic} and {person}, {time}.", taken, language)
    assert filled is None or "{" not in filled


@given(st.sampled_from(sorted(listed("en", "blocked"))), st.sampled_from(["my", "the", "our"]))
def test_blocked_words_are_never_echoed(word: str, article: str) -> None:
    assert take(f"{article} {word} again", "en").topic is None


@given(st.sampled_from(sorted(listed("en", "topics"))))
def test_every_listed_topic_can_be_taken_up(word: str) -> None:
    assert said(f"my {word} again", "{topic}.") == f"Your {word}."
