"""The matter of a talk: told by plain words, carried over short lines, dropped with the topic."""

from __future__ import annotations

import pytest

from affect import matters
from affect.writers.base import Exchange


def told(*lines: str) -> tuple[Exchange, ...]:
    return tuple(Exchange(line, "Go on.") for line in lines)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my dog died on saturday", "pet_loss"),
        ("my grandma passed away", "loss"),
        ("she broke up with me", "breakup"),
        ("I got laid off", "job_loss"),
        ("a customer screamed at me", "customer"),
        ("my boss shouted again", "boss"),
        ("明天考研初试", "exam"),
        ("我们分手了", "breakup"),
        ("老板当着所有人骂我", "boss"),
        ("最近挺孤单的", "lonely"),
        ("I had soup for lunch", None),
        ("my dog learned to open the fridge", None),
    ],
)
def test_plain_words_begin_a_matter(said: str, name: str | None) -> None:
    assert matters.begun(said) == name


def test_a_short_line_belongs_to_what_was_told() -> None:
    now = matters.current(told("she broke up with me", "over text"), "yeah, three years")
    assert now is not None
    assert (now.name, now.since) == ("breakup", 2)


def test_a_change_of_topic_ends_it() -> None:
    assert matters.current(told("she broke up with me"), "anyway, what a sunny day") is None


def test_it_fades_without_another_word_of_it() -> None:
    lines = ("she broke up with me", *["it rained"] * matters.KEPT)
    assert matters.current(told(*lines[:-2]), "it rained") is not None
    assert matters.current(told(*lines), "it rained") is None


def test_after_good_news_the_matter_is_the_good_news() -> None:
    history = (Exchange("she said yes!", "She did!", situation="success"),)
    now = matters.current((*told("she broke up with me"), *history), "we meet on friday")
    assert now is not None
    assert now.name == matters.GOOD
    assert not now.dark


def test_every_entry_names_a_matter_that_there_is() -> None:
    assert {"breakup", "exam", matters.GOOD} <= matters.names()
