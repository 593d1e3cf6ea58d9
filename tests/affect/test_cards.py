"""Cards and what holds across a talk."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from affect.errors import BadInput
from affect.safety.cards import card, crisis_card, held_card, name, texts
from affect.safety.holding import GENTLE, TALK_GAP, Answer, Hold, Mark, hold
from affect.safety.reading import About, Topic
from affect.safety.screening import Screening, screen

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
EVERY_CARD = [
    (language, key, text)
    for language in ("en", "zh")
    for key, listed in texts(language).items()
    for text in listed
]
NEVER_SAID = re.compile(
    r"commit|i hear you|i understand how|reach out|stay strong|you've got this|promise(?!d)|!"
    r"|selfish|attention|everything will|overreact|rope|blade|noose|hanging|jump"
    r"|加油|想开点|一切都会好|自私|想不开|傻事|绳|刀片|跳楼|割腕|保证|！",
    re.IGNORECASE,
)


class TestTexts:
    def test_both_languages_have_the_same_cards(self) -> None:
        assert set(texts("en")) == set(texts("zh"))
        for key, listed in texts("en").items():
            assert len(listed) == len(texts("zh")[key]), key
            assert len(set(listed)) == len(listed)

    @pytest.mark.parametrize(("language", "key", "text"), EVERY_CARD)
    def test_rules_of_wording(self, language: str, key: str, text: str) -> None:
        assert not NEVER_SAID.search(text)
        assert not re.search(
            r"how (?:would|will|do) you (?:plan|do it)|你打算怎么|用什么方法", text
        )
        size = len(text.split()) if language == "en" else len(text)
        assert size <= (125 if language == "en" else 230)
        assert text.count("?") + text.count("？") <= 3

    @pytest.mark.parametrize(
        ("language", "key"), [(one, key) for one in ("en", "zh") for key in texts(one)]
    )
    def test_first_cards_name_a_line_and_their_limits(self, language: str, key: str) -> None:
        first = texts(language)[key][0]
        assert "{line}" in first or "{emergency}" in first
        if not key.startswith("denied"):
            assert ("I'm a program" if language == "en" else "我是程序") in first

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_emergency_comes_first_where_life_is_at_stake(self, language: str) -> None:
        for key in (
            "crisis_4",
            "overdose",
            "overdose_other",
            "harm_now",
            "abuse_now",
            "helper_now",
        ):
            for text in texts(language)[key]:
                if "{line}" in text:
                    assert text.index("{emergency}") < text.index("{line}")

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_suicide_is_asked_about_directly(self, language: str) -> None:
        asked = (
            "Are you thinking about killing yourself"
            if language == "en"
            else "你(?:现在)?是在想自杀吗"
        )
        for key in ("concern", "crisis_2", "crisis_3"):
            assert re.search(asked, texts(language)[key][0])


class TestChoice:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("I wish I was dead", "concern"),
            ("I want to kill myself", "crisis_2"),
            ("I want to hang myself", "crisis_3"),
            ("I'm going to kill myself tonight", "crisis_4"),
            ("I cut myself last night", "self_harm"),
            ("I want to kill him for what he did to me.", "harm_concern"),
            ("I keep thinking about killing my boss.", "harm"),
            ("I'm going to stab him tonight.", "harm_now"),
            ("My husband hits me.", "abuse"),
            ("He is outside my door with a knife.", "abuse_now"),
            ("My dad used to beat me when I was a kid.", "past_abuse"),
            ("I just swallowed a whole bottle of pills.", "overdose"),
            ("My roommate took a handful of pills.", "overdose_other"),
            ("I'm 12 and my stepdad touches me.", "child"),
            ("My neighbor beats his kids.", "child_other"),
            ("I'm scared I will hurt my baby.", "parent"),
            ("My friend wants to kill himself.", "helper"),
            (
                "My sister wrote a goodbye letter and said she is going to kill herself.",
                "helper_now",
            ),
            ("Ten years ago I wanted to kill myself.", "past"),
        ],
    )
    def test_name(self, text: str, key: str) -> None:
        assert name(screen(text)) == key

    def test_no_danger_has_no_card(self) -> None:
        with pytest.raises(BadInput):
            card(Screening(), "en", "US")

    @pytest.mark.parametrize("country", ["US", "CN", "RO", "GB", "TR", None, "XX"])
    @pytest.mark.parametrize("language", ["en", "zh", "zh-TW", "fr"])
    def test_slots_are_filled(self, language: str, country: str | None) -> None:
        for level in range(1, 6):
            for topic in Topic:
                for about in About:
                    for variant in range(6):
                        text = card(Screening(level, (topic,), about), language, country, variant)
                        assert text
                        assert not re.search(r"[{}]|None(?! of)|, \)|\(\)|（）", text)
        assert "findahelpline.com" in crisis_card(language, country)

    def test_the_line_is_named_with_its_hours(self) -> None:
        text = card(screen("I want to kill myself"), "en", "US")
        assert "call 988 or text 988, day and night, free" in text
        assert "每天至少18小时" in card(screen("我想自杀"), "zh", "CN")
        assert "at least 18 hours a day" in card(screen("我想自杀"), "en", "CN")
        assert "the emergency number where you are" in card(
            screen("I want to kill myself"), "en", None
        )

    def test_no_card_is_said_twice_running(self) -> None:
        found = screen("I want to kill myself")
        said = [card(found, "en", "US", variant) for variant in range(7)]
        assert all(one != two for one, two in pairwise(said))
        assert said[0] not in said[1:]


def talk(
    *texts_: str, minutes: int = 2, start: tuple[Mark, ...] = ()
) -> tuple[list[Hold], list[Mark]]:
    marks = list(start)
    holds = []
    for index, text in enumerate(texts_):
        at = NOW + timedelta(minutes=minutes * index)
        holds.append(hold(marks, screen(text), at))
        marks.append(holds[-1].mark(at))
    return holds, marks


class TestHold:
    def test_ordinary_talk_is_normal(self) -> None:
        holds, _ = talk("hello", "my boss shouted at me", "I'm so sad")
        assert {one.answer for one in holds} == {Answer.NORMAL}
        assert held_card(holds[-1], "en", "US") is None

    def test_a_level_holds_for_the_talk(self) -> None:
        holds, _ = talk("I want to kill myself", "ok", "I called my sister")
        assert [one.screening.level for one in holds] == [2, 2, 2]
        assert [one.answer for one in holds] == [Answer.CARD] * 3
        said = [held_card(one, "en", "US") for one in holds]
        assert len(set(said)) == 3

    def test_a_crisis_without_new_signs_becomes_a_gentle_talk(self) -> None:
        holds, _ = talk(
            "I want to kill myself", "ok", "yes", "she's here", "we made tea", "it's quiet"
        )
        assert holds[-1].answer is Answer.GENTLE
        assert holds[-1].screening.level == 2

    def test_intent_is_never_let_go_by_itself(self) -> None:
        holds, _ = talk("I'm going to kill myself tonight", *["hm"] * 9)
        assert {one.answer for one in holds} == {Answer.CARD}

    def test_a_new_sign_brings_the_card_back(self) -> None:
        holds, _ = talk("I want to kill myself", *["hm"] * 5, "I want to die")
        assert holds[-2].answer is Answer.GENTLE
        assert holds[-1].answer is Answer.CARD
        assert holds[-1].screening.level == 2

    def test_concern_offers_once_and_goes_on_gently(self) -> None:
        holds, _ = talk("I wish I was dead", "work is too much", "and my mother")
        assert [one.answer for one in holds] == [Answer.CARD, Answer.GENTLE, Answer.GENTLE]

    def test_denial_after_concern(self) -> None:
        holds, _ = talk("I wish I was dead", "No, I just mean I'm tired.", "the shift was long")
        assert [one.answer for one in holds] == [Answer.CARD, Answer.DENIED, Answer.GENTLE]
        assert [one.screening.level for one in holds] == [1, 0, 0]
        assert held_card(holds[1], "en", "US")

    def test_a_bare_no_denies_concern_and_not_a_crisis(self) -> None:
        assert talk("I wish I was dead", "no")[0][-1].answer is Answer.DENIED
        assert talk("I want to kill myself", "no")[0][-1].answer is Answer.CARD

    def test_denial_after_intent_keeps_concern(self) -> None:
        holds, _ = talk(
            "I'm going to kill myself tonight", "I was joking, I'm not suicidal", "so, football"
        )
        assert holds[1].answer is Answer.DENIED
        assert [one.screening.level for one in holds] == [5, 1, 1]
        assert held_card(holds[1], "en", "US") != held_card(
            talk("I wish I was dead", "no")[0][1], "en", "US"
        )

    def test_no_denial_without_danger(self) -> None:
        assert talk("hello", "no")[0][-1].answer is Answer.NORMAL

    def test_the_next_talk_is_gentle_for_a_day(self) -> None:
        _, marks = talk("I want to kill myself")
        after = hold(marks, screen("morning"), NOW + TALK_GAP + timedelta(minutes=1))
        assert (after.answer, after.screening.level, after.gentle) == (Answer.GENTLE, 0, True)
        later = hold(marks, screen("morning"), NOW + GENTLE + timedelta(minutes=1))
        assert (later.answer, later.gentle) == (Answer.NORMAL, False)

    def test_the_held_topic_is_answered(self) -> None:
        holds, _ = talk("My husband hits me.", "yes, alone")
        assert name(holds[-1].screening) == "abuse"

    def test_a_higher_level_takes_over(self) -> None:
        holds, _ = talk("I wish I was dead", "I'm going to kill myself tonight")
        assert [one.screening.level for one in holds] == [1, 5]
