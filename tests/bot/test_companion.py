"""A whole turn, from what was said to what is answered and kept."""

from __future__ import annotations

import pytest

from affect.safety import cards
from affect.types import Emotion, Risk
from affect.writers import bank, guard
from affect.writers.scripted import ScriptedWriter
from bot.messages import Kind, Media, MediaKind
from bot.texts import say
from storage import people
from tests.bot.house import House, Make
from tests.bot.reading import Silent, WordReader
from tests.conftest import ON_SQLITE

GRAVE = "I want to kill myself"
GRAVE_ZH = "我想自杀"
PLAN = "I am going to kill myself tonight"
DOOR = "he is drunk and banging on my door"
DOOR_ZH = "他喝醉了在砸门，要打我"
FAULT = RuntimeError("nobody may ask me")
VOICE = Media(MediaKind.VOICE, "file-1", seconds=3.0)
STICKER = Media(MediaKind.OTHER, "file-2", name="sticker")
PRIVATE = "my sister's wedding in Qualmstead makes me worried"

TALK = (
    "I had a long day",
    "my boss shouted at me in front of everyone and it was unfair",
    "I keep thinking about it",
    "I am worried that I will lose the job",
    "my rent is due on Friday",
    "nobody at work said anything",
    "I cried on the bus",
    "maybe I should look for something else",
    "my sister says the same",
    "I am a bit glad that I told her",
    "I still feel tired",
    "thanks for listening",
)


async def test_a_turn_is_read_followed_planned_answered_and_kept(house: House) -> None:
    replies = await house.talk("my boss is so unfair", "I am worried about tomorrow")
    first, second = await house.kept()
    assert [turn.wording.text for turn in (first, second) if turn.wording] == replies
    assert first.reading is not None
    assert first.reading.emotion is Emotion.ANGER
    assert second.reading is not None
    assert second.reading.emotion is Emotion.FEAR
    assert first.plan is not None
    assert first.moment is not None
    assert second.moment is not None
    assert (first.moment.count, second.moment.count) == (1, 2)
    assert second.moment.at > first.moment.at
    assert first.notes.risk is Risk.NONE
    assert set(first.timings) >= {"screen", "perceive", "follow", "plan", "write"}
    assert await house.open_messages() == 0


async def test_the_line_goes_on_over_commands_talks_and_many_turns(house: House) -> None:
    await house.talk("I am sad", "/new", "/privacy", *["so it goes"] * 3)
    assert [turn.moment.count for turn in await house.kept() if turn.moment] == [1, 2, 3, 4]


@ON_SQLITE
async def test_the_line_goes_on_after_many_commands(house: House) -> None:
    await house.answer("I am sad")
    await house.talk(*["/privacy"] * 25)
    await house.answer("I am still sad")
    moment = (await house.last()).moment
    assert moment is not None
    assert moment.count == 2


@ON_SQLITE
class TestDanger:
    async def test_neither_model_nor_writer_is_asked(self, make: Make) -> None:
        house = make(writer=Silent(FAULT))
        assert await house.answer(GRAVE) == _card(GRAVE)
        assert house.model.asked == []
        last = await house.last()
        assert (last.reading, last.moment, last.plan) == (None, None, None)
        assert last.notes.risk is Risk.CRISIS
        assert last.wording is not None
        assert last.wording.writer == "fixed"

    async def test_the_answer_is_in_the_language_of_the_words(self, house: House) -> None:
        assert await house.answer(GRAVE_ZH) == _card(GRAVE_ZH, "zh")

    async def test_the_line_of_the_country_is_named(self, make: Make) -> None:
        told = await make(country="GB").answer(GRAVE)
        assert told == _card(GRAVE, country="GB")
        assert "116 123" in told

    async def test_refused_reading_does_not_switch_screening_off(self, house: House) -> None:
        await house.answer("/consent text no")
        assert await house.answer(GRAVE) == _card(GRAVE)

    async def test_danger_in_a_command_is_danger(self, house: House) -> None:
        assert await house.answer(f"/mood {GRAVE}") == _card(GRAVE)

    async def test_danger_split_over_messages_is_seen(self, house: House) -> None:
        await house.talk("I want", "to kill", "myself")
        assert (await house.last()).notes.risk is Risk.CRISIS

    async def test_a_concern_is_asked_about(self, house: House) -> None:
        await house.answer("sometimes I wish I would not wake up")
        assert (await house.last()).notes.risk in {Risk.CONCERN, Risk.CRISIS}

    async def test_it_is_held_and_never_said_twice_alike(self, house: House) -> None:
        told = await house.talk(PLAN, "the weather is grey", "I ate soup")
        assert len(set(told)) == 3
        assert {turn.notes.risk for turn in await house.kept()} == {Risk.CRISIS}
        assert house.model.asked == []

    async def test_a_command_between_does_not_end_it(self, house: House) -> None:
        await house.talk(PLAN, "/privacy", "I ate soup")
        assert (await house.last()).notes.risk is Risk.CRISIS

    async def test_a_fresh_page_does_not_end_it(self, house: House) -> None:
        await house.talk(PLAN, "/new", "I ate soup")
        assert (await house.last()).notes.risk is Risk.CRISIS

    async def test_a_clear_denial_is_taken_at_its_word(self, house: House) -> None:
        told = await house.talk("I don't want to live anymore", "no, I am not thinking of suicide")
        assert told[1] != told[0]
        await house.answer("I ate soup")
        last = await house.last()
        assert last.notes.risk is Risk.NONE
        assert last.reading is not None

    @pytest.mark.parametrize(
        ("danger", "word", "after"),
        [
            (DOOR, "false alarm, it was my neighbour", "she brought me some soup"),
            (DOOR, "safe", "my cat is hungry"),
            (DOOR, "he left", "so I made tea"),
            (DOOR, "/new", "so what can you do here?"),
            (DOOR_ZH, "？？？是我妈啊 没危险", "她说给我切了水果放门口"),
            (DOOR_ZH, "我是安全的", "水果吃了 她跟我道歉了"),
            (DOOR_ZH, "出来了", "今天作业好多"),
            (DOOR_ZH, "/new", "能正常聊天了吗"),
        ],
    )
    async def test_a_word_leads_out_of_danger_from_elsewhere(
        self, house: House, danger: str, word: str, after: str
    ) -> None:
        told = await house.talk(danger, word, after, after)
        assert told[0] == _card(danger, "zh" if danger == DOOR_ZH else "en")
        assert len(set(told[:3])) == 3
        for turn in (await house.kept())[-2:]:
            assert turn.notes.risk is Risk.NONE
            assert turn.reading is not None
            assert turn.plan is not None
            assert turn.plan.situation not in {"after_card", "after_crisis"}

    @pytest.mark.parametrize(
        ("danger", "line"),
        [(DOOR, "I baked a lemon cake this morning"), (DOOR_ZH, "今天早上烤了个蛋糕")],
    )
    async def test_the_first_line_of_a_fresh_page_is_an_ordinary_one(
        self, house: House, danger: str, line: str
    ) -> None:
        await house.talk(danger, "/new", line)
        last = await house.last()
        assert last.plan is not None
        assert last.plan.situation != "after_crisis"
        await house.talk("/new", danger)
        assert (await house.last()).notes.risk is not Risk.NONE

    @pytest.mark.parametrize("danger", [DOOR, DOOR_ZH])
    async def test_whoever_goes_on_about_something_else_is_followed(
        self, house: House, danger: str
    ) -> None:
        told = await house.talk(danger, "hm", "hm", "hm", "I ate soup with my sister today")
        assert len(set(told[:3])) == 3
        assert (await house.last()).reading is not None
        assert [turn.notes.risk for turn in await house.kept()][-2:] == [Risk.NONE] * 2

    async def test_intent_is_looked_after_and_other_things_find_room(self, house: House) -> None:
        told = await house.talk(
            PLAN, "hm", "hm", "hm", *[f"we won match {n} today" for n in "abcdef"]
        )
        fixed = [turn.reading is None for turn in await house.kept()]
        assert fixed == [*[True] * 4, *[False] * 5, True]
        assert len({told[at] for at in (0, 1, 2, 3, 9)}) == 5

    async def test_someone_at_the_door_is_no_danger_by_itself(self, house: House) -> None:
        for line in ("她现在在门外敲门 我不想开", "my mom is outside my door right now"):
            await house.answer(line)
            assert (await house.last()).notes.risk is Risk.NONE

    @pytest.mark.parametrize(
        "line",
        [
            "我不知道才问你的啊。。。感觉活着好没意思",
            "我问你呢，感觉活着好没意思",
            "i was asking you... feels like life isn't worth living",
        ],
    )
    async def test_a_hint_behind_a_remark_is_seen(self, house: House, line: str) -> None:
        await house.answer(line)
        assert (await house.last()).notes.risk is Risk.CONCERN

    async def test_the_day_after_is_gentler_and_then_it_ends(self, house: House) -> None:
        await house.answer(GRAVE)
        house.later(hours=8)
        await house.answer("I had some soup")
        last = await house.last()
        assert last.notes.risk is Risk.NONE
        assert last.plan is not None
        assert last.plan.tone == "gentle"
        house.later(hours=25)
        await house.answer("I had some soup again")
        last = await house.last()
        assert last.plan is not None
        assert last.plan.tone != "gentle"
        assert last.notes.care.marks == ()

    async def test_it_is_answered_even_when_the_store_of_talks_fails(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def broken(*_: object, **__: object) -> None:
            raise ValueError(GRAVE)

        monkeypatch.setattr("storage.talks.latest", broken)
        assert await house.answer(GRAVE) == _card(GRAVE)
        assert await house.answer("I ate soup") == say("failed", "en")

    async def test_a_failed_turn_does_not_end_it_nor_introduce_again(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def broken(*_: object, **__: object) -> None:
            raise ValueError

        await house.answer(PLAN)
        with monkeypatch.context() as patch:
            patch.setattr("storage.people.found", broken)
            assert await house.answer("I ate soup") == say("failed", "en")
        (part,) = await house.hear("what is for lunch")
        assert (await house.last()).notes.risk is Risk.CRISIS
        assert part.text != say("notice_first", "en")

    async def test_told_in_private_it_does_not_surface_in_a_group(self, house: House) -> None:
        await house.answer(PLAN)
        group = {"chat": "group", "private": False}
        told = await house.answer("hello all", **group)
        assert (await house.last()).notes.risk is Risk.NONE
        assert "suicide" not in told
        assert await house.answer(GRAVE, **group) == _card(GRAVE)
        await house.answer("I ate soup")
        assert (await house.last()).notes.risk is Risk.CRISIS

    async def test_it_is_answered_with_a_photo_too(self, house: House) -> None:
        photo = Media(MediaKind.PHOTO, "p")
        assert await house.answer(GRAVE, media=(photo,)) == _card(GRAVE)

    async def test_an_edit_into_danger_is_answered(self, house: House) -> None:
        await house.answer("a fine day", message="5")
        assert await house.answer(GRAVE, kind=Kind.EDIT, message="5") == _card(GRAVE)


@ON_SQLITE
class TestConsent:
    async def test_without_it_nothing_is_read_and_the_talk_goes_on(self, house: House) -> None:
        await house.talk("I am sad", "/consent text no")
        asked = list(house.model.asked)
        told = await house.talk("my boss is unfair", "I am worried")
        assert house.model.asked == asked
        assert all(told)
        for turn in (await house.kept())[-2:]:
            assert turn.moment is None
            assert turn.reading is None or turn.reading.estimates == ()
        await house.answer("/consent text yes")
        await house.answer("I am sad")
        last = await house.last()
        assert last.moment is not None
        assert last.moment.count == 2


@ON_SQLITE
class TestLanguage:
    async def test_it_follows_the_words(self, house: House) -> None:
        await house.talk("I am sad today", "我今天很难过", "and what about you and me")
        assert [turn.notes.language for turn in await house.kept()] == ["en", "zh", "en"]

    async def test_words_that_say_nothing_keep_the_language(self, house: House) -> None:
        await house.talk("我今天很难过", "ok", "/mood", "123")
        assert {turn.notes.language for turn in await house.kept()} == {"zh"}

    async def test_the_app_s_language_holds_before_anything_is_said(self, house: House) -> None:
        assert await house.answer("/stop", language="zh-hans") == say("stop_nothing", "zh")
        assert await house.answer("/stop", language="fr", account="ben") == say(
            "stop_nothing", "en"
        )

    async def test_a_chosen_one_holds(self, house: House) -> None:
        await house.talk("/language zh", "I am sad today")
        assert (await house.last()).notes.language == "zh"
        await house.talk("/language auto", "I am sad today and so it is")
        assert (await house.last()).notes.language == "en"

    async def test_the_setting_holds_unless_something_was_chosen(self, make: Make) -> None:
        house = make(language="zh")
        await house.answer("I am sad today")
        assert (await house.last()).notes.language == "zh"
        await house.talk("/language en", "I am sad today")
        assert (await house.last()).notes.language == "en"

    @pytest.mark.parametrize(
        "text",
        ["Estoy muy triste hoy y no sé qué hacer", "Мне сегодня грустно", "今日はとても悲しいです"],
    )
    async def test_others_are_answered_in_english(self, house: House, text: str) -> None:
        assert await house.answer(text)
        assert (await house.last()).notes.language == "en"


@ON_SQLITE
class TestMedia:
    async def test_a_sticker_is_named(self, house: House) -> None:
        assert "sticker" in await house.answer("", media=(STICKER,))


@ON_SQLITE
class TestWords:
    async def test_nothing_at_all_is_said_so(self, house: House) -> None:
        assert await house.answer("") == say("problem_empty", "en")
        assert await house.answer("  \n ") == say("problem_empty", "en")

    @pytest.mark.parametrize(
        "text",
        [
            "\0",
            "so\0sad",
            "\ud83d I am sad",
            "\u202eI am sad",
            "\u200b",
            "...",
            "😭😭",
            "{topic} {0} %s {",
            "a" * 100_000,
            "I am sad. " * 10_000,
        ],
    )
    async def test_whatever_is_written_is_answered(self, house: House, text: str) -> None:
        told = await house.answer(text)
        assert told
        assert told != say("failed", "en")

    async def test_a_long_text_is_answered_with_a_note(self, house: House) -> None:
        told = await house.answer("I am sad. " * 1_000)
        assert told.startswith(say("problem_long", "en"))


@ON_SQLITE
class TestFailures:
    async def test_a_model_that_fails_is_a_named_problem(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        house.model.failing = True
        with caplog.at_level("DEBUG"):
            told = await house.answer("Zanzibar makes me sad")
        assert told.startswith(say("problem_text_unread", "en"))
        assert told != say("problem_text_unread", "en")
        last = await house.last()
        assert [problem.kind for problem in last.notes.problems] == ["text_unread"]
        assert last.moment is None
        assert "Zanzibar" not in caplog.text
        assert "Zanzibar" not in "".join(str(vars(record)) for record in caplog.records)

    async def test_a_model_that_fails_for_the_writer_too_is_still_one_problem(
        self, make: Make
    ) -> None:
        model = WordReader()
        house = make(model=model, writer=ScriptedWriter(bank.load(), model))
        model.failing = True
        told = await house.answer("I had a long day at work")
        assert told.startswith(say("problem_text_unread", "en"))
        assert len(told.splitlines()) > 1

    async def test_a_writer_that_fails_is_replaced(self, make: Make) -> None:
        house = make(writer=Silent(FAULT))
        told = await house.answer("I am sad")
        assert told != say("failed", "en")
        last = await house.last()
        assert last.reading is not None
        assert last.moment is not None


@ON_SQLITE
class TestReplies:
    async def test_a_talk_does_not_repeat_itself(self, house: House) -> None:
        told = await house.talk(*TALK)
        assert len(set(told)) == len(told)

    async def test_at_most_one_question_and_nothing_that_may_not_leave(self, house: House) -> None:
        for reply in await house.talk(*TALK):
            assert reply.count("?") <= 1
            assert guard.check(reply).ok

    async def test_two_people_s_talks_do_not_mix(self, house: House) -> None:
        await house.answer("my parrot Quillon died", account="ana")
        told = await house.talk("I am sad", "so it goes", account="ben")
        assert "Quillon" not in "".join(told)
        assert len(await house.kept(2)) == 2

    async def test_private_talk_never_surfaces_in_a_group(self, house: House) -> None:
        await house.talk(PRIVATE, "that is it", account="ana")
        group = {"account": "ana", "chat": "group", "private": False}
        told = await house.talk("I am worried", "what did I tell you before?", "/why", **group)
        assert "Qualmstead" not in "".join(told)
        assert "sister" not in "".join(told)
        assert told[-1] == say("command_private", "en")

    async def test_in_a_group_the_first_part_answers_the_message(self, house: House) -> None:
        parts = await house.hear("I am sad", chat="group", private=False, message="77")
        assert [part.reply_to for part in parts] == ["77"] + [None] * (len(parts) - 1)


async def test_what_it_is_is_said_once_at_the_beginning(house: House) -> None:
    parts = await house.hear("I am sad")
    assert [part.text for part in parts[:-1]] == [say("notice_first", "en")]
    assert len(await house.hear("so it goes")) == 1
    assert (await house.kept())[0].notes.notices == ("first",)


@ON_SQLITE
async def test_start_is_an_introduction_of_its_own(house: House) -> None:
    await house.answer("/start")
    assert len(await house.hear("I am sad")) == 1


@ON_SQLITE
async def test_after_a_week_it_is_said_again_and_in_danger_too(house: House) -> None:
    await house.answer("/start")
    await house.answer("I am sad")
    house.later(days=8)
    parts = await house.hear(GRAVE)
    assert [part.text for part in parts] == [say("notice_program", "en"), _card(GRAVE)]


@ON_SQLITE
async def test_a_turn_after_everything_was_erased_starts_afresh(house: House) -> None:
    await house.answer("my parrot Quillon died and I am sad")
    await people.forget(house.database, 1)
    told = await house.answer("I am sad")
    assert "Quillon" not in told
    moment = (await house.last(2)).moment
    assert moment is not None
    assert moment.count == 1


def _card(text: str, language: str = "en", country: str | None = None) -> str:
    from affect.safety.screening import screen

    return cards.card(screen(text), language, country)
