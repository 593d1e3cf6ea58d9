from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.errors import ModelUnavailable
from affect.matters import current
from affect.types import EMOTIONS, Emotion, Strategy
from affect.writers import guard, words
from affect.writers.bank import Bank, load
from affect.writers.base import Exchange
from affect.writers.entry import Entry, parse
from affect.writers.following import follows
from affect.writers.forms import by_form
from affect.writers.scripted import ScriptedWriter
from affect.writers.weighing import MIRROR
from tests.affect.writing import reading, scene

LINES = Path(__file__).parent.parent / "data" / "situations.yaml"


def entry(
    name: str,
    text: str,
    cues: list[str],
    *,
    plain: str | None = None,
    strategy: str = "restatement",
    emotion: str = "anger",
    situation: str | None = None,
) -> Entry:
    return parse(
        {
            "id": name,
            "text": text,
            "plain": plain,
            "cues": cues,
            "strategy": strategy,
            "stages": ["act"] if strategy == "suggestion" else ["explore", "comfort"],
            "emotions": [emotion],
            "intensity": ["low", "middle", "high"],
            "situation": situation,
            "question": text.endswith(("?", "？")),
            "aim": {"valence": -0.1, "arousal": 0.0},
        }
    )


SHIFT = entry(
    "en-anger-shift-01",
    "{topic} again, and nobody asked you first.",
    ["my boss changed my shift again", "they moved my shift without asking"],
    plain="Again, and nobody asked you first.",
)
WHO = entry(
    "en-anger-shift-02",
    "Who decides the plan for the week?",
    ["they changed my shift", "my boss changed my shift without asking"],
    strategy="question",
)
TIP = entry(
    "en-anger-shift-03",
    "One small thing: write down the dates first.",
    ["my boss changed my shift again without asking me", "shift"],
    strategy="suggestion",
)
DOG = entry(
    "en-sadness-dog-01",
    "The house is quiet without him.",
    ["my dog died", "we had to put the dog down"],
    emotion="sadness",
)
ANY = entry("en-fallback-01", "Tell it in any order.", [], situation="fallback")
BYE = entry("en-goodbye-01", "Good night.", ["good night", "bye"], situation="goodbye")
ZH = entry("zh-anger-shift-01", "又是夜班，问都没问你。", ["又排我夜班", "老板又改我的班"])
SMALL = Bank((SHIFT, WHO, TIP, DOG, ANY, BYE, ZH))


@pytest.fixture(scope="module")
def shipped() -> ScriptedWriter:
    return ScriptedWriter(load())


async def test_the_entry_that_answers_comes_first_with_their_own_words() -> None:
    first = (await ScriptedWriter(SMALL).write(scene(ask=False)))[0]
    assert first.entry == "en-anger-shift-01"
    assert first.text == "Your shift again, and nobody asked you first."
    assert first.reasons["meaning"] > 0.2
    assert first.score == pytest.approx(sum(first.reasons.values()))


def test_without_a_filler_the_plain_version_is_said() -> None:
    one = ScriptedWriter(Bank((SHIFT,)))
    assert one.candidates(scene("the same again, always"))[0].text == SHIFT.plain


def test_written_sentences_are_not_put_together_and_ask_only_where_the_plan_does() -> None:
    writer = ScriptedWriter(SMALL)
    asked = writer.candidates(scene(ask=True))
    assert any(words.questions(candidate.text) == 1 for candidate in asked)
    for candidate in asked:
        parts = (candidate.entry or "").split("+")
        assert len(parts) == 1 or parts[0] == MIRROR
    silent = writer.candidates(scene(ask=False))
    assert all(words.questions(candidate.text) == 0 for candidate in silent)


def test_advice_waits_for_its_plan() -> None:
    writer = ScriptedWriter(SMALL)
    early = writer.candidates(scene())
    assert all(candidate.entry != TIP.id for candidate in early)


def test_no_entry_twice_in_a_talk() -> None:
    writer = ScriptedWriter(SMALL)
    history: tuple[Exchange, ...] = ()
    seen: list[str] = []
    for _ in range(3):
        reply = writer.candidates(scene(history=history, ask=False, situation=None))[0]
        seen.append(str(reply.entry))
        history = (*history, Exchange("my shift", reply.text, entry=reply.entry))
    assert len(set(seen)) == len(seen)


def test_a_general_entry_beats_one_about_something_else() -> None:
    first = ScriptedWriter(SMALL).candidates(
        scene("weather, always weather around these parts", ask=False)
    )[0]
    assert first.entry == ANY.id


def test_the_answer_is_in_the_language_of_the_scene() -> None:
    reply = ScriptedWriter(SMALL).candidates(scene("老板又改我的班", language="zh"))[0]
    assert reply.entry == ZH.id


def test_something_always_fits_even_when_all_is_used() -> None:
    writer = ScriptedWriter(Bank((BYE,)))
    history = (Exchange("bye", BYE.text, entry=BYE.id),)
    assert writer.candidates(scene("bye", history, situation="goodbye"))
    assert writer.candidates(scene("my dog died", situation="love_me"))


def test_an_empty_bank_says_so() -> None:
    with pytest.raises(ModelUnavailable):
        ScriptedWriter(Bank(())).candidates(scene())


def test_the_same_scene_gives_the_same_candidates(shipped: ScriptedWriter) -> None:
    assert shipped.candidates(scene(seed=3)) == shipped.candidates(scene(seed=3))


@pytest.mark.parametrize(
    ("said", "situation"),
    [
        ("Hey there!", "greeting"),
        ("你好呀", "greeting"),
        ("thanks so much, that helped", "thanks"),
        ("谢谢你", "thanks"),
        ("ok, good night", "goodbye"),
        ("先睡了，晚安", "goodbye"),
        ("...", "silence"),
        ("。。。", "silence"),
        ("idk", "silence"),
        ("?!?", "unclear"),
        ("1234", "unclear"),
        ("Are you a real person?", "are_you_real"),
        ("你是真人吗", "are_you_real"),
        ("do you love me", "love_me"),
        ("你喜欢我吗", "love_me"),
        ("how do you know I'm sad?", "how_do_you_know"),
        ("what do you keep about me", "what_do_you_keep"),
        ("这些聊天记录会保存吗", "what_do_you_keep"),
        ("do I have ADHD?", "cannot_serve"),
        ("我是不是抑郁症", "cannot_serve"),
        ("can you call my mom for me", "cannot_serve"),
        ("promise you won't tell anyone", "cannot_serve"),
        ("you're useless", "insult"),
        ("what should I do?", "asked_advice"),
        ("我该怎么办", "asked_advice"),
        ("you are the only one I talk to", "leaning"),
        ("I'm the worst daughter in the world", "harsh_on_self"),
        ("都是我的错，我真没用", "harsh_on_self"),
        ("tell me he's wrong", "take_sides"),
        ("你评评理，谁的错", "take_sides"),
    ],
)
def test_fixed_forms_of_situations(said: str, situation: str) -> None:
    assert by_form(said) == situation


@pytest.mark.parametrize(
    "said",
    [
        "my boss changed my shift",
        "I told him to shut up",
        "my sister said you're useless",
        "他骂我废物",
        "我不知道怎么跟她开口",
        "I don't know what to do about the rent",
        "high school was hard",
        "I'm so bad at parking",
        "my son says I'm the best mother",
        "\N{LOUDLY CRYING FACE}",
    ],
)
def test_ordinary_words_are_no_situation(said: str) -> None:
    assert by_form(said) is None


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("emotion", list(Emotion))
def test_what_ships_may_leave(shipped: ScriptedWriter, language: str, emotion: Emotion) -> None:
    valence = 0.6 if emotion is Emotion.JOY else -0.4
    said = {"en": "it happened at work today", "zh": "今天上班的时候出了点事"}[language]
    history: tuple[Exchange, ...] = ()
    texts = []
    for seed in range(8):
        now = scene(said, history, language, felt=reading(emotion, valence), seed=seed)
        reply = shipped.candidates(now)[0]
        assert guard.check(reply.text, now.plan).ok, reply
        assert words.is_chinese(reply.text) == (language == "zh")
        texts.append(reply.text)
        asked = words.questions(reply.text) > 0
        situation = now.plan.situation
        exchange = Exchange(said, reply.text, reply.strategy, reply.entry, asked, situation)
        history = (*history, exchange)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("said", "situation"),
    [("good night", "goodbye"), ("thanks", "thanks"), ("hi", "greeting"), ("晚安", "goodbye")],
)
def test_short_turns_get_their_own_entries(
    shipped: ScriptedWriter, said: str, situation: str
) -> None:
    language = "zh" if words.is_chinese(said) else "en"
    assert shipped.situation(said) == situation
    now = scene(said, (), language, situation=situation, felt=reading(Emotion.NEUTRAL, 0.0))
    by_id = {one.id: one for one in load().entries}
    assert all(by_id[str(one.entry)].situation == situation for one in shipped.candidates(now))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["en", "zh"]))
def test_any_words_get_a_reply_that_may_leave(
    shipped: ScriptedWriter, said: str, language: str
) -> None:
    now = scene(said, (), language, situation=shipped.situation(said))
    reply = shipped.candidates(now)[0]
    assert guard.check(reply.text).ok, reply


def test_situations_are_found_by_meaning_and_seldom_where_there_are_none(
    writer: ScriptedWriter,
) -> None:
    lines = yaml.safe_load(LINES.read_text(encoding="utf-8"))
    history = (Exchange("it was a long day", "Long in which way?"),)
    special = [(name, line) for name in lines for line in lines[name] if name != "ordinary"]
    right = [writer.situation(line, history=history) == name for name, line in special]
    false = [writer.situation(line, history=history) is not None for line in lines["ordinary"]]
    assert sum(right) / len(right) >= 0.7
    assert sum(false) / len(false) <= 0.05


@pytest.mark.parametrize(
    "said", ["do you think i should write to her?", "maybe i could call her on sunday", "好的"]
)
def test_a_question_of_one_s_own_is_none_to_the_program(writer: ScriptedWriter, said: str) -> None:
    assert writer.situation(said) not in {"what_do_you_keep", "how_do_you_know", "irony"}


def test_nobody_is_mourned_who_was_not_said_to_have_died() -> None:
    grief = entry("en-grief-01", "Many who grieve know that.", ["i miss her and want to call her"])
    writer = ScriptedWriter(Bank((grief, ANY)))
    living = scene("i miss her and want to call her")
    assert writer.candidates(living)[0].entry != "en-grief-01"
    mourning = scene("she died, i miss her and want to call her")
    assert writer.candidates(mourning)[0].entry == "en-grief-01"


def test_where_nothing_is_near_the_line_is_said_back_or_asked_about() -> None:
    empty = entry("en-fallback-02", "That is how it is.", [], situation="fallback")
    empty = replace(empty, emotions=frozenset(Emotion), kinds=frozenset({"about"}))
    writer = ScriptedWriter(Bank((empty,)))
    assert writer.candidates(scene("he's asleep right next to me", ask=False))[0].text == (
        "He's asleep right next to you."
    )


def test_a_line_is_not_said_back_three_times_running() -> None:
    writer = ScriptedWriter(SMALL)
    before = Exchange("she left", "She left.", entry="mirror")
    lines = scene("rent went up again", history=(before, before), ask=False)
    assert all("mirror" not in (each.entry or "") for each in writer.candidates(lines))


def of_kind(name: str, text: str, kind: str, emotions: set[Emotion]) -> Entry:
    made = entry(name, text, [], situation="fallback")
    return replace(made, kinds=frozenset({kind}), emotions=frozenset(emotions))


def test_a_kind_of_line_is_no_sign_of_pain() -> None:
    tender = of_kind("en-kind-01", "That touches a tender place.", "about", {Emotion.SADNESS})
    writer = ScriptedWriter(Bank((tender, replace(ANY, emotions=frozenset(EMOTIONS)))))
    neutral = replace(scene("the fridge is so loud"), reading=reading(Emotion.NEUTRAL, 0.0))
    assert all("tender" not in each.text for each in writer.candidates(neutral))
    sad = replace(neutral, reading=reading(Emotion.SADNESS, -0.5))
    assert any("tender" in each.text for each in writer.candidates(sad))


def test_a_chinese_line_said_back_does_not_stand_alone(shipped: ScriptedWriter) -> None:
    for said in ("我看了那条短信，眼眶一热", "好久没联系了", "我回了他一句谢谢"):
        now = scene(said, (), "zh")
        assert all(each.entry != "mirror" for each in shipped.candidates(now))


def test_advice_that_would_be_drawn_at_random_is_modest(shipped: ScriptedWriter) -> None:
    before = Exchange("im so tired of proving myself at work", "Every day anew.")
    now = scene("what should i do?", (before,), situation="asked_advice")
    assert "anyadvice" in (shipped.candidates(now)[0].entry or "")
    offered = replace(before, situation="permission", asked=True)
    agreed = scene("yes please", (offered,), situation="asked_advice")
    assert shipped.candidates(agreed)[0].strategy is Strategy.SUGGESTION


def test_what_is_told_after_a_greeting_is_taken_up(shipped: ScriptedWriter) -> None:
    assert shipped.candidates(scene("hey. long week"))[0].text.startswith("Hey. Long week.")
    assert not shipped.candidates(scene("hey you never listen"))[0].text.startswith("Hey.")


def test_a_line_that_moved_on_is_not_of_the_matter() -> None:
    before = Exchange("my dad is in hospital", "Who goes with you?", asked=True)
    matter = current((before,), "i made pasta tonight")
    assert matter is not None
    assert not follows(scene("i made pasta tonight", (before,)), matter)
    assert follows(scene("it's his heart", (before,)), matter)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("行了不聊了，菜市场快关门了我去买排骨", "goodbye"),
        ("车来了 先不说了", "goodbye"),
        ("外公走了", None),
        ("奶奶上周走了", None),
        ("孩子终于睡了", None),
        ("豆包今天早上没醒过来", None),
        ("就我自己知道，别跟我说什么加油", None),
        ("ok. i'll call the clinic monday", None),
        ("he went quiet. then he said sorry", None),
    ],
)
def test_who_left_and_who_leaves_are_two_things(said: str, found: str | None) -> None:
    assert by_form(said) == found
