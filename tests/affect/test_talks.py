"""Twelve invented talks, whole: what must hold of every reply (tests/data/talks.yaml).

Whether they are good to read, only reading tells; this holds what reading found.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from affect.errors import ModelUnavailable
from affect.evaluation.panel import Told, Turn
from affect.evaluation.replies import converse
from affect.perception.text import TextModel
from affect.types import Emotion, Strategy
from affect.writers import bank, guard, words
from affect.writers.scripted import ScriptedWriter

TALKS = Path(__file__).parent.parent / "data" / "talks.yaml"


@pytest.fixture(scope="module")
def talks() -> dict[str, list[Turn]]:
    try:
        model = TextModel.load()
    except ModelUnavailable:
        pytest.skip("the text model is not there")
    writer = ScriptedWriter(bank.load(), model)
    answered = {}
    for name, lines in yaml.safe_load(TALKS.read_text(encoding="utf-8")).items():
        language = "zh" if words.is_chinese(lines[0]) else "en"
        told = [Told(Emotion.NEUTRAL, 0.0, 0.0, line) for line in lines]
        answered[name] = converse(writer, language, told, reader=model)
    return answered


def reply_to(turns: list[Turn], said: str) -> Turn:
    return next(turn for turn in turns if turn.told.said == said)


def test_no_reply_asks_twice_repeats_itself_or_says_what_is_false(
    talks: dict[str, list[Turn]],
) -> None:
    for name, turns in talks.items():
        replies = [turn.reply.text for turn in turns]
        assert len(set(replies)) == len(replies), name
        for text in replies:
            assert words.questions(text) <= 1, text
            assert guard.check(text).ok, text


def test_nobody_is_advised_before_they_asked(talks: dict[str, list[Turn]]) -> None:
    for turns in talks.values():
        for turn in turns[:3]:
            assert turn.reply.strategy is not Strategy.SUGGESTION, turn.reply.text


@pytest.mark.parametrize(
    ("talk", "said", "situation"),
    [
        ("loss", "do you remember what i told you?", "remember"),
        ("loss", "should i get another dog?", "should_i"),
        ("breakup", "she cried and said she missed me too!", "relief"),
        ("breakup", "what do you mean", "explain"),
        ("good_news", "I got the job!!", "success"),
        ("exam_zh", "成绩出来了，我过了！", "relief"),
        ("lonely_zh", "我该不该给她打电话？", "should_i"),
        ("boss_zh", "算了，不说这个了", "change_topic"),
        ("customer", "no thanks", "declined"),
        ("teasing_zh", "哈哈逗你的", "teasing"),
        ("curious", "what can you do?", "about_me"),
    ],
)
def test_the_turns_that_strangers_tried(
    talks: dict[str, list[Turn]], talk: str, said: str, situation: str
) -> None:
    assert reply_to(talks[talk], said).plan.situation == situation


def test_short_lines_are_answered_in_their_matter(talks: dict[str, list[Turn]]) -> None:
    for talk, said, part in [
        ("loss", "yeah", "petloss"),
        ("breakup", "yeah, three years", "breakup"),
        ("boss_zh", "同事都装没看见", "boss"),
        ("customer", "over a coupon that expired", "customer"),
        ("bored", "haven't in years", "hobby"),
    ]:
        assert part in (reply_to(talks[talk], said).reply.entry or ""), said


def test_few_replies_could_be_sent_to_anyone(talks: dict[str, list[Turn]]) -> None:
    general = {entry.id for entry in bank.load().entries if entry.situation == "fallback"}
    used = [turn.reply.entry or "" for turns in talks.values() for turn in turns]
    assert sum(entry in general for entry in used) / len(used) <= 0.15
