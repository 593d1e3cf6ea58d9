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


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (("it's my cousin's birthday on friday", "she loves old maps", "any ideas?"), "old maps"),
        (("我妈下周过生日", "她喜欢听戏", "送什么好呢"), "听戏"),
        (("we're redoing the hall this weekend", "any ideas?"), ""),
        (("my brother is getting married in june", "what should i get him?"), ""),
    ],
)
def test_ideas_for_a_plan_are_no_advice_for_distress(
    last: Talk, lines: tuple[str, ...], part: str
) -> None:
    turn = last(*lines)
    assert turn.plan.situation == "ideas"
    assert part in turn.reply.text
    assert "asked" not in (turn.reply.entry or "")


def test_in_trouble_a_bare_ask_for_ideas_is_one_for_help(last: Talk) -> None:
    turn = last("i haven't slept properly for a week", "my head just won't stop", "any ideas?")
    assert turn.plan.situation == "asked_advice"
    assert "sleep" in (turn.reply.entry or "")


@pytest.mark.parametrize(
    "lines",
    [
        ("儿子今天睡得早", "去给他盖被子了"),
        ("白天忙得脚不沾地", "有人敲门，我去看看"),
        ("白天忙得脚不沾地", "好的，煮个面去"),
        ("it was a slow morning", "she's awake again, one sec"),
        ("it was a slow morning", "hang on, the door"),
    ],
)
def test_who_is_away_for_a_moment_says_no_goodbye(last: Talk, lines: tuple[str, ...]) -> None:
    turn = last(*lines)
    assert turn.plan.situation == "away"
    assert "away" in (turn.reply.entry or "")
    back = last(*lines, "回来了" if words.is_chinese(lines[0]) else "ok back")
    assert back.plan.situation == "back"


@pytest.mark.parametrize(
    "lines",
    [
        ("had soup for dinner", "back at work tomorrow but that's fine"),
        ("同学叫我周末去爬山", "你说我去不去", "那我去吧"),
        ("had soup for dinner", "give me a minute to think about it"),
        ("昨晚没睡好", "昨天去给她送饭了"),
    ],
)
def test_a_plan_or_a_decision_takes_no_leave(last: Talk, lines: tuple[str, ...]) -> None:
    assert last(*lines).plan.situation not in {"goodbye", "away"}


@pytest.mark.parametrize(
    "line",
    [
        *("back at work now", "just got home", "it's cold today", "on the train", "day off today"),
        *("my phone broke", "called my mum", "went to the dentist", "had breakfast just now"),
        *(
            "刚到家",
            "今天下了一天雨",
            "泡了杯茶",
            "外面好冷",
            "去看了牙",
            "给我妈打了电话",
            "出去走了走",
        ),
    ],
)
def test_a_plain_line_of_the_day_gets_something_of_its_own(last: Talk, line: str) -> None:
    hello = "你好" if words.is_chinese(line) else "hi"
    assert "small" in (last(hello, line).reply.entry or "")


@pytest.mark.parametrize(
    "lines",
    [
        ("my manager told me in the corridor", 'he said "maybe next time"'),
        ("i trained tom and they gave him the job", "i just nodded and said congratulations"),
        ("hi", "had lunch"),
        ("他刚给我发微信说分手", "我现在在公司厕所里", "下午还要开会"),
    ],
)
def test_what_tells_something_new_is_not_taken_for_an_answer(
    last: Talk, lines: tuple[str, ...]
) -> None:
    assert not (last(*lines).plan.situation or "").startswith("answer_")


@pytest.mark.parametrize(
    "lines",
    [
        ("we had our first child in may", "she's lovely but i am so tired"),
        ("they gave the team lead job to tom", "i just nodded and said congratulations"),
        ("the neighbours complained already", "welcome to the building i guess"),
        ("有个同学问我周末要不要一起去爬山",),
        ("明天就要考雅思了",),
        ("我来德国读研两个月了",),
        ("我室友英语特别好", "有点羡慕她"),
    ],
)
def test_no_joy_is_spoken_of_that_nothing_tells(last: Talk, lines: tuple[str, ...]) -> None:
    text = last(*lines).reply.text
    assert "!" not in text
    assert "！" not in text
    assert "lovely" not in text.lower()


def test_advice_is_of_the_trouble_that_was_told(last: Talk) -> None:
    turn = last("他刚给我发微信说分手", "我现在在公司厕所里", "下午还要开会", "我该怎么办")
    assert "everyday" not in (turn.reply.entry or "")


@pytest.mark.parametrize(
    ("lines", "situation"),
    [
        (("i made a curry", "what should i cook tonight?", "something quick"), "ideas"),
        (("we had a fight", "what could i write to her?", "that sounds a bit stiff"), "off_tone"),
        (("i bought flowers today", "what was i so happy about earlier?"), "remember"),
        (("my knee hurts", "can you tell what illness that is"), "cannot_serve"),
        (("上周抽了血", "你能看出来是什么病吗"), "cannot_serve"),
        (("i made a curry", "fair enough. anyway feeding time"), "goodbye"),
        (("刚忙完", "好，那我先洗澡去"), "goodbye"),
    ],
)
def test_what_follows_on_our_reply_is_heard(
    last: Talk, lines: tuple[str, ...], situation: str
) -> None:
    turn = last(*lines)
    assert turn.plan.situation == situation
    entries = {entry.id: entry for entry in bank.load().entries}
    assert entries[str(turn.reply.entry)].situation == situation


@pytest.mark.parametrize(
    "said",
    [
        "I could use some help. I'm not feeling so well.",
        "I've been low lately, just wanted to ask for some support",
    ],
)
def test_who_begins_by_wanting_help_is_heard_first(last: Talk, said: str) -> None:
    turn = last(said)
    assert turn.plan.situation != "comfort"
    assert "advice" in turn.plan.avoid


@pytest.mark.parametrize("said", ["help me calm down", "please comfort me"])
def test_who_asks_to_be_calmed_is(last: Talk, said: str) -> None:
    assert last(said).plan.situation == "comfort"
