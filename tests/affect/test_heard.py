"""What strangers missed: answers received, misses owned, nothing light in a grave time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from affect.evaluation.panel import Told
from affect.evaluation.replies import converse
from affect.perception.text import TextModel
from affect.types import Emotion
from affect.writers.base import Candidate, Exchange
from affect.writers.entry import DARK, Entry
from affect.writers.scripted import ScriptedWriter
from tests.affect.writing import reading, scene

EVEN = reading(Emotion.NEUTRAL, 0.0)
SAD = reading(Emotion.SADNESS, -0.5)


def language(said: str) -> str:
    return "en" if said.isascii() else "zh"


def after(said: str, reply: str, situation: str | None = None) -> tuple[Exchange, ...]:
    asked = reply.endswith(("?", "？"))
    return (Exchange(said, reply, asked=asked, situation=situation),)


def answered(
    writer: ScriptedWriter, said: str, history: tuple[Exchange, ...] = (), felt: object = EVEN
) -> Candidate:
    found = writer.situation(said, history=history)
    now = scene(said, history, language(said), situation=found, felt=felt)  # type: ignore[arg-type]
    return writer.candidates(now)[0]


def talk(writer: ScriptedWriter, lines: Sequence[str]) -> list[Candidate]:
    told = [Told(Emotion.NEUTRAL, 0.0, 0.0, line) for line in lines]
    turns = converse(writer, language(lines[0]), told, reader=TextModel.load())
    return [turn.reply for turn in turns]


@pytest.mark.parametrize(
    ("question", "said", "situation", "back"),
    [
        ("How long did the repair take?", "ten days", "answer_when", "Ten days"),
        ("Who minds the shop?", "my aunt", "answer_who", "our aunt"),
        ("What's the goat's name?", "Pepper", "answer_name", "Pepper"),
        ("And how does that sit with you?", "badly", "answer_how", "Badly"),
        ("What was in the box?", "his old maps", "answer_what", "is old maps"),
        ("什么时候开工？", "月底吧", "answer_when", "月底"),
        ("家里谁做饭？", "我姑姑", "answer_who", "你姑姑"),
        ("盒子里是什么？", "一叠旧地图", "answer_what", "一叠旧地图"),
    ],
)
def test_a_short_answer_is_received_as_the_answer(
    writer: ScriptedWriter, question: str, said: str, situation: str, back: str
) -> None:
    before = after("we had the roof done" if said.isascii() else "屋顶修好了", question)
    now = scene(said, before, language(said), felt=EVEN, situation=writer.situation(said))
    assert now.plan.situation == situation
    assert back in answered(writer, said, before).text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How long did the repair take?", "why do you ask?"),
        ("Who minds the shop?", "my uncle died"),
        ("Who minds the shop?", "anyway, the rain is back"),
        ("It took its time, then.", "ten days"),
        ("Is it dry now?", "yes"),
        ("什么时候开工？", "问这个干嘛"),
        ("家里谁做饭？", "我爷爷去世了"),
    ],
)
def test_what_answers_nothing_or_tells_more_is_no_such_answer(
    writer: ScriptedWriter, question: str, said: str
) -> None:
    before = after("we had the roof done" if said.isascii() else "屋顶修好了", question)
    found = writer.situation(said, history=before)
    now = scene(said, before, language(said), felt=EVEN, situation=found)
    assert not (now.plan.situation or "").startswith("answer_")


@pytest.mark.parametrize(
    ("before", "reply", "said", "back"),
    [
        (
            "my landlady sold the house",
            "What was the nicest part?",
            "you're not listening",
            "landlady",
        ),
        ("my landlady sold the house", "Lovely.", "that's not what i said", "landlady"),
        ("the shed burned down", "Is it new?", "i just told you that", "shed burned down"),
        ("my son moved to oslo", "How is she?", "i just told you, it was my son", "your son"),
        ("he's late again", "Nice.", "you don't listen. i said he's ill", "he's ill"),
        ("房东把房子卖了", "真好呀。", "你没听懂", "房东把房子卖了"),
        ("我弟弟搬去外地了", "她还好吗？", "我刚才不是说了吗，是我弟弟", "弟弟"),
    ],
)
def test_a_miss_that_is_named_is_owned_and_taken_up_in_their_words(
    writer: ScriptedWriter, before: str, reply: str, said: str, back: str
) -> None:
    found = answered(writer, said, after(before, reply))
    assert back in found.text.lower()
    assert found.text.rstrip("。.?？") != back


@pytest.mark.parametrize(
    ("asked", "reply", "said", "situation"),
    [
        ("can you whistle?", "Mostly this.", "that's not what i asked", "able"),
        (
            "do you have a sense of humour?",
            "No person, no.",
            "you didn't answer my question",
            "humour",
        ),
        ("该跟我妈说点什么", "先睡一觉。", "答非所问", "word_it"),
    ],
)
def test_the_question_that_was_missed_is_answered_anew(
    writer: ScriptedWriter, asked: str, reply: str, said: str, situation: str
) -> None:
    assert writer.situation(said, history=after(asked, reply, situation)) == situation


@pytest.mark.parametrize(
    "said",
    [
        "he says i never listen",
        "i told him already about the car",
        "do you remember what i told you?",
        "it isn't how i imagined it",
        "我妈说我没听她的话",
        "他根本没听我说话",
    ],
)
def test_who_tells_of_others_names_no_miss_of_ours(
    writer: ScriptedWriter, entries: Mapping[str, Entry], said: str
) -> None:
    found = answered(
        writer, said, after("my dad called" if said.isascii() else "我妈来电话了", "Mm.")
    )
    assert all("missed" not in part for part in (found.entry or "").split("+"))


@pytest.mark.parametrize(
    "lines",
    [
        [
            "my gran died on tuesday",
            "we're planning a picnic",
            "i fixed the gate",
            "the bins are out",
        ],
        [
            "my dad had a stroke in may",
            "i made jam",
            "we might go to the coast",
            "the dog is asleep",
        ],
        ["我奶奶上周去世了", "今天去买了菜", "周末打算去爬山", "门口的花开了"],
        ["我爸查出来肺上有个东西", "中午吃了面", "我们打算下周去海边", "晚上收拾了屋子"],
    ],
)
def test_no_light_stock_line_stands_in_a_grave_time(
    writer: ScriptedWriter, entries: Mapping[str, Entry], lines: Sequence[str]
) -> None:
    for reply in talk(writer, lines):
        for name in filter(lambda part: part in entries, (reply.entry or "").split("+")):
            entry = entries[name]
            stock = (
                not entry.cues and entry.matter is None and entry.situation in {None, "fallback"}
            )
            assert not stock or entry.emotions & DARK, (name, reply.text)
            assert Emotion.JOY not in entry.emotions or not stock, (name, reply.text)


@pytest.mark.parametrize("felt", [SAD, reading(Emotion.FEAR, -0.4), EVEN])
@pytest.mark.parametrize(
    "said", ["我在大家面前念错了，脸都没处放", "她走之前我没赶回去", "全班都看着我"]
)
def test_nobody_is_told_of_anger_whose_words_say_none(
    writer: ScriptedWriter, entries: Mapping[str, Entry], said: str, felt: object
) -> None:
    now = scene(said, (), "zh", felt=felt)  # type: ignore[arg-type]
    for each in writer.candidates(now):
        own = [entries[part] for part in (each.entry or "").split("+") if part in entries]
        assert not any(e.emotions == {Emotion.ANGER} and not e.cues for e in own), each.text


def test_whose_words_say_anger_may_be_told_of_it(
    writer: ScriptedWriter, entries: Mapping[str, Entry]
) -> None:
    now = scene("他们又改了规矩，谁也没通知", (), "zh", felt=reading(Emotion.ANGER, -0.6))
    said = {part for each in writer.worded(now) for part in each.entry.id.split("+")}
    assert any(entries[n].emotions == {Emotion.ANGER} for n in said if n in entries)


DECIDES = (
    "before you decide",
    "a coin",
    "strike out",
    "last time it went well",
    "抛硬币",
    "动手之前",
)


@pytest.mark.parametrize(
    "said",
    [
        "what can i do about the damp in the cellar",
        "how do i get better at waking up",
        "how do i make my grandpa drink enough",
        "I want to bring him something. any ideas?",
        "怎么让孩子多喝水",
        "地下室老返潮，我能怎么办",
    ],
)
def test_what_asks_how_gets_no_rule_for_deciding(writer: ScriptedWriter, said: str) -> None:
    found = writer.situation(said, history=after("hi", "Hello."))
    assert found in {"asked_advice", "ideas", "unknown"}
    now = scene(said, after("hi", "Hello."), language(said), situation=found, felt=EVEN)
    for each in writer.candidates(now):
        assert not any(phrase in each.text for phrase in DECIDES), each.text


@pytest.mark.parametrize(
    "said", ["该叮嘱我爸些什么", "我该跟我弟说点啥", "what should i tell my aunt"]
)
def test_who_asks_what_to_tell_somebody_wants_words(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=after("hm", "Mm.")) == "word_it"


def test_whether_to_tell_is_still_weighed(writer: ScriptedWriter) -> None:
    assert writer.situation("该不该告诉我弟", history=after("嗯", "嗯。")) == "should_i"


@pytest.mark.parametrize("said", ["do you think he'll walk again", "你觉得我爸还能走路吗"])
def test_what_lies_ahead_is_neither_weighed_nor_foretold(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=after("hm", "Mm.")) == "foresee"
