"""What a Chinese line plainly asks is heard as that, its look-alikes are not; all are answered."""

from __future__ import annotations

import pytest

from affect.types import Emotion
from affect.writers import leading, plainly
from affect.writers.bank import Bank
from affect.writers.base import Exchange
from affect.writers.scripted import ScriptedWriter
from tests.affect.writing import reading, scene

EVEN = reading(Emotion.NEUTRAL, 0.0)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("给我讲个笑话吧 别安慰我了", "story"),
        ("再来个段子", "story"),
        ("你会记得我今天说的这些吗", "memory"),
        ("能记住我吗", "memory"),
        ("你今天咋样", "your_day"),
        ("你今天都在干嘛", "your_life"),
        ("祝我好运吧", "wish_luck"),
        ("你怎么看", "your_view"),
        ("我七十了养狗会不会太晚", "is_it_ok"),
        ("你说气不气", "is_it_ok"),
        ("对了你还记得我猫叫啥不", "remember"),
        ("行 听你的", "acknowledged"),
        ("哈哈有道理", "acknowledged"),
        ("你给点具体的建议呗别光安慰我", "asked_advice"),
        ("帮我做个复习计划", "plan_help"),
        ("你说点什么让我别紧张", "comfort"),
        ("你猜我能过不", "foresee"),
        ("你是不是听烦了", "about_me"),
    ],
)
def test_what_is_plainly_asked_is_heard(said: str, heard: str) -> None:
    assert plainly.asked(said) == heard


@pytest.mark.parametrize(
    "said",
    [
        "我爸老给我讲笑话",
        "他把我当笑话",
        "他会记得我吗",
        "老板在干嘛我都不知道",
        "同学都祝我生日快乐",
        "我怎么看都不顺眼",
        "是不是太晚了他都睡了",
        "我忘了他叫什么",
        "也是我自己作的",
        "听你的我就后悔了",
        "老板让我做个计划",
        "她给我支招让我别理他",
        "他从来不安慰我",
        "听烦了他那一套",
        "我能过的都过了",
    ],
)
def test_its_look_alikes_are_not(said: str) -> None:
    assert plainly.asked(said) is None


def told(writer: ScriptedWriter, said: str, *lines: str) -> str:
    history = tuple(Exchange(line, "嗯。") for line in lines)
    found = writer.situation(said, history=history)
    now = scene(said, history, "zh", situation=found, felt=EVEN)
    return writer.candidates(now)[0].text


def test_the_name_asked_for_is_the_answer(writer: ScriptedWriter) -> None:
    lines = ("我家猫今天又吐了三回", "叫年糕,橘的", "我女儿叫豆豆")
    assert "年糕" in told(writer, "对了你还记得我猫叫啥不", *lines)
    assert "豆豆" in told(writer, "你还记得我女儿叫什么不", *lines)
    assert told(writer, "你还记得我老板叫什么吗", *lines) != "记得，叫年糕。"


def test_how_long_it_remembers_is_told(writer: ScriptedWriter) -> None:
    assert "二十四小时" in told(writer, "你会记得我今天说的这些吗", "今天挺累的")


def test_an_entry_that_leads_by_far_is_near_and_no_other(the_bank: Bank) -> None:
    entries = the_bank.told("zh")
    names = [entry.id for entry in entries[:2]]
    far = dict.fromkeys((entry.id for entry in entries), 0.5)
    clear = {**far, names[0]: 0.7}
    assert leading.led(clear, clear, entries)[names[0]] == leading.NEAR
    close = {**clear, names[1]: 0.68}
    assert leading.led(close, close, entries) == close
    assert leading.led(far, far, entries) == far
    assert leading.led(far, far, ()) == far
