"""Invented talks, whole: what must hold of every reply (tests/data/talks.yaml).

Whether they are good to read, only reading tells; this holds what reading found.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from affect.errors import ModelUnavailable
from affect.evaluation.panel import Told, Turn
from affect.evaluation.replies import converse
from affect.matters import NEWS
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
        ("breakup", "what do you mean", "meant"),
        ("good_news", "I got the job!!", "success"),
        ("exam_zh", "成绩出来了，我过了！", "relief"),
        ("lonely_zh", "我该不该给她打电话？", "should_i"),
        ("boss_zh", "算了，不说这个了", "change_topic"),
        ("customer", "no thanks", "declined"),
        ("teasing_zh", "哈哈逗你的", "teasing"),
        ("curious", "what can you do?", "about_me"),
        ("jess", "should i text her or leave it", "choose"),
        ("jess", "jess is alive", "corrected"),
        ("jess", "omg she just texted... can we get coffee saturday", "relief"),
        ("jess", "im crying a bit but good crying", "relief"),
        ("jess", "thanks i guess. gonna call my sister", "goodbye"),
        ("clients", "NOBODY LEFT ME. its WORK", "corrected"),
        ("clients", "that was sarcasm", "sarcasm"),
        ("clients", "did i sound angry to you", "my_voice"),
        ("clients", "ok whatever. gonna make dinner", "goodbye"),
        ("drink_zh", "先跟我妈说还是先跟我爸说", "choose"),
        ("drink_zh", "先跟我妈说还是先跟我爸说？", "asked_again"),
        ("drink_zh", "你听懂我说什么了吗", "corrected"),
        ("drink_zh", "刚给我妈打了电话，她没哭，还说今晚就把酒倒了", "relief"),
        ("drink_zh", "算了，谢谢你，我去吃饭了", "goodbye"),
        ("leftovers", "do i say something or just buy a lock", "choose"),
        ("leftovers", "ok but what would you do", "asked_again"),
        ("leftovers", "lol she just left cake outside my door with a sorry", "relief"),
        ("ward", "can you tell how im feeling", "my_feeling"),
        ("flatmate", "why are you talking like hes my ex", "corrected"),
        ("flatmate", "do you remember stuff?", "memory"),
        ("silence_zh", "不是吵架", "corrected"),
        ("silence_zh", "你真的懂我吗", "understand_me"),
        ("silence_zh", "要不要再发一条啊", "asked_again"),
        ("silence_zh", "她回了！说手机摔坏了", "relief"),
        ("bitter", "just perfect. perfect timing tom", "wry"),
        ("bitter", "are you even reading what i write", "anger_at_bot"),
        ("bitter", "do i call in sick or not", "should_i"),
        ("bitter", "right. bed. night", "goodbye"),
        ("band", "omg sara said she'll play!!", "success"),
        ("asking", "can you set an alarm for 7", "task"),
        ("asking", "did i do the right thing moving here", "hindsight"),
        ("asking", "is it weird that i eat in my car", "is_it_ok"),
        ("asking", "why would she say that", "others_mind"),
        ("asking_zh", "你能记住我说的吗", "memory"),
        ("asking_zh", "我是不是太不孝了", "is_it_ok"),
        ("asking_zh", "你会开车吗", "able"),
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
    ]:
        assert part in (reply_to(talks[talk], said).reply.entry or ""), said


STRANGERS = ("jess", "clients", "drink_zh", "leftovers", "ward", "flatmate", "silence_zh")
GRAVE = re.compile(
    r"\b(grie\w+|mourn\w*|loss|missing someone|appointments?|diagnos\w+|breakup|the two of you"
    r"|shared life|without (him|her|them))\b|去世|分手|离婚|确诊",
    re.IGNORECASE,
)
CHEER = re.compile(r"!|！|\bgood news\b|\bjoy\b|celebrat|高兴(?!不作数)|好事")


def test_nobody_is_told_of_a_death_a_parting_or_an_illness_that_was_none(
    talks: dict[str, list[Turn]],
) -> None:
    for name in STRANGERS:
        for turn in talks[name]:
            assert not GRAVE.search(turn.reply.text), turn.reply.text


def test_bitter_words_are_not_celebrated(talks: dict[str, list[Turn]]) -> None:
    for talk, said in [
        ("clients", "great. just great"),
        ("clients", "oh wonderful, another spreadsheet"),
        ("leftovers", "lovely. another passive aggressive note then"),
        ("leftovers", "no im not sad about it"),
        ("drink_zh", "算了，谢谢你，我去吃饭了"),
        ("bitter", "he also put his name on my slides, love that for me"),
        ("bitter", "no one said anything in the meeting"),
        ("asking_zh", "呵呵，真为我好"),
    ]:
        turn = reply_to(talks[talk], said)
        assert turn.plan.situation not in NEWS, said
        assert not CHEER.search(turn.reply.text), turn.reply.text


def test_what_was_asked_twice_gets_a_suggestion_in_the_person_s_words(
    talks: dict[str, list[Turn]],
) -> None:
    again = [t for t in talks["jess"] if t.told.said == "should i text her or leave it"][1]
    assert again.reply.strategy is Strategy.SUGGESTION
    assert "text her" in again.reply.text


def test_leave_to_go_on_is_given_once_a_talk(talks: dict[str, list[Turn]]) -> None:
    leave = re.compile(
        r"start anywhere|any order|no right way|go on, if|想到哪|从中间|接着说", re.IGNORECASE
    )
    for name, turns in talks.items():
        assert sum(bool(leave.search(turn.reply.text)) for turn in turns) <= 1, name


def test_few_replies_could_be_sent_to_anyone(talks: dict[str, list[Turn]]) -> None:
    """One with a name or a word of theirs in it could not."""
    general = {entry.plain for entry in bank.load().entries if entry.situation == "fallback"}
    said = [turn.reply.text for turns in talks.values() for turn in turns]
    assert sum(text in general for text in said) / len(said) <= 0.2
