"""Every command, as a person meets it: asked in a talk, answered in their language."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from affect import trajectory
from affect.labels import COORDINATES
from affect.safety import cards
from affect.types import EMOTIONS, Emotion, Moment, Parts
from bot import reports
from bot.charts import USUAL_FROM
from bot.commands import COMMANDS
from bot.messages import Address, Incoming, Kind, Outgoing
from bot.texts import LANGUAGES, say
from storage import jobs, people, trajectories
from storage.database import Database
from storage.people import FORGOTTEN
from storage.tables import Person
from tests.bot.fakes import incoming
from tests.bot.house import House, Make
from tests.conftest import NOON, ON_SQLITE

pytestmark = ON_SQLITE  # what PostgreSQL does, the tests of storage show


PRIVATE = [command.name for command in COMMANDS if command.private]
GROUP: dict[str, Any] = {"chat": "group", "private": False}

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@both_languages
class TestStart:
    async def test_it_says_what_it_is_and_asks_to_remember(
        self, house: House, language: str
    ) -> None:
        (told,) = await house.hear("/start", language=language)
        assert told.text == say("start", language)
        assert [(button.label, button.command) for button in told.buttons] == [
            (say("consent_yes", language), "/consent remember yes"),
            (say("consent_no", language), "/consent remember no"),
        ]

    async def test_it_does_not_ask_again_once_answered(self, house: House, language: str) -> None:
        await house.answer("/start", language=language)
        await house.answer("/consent remember no", language=language)
        (told,) = await house.hear("/start", language=language)
        assert told.text == say("start_again", language, memory=say("memory_off", language))
        assert told.buttons == ()
        await house.answer("/consent remember yes", language=language)
        assert say("memory_on", language) in await house.answer("/start")


@both_languages
async def test_help_lists_exactly_what_is_offered(house: House, language: str) -> None:
    told = await house.answer("/help", language=language)
    told, here, _ = told.partition(say("help_terminal", language))
    assert here  # files and the end are a terminal's own
    listed = [line for line in told.splitlines() if line.startswith("/")]
    assert [line.split(":")[0].split("：")[0].split()[0] for line in listed] == [
        f"/{command.name}" for command in COMMANDS
    ]
    assert all(say(f"command_{command.name}", language) in told for command in COMMANDS)


@both_languages
async def test_every_command_is_answered_before_anything_was_said(
    house: House, language: str
) -> None:
    for command in COMMANDS:
        told = await house.answer(f"/{command.name}", account=command.name, language=language)
        assert told not in {"", say("failed", language), say("command_unknown", language)}
        assert "{" not in told


async def test_there_is_nothing_to_stop(house: House) -> None:
    assert await house.answer("/stop") == say("stop_nothing", "en")


@both_languages
@pytest.mark.parametrize("text", ["/nonsense", "/", "/start2", "/helpme", "//"])
async def test_what_is_no_command_is_said_so(house: House, text: str, language: str) -> None:
    assert await house.answer(text, language=language) == say("command_unknown", language)


async def test_capitals_are_no_hindrance(house: House) -> None:
    assert await house.answer("/HELP") == await house.answer("/help")
    assert await house.answer("/Consent Text NO") == say("consent_text_no", "en")


async def test_new_begins_another_talk(house: House) -> None:
    await house.talk("I am sad", "/new", "I am worried")
    before, asked, after = await house.kept()
    assert before.talk_id == asked.talk_id != after.talk_id


@both_languages
class TestMood:
    async def test_nothing_read_is_said_so(self, house: House, language: str) -> None:
        assert await house.answer("/mood", language=language) == say("mood_none", language)

    async def test_it_tells_the_line(self, house: House, language: str) -> None:
        sad = {"en": "I am sad today", "zh": "我今天很难过"}[language]
        await house.talk(sad, sad, sad)
        told = await house.answer("/mood")
        assert say("mood_count", language, count=3) in told
        assert say("mood_span", language, days=7) in told
        heavy = {say(f"mood_valence_{word}", language) for word in ("very_low", "low")}
        assert any(word in told for word in heavy)

    async def test_nothing_is_called_usual_before_there_is_enough(
        self, house: House, language: str
    ) -> None:
        sad = {"en": "I am sad today", "zh": "我今天很难过"}[language]
        usual = say("mood_usual", language, home="").strip(" .。")
        await house.talk(*[sad] * (USUAL_FROM - 1))
        assert usual not in await house.answer("/mood")
        await house.answer(sad)
        assert usual in await house.answer("/mood")

    async def test_single_days_are_told_of_more_than_one(self, house: House, language: str) -> None:
        sad = {"en": "I am sad today", "zh": "我今天很难过"}[language]
        await house.answer(sad)
        assert "2026-05-04" not in await house.answer("/mood")
        house.later(days=1)
        await house.answer(sad)
        told = await house.answer("/mood")
        assert "2026-05-04" in told
        assert "2026-05-05" in told

    async def test_refused_reading_is_said_so(self, house: House, language: str) -> None:
        await house.answer("/consent text no", language=language)
        assert await house.answer("/mood") == say("mood_refused", language)


@both_languages
class TestMoodPicture:
    async def test_it_comes_with_the_words_and_says_them(self, house: House, language: str) -> None:
        await house.answer({"en": "I am sad today", "zh": "我今天很难过"}[language])
        (told,) = await house.hear("/mood")
        assert told.attachment is not None
        assert told.attachment.is_picture
        assert told.attachment.content.startswith(b"\x89PNG")
        assert told.attachment.told == told.text

    async def test_buttons_offer_the_other_light_and_other_spans(
        self, house: House, language: str
    ) -> None:
        await house.answer({"en": "I am sad today", "zh": "我今天很难过"}[language])
        (light,) = await house.hear("/mood 30")
        assert [button.command for button in light.buttons] == [
            "/mood 30 dark",
            "/mood 7",
            "/mood 90",
        ]
        assert light.buttons[0].label == say("mood_dark", language)
        (dark,) = await house.hear(light.buttons[0].command)
        assert dark.buttons[0].command == "/mood 30"
        assert dark.attachment is not None
        assert light.attachment is not None
        assert dark.attachment.content != light.attachment.content

    async def test_there_is_none_of_nothing(self, house: House, language: str) -> None:
        (told,) = await house.hear("/mood", language=language)
        assert told.attachment is None
        assert told.buttons == ()


class TestMoodDays:
    @pytest.mark.parametrize(
        "typed", ["x", "-3", "3.5", "99999999999", "7 30", "'; DROP TABLE turn; --"]
    )
    @both_languages
    async def test_what_is_not_understood_gets_an_example(
        self, house: House, typed: str, language: str
    ) -> None:
        told = await house.answer(f"/mood {typed}", language=language)
        assert told == say("mood_unknown", language)
        assert "/mood 30" in told

    @pytest.mark.parametrize(
        ("typed", "days", "dark"),
        [
            ("深色", 7, True), ("dark mode", 7, True), ("两周 夜间模式", 14, True),
            ("last 3 days", 3, False), ("浅色", 7, False),
        ],
    )  # fmt: skip
    async def test_days_and_light_are_taken_as_people_type_them(
        self, house: House, typed: str, days: int, dark: bool
    ) -> None:
        await house.answer("I am sad")
        (told,) = await house.hear(f"/mood {typed}")
        assert say("mood_span", "en", days=days) in told.text
        assert (told.buttons[0].label == say("mood_light", "en")) == dark

    @pytest.mark.parametrize(
        ("asked", "told"),
        [("1", "mood_span_one"), ("0", "mood_span_one"), ("30", 30), ("9999", 365)],
    )
    async def test_good_ones_are_taken_and_bounded(
        self, house: House, asked: str, told: str | int
    ) -> None:
        await house.answer("I am sad")
        span = say(told, "en") if isinstance(told, str) else say("mood_span", "en", days=told)
        assert span in await house.answer(f"/mood {asked}")

    async def test_what_lies_before_is_left_out(self, house: House) -> None:
        await house.answer("I am sad")
        house.later(days=3)
        assert await house.answer("/mood 2") == say("mood_none", "en")
        assert say("mood_count_one", "en") in await house.answer("/mood 5")

    async def test_lighter_is_told(self, house: House) -> None:
        await house.talk(*["I am sad"] * 4, *["I am glad"] * 4)
        assert say("mood_trend_up", "en").strip() in await house.answer("/mood")

    async def test_it_is_the_asker_s_own(self, house: House) -> None:
        await house.answer("I am sad", account="ana")
        assert await house.answer("/mood", account="ben") == say("mood_none", "en")


@both_languages
class TestWhy:
    async def test_nothing_said_yet(self, house: House, language: str) -> None:
        assert await house.answer("/why", language=language) == say("why_none", language)

    async def test_a_sure_reading_is_told_with_its_numbers(
        self, house: House, language: str
    ) -> None:
        await house.answer({"en": "I am sad today", "zh": "我今天很难过"}[language])
        told = await house.answer("/why")
        reading = (await house.kept())[0].reading
        assert reading is not None
        assert reading.emotion is not None
        assert say("emotion_sadness", language) in told
        assert say("label_sadness", language) in told
        assert str(round(100 * reading.probabilities[reading.emotion])) in told

    async def test_an_unsure_one_is_told_as_such(self, house: House, language: str) -> None:
        await house.answer({"en": "the table has four legs", "zh": "桌子有四条腿"}[language])
        told = await house.answer("/why")
        assert told.startswith(
            say("why_unsure", language, sources="", parts="", moment="", strategy="", ask="")[:1]
        )
        assert say("emotion_sadness", language) not in told

    async def test_danger_is_explained_by_rules(self, house: House, language: str) -> None:
        await house.answer({"en": "I want to kill myself", "zh": "我想自杀"}[language])
        assert await house.answer("/why") == say("why_crisis", language)

    async def test_refused_reading_is_said_so(self, house: House, language: str) -> None:
        await house.answer("/consent text no", language=language)
        await house.answer({"en": "I am sad today", "zh": "我今天很难过"}[language])
        assert await house.answer("/why") == say("why_refused", language)

    async def test_other_commands_between_do_not_matter(self, house: House, language: str) -> None:
        await house.talk("I am sad today", "/privacy", "/help", language=language)
        assert say("emotion_sadness", "en") in await house.answer("/why")


async def _measured(house: House) -> trajectory.Series:
    return await trajectories.series(house.database, 1, NOON)


SAD = {"en": "I am sad today", "zh": "我今天很难过"}


@both_languages
class TestWhyJudged:
    async def _asked(self, house: House, language: str) -> Outgoing:
        await house.answer(SAD[language])
        return (await house.hear("/why"))[-1]

    async def test_it_says_what_each_part_said_and_how_much_it_counted(
        self, house: House, language: str
    ) -> None:
        told = await self._asked(house, language)
        reading = (await house.kept())[0].reading
        assert reading is not None
        (estimate,) = reading.estimates
        part = say(
            "why_part",
            language,
            source=say("from_text", language),
            emotion=say("emotion_sadness", language),
            confidence=round(100 * max(estimate.probabilities.values())),
            weight=round(100 * reading.weights[estimate.modality]),
        )
        assert part in told.text
        assert [button.label for button in told.buttons] == [
            say(f"why_button_{name}", language) for name in ("right", "wrong", "felt")
        ]

    async def test_right_is_kept_and_confirmed(self, house: House, language: str) -> None:
        told = await self._asked(house, language)
        line = await trajectories.latest(house.database, 1)
        assert await house.answer(told.buttons[0].command) == say("why_right", language)
        report = (await house.last()).report
        assert report is not None
        assert report.at == (await house.kept())[0].at
        assert (report.verdict, report.emotion, report.valence) == ("right", "sadness", None)
        assert report.about == (await house.kept())[0].id
        assert await trajectories.latest(house.database, 1) == line

    async def test_wrong_is_asked_further_and_no_longer_counts(
        self, house: House, language: str
    ) -> None:
        told = await self._asked(house, language)
        (asked,) = await house.hear(told.buttons[1].command)
        assert asked.text == say("why_wrong", language)
        assert len(asked.buttons) == len(EMOTIONS) - 1
        assert say("emotion_sadness", language) not in {b.label for b in asked.buttons}
        assert len(await _measured(house)) == 0
        joy = next(b for b in asked.buttons if b.label == say("emotion_joy", language))
        assert await house.answer(joy.command) == say("why_felt", language, emotion=joy.label)
        now = await _measured(house)
        assert now.own.tolist() == [True]
        assert now.values[0, 0] == COORDINATES["joy"].valence

    async def test_what_was_felt_moves_the_line(self, house: House, language: str) -> None:
        await self._asked(house, language)
        before = (await house.kept())[0].moment
        word = {"en": "/why felt happy", "zh": "/why felt 开心"}[language]
        await house.answer(word)
        after = await trajectories.latest(house.database, 1)
        assert before is not None
        assert after is not None
        assert after.count == before.count  # the word stands in the place of the reading
        assert trajectory.affect_of(after).valence > trajectory.affect_of(before).valence + 0.1
        await house.answer("the table has four legs")  # and it goes on from there
        later = (await house.last()).moment
        assert later is not None
        assert later.count >= after.count

    async def test_unknown_words_are_asked_about(self, house: House, language: str) -> None:
        told = await self._asked(house, language)
        (which,) = await house.hear(told.buttons[2].command)
        assert which.text == say("why_felt_which", language)
        (unknown,) = await house.hear("/why felt like a zorble")
        assert unknown.text == say("why_felt_unknown", language)
        assert unknown.buttons == which.buttons
        assert [turn.report for turn in await house.kept()] == [None] * 4

    async def test_somebody_else_s_turn_is_not_theirs_to_judge(
        self, house: House, language: str
    ) -> None:
        told = await self._asked(house, language)
        for button in told.buttons:
            answered = await house.answer(button.command, account="ben", language=language)
            assert answered == say("why_gone", language)

    async def test_it_goes_with_the_turn_and_is_exported(self, house: House, language: str) -> None:
        told = await self._asked(house, language)
        await house.answer(told.buttons[0].command)
        (file,) = await house.hear("/export")
        assert file.attachment is not None
        (row,) = json.loads(file.attachment.content)["report"]
        assert row["content"]["verdict"] == "right"
        house.later(days=2)
        await jobs.run_due(house.database, house.clock.now())
        assert {turn.report for turn in await house.kept()} == {None}


def _parts(line: Moment) -> tuple[Parts, Parts, Parts]:
    return line.valence, line.arousal, line.dominance


@pytest.mark.parametrize(
    "said",
    [
        ["felt sad", "felt joy"],
        ["felt joy", "felt sad", "felt joy"],
        ["felt joy", "wrong TURN", "felt fear"],
        ["felt joy", "wrong TURN"],
        ["felt joy", "right TURN"],
    ],
)
async def test_of_several_words_on_one_message_the_last_counts(
    house: House, said: list[str]
) -> None:
    """In the line, in the picture and in its count: as if they had said nothing else."""
    for account, words in (("ana", said), ("ben", said[-1:])):
        await house.talk("I am glad", "I am sad today", account=account)
        person = await house.person(account)
        turn = (await house.last(person)).id
        for word in words:
            await house.answer(f"/why {word.replace('TURN', turn)}", account=account)
    for line in (trajectories.latest, trajectories.rebuild):
        ana, ben = [await line(house.database, person) for person in (1, 2)]
        assert ana is not None
        assert ben is not None
        assert ana.count == ben.count
        for part, other in zip(_parts(ana), _parts(ben), strict=True):
            assert part.mean == pytest.approx(other.mean)
            assert part.covariance == pytest.approx(other.covariance)
    drawn = [await trajectories.series(house.database, person, NOON) for person in (1, 2)]
    assert drawn[0].values.tolist() == drawn[1].values.tolist()
    counts = [await trajectories.counts(house.database, person, NOON) for person in (1, 2)]
    assert counts[0] == counts[1]
    assert counts[0][1] == drawn[0].own.sum()
    await house.talk("the table has four legs", account="ana")  # and it goes on from there
    assert await trajectories.latest(house.database, 1) == await trajectories.rebuild(
        house.database, 1
    )


async def test_a_word_on_an_older_message_leaves_the_line_and_changes_the_picture(
    house: House,
) -> None:
    await house.answer("I am sad today")
    (first,) = await house.hear("/why")
    house.later(hours=2)
    await house.answer("I am sad today")
    line = await trajectories.latest(house.database, 1)
    felt = first.buttons[2].command.replace("felt", "felt joy")
    assert await house.answer(felt) == say("why_felt", "en", emotion=say("emotion_joy", "en"))
    assert await trajectories.latest(house.database, 1) == line
    assert (await _measured(house)).own.tolist() == [True, False]
    assert say("mood_own_one", "en") in await house.answer("/mood")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Happy.", Emotion.JOY),
        ("on edge", Emotion.FEAR),
        ("a bit lonely", Emotion.SADNESS),
        ("难过", Emotion.SADNESS),
        ("压力大", Emotion.FEAR),
        ("happy and sad", None),
        ("", None),
        ("...", None),
    ],
)
def test_words_for_feelings(said: str, meant: Emotion | None) -> None:
    assert reports.feeling(said) is meant


@both_languages
class TestConsent:
    async def test_it_shows_and_changes_what_is_allowed(self, house: House, language: str) -> None:
        on, off = say("memory_on", language), say("memory_off", language)
        assert await house.answer("/consent", language=language) == say(
            "consent_now", language, remember=off, text=on, hear=on, voice=off, face=off
        )
        told = await house.talk("/consent remember yes", "/consent text no")
        assert told == [
            say("consent_remember_yes", language, days=365),
            say("consent_text_no", language),
        ]
        assert await house.answer("/consent") == say(
            "consent_now", language, remember=on, text=off, hear=on, voice=off, face=off
        )
        profile = await people.profile(house.database, 1)
        assert profile.consents == {"remember": True, "text": False}

    @pytest.mark.parametrize(
        "text", ["remember", "remember maybe", "voice maybe", "text yes please", "yes"]
    )
    async def test_anything_else_changes_nothing(
        self, house: House, text: str, language: str
    ) -> None:
        told = await house.answer(f"/consent {text}", language=language)
        assert told == say("consent_unknown", language)
        assert (await people.profile(house.database, 1)).consents == {}


@both_languages
@pytest.mark.parametrize("platform", ["terminal", "telegram", "discord"])
async def test_privacy_tells_of_the_platform_and_of_consent(
    make: Make, platform: str, language: str
) -> None:
    house = make(platform=platform, retention_days=30)
    told = await house.answer("/privacy", language=language)
    assert say(f"privacy_note_{platform}", language) in told
    assert say("privacy_unremembered", language) in told
    await house.answer("/consent remember yes")
    assert say("privacy_remembered", language, days=30) in await house.answer("/privacy")


@both_languages
class TestExport:
    async def test_it_holds_what_was_said_and_nobody_else_s(
        self, house: House, language: str
    ) -> None:
        await house.answer("Quillon the parrot makes me sad", account="ana")
        await house.answer("Brimsel keeps me awake", account="ben")
        (told,) = await house.hear("/export", account="ana", language=language)
        assert told.attachment is not None
        assert told.attachment.name.endswith(".json")
        kept = json.loads(told.attachment.content)
        everything = json.dumps(kept, ensure_ascii=False)
        assert "Quillon" in everything
        assert "sadness" in everything
        assert "Brimsel" not in everything
        assert {row["content"]["name"] for row in kept["account"]} == {"Ana"}
        assert "wrapped" not in everything
        assert set(kept) >= {"person", "account", "talk", "turn", "inbox", "reading", "reply"}


@both_languages
class TestForget:
    async def test_it_is_asked_once_and_done_on_yes(self, house: House, language: str) -> None:
        await house.answer("Quillon makes me sad", account="ana")
        await house.answer("I am worried", account="ben")
        (asked,) = await house.hear("/forget", language=language)
        assert [button.command for button in asked.buttons] == ["/forget yes", "/forget no"]
        before = await house.kept(2)
        (told,) = await house.hear("/forget yes")
        assert told.text == say("forget_done", "en")
        assert await _left(house.database, 1) == 0
        assert await house.kept(2) == before
        assert await house.open_messages(1) == 0

    async def test_it_is_kept_on_no(self, house: House, language: str) -> None:
        await house.answer("/start", language=language)
        told = await house.talk("/forget", "/forget no")
        assert told == [say("forget_ask", language), say("forget_kept", language)]
        assert len(await house.kept()) == 3

    async def test_the_next_message_is_a_stranger_s(self, house: House, language: str) -> None:
        await house.talk("/consent remember yes", "I am sad", "/forget yes", language=language)
        parts = await house.hear("so it goes", language=language)
        assert parts[0].text == say("notice_first", "en")
        assert await house.kept(1) == ()
        first = (await house.kept(2))[0]
        assert first.no == 1
        assert first.moment is not None
        assert first.moment.count == 1
        assert (await people.profile(house.database, 2)).consents == {}

    async def test_a_farewell_that_cannot_arrive_holds_nothing_up(
        self, house: House, language: str
    ) -> None:
        from affect.errors import Unreachable

        await house.answer("I am sad", language=language)
        house.platform.faults = [Unreachable("away")]
        assert await house.hear("/forget yes") == []
        assert await _left(house.database, 1) == 0


class TestLanguage:
    async def test_it_is_shown_chosen_and_left_to_the_words_again(self, house: House) -> None:
        auto = say("language_name_auto", "en")
        assert await house.answer("/language") == say("language_now", "en", spoken=auto)
        chinese = say("language_name_zh", "zh")
        assert await house.answer("/language zh") == say("language_set", "zh", spoken=chinese)
        assert await house.answer("/help") == await house.answer("/help")
        assert await house.answer("/language") == say("language_now", "zh", spoken=chinese)
        assert await house.answer("/language auto") == say("language_auto_set", "zh")
        english = say("language_name_en", "en")
        assert await house.answer("/language en") == say("language_set", "en", spoken=english)

    @pytest.mark.parametrize("text", ["fr", "english", "en zh", "🙂"])
    @both_languages
    async def test_others_are_not_known(self, house: House, text: str, language: str) -> None:
        told = await house.answer(f"/language {text}", language=language)
        assert told == say("language_unknown", language)
        assert (await people.profile(house.database, 1)).language is None


@both_languages
class TestCrisis:
    async def test_without_a_country_the_directory_is_named(
        self, house: House, language: str
    ) -> None:
        told = await house.answer("/crisis", language=language)
        assert told == cards.crisis_card(language, None)

    async def test_a_country_is_used_and_kept(self, house: House, language: str) -> None:
        told = await house.answer("/crisis gb", language=language)
        assert told == cards.crisis_card(language, "GB")
        assert await house.answer("/crisis") == told
        assert (await people.profile(house.database, 1)).country == "GB"

    async def test_the_setting_is_used_where_none_was_told(self, make: Make, language: str) -> None:
        told = await make(country="US").answer("/crisis", language=language)
        assert told == cards.crisis_card(language, "US")

    @pytest.mark.parametrize("text", ["England", "12", "G1", "zz", "英国", "us please"])
    async def test_what_is_no_country_still_shows_help(
        self, house: House, text: str, language: str
    ) -> None:
        told = await house.answer(f"/crisis {text}", language=language)
        if text == "us please":
            assert cards.crisis_card(language, "US") in told
            return
        assert told.startswith(say("crisis_country_unknown", language))
        assert told.endswith(cards.crisis_card(language, None))
        assert (await people.profile(house.database, 1)).country is None

    async def test_it_is_answered_in_a_group_too(self, house: House, language: str) -> None:
        told = await house.answer("/crisis", language=language, **GROUP)
        assert told == cards.crisis_card(language, None)


@both_languages
class TestPrivate:
    async def test_it_is_not_answered_where_others_read(self, house: House, language: str) -> None:
        await house.answer("Quillon makes me sad")
        for command in PRIVATE:
            told = await house.hear(f"/{command} yes", language=language, **GROUP)
            assert [part.text for part in told] == [say("command_private", "en")]
            assert told[0].attachment is None
        assert await _left(house.database, 1) > 0

    async def test_it_is_answered_for_the_asker_s_eyes_alone(
        self, house: House, language: str
    ) -> None:
        await house.answer("I am sad")
        for command in PRIVATE:
            told = await _ephemeral(house, f"/{command}", language)
            assert told[-1].text not in {say("command_private", "en"), say("failed", "en")}


def test_what_shows_a_person_s_own_is_private() -> None:
    assert set(PRIVATE) >= {"mood", "why", "export", "forget", "consent"}


async def _ephemeral(house: House, text: str, language: str) -> list[Outgoing]:
    """A Discord interaction in a group: answered for the asker's eyes alone."""
    asked = incoming(text, house.clock.now(), language=language, **GROUP)
    address = Address("terminal", "group", private=False, token="interaction-1")
    before = len(house.platform.outgoing)
    await house.turns.receive(
        Incoming(
            kind=Kind.COMMAND,
            address=address,
            account=asked.account,
            ext_id=asked.ext_id,
            at=asked.at,
            text=text,
            language=language,
        )
    )
    await house.quiet()
    return house.platform.outgoing[before:]


async def _left(database: Database, person_id: int) -> int:
    """How many rows of a person there are."""
    async with database.read() as connection:
        counts = [
            await connection.scalar(
                select(func.count())
                .select_from(table.__table__)
                .where(table.__table__.c.person_id == person_id)
            )
            for table in FORGOTTEN
        ]
        counts.append(
            await connection.scalar(
                select(func.count()).select_from(Person.__table__).where(Person.id == person_id)
            )
        )
    return sum(count or 0 for count in counts)
