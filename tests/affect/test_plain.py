"""What is plainly asked is answered: one of two things, wording held up, what it can do, a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from affect.types import Emotion
from affect.writers import sides
from affect.writers.bank import Bank
from affect.writers.base import Candidate, Exchange, Scene
from affect.writers.entry import Entry
from affect.writers.scripted import ScriptedWriter
from tests.affect.writing import reading, scene

LINES = yaml.safe_load(
    (Path(__file__).parent.parent / "data" / "plain_asks.yaml").read_text(encoding="utf-8")
)
HEARD_AS = {
    "pick": {"pick"},
    "draft_plain": {"draft_plain", "draft_unsure"},
    "draft_heated": {"draft_heated"},
    "ability": {"able", "your_life"},
    "general_you": {"asked_advice", "ideas", "word_it"},
    "unknown": {"unknown", "fact"},
    "something": {"something", "story"},
    "leave": {"goodbye", "thanks"},
}
PLAINLY = frozenset({"pick", "draft_plain", "draft_heated", "draft_unsure", "able", "unknown"})
BEFORE = Exchange("washed the car", "A shine on it, then.")
EVEN = reading(Emotion.NEUTRAL, 0.0)


def language(said: str) -> str:
    return "en" if said.isascii() else "zh"


def planned(writer: ScriptedWriter, said: str, history: tuple[Exchange, ...] = (BEFORE,)) -> Scene:
    found = writer.situation(said, history=history)
    return scene(said, history, language(said), situation=found, felt=EVEN)


def answered(
    writer: ScriptedWriter, said: str, history: tuple[Exchange, ...] = (BEFORE,)
) -> Candidate:
    return writer.candidates(planned(writer, said, history))[0]


@pytest.mark.parametrize(
    ("said", "one", "other"),
    [
        ("jazz or silence while i mop?", "jazz", "silence"),
        ("the long way round or the bus, which would you do", "long way round", "bus"),
        ("one thing left. mow the lawn or oil my bike, you pick", "lawn", "oil your bike"),
        ("not sure what to have. soup or the rest of the pie?", "soup", "pie"),
        ("浇花还是擦窗户，你选一个", "浇花", "擦窗户"),
        ("晚上就剩一件事，是先叠被子还是先扫地呢？", "叠被子", "扫地"),
        ("馄饨还是饺子？", "馄饨", "饺子"),
    ],
)
def test_of_two_light_things_one_is_named(
    writer: ScriptedWriter, said: str, one: str, other: str
) -> None:
    reply = answered(writer, said)
    low = reply.text.lower()
    assert (one in low) != (other in low), reply


@pytest.mark.parametrize(
    "said", ["comb or brush now?", "comb or brush right now, you pick", "comb now or brush now?"]
)
def test_when_a_choice_is_made_is_no_part_of_what_is_picked(
    writer: ScriptedWriter, said: str
) -> None:
    light = sides.light(said, heard=True)
    assert light is not None
    assert light[1] == "brush"


def test_a_choice_between_now_and_then_is_one() -> None:
    assert sides.light("ironing later or right now?", heard=True) == ("ironing later", "right now")


def test_the_pick_stands_whichever_way_it_is_asked_and_another_day_it_may_be_the_other(
    writer: ScriptedWriter,
) -> None:
    def pick(said: str, days: int = 0) -> bool:
        now = planned(writer, said)
        later = replace(now.moment, at=now.moment.at + timedelta(days=days))
        return "kite" in writer.candidates(replace(now, moment=later))[0].text.lower()

    assert pick("kite or sandcastle?") == pick("sandcastle or kite, you choose")
    assert len({pick("kite or sandcastle?", day) for day in range(12)}) == 2


def test_no_pick_is_worded_twice_in_a_talk(writer: ScriptedWriter) -> None:
    history: tuple[Exchange, ...] = (BEFORE,)
    for said in (
        "rye or white?",
        "radio or a record?",
        "blue mug or red one?",
        "tram or bike?",
    ):
        reply = answered(writer, said, history)
        history = (*history, Exchange(said, reply.text, entry=reply.entry, situation="pick"))
    assert len({each.entry for each in history}) == len(history)


@pytest.mark.parametrize(
    "said",
    [
        "divorce or one more try, which one?",
        "should i take the antibiotics or wait it out?",
        "loan or sell the van, you choose",
        "do i text my ex or let it be?",
        "skip dinner or have a bite?",
        "a pint or two, i said, or thereabouts",
        "he shouts or he sulks, never anything else",
        "was it bad or not?",
        "is he tired or just rude?",
        "sooner or later it had to be said, right?",
        "离婚还是再忍一年，你选",
        "止疼药吃一片还是两片？",
        "辞了还是再熬熬，二选一",
        "我该跟我爸说还是瞒着他？",
        "他还是那副样子，你说气不气？",
        "这衣服好看还是不好看？",
    ],
)
def test_what_is_grave_or_no_choice_is_not_picked(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=(BEFORE,)) != "pick"


def test_in_a_dark_moment_a_choice_is_weighed_and_not_picked() -> None:
    said = "tent or caravan, you pick"
    dark = scene(said, situation="pick", felt=reading(Emotion.SADNESS, -0.8))
    even = scene(said, situation="pick", felt=EVEN)
    assert (dark.plan.situation, even.plan.situation) == ("choose", "pick")


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        ("I'd write: hello Mo, could you drop the ladder back on friday? would that do?", "plain"),
        ('"running ten minutes late, order me the soup" is that fine to send', "plain"),
        ("so I'll put 'you never once asked, you're so selfish'. is that ok?", "heated"),
        ("我想写：周五能把梯子还我吗，谢谢。这么写行不？", "plain"),
        ("“你从来不管我死活，滚”这么发可以吗", "heated"),
    ],
)
def test_wording_that_is_held_up_gets_an_answer(
    writer: ScriptedWriter, entries: Mapping[str, Entry], said: str, reads: str
) -> None:
    assert writer.situation(said, history=(BEFORE,)) == f"draft_{reads}"
    reply = answered(writer, said)
    assert entries[str(reply.entry)].situation == f"draft_{reads}", reply


def test_wording_of_the_line_before_may_be_held_up(writer: ScriptedWriter) -> None:
    before = Exchange("I'd say: lovely day, shall we eat outside on sunday?", "Outside, then.")
    assert writer.situation("how does that sound?", history=(before,)) == "draft_plain"


def test_without_a_reader_no_wording_is_called_calm(the_bank: Bank) -> None:
    said = "I'd write: could you drop the ladder back on friday? would that do?"
    assert ScriptedWriter(the_bank).situation(said, history=(BEFORE,)) == "draft_unsure"


@pytest.mark.parametrize(
    "said",
    [
        "she wrote 'do as you like', is that ok?",
        "i'll leave at six and be home by eight, does that work?",
        "i already sent 'have it your way then'. too harsh?",
        "他发来“随你便”，这算好话吗？",
    ],
)
def test_what_is_no_wording_of_theirs_to_send_is_not_judged(
    writer: ScriptedWriter, said: str
) -> None:
    found = writer.situation(said, history=(BEFORE,))
    assert found is None or not found.startswith("draft")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("That's no easy climb.", "no, not easy. my knees said so"),
        ("Forty pages isn't nothing.", "no it isn't. i read till two"),
        ("这活可不轻。", "不轻，胳膊都抬不起来"),
    ],
)
def test_a_no_that_agrees_corrects_nothing(
    writer: ScriptedWriter, entries: Mapping[str, Entry], reply: str, said: str
) -> None:
    before = (Exchange("done at last", reply),)
    assert writer.situation(said, history=before) not in {"corrected", "anger_at_bot", "meant"}
    owned = [entry.plain for entry in entries.values() if entry.situation == "owned"]
    assert not any(answered(writer, said, before).text.startswith(each) for each in owned)


def test_a_no_that_denies_what_was_said_still_corrects(writer: ScriptedWriter) -> None:
    before = (Exchange("it's about the flat", "So your sister has moved out."),)
    assert writer.situation("no, she hasn't moved out, i have", history=before) == "corrected"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("ha. can you knit?", "able"),
        ("do you play the violin", "able"),
        ("你会弹吉他吗", "able"),
        ("how do you get yourself to phone people when you dread it", "asked_advice"),
        ("how do you descale a kettle", "unknown"),
        ("芋头怎么蒸好吃", "unknown"),
        ("go on, tell me something weird", "something"),
        ("给我讲个睡前故事吧", "story"),
    ],
)
def test_a_plain_question_is_heard_as_it_is_meant(
    writer: ScriptedWriter, entries: Mapping[str, Entry], said: str, wanted: str
) -> None:
    assert writer.situation(said, history=(BEFORE,)) == wanted
    situation = entries[str(answered(writer, said).entry)].situation
    assert situation == wanted or wanted == "asked_advice"


def test_what_is_known_is_still_told(writer: ScriptedWriter) -> None:
    assert "ten for a hard one" in answered(writer, "how do you boil an egg, how many minutes").text


@pytest.mark.parametrize(
    "said", ["我先去上课了", "水快没电了似的，困了，回头再聊", "该休息了", "好了，我去遛狗了"]
)
def test_leave_is_taken_without_a_word_of_goodbye(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=(BEFORE,)) == "goodbye"


@pytest.mark.parametrize(
    "said", ["她去上课了", "该休息了可是躺不住", "昨天我去遛狗了", "领导说下次再说"]
)
def test_who_tells_of_going_takes_no_leave(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=(BEFORE,)) != "goodbye"


def heard(writer: ScriptedWriter, name: str, among: str) -> list[str | None]:
    rows = [row for row in LINES[name] if language(row[2]) == among]
    return [writer.situation(row[2], history=(Exchange(row[0], row[1]),)) for row in rows]


@pytest.mark.parametrize("among", ["en", "zh"])
def test_plain_asks_are_heard(writer: ScriptedWriter, among: str) -> None:
    right = [found in HEARD_AS[name] for name in HEARD_AS for found in heard(writer, name, among)]
    assert sum(right) / len(right) >= 0.85


@pytest.mark.parametrize("among", ["en", "zh"])
def test_look_alikes_are_none(writer: ScriptedWriter, among: str) -> None:
    assert not PLAINLY & set(heard(writer, "other", among))


@pytest.mark.parametrize(
    ("said", "thing"),
    [
        ("tell me something about wolves", "wolves"),
        ("fine. what do you know about clay pots?", "clay pots"),
        ("给我讲讲关于极光的事吧", "极光"),
        ("你对象棋了解多少", "象棋"),
    ],
)
def test_of_a_subject_little_is_known_and_the_word_handed_back(
    writer: ScriptedWriter, said: str, thing: str
) -> None:
    reply = answered(writer, said)
    assert thing in reply.text
    assert reply.text.endswith(("?", "？"))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("tell me something surprising", "something"),
        ("tell me something about yourself", "about_me"),
        ("he told me something about wolves", None),
        ("给我讲个故事", "story"),
        ("我爸给我讲了关于极光的事", None),
    ],
)
def test_what_is_no_subject_out_in_the_world_is_heard_as_before(
    writer: ScriptedWriter, said: str, wanted: str | None
) -> None:
    assert writer.situation(said, history=(BEFORE,)) == wanted


@pytest.mark.parametrize(
    "said", ["do you have any sense of humor?", "are you ever funny", "你有幽默感吗", "你会笑吗"]
)
def test_humour_is_told_of_as_it_is(
    writer: ScriptedWriter, entries: Mapping[str, Entry], said: str
) -> None:
    assert entries[str(answered(writer, said).entry)].situation == "humour"


@pytest.mark.parametrize("said", ["my aunt is so funny", "do you laugh at me", "你会笑话我吗"])
def test_who_speaks_of_other_laughter_asks_for_no_humour(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=(BEFORE,)) != "humour"


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        (
            (
                "here is my text: 'Hi Bo. The hedge has grown over our path. It's hard to get "
                "through. Could we trim it together on Sunday? Regards, Ida' is that ok to send?"
            ),
            "plain",
        ),
        (
            (
                'is this fine to send: "Dear team, the kiln is broken until Monday. Please take '
                'your pots home. I will let you know when it works again."'
            ),
            "plain",
        ),
        (
            "可以帮我看看这段话吗：“李师傅您好，楼道灯又不亮了。老人晚上下楼看不清。您这两天方便来一趟吗。”",
            "plain",
        ),
        (
            "王姐，水龙头还是漏，上次那个垫圈不对。您看周六能不能再来看一下。零件钱我出。这样发行不行",
            "plain",
        ),
        (
            "我想这么发给他：你从来不接电话，我受够了。你自己看着办吧。以后别找我。这么写行吗",
            "heated",
        ),
    ],
)
def test_long_wording_is_heard_wherever_the_question_stands(
    writer: ScriptedWriter, said: str, reads: str
) -> None:
    assert writer.situation(said, history=(BEFORE,)) == f"draft_{reads}"


@pytest.mark.parametrize(
    "said", ["who can read what i write? is that ok to ask", "我写的谁能看到？"]
)
def test_who_asks_who_reads_along_is_still_told(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said, history=(BEFORE,)) in {"what_do_you_keep", "others_here"}


@pytest.mark.parametrize(
    ("said", "before"), [("why that one?", "tea or cocoa"), ("为啥选这个", "茶还是可可")]
)
def test_a_pick_is_owned_as_chance(writer: ScriptedWriter, said: str, before: str) -> None:
    picked = (Exchange(before, "Tea.", situation="pick"),)
    assert writer.situation(said, history=picked) == "why_pick"
    assert writer.situation(said, history=(BEFORE,)) != "why_pick"
