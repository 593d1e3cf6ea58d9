from __future__ import annotations

import pytest

from affect import kinds
from affect.writers.forms import by_form
from affect.writers.shorthand import simplified, spelt_out


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
        ("还好", "soso"),
        ("就那样吧", "soso"),
        ("嗯", "nod"),
    ],
)
def test_a_line_is_of_a_kind(said: str, kind: str) -> None:
    assert kinds.kind(said) == kind


def test_a_glad_shout_is_known_by_its_reading() -> None:
    assert kinds.kind("the drummer said YES", 0.4) == "excited"
    assert kinds.kind("the drummer said YES", -0.4) != "excited"
    assert kinds.kind("they did NOT pay me!", 0.4) != "excited"


@pytest.mark.parametrize(
    "said", ["is that odd", "how long", "do you ever sleep", "你会游泳吗", "去不去呢", "你觉得呢"]
)
def test_a_question_needs_no_mark(said: str) -> None:
    assert kinds.asks(said)


@pytest.mark.parametrize(
    "said",
    [
        "haven't in years",
        "what a day",
        "不好",
        "done tomorrow",
        "在公司呢",
        "还说了句至于吗",
        "我又在想是不是要被开了",
    ],
)
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


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert spelt_out("謝謝你聽我說，媽媽對我兇了") == "谢谢你听我说，妈妈对我凶了"
    assert by_form(spelt_out("謝謝你")) == "thanks"
    assert simplified("又睡不著，說不出來 u") == "又睡不着，说不出来 u"


def test_a_good_night_to_somebody_else_is_no_farewell() -> None:
    assert by_form("我跟他说了晚安") != "goodbye"
    assert by_form("跟你说晚安") == "goodbye"
    assert by_form("maybe i'll say good night") != "goodbye"


@pytest.mark.parametrize(
    ("said", "turn"),
    [
        ("先这样吧，我去睡会", "goodbye"),
        ("打到车了，先回家", "goodbye"),
        ("嗯，好多了，谢谢", "thanks"),
        ("还好有你", "thanks"),
        ("你还在吗", "may_i"),
        ("在吗", "greeting"),
        ("你吃了吗", "about_me"),
        ("你觉得我该怎么办", "asked_advice"),
        ("医生要去看吗", "should_i"),
        ("要不要吃片安定", "cannot_serve"),
        ("她刚才还问我要不要一起点外卖", None),
        ("室友都过了", None),
        ("她说我心里只有工作", None),
        ("万一手术不成功怎么办", None),
        ("成绩出来了", "result_out"),
        ("嗯", None),
    ],
)
def test_chinese_turns(said: str, turn: str | None) -> None:
    assert by_form(said) == turn


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
        ("let me talk to a real person", "are_you_real"),
    ],
)
def test_turns_that_were_dodged(said: str, situation: str) -> None:
    assert by_form(said) == situation
