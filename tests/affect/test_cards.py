"""Cards and what holds across a talk."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest

from affect.danger import About, Answer, Mark, Topic
from affect.errors import BadInput
from affect.safety.cards import card, crisis_card, held_card, name, texts
from affect.safety.helplines import helpline
from affect.safety.holding import GENTLE, TALK_GAP, Hold, hold
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


# What takes an end at its word.
ENDS = {"denied", "denied_after_intent", "safe", "safe_other", "helped", "mistaken"}


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
        if key not in ENDS:
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
            ("Someone is knocking on my door and I'm so scared.", "abuse_near"),
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

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_no_text_of_any_card_is_said_twice_running(self, language: str) -> None:
        for level, topic, about in product(range(1, 6), Topic, About):
            found = Screening(level, (topic,), about)
            said = [card(found, language, "US", variant) for variant in range(7)]
            assert all(one != two for one, two in pairwise(said)), name(found)

    def test_without_a_country_numbers_are_named_with_their_place(self) -> None:
        told = card(screen("我想自杀"), "zh", None)
        assert "12356（中国大陆的心理援助热线，每天至少18小时）" in told
        assert "中国大陆是120、110" in told
        assert "/crisis TW" in told
        told = card(screen("I want to kill myself"), "en", None)
        assert "988 in the US and Canada, 116 123 in the UK and Ireland" in told

    def test_the_places_named_together_have_one_number(self) -> None:
        first = {code: helpline(code).lines[0].numbers for code in ("US", "CA", "GB", "IE")}
        assert first["US"] == first["CA"]
        assert first["GB"] == first["IE"]
        assert helpline("CN").emergency == ("120", "110")


def talk(
    *texts_: str, minutes: int = 2, start: tuple[Mark, ...] = ()
) -> tuple[list[Hold], list[Mark]]:
    marks = list(start)
    holds = []
    for index, text in enumerate(texts_):
        at = NOW + timedelta(minutes=minutes * index)
        holds.append(hold(marks, screen(text), at, texts_[: index + 1]))
        marks.append(holds[-1].mark(at))
    return holds, marks


class TestHold:
    def test_ordinary_talk_is_normal(self) -> None:
        holds, _ = talk("hello", "my boss shouted at me", "I'm so sad")
        assert {one.answer for one in holds} == {Answer.NORMAL}
        assert held_card(holds[-1], "en", "US") is None

    def test_a_level_holds_for_the_talk(self) -> None:
        holds, _ = talk("I want to kill myself", "ok", "I don't know")
        assert [one.screening.level for one in holds] == [2, 2, 2]
        assert [one.answer for one in holds] == [Answer.CARD] * 3
        said = [held_card(one, "en", "US") for one in holds]
        assert len(set(said)) == 3

    def test_a_step_is_answered_in_words_of_its_own(self) -> None:
        holds, _ = talk("I want to kill myself", "ok", "I called my sister", "she is on her way")
        assert [one.answer for one in holds[2:]] == [Answer.SAFETY] * 2

    def test_a_crisis_without_new_signs_becomes_a_gentle_talk(self) -> None:
        holds, _ = talk("I want to kill myself", *["hm"] * 13)
        answers = [one.answer for one in holds]
        assert answers[:4] == [Answer.CARD] * 4
        assert answers[4:13] == [Answer.SAFETY] * 9
        assert answers[13] is Answer.GENTLE
        assert holds[-1].screening.level == 2

    def test_intent_is_asked_about_again_and_again_but_not_at_every_turn(self) -> None:
        holds, _ = talk("I'm going to kill myself tonight", *["hm"] * 20)
        answers = [one.answer for one in holds]
        assert answers[:4] == [Answer.CARD] * 4
        assert [at for at, one in enumerate(answers) if one is Answer.CHECK] == [9, 17]
        assert Answer.CARD not in answers[4:]
        assert {one.screening.level for one in holds} == {5}
        said = [held_card(one, "en", "US") for one in holds]
        assert len(set(said[:4])) == 4
        assert said[9] != said[17]

    def test_a_new_sign_brings_the_card_back(self) -> None:
        holds, _ = talk("I want to kill myself", *["hm"] * 5, "I want to die")
        assert holds[-2].answer is Answer.SAFETY
        assert holds[-1].answer is Answer.CARD
        assert holds[-1].screening.level == 2

    def test_concern_offers_once_and_goes_on_gently(self) -> None:
        holds, _ = talk("I wish I was dead", "work is too much", "and my mother", "and the rent")
        answers = [one.answer for one in holds]
        assert answers == [Answer.CARD, Answer.SAFETY, Answer.SAFETY, Answer.GENTLE]

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

    def test_a_denial_said_again_is_not_answered_twice(self) -> None:
        no = "I'm not suicidal"
        holds, _ = talk("I'm going to kill myself tonight", no, no, "so, football", no)
        answers = [one.answer for one in holds[1:]]
        assert answers == [Answer.DENIED, *[Answer.GENTLE] * 3]

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


DOOR = {"en": "He is banging on my door with a knife.", "zh": "他在门外砸门，要打我"}


class TestTheWayOut:
    """Danger from elsewhere ends with the person's word; it is never told twice alike."""

    @pytest.mark.parametrize(
        "text",
        [
            *("safe", "I'm safe", "Yes, I am safe now.", "he left", "I'm out", "i got out"),
            *("the police are here", "false alarm, it was the neighbour", "there is no danger"),
            *("you misunderstood", "no need to call the police", "he would never hurt me"),
            *("I'm fine", "i'm at my sister's place"),
        ],
    )
    def test_in_english(self, text: str) -> None:
        self.ends(DOOR["en"], text, "my cat is hungry", "en")

    @pytest.mark.parametrize(
        "text",
        [
            *("安全", "我是安全的", "我在自己房间好好的 我是安全的", "没危险", "出来了", "他走了"),
            *("没有危险，门外是我妈", "我没事，我很安全，谢谢", "你误会了", "警察来了", "报啥警"),
            *("？？？是我妈啊 没危险", "他跟我道歉了", "他不会打我的"),
        ],
    )
    def test_in_chinese(self, text: str) -> None:
        self.ends(DOOR["zh"], text, "水果吃了", "zh")

    def ends(self, danger: str, word: str, after: str, language: str) -> None:
        holds, _ = talk(danger, word, after, word)
        assert holds[0].answer is Answer.CARD
        assert holds[1].answer in {Answer.SAFE, Answer.MISTAKEN}
        assert held_card(holds[1], language, None)
        assert [one.screening.level for one in holds] == [4, 0, 0, 0]
        assert [held_card(one, language, None) for one in holds[2:]] == [None, None]

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            *[("en", text) for text in ("not safe", "I'm not safe", "am I safe?", "no")],
            *[("zh", text) for text in ("不安全", "我不安全", "安全吗？", "不是", "这里不太安全")],
        ],
    )
    def test_what_is_no_end(self, language: str, text: str) -> None:
        assert talk(DOOR[language], text)[0][-1].answer is Answer.CARD

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_who_talks_on_is_let_talk_on(self, language: str) -> None:
        lines = {"en": ["she cut me some fruit", "it was nice"], "zh": ["她给我切了水果", "挺甜的"]}
        holds, _ = talk(DOOR[language], *lines[language], "hm", "hm")
        answers = [one.answer for one in holds]
        assert answers == [*[Answer.CARD] * 3, Answer.GENTLE, Answer.GENTLE]
        said = [held_card(one, language, None) for one in holds[:3]]
        assert len(set(said)) == 3

    def test_a_mistake_leaves_no_gentle_day_and_safety_does(self) -> None:
        assert not talk(DOOR["zh"], "没危险", "水果吃了")[0][-1].gentle
        assert talk(DOOR["zh"], "我是安全的", "水果吃了")[0][-1].gentle

    def test_danger_that_comes_back_is_danger(self) -> None:
        holds, _ = talk(DOOR["zh"], "他走了", "水果吃了", DOOR["zh"])
        assert (holds[-1].answer, holds[-1].screening.level) == (Answer.CARD, 4)

    def test_a_new_talk_lets_go_of_all_but_intent(self) -> None:
        for text in (DOOR["en"], DOOR["zh"], "I want to kill myself", "I wish I was dead"):
            _, marks = talk(text)
            after = hold(marks, screen("hello"), NOW + timedelta(minutes=5), new_talk=True)
            assert (after.answer, after.screening.level) == (Answer.GENTLE, 0)
        _, marks = talk("I'm going to kill myself tonight")
        after = hold(marks, screen("hello"), NOW + timedelta(minutes=5), new_talk=True)
        assert (after.answer, after.screening.level) == (Answer.CHECK, 5)
        marks.append(after.mark(NOW + timedelta(minutes=5)))
        later = hold(marks, screen("so it goes"), NOW + timedelta(minutes=7))
        assert later.answer is Answer.SAFETY

    def test_what_was_swallowed_is_no_matter_of_feeling_fine(self) -> None:
        taken = "I just swallowed a whole bottle of pills."
        for text in ("I'm fine", "I'm safe", "I'm not suicidal", "我没事"):
            assert talk(taken, text)[0][-1].answer is Answer.CARD
        holds, _ = talk(taken, "the ambulance is here")
        assert holds[-1].answer is Answer.SAFE
        assert held_card(holds[-1], "en", "US") != held_card(
            talk(DOOR["en"], "I'm safe")[0][-1], "en", "US"
        )
        assert talk(taken, "i did not take any")[0][-1].answer is Answer.MISTAKEN

    def test_words_of_others_dangers_do_not_end_ones_own(self) -> None:
        for text in ("he left", "I'm fine", "出来了"):
            assert talk("I want to kill myself", text)[0][-1].answer is Answer.CARD

    def test_a_friend_who_is_safe(self) -> None:
        holds, _ = talk("My friend wants to kill himself.", "he is ok now, with his mum")
        assert holds[-1].answer is Answer.SAFE
        assert held_card(holds[-1], "en", "US")
