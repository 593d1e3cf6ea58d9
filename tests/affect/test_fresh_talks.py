"""Talks that strangers wrote without knowing the rules: what reading their replies found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from affect.errors import ModelUnavailable
from affect.evaluation.panel import Told, Turn
from affect.evaluation.replies import converse
from affect.perception.text import TextModel
from affect.types import Emotion
from affect.writers import bank, words
from affect.writers.scripted import ScriptedWriter

Talk = Callable[..., Turn]


@pytest.fixture(scope="module")
def last() -> Talk:
    """The last turn of a talk of these lines."""
    try:
        model = TextModel.load()
    except ModelUnavailable:
        pytest.skip("the text model is not there")
    writer = ScriptedWriter(bank.load(), model, model)

    def talk(*lines: str) -> Turn:
        language = "zh" if words.is_chinese(lines[0]) else "en"
        told = [Told(Emotion.NEUTRAL, 0.0, 0.0, line) for line in lines]
        return converse(writer, language, told, reader=model)[-1]

    return talk


@pytest.mark.parametrize(
    "lines",
    [
        ("My dog died this morning.", "I got the job! I am so happy!"),
        ("my grandma died last night", "i passed my driving test today!"),
        ("我家狗昨天走了", "我收到录用通知了！太开心了"),
        ("我奶奶昨晚去世了", "我考上了！"),
    ],
)
def test_good_news_beside_a_death_is_a_lift_and_no_feast(
    last: Talk, lines: tuple[str, ...]
) -> None:
    turn = last(*lines)
    assert turn.plan.situation == "lift"
    assert "lift" in (turn.reply.entry or "")
    assert "!" not in turn.reply.text
