from __future__ import annotations

import pytest

from affect import kinds
from affect.writers.shorthand import spelt_out
from affect.writers.situations import by_form


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("my landlord doesn't allow plants lol", "laughing"),
        ("haha ok", "laugh"),
        ("ugh", "sigh"),
        ("hm true", "nod"),
        ("what if nobody comes", "what_if"),
        ("maybe i'll just walk home", "plans"),
        ("she said it was fine by her", "reported"),
        ("i just feel so empty", "feels"),
        ("my uncle sold the boat", "deeds"),
        ("she's allergic to everything", "about"),
        ("i walked out of the room", "did"),
        ("i'm the oldest of four", "own"),
        ("linear algebra", "detail"),
        ("yesterday on the train with all those bags", "told"),
        ("哈哈哈", "laugh"),
        ("唉", "sigh"),
        ("万一他不来呢", "what_if"),
        ("我打算明天去看看", "plans"),
        ("医生说再观察两天", "reported"),
        ("我真的好累", "feels"),
        ("下午三点", "detail"),
    ],
)
def test_a_line_is_of_a_kind(said: str, kind: str) -> None:
    assert kinds.kind(said) == kind


def test_a_glad_shout_is_known_by_its_reading() -> None:
    assert kinds.kind("the drummer said YES", 0.4) == "excited"
    assert kinds.kind("the drummer said YES", -0.4) != "excited"
    assert kinds.kind("they did NOT pay me!", 0.4) != "excited"


@pytest.mark.parametrize(
    "said", ["is that odd", "how long", "do you ever sleep", "你会游泳吗", "去不去呢"]
)
def test_a_question_needs_no_mark(said: str) -> None:
    assert kinds.asks(said)


@pytest.mark.parametrize("said", ["haven't in years", "what a day", "不好", "done tomorrow"])
def test_what_only_begins_like_a_question_is_none(said: str) -> None:
    assert not kinds.asks(said)


def test_amusement_thanks_and_single_words_are_no_news() -> None:
    for said in ("lol that's my boss", "thanks for that", "great", "is it good news?"):
        assert not kinds.tells(said), said
    assert kinds.tells("we finally have the keys")


def test_shorthand_is_spelt_out_and_words_of_their_own_are_left() -> None:
    assert spelt_out("idk if u r awake tmrw") == "idk if you are awake tomorrow"
    assert spelt_out("ill just wait, im fine") == "i'll just wait, i'm fine"
    assert spelt_out("we were ill, its leg hurt") == "we were ill, its leg hurt"
    assert spelt_out("its my moms birthday") == "it's my mom's birthday"
    assert spelt_out("我没事") == "我没事"


@pytest.mark.parametrize(
    ("said", "situation"),
    [
        ("do i write back or not", "should_i"),
        ("should i tell my sister", "should_i"),
        ("你说我去不去", "should_i"),
        ("right. teeth. night", "goodbye"),
        ("ok well. off to cook something. bye x", "goodbye"),
        ("just perfect. perfect timing as ever", "wry"),
        ("he took the credit, love that for me", "wry"),
        ("呵呵，真为我好", "wry"),
        ("你记得住我说的吗", "memory"),
        ("sorry about before", "apology"),
        ("can i ask you something", "may_i"),
        ("let me talk to a real person", "handover"),
    ],
)
def test_turns_that_were_dodged(said: str, situation: str) -> None:
    assert by_form(said) == situation
