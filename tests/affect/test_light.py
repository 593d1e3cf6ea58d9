"""Luck, a plan, is it too late, a nod to our reply, asides: light lines, light answers."""

from __future__ import annotations

import pytest

from affect.types import Emotion
from affect.writers.base import Exchange
from affect.writers.scripted import ScriptedWriter
from tests.affect.writing import reading, scene

EVEN = reading(Emotion.NEUTRAL, 0.0)
TOLD = Exchange("washed the car", "A shine on it, then.")
RECIPE = Exchange("what shall i cook", "Egg fried rice, with what is left.", situation="ideas")


def said_to(writer: ScriptedWriter, said: str, *before: Exchange) -> str:
    found = writer.situation(said, history=before)
    return writer.candidates(scene(said, before, "en", situation=found, felt=EVEN))[0].text


@pytest.mark.parametrize(
    ("said", "situation"),
    [
        ("ok gonna do it. wish me luck", "wish_luck"),
        ("fingers crossed for me please", "wish_luck"),
        ("pray for me lol", "wish_luck"),
        ("hype me up", "wish_luck"),
        ("how was your day?", "your_day"),
        ("so what have you been up to today", "your_day"),
        ("is it too late to learn the cello?", "too_late"),
        ("What do you think, is 74 too old to get a puppy?", "too_late"),
        ("can you help me make a plan? i have 3 evenings", "plan_help"),
        ("make me a study plan", "plan_help"),
        ("cheer me up", "something"),
        ("tell me something nice before i sleep", "something"),
        ("thx. ur better than my study group", "praised"),
        ("aw you're so sweet", "praised"),
        ("can you believe it?", "rhetorical"),
        ("right?", "rhetorical"),
    ],
)
def test_what_is_asked_lightly_is_heard(writer: ScriptedWriter, said: str, situation: str) -> None:
    assert writer.situation(said, history=(TOLD,)) == situation


@pytest.mark.parametrize(
    "said",
    [
        "she wished me luck and hung up",
        "i prayed for him all night",
        "he asked how my day was",
        "it was too late to call",
        "is it too late to save my marriage?",
        "we have a plan for the weekend",
        "he tried to cheer me up",
        "she said you're so sweet to me",
        "i believe it",
    ],
)
def test_what_only_shares_their_words_is_not(writer: ScriptedWriter, said: str) -> None:
    light = {"wish_luck", "your_day", "too_late", "plan_help", "something", "praised", "rhetorical"}
    assert writer.situation(said, history=(TOLD,)) not in light


@pytest.mark.parametrize("said", ["ooh nice", "good idea", "sounds yum", "love that", "wow"])
def test_a_word_on_our_reply_is_no_news(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=(RECIPE,)) == "liked"


@pytest.mark.parametrize("said", ["i love that dress she wore", "nice try, boss", "wow she came"])
def test_more_than_a_word_tells_something(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=(RECIPE,)) != "liked"


def test_a_plan_takes_the_time_that_was_told(writer: ScriptedWriter) -> None:
    assert "3 evenings" in said_to(writer, "can you help me make a plan? i have 3 evenings", TOLD)


def test_a_question_to_nobody_is_no_question(writer: ScriptedWriter) -> None:
    line = "the boiler man is coming between 8 and 5, can you believe it"
    assert writer.situation(line, history=(TOLD,)) is None


def test_how_long_is_not_asked_of_who_said_it(writer: ScriptedWriter) -> None:
    reply = said_to(writer, "train was late again, stood 40 min on the platform")
    assert "how long" not in reply.lower()


def test_beside_a_death_the_weather_is_not_said_back(writer: ScriptedWriter) -> None:
    reply = said_to(writer, "My husband used to love this weather. He passed two years ago")
    assert "weather" not in reply


def test_ours_is_turned_or_not_said(writer: ScriptedWriter) -> None:
    asked = Exchange("i passed", "You passed! How was it?", asked=True)
    assert "we're" not in said_to(writer, "we're going for tacos to celebrate", asked).lower()
