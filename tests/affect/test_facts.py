"""Facts in what people write: what is found, what is passed over, and which day is meant."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.facts import LONGEST, Fact, Kind, found

MONDAY = date(2026, 5, 4)


def the(said: str, language: str = "en") -> Fact:
    (fact,) = found(said, language, MONDAY)
    return fact


@pytest.mark.parametrize(
    ("said", "about", "words", "day"),
    [
        ("I have a big maths exam tomorrow, help", "exam", "I have a big maths exam tomorrow", 5),
        ("My interview is on Friday.", "interview", "My interview is on Friday", 8),
        ("my sister's wedding is next Saturday", "wedding", None, 16),
        ("tomorrow is my driving test", "driving test", None, 5),
        ("I'm scared about my exam on Monday", "exam", "my exam on Monday", 11),
        ("our flight got moved to next week", "flight", None, 17),
        ("we have a meeting with the landlord in two weeks", "meeting", None, 18),
        ("I have a presentation this weekend", "presentation", None, 10),
        ("I've got a race in 10 days", "race", None, 14),
    ],
)
def test_what_lies_ahead(said: str, about: str, words: str | None, day: int) -> None:
    fact = the(said)
    assert (fact.kind, fact.about, fact.when) == (Kind.EVENT, about, date(2026, 5, day))
    assert fact.words == (words or fact.words)
    assert fact.words in said


@pytest.mark.parametrize(
    ("said", "about", "day"),
    [
        ("明天有个面试，睡不着", "面试", 5),
        ("下周三我要去考试", "考试", 13),
        ("考试改到后天了", "考试", 6),
        ("三天后答辩", "答辩", 7),
        ("周五晚上公司有聚会", "聚会", 8),
        ("这周末比赛", "比赛", 10),
        ("下周日我姐婚礼", "婚礼", 17),
        ("10天后演出", "演出", 14),
    ],
)
def test_what_lies_ahead_in_chinese(said: str, about: str, day: int) -> None:
    fact = the(said, "zh")
    assert (fact.kind, fact.about, fact.when) == (Kind.EVENT, about, date(2026, 5, day))
    assert fact.words in said


def test_plans_and_people() -> None:
    plan, brother = found("I'm flying to Oslo on Thursday to see my brother Jonas", "en", MONDAY)
    assert (plan.kind, plan.about, plan.when) == (Kind.PLAN, "flying to Oslo", date(2026, 5, 7))
    assert (brother.kind, brother.about) == (Kind.PERSON, "brother Jonas")
    assert the("my mum is called Rosa").about == "mum"
    assert the("my sister Nora moved away last week").about == "sister Nora"
    assert the("我妹妹叫小雨", "zh").about == "妹妹 小雨"
    assert the("我妹妹叫小雨，昨天走了", "zh").about == "妹妹 小雨"


@pytest.mark.parametrize(
    "said",
    [
        "do I have an exam tomorrow?",
        "if I have an exam tomorrow I'll cry",
        "I don't have a meeting tomorrow",
        "I wish I had an interview on Friday",
        "I'm going to die tomorrow",
        "I'm going to be sick today",
        "my test today was bad",
        "my sister I think hates me",
        "the exam board is on Main Street",
        "",
        "?" * 5000,
    ],
)
def test_what_is_passed_over(said: str) -> None:
    assert found(said, "en", MONDAY) == ()


@pytest.mark.parametrize(
    "said", ["如果明天考试就完了", "明天要考试吗？", "希望明天面试", "昨天面试了"]
)
def test_what_is_passed_over_in_chinese(said: str) -> None:
    assert found(said, "zh", MONDAY) == ()


@pytest.mark.parametrize(
    ("said", "language", "about"),
    [
        ("the exam went fine", "en", "exam"),
        ("I passed my driving test!", "en", "driving test"),
        ("my interview was cancelled", "en", "interview"),
        ("考试考砸了", "zh", "考试"),
        ("面试挺顺利的", "zh", "面试"),
    ],
)
def test_what_is_over(said: str, language: str, about: str) -> None:
    fact = the(said, language)
    assert fact.over
    assert fact.about == about
    assert fact.replaces(Fact(Kind.EVENT, about, "x", MONDAY))
    assert not fact.to_ask_after(MONDAY + timedelta(days=1))


def test_a_later_fact_takes_the_place_of_an_earlier_one() -> None:
    first, moved = the("my exam is on Friday"), the("my exam was moved to next week")
    assert moved.replaces(first)
    assert not the("my interview is on Friday").replaces(first)
    assert not the("my sister Anna").replaces(the("my sister Eva"))
    assert the("my boss Tom").replaces(the("my boss Ray"))
    assert found("my exam is on Friday. no wait, my exam is tomorrow", "en", MONDAY) == (
        the("my exam is tomorrow"),
    )


def test_a_friend_asks_afterwards_soon_and_only_of_light_things() -> None:
    exam = the("my exam is tomorrow")
    days = [n for n in range(30) if exam.to_ask_after(MONDAY + timedelta(days=n))]
    assert days == list(range(2, 12))
    heavy = the("my mum's funeral is tomorrow")
    assert not any(heavy.to_ask_after(MONDAY + timedelta(days=n)) for n in range(30))


@given(st.text(max_size=300), st.sampled_from(["en", "zh"]), st.dates(date(2000, 1, 1)))
def test_anything_can_be_written(said: str, language: str, today: date) -> None:
    for fact in found(said, language, min(today, date(9000, 1, 1))):
        assert fact.words in said
        assert len(fact.words) <= LONGEST
