"""The matter of a talk: told by plain words, carried over short lines, dropped with the topic."""

from __future__ import annotations

import pytest

from affect import matters
from affect.corrections import corrects
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
        ("查分了", "exam_result"),
        ("高考成绩出来了", "exam_result"),
        ("I failed two of my exams", "exam_result"),
        ("I didn't get into med school", "exam_result"),
        ("my exam is tomorrow", "exam"),
        ("my girlfriend is studying abroad", "distance"),
        ("we're long distance since june", "distance"),
        ("my mum keeps asking me when I'm getting married", "marriage"),
        ("my roommate never does the dishes", "roommate"),
        ("my roommate is from leeds", "neighbours"),
        ("my cat got out last night", "pet_lost"),
        ("our dog ran away", "pet_lost"),
        ("妈妈说怕影响我考试", None),
        ("男朋友去深圳工作了，我在成都", "distance"),
        ("我妈今天又打电话催婚了", "marriage"),
        ("又被安排相亲了", "marriage"),
        ("室友每天凌晨两点还在打游戏", "roommate"),
        ("回家看到它的碗我就绷不住了", "pet_loss"),
        ("说隔壁家的女儿都生二胎了", None),
        ("他朋友圈发了和同事吃火锅的照片", None),
        ("I had soup for lunch", "food"),
        ("it was at her mum's funeral", None),
        ("its not like she's dead", None),
        ("after Dan quit", None),
        ("its not a breakup", None),
        ("Dan left me his clients", None),
        ("ill have a heart attack at that desk", None),
        ("my friend's dad died", None),
        ("my sister passed her test", None),
        ("one of my patients died today", None),
        ("i can't believe my dad died", "loss"),
        ("we're getting divorced", "breakup"),
        ("my mom has cancer", "illness"),
        ("同事离婚了", None),
        ("我没分手", None),
        ("我外婆上个月没了", "loss"),
        ("my dog learned to open the fridge", "pet"),
    ],
)
def test_plain_words_begin_a_matter(said: str, name: str | None) -> None:
    assert matters.begun(said) == name


def test_a_short_line_belongs_to_what_was_told() -> None:
    now = matters.current(told("she broke up with me", "over text"), "yeah, three years")
    assert now is not None
    assert (now.name, now.since) == ("breakup", 2)


STATED = Exchange("x", "Stated.")
ASKED = Exchange("x", "What was it?", asked=True)


@pytest.mark.parametrize(
    ("said", "last", "kind"),
    [
        ("no", STATED, "corrected"),
        ("no", ASKED, None),
        ("no idea", STATED, None),
        ("its not that", ASKED, "corrected"),
        ("she's alive", ASKED, "corrected"),
        ("that's not what I said", ASKED, "corrected"),
        ("you're not listening", ASKED, "corrected"),
        ("that was sarcasm", ASKED, "sarcasm"),
        ("不是", STATED, "corrected"),
        ("你没听懂", ASKED, "corrected"),
        ("你听懂我说什么了吗", ASKED, "corrected"),
        ("it's not fair", STATED, None),
        ("he didn't even say sorry", STATED, None),
        ("没人听我说话", STATED, None),
        ("its not that", None, None),
    ],
)
def test_corrections_are_told_from_answers(
    said: str, last: Exchange | None, kind: str | None
) -> None:
    assert corrects(said, last) == kind


def test_a_correction_ends_the_matter_until_it_is_told_anew() -> None:
    denied = told("my grandma passed away", "no, she's alive")
    assert matters.current(denied, "she lives in leeds") is None
    assert matters.wary(denied)
    anew = matters.current(denied, "my grandpa died")
    assert anew is not None
    assert anew.name == "loss"


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
