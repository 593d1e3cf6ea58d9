"""A plain request or question is heard, and answered by what was written for one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from affect.special import ASKS
from affect.types import Emotion
from affect.writers import guard
from affect.writers.base import Exchange
from affect.writers.entry import Entry
from affect.writers.scripted import ScriptedWriter
from tests.affect.writing import reading, scene

BEFORE = {
    "en": Exchange("we have not spoken since easter", "That's a long quiet."),
    "zh": Exchange("我们从过年就没说过话", "这么久没说话，心里一直搁着吧。"),
}


@pytest.mark.parametrize(
    ("language", "said", "wanted"),
    [
        ("en", "how do i tell my brother that im moving out", "word_it"),
        ("en", "what do i even say when she opens the door?", "word_it"),
        ("en", "should i ring her tonight or wait for sunday?", "choose"),
        ("en", "what do i wear to it though", "ideas"),
        ("zh", "那我怎么跟我爸开口啊", "word_it"),
        ("zh", "你帮我写两句吧", "word_it"),
        ("zh", "你说今晚打还是等周末再打", "choose"),
        ("zh", "明天见面穿啥好呢", "ideas"),
        ("zh", "隔了这么久才来气 正常吗", "is_it_ok"),
        ("zh", "能帮我写个请假条不", "word_it"),
        ("zh", "你说我现在去睡还是再等等他", "choose"),
        ("en", "her job or mine, which one", "choose"),
    ],
)
def test_a_request_is_heard_and_answered(
    writer: ScriptedWriter,
    entries: Mapping[str, Entry],
    language: str,
    said: str,
    wanted: str,
) -> None:
    history = (BEFORE[language],)
    assert writer.situation(said, history=history) == wanted
    now = scene(
        said, history, language, situation=wanted, felt=reading(Emotion.NEUTRAL, 0.0), ask=False
    )
    first = writer.candidates(now)[0]
    assert entries[str(first.entry)].situation in ASKS, first


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "she never knows what to tell him and he never asks"),
        ("en", "he came home late or not at all most nights"),
        ("zh", "他还是老样子，一句话也不说"),
        ("zh", "她从来不晓得怎么跟人打交道"),
    ],
)
def test_what_only_tells_is_no_request(writer: ScriptedWriter, language: str, said: str) -> None:
    assert writer.situation(said, history=(BEFORE[language],)) not in ASKS


@pytest.mark.parametrize(
    ("language", "said", "about"),
    [
        ("en", "are you a person or a program?", "are_you_real"),
        ("en", "is what I write kept or thrown away?", "what_do_you_keep"),
        ("zh", "你是真人还是机器人？", "are_you_real"),
    ],
)
def test_a_question_about_the_program_stays_one(
    writer: ScriptedWriter, language: str, said: str, about: str
) -> None:
    assert writer.situation(said, history=(BEFORE[language],)) == about


def test_an_answer_to_one_certain_request_is_not_given_to_another(writer: ScriptedWriter) -> None:
    recipes = ("fried rice", "tomatoes and chickpeas", "garlic, oil")
    now = scene("what do i give my aunt for her new flat", (), "en", situation="ideas", ask=False)
    said = writer.candidates(now)[0].text
    assert not any(recipe in said for recipe in recipes), said


def test_what_is_remembered_is_said_back_whoever_it_is_about(writer: ScriptedWriter) -> None:
    history = (Exchange("My husband used to love this weather.", "Where would he be in it?"),)
    asked = "Do you remember what I said my husband used to do?"
    now = scene(asked, history, "en", situation="remember", ask=False)
    first = writer.candidates(now)[0]
    assert "My husband used to love this weather" in first.text
    assert guard.check(first.text, now.plan, now.told).ok
