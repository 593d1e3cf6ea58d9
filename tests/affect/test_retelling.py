"""What is told back and what is asked about: the person's own clauses, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from affect.evaluation.panel import Told
from affect.evaluation.replies import converse, moment_of, reading_of
from affect.strategy import plan
from affect.types import Emotion
from affect.writers import bank
from affect.writers.base import Exchange, Scene
from affect.writers.retelling import deed, told
from affect.writers.scripted import ScriptedWriter


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [
        ("should i call her?", "en", "call her"),
        ("should I tell my mom or not", "en", "tell your mom"),
        ("should i stay or go?", "en", None),
        ("should I end it", "en", None),
        ("我该不该给她打电话？", "zh", "给她打电话"),
        ("我该不该跟我妈说？", "zh", "跟你妈妈说"),
        ("今天天气好", "zh", None),
    ],
)
def test_the_deed_is_said_back_turned_round(said: str, language: str, expected: str | None) -> None:
    found = deed(said, language)
    assert (found.text if found else None) == expected


def scene(said: str, history: tuple[Exchange, ...], situation: str, language: str = "en") -> Scene:
    line = Told(Emotion.NEUTRAL, 0.0, 0.0, said)
    reading, moment = reading_of(line), moment_of(line, 1)
    intent = replace(
        plan(reading, moment, history, said, language, situation=situation), situation=situation
    )
    return Scene(said, language, reading, moment, intent, history=history)


def test_remembering_tells_this_talk_and_no_more() -> None:
    history = (Exchange("my dog died on saturday", "Oh."), Exchange("what a week?", "Long."))
    here = told(scene("do you remember what i told you?", history, "remember"))
    assert here is not None
    assert here.text == "your dog died on Saturday"
    assert told(scene("do you remember what i told you last week?", history, "remember")) is None
    assert told(scene("do you remember what i told you?", (), "remember")) is None


def test_a_talk_is_remembered_truthfully() -> None:
    writer = ScriptedWriter(bank.load())
    lines = ["my dog died on saturday", "the house is so quiet", "do you remember what i told you?"]
    turns = converse(writer, "en", [Told(Emotion.NEUTRAL, 0.0, 0.0, line) for line in lines])
    assert "your dog died on Saturday" in turns[-1].reply.text
