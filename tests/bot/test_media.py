"""Voice notes, pictures and video notes in a talk: leave, words, problems, danger, traces."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from affect.safety import cards
from affect.safety.screening import screen
from affect.types import Modality, Risk
from bot import speakers
from bot.admin import disclosure
from bot.messages import Media, MediaKind
from bot.texts import LANGUAGES, say, sentences
from storage import people, voices
from storage.database import Database
from storage.records import UsualVoice
from tests.bot.hearing import FAILING, FakeSenses
from tests.bot.house import House
from tests.clock import FakeClock
from tests.conftest import ON_SQLITE

pytestmark = ON_SQLITE  # what PostgreSQL does, the tests of storage show


KINDS = (
    *("empty", "too_big", "not_audio", "broken", "too_long", "odd_format", "no_decoder"),
    *("no_speech", "not_video", "not_image", "too_many_pixels", "animated", "no_face"),
    *("several_faces", "small_face", "dark", "blurred", "covered", "drawing"),
)
GROUP = {"chat": "group", "private": False}


def voice(words: str) -> tuple[Media, ...]:
    return (Media(MediaKind.VOICE, words),)


def photo(shown: str) -> tuple[Media, ...]:
    return (Media(MediaKind.PHOTO, shown),)


def video(shown: str) -> tuple[Media, ...]:
    return (Media(MediaKind.VIDEO, shown),)


class TestVoice:
    async def test_its_words_are_words_of_the_turn(self, house: House) -> None:
        await house.answer("", media=voice("I am sad"))
        last = await house.last()
        assert last.notes.heard == "I am sad"
        assert last.reading is not None
        assert last.reading.transcript == "I am sad"
        assert [estimate.modality for estimate in last.reading.estimates] == [Modality.TEXT]
        assert last.reading.estimates[0].quality == pytest.approx(house.senses.confidence)
        assert house.senses.tones == [False]

    async def test_typed_and_spoken_words_are_read_together(self, house: House) -> None:
        await house.answer("my boss shouted", media=voice("and I am sad"))
        assert house.model.asked[-1] == "my boss shouted\nand I am sad"

    async def test_the_talk_remembers_them(self, house: House) -> None:
        await house.answer("", media=voice("my dog Rasmus died"))
        await house.answer("I am sad")
        assert "my dog Rasmus died" in (await house.kept())[0].notes.heard

    @pytest.mark.parametrize("language", LANGUAGES)
    async def test_leave_for_the_tone_is_asked_once(self, house: House, language: str) -> None:
        first = (await house.hear("", media=voice("I am sad"), language=language))[-1]
        assert first.text.endswith(say("ask_voice", "en"))  # what was said is English
        commands = [button.command for button in first.buttons]
        assert commands == ["/voice on", "/voice off", "/consent hear no"]
        again = (await house.hear("", media=voice("I am worried"), language=language))[-1]
        assert say("ask_voice", "en") not in again.text
        assert again.buttons == ()

    async def test_with_leave_the_tone_is_read(self, house: House) -> None:
        assert await house.answer("/voice on") == say("voice_on", "en")
        await house.answer("", media=voice("I am sad"))
        last = await house.last()
        assert last.reading is not None
        assert set(last.reading.weights) == {Modality.TEXT, Modality.VOICE}
        assert house.senses.tones == [True]
        told = await house.answer("/why")
        assert say("from_voice", "en") in told
        assert "I am sad" in told
        assert await house.answer("/voice off") == say("voice_off", "en")
        await house.answer("", media=voice("I am worried"))
        assert house.senses.tones == [True, False]

    async def test_each_note_is_read_against_those_before_it(self, house: House) -> None:
        await house.answer("/voice on")
        await house.answer("", media=voice("I am sad"))
        await house.answer("", media=voice("so sad"))
        await house.answer("and now I type")
        await house.answer("", media=video("still sad"))
        assert [one and one.notes for one in house.senses.speakers] == [None, 1.0, 2.0]
        kept = await voices.usual(house.database, 1)
        known = speakers.known(kept)
        assert known is not None
        assert known.notes == 3.0
        assert known.mean[0] == pytest.approx((8 + 6 + 9) / 3, abs=1e-3)

    async def test_notes_of_one_turn_are_joined(self, house: House) -> None:
        await house.answer("/voice on")
        await house.answer("", media=(*voice("I am sad"), *voice("so sad"), *photo("glad")))
        known = speakers.known(await voices.usual(house.database, 1))
        assert known is not None
        assert known.notes == 2.0
        assert known.mean[0] == pytest.approx((8 + 6) / 2, abs=1e-3)

    @pytest.mark.parametrize("command", ["/voice off", "/consent voice no"])
    async def test_what_is_usual_for_a_voice_goes_with_the_leave(
        self, house: House, command: str
    ) -> None:
        await house.talk("/voice on", "/consent remember yes")
        await house.answer("", media=voice("I am sad"))
        assert await voices.usual(house.database, 1) is not None
        await house.answer(command)
        assert await voices.usual(house.database, 1) is None
        await house.answer("", media=voice("I am sad"))
        assert await voices.usual(house.database, 1) is None

    async def test_a_voice_is_looked_up_only_where_one_is_to_be_read(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []

        async def usual(database: Database, person_id: int) -> UsualVoice | None:
            asked.append(person_id)
            return UsualVoice(b'{"of": "another model"}')

        monkeypatch.setattr(voices, "usual", usual)
        await house.talk("hello", "/voice off")
        await house.answer("", media=voice("I am sad"))
        await house.talk("/voice on", "I am sad")
        await house.answer("", media=photo("glad"))
        await house.talk("/consent hear no")
        await house.answer("", media=voice("I am sad"))
        assert asked == []
        await house.talk("/consent hear yes")
        await house.answer("", media=voice("I am sad"))
        assert asked == [1]
        assert house.senses.speakers == [None]  # what cannot be read is as if it was not there

    async def test_what_was_half_heard_is_said(self, house: House) -> None:
        house.senses.confidence = 0.3
        told = await house.answer("", media=voice("I am sad"))
        assert told.startswith(say("heard_unsure", "en", words="I am sad"))
        assert (await house.last()).notes.problems[0].kind == "unsure"

    async def test_no_words_are_said_so(self, house: House) -> None:
        told = await house.answer("", media=voice(""))
        assert told.startswith(say("problem_no_words", "en"))

    async def test_danger_said_aloud_is_answered_first(self, house: House) -> None:
        grave = "I want to kill myself"
        assert await house.answer("", media=voice(grave)) == cards.card(screen(grave), "en", None)
        last = await house.last()
        assert last.notes.risk is Risk.CRISIS
        assert last.notes.heard == grave

    async def test_an_answer_to_danger_does_not_wait_for_the_tone(self, house: House) -> None:
        await house.answer("/voice on")
        await house.answer("", media=voice("I want to kill myself"))
        assert (await house.last()).notes.risk is Risk.CRISIS
        assert house.senses.tones == [False]

    async def test_in_danger_nothing_is_asked_and_nothing_fetched(self, house: House) -> None:
        out = await house.hear("I want to kill myself", media=voice("listen"))
        assert out[-1].buttons == ()
        assert house.senses.heard == []


@pytest.mark.parametrize(
    ("said", "now"),
    [
        ("yes", "on"),
        ("Yes, you may!", "on"),
        ("no thanks", "off"),
        ("可以", "on"),
        ("不用了", "off"),
    ],
)
async def test_a_plain_word_answers_the_question_for_leave(
    house: House, said: str, now: str
) -> None:
    await house.answer("", media=voice("I am sad"))
    told = await house.answer(said)
    assert told in {say(f"voice_{now}", language) for language in LANGUAGES}
    await house.answer("", media=voice("I am sad"))
    assert house.senses.tones == [False, now == "on"]


async def test_a_yes_to_something_else_is_no_leave(house: House) -> None:
    await house.answer("", media=voice("I am sad"))
    await house.talk("I am worried about tomorrow", "yes")
    assert (await house.last()).plan is not None
    assert "voice" not in (await people.profile(house.database, 1)).consents


class TestPhoto:
    async def test_without_leave_it_is_not_even_looked_at(self, house: House) -> None:
        out = await house.hear("", media=photo("glad"))
        assert out[-1].text == say("ask_face", "en")
        assert [button.command for button in out[-1].buttons] == ["/face on", "/face off"]
        assert house.senses.seen == []

    async def test_refused_it_is_said_how_that_is_changed(self, house: House) -> None:
        assert await house.answer("/face off") == say("face_off", "en")
        assert await house.answer("", media=photo("glad")) == say("problem_no_leave", "en")
        assert house.senses.seen == []

    @pytest.mark.parametrize(("shown", "emotion"), [("glad", "joy"), ("nothing", "unsure")])
    async def test_alone_it_is_answered_as_a_guess(
        self, house: House, shown: str, emotion: str
    ) -> None:
        await house.answer("/face on")
        assert await house.answer("", media=photo(shown)) == say(f"seen_{emotion}", "en")
        last = await house.last()
        assert last.reading is not None
        assert set(last.reading.weights) == {Modality.FACE}

    async def test_words_and_a_face_are_one_reading(self, house: House) -> None:
        await house.answer("/face on")
        await house.answer("I am glad", media=photo("sad"))
        last = await house.last()
        assert last.reading is not None
        assert set(last.reading.weights) == {Modality.TEXT, Modality.FACE}
        assert last.reading.conflict > 0.1

    async def test_in_a_group_nobody_is_asked(self, house: House) -> None:
        out = await house.hear("hello", media=photo("glad"), **GROUP)
        assert out[-1].buttons == ()
        assert say("ask_face", "en") not in out[-1].text


async def test_a_video_note_is_heard_and_seen(house: House) -> None:
    await house.talk("/voice on", "/face on")
    await house.answer("", media=video("I am sad"))
    last = await house.last()
    assert last.reading is not None
    assert set(last.reading.weights) == set(Modality)


@pytest.mark.parametrize("setting", ["work", "school"])
async def test_at_work_and_school_only_words_are_read(
    database: Database, clock: FakeClock, setting: str
) -> None:
    house = House(database, clock, setting=setting)
    assert await house.answer("/voice on") == say("voice_work", "en")
    assert await house.answer("/face on") == say("face_work", "en")
    out = await house.hear("", media=(*voice("I am sad"), *photo("sad")))
    assert out[-1].buttons == ()
    assert house.senses.tones == [False]
    assert house.senses.seen == []


@pytest.mark.parametrize("kind", ["voice", "face"])
async def test_what_is_switched_off_is_neither_read_nor_asked_for(
    database: Database, clock: FakeClock, kind: str
) -> None:
    voice_model, face_model = ("off", None) if kind == "voice" else (None, "off")
    house = House(database, clock, voice_model=voice_model, face_model=face_model)
    assert await house.answer(f"/{kind} on") == say(f"{kind}_none", "en")
    media = voice("I am sad") if kind == "voice" else photo("sad")
    out = await house.hear("", media=media)
    assert out[-1].buttons == ()
    assert house.senses.tones in ([], [False])
    assert house.senses.seen == []


async def test_who_wants_no_voice_note_heard_is_obeyed(house: House) -> None:
    assert await house.answer("/consent hear no") == say("consent_hear_no", "en")
    out = await house.hear("", media=voice("I am sad"))
    assert out[-1].text == say("problem_not_heard", "en")
    assert out[-1].buttons == ()
    assert house.senses.heard == []


async def test_operators_with_leave_see_what_was_said_in_danger(house: House) -> None:
    await house.answer("", media=voice("I want to kill myself"))
    assert disclosure.texts(await house.last())["transcript"] == ["I want to kill myself"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_consent_tells_and_changes_every_one(house: House, language: str) -> None:
    await house.answer("/language " + language)
    off = await house.answer("/consent")
    for kind in ("voice", "face"):
        assert await house.answer(f"/consent {kind} yes") == say(f"{kind}_on", language)
        assert await house.answer(f"/{kind}") == say(f"{kind}_on", language)
        assert await house.answer(f"/{kind} perhaps") == say("sense_unknown", language, name=kind)
    assert await house.answer("/consent") != off


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("medium", [voice, photo, video])
async def test_what_cannot_be_used_is_said_and_the_words_are_answered(
    house: House, kind: str, medium: type
) -> None:
    await house.talk("/voice on", "/face on")
    key = "problem_empty_file" if kind == "empty" else f"problem_{kind}"
    said = say(key, "en", limit=20)
    assert await house.answer("", media=medium(f"rejected:{kind}")) == said
    problem, reply = (await house.answer("I am sad", media=medium(f"rejected:{kind}"))).split(
        "\n", 1
    )
    assert problem == said
    assert reply
    last = await house.last()
    assert last.moment is not None
    assert last.notes.problems[0].part == medium("")[0].kind.value


def test_every_problem_has_its_sentence_in_every_language() -> None:
    for language in LANGUAGES:
        for kind in KINDS:
            key = "problem_empty_file" if kind == "empty" else f"problem_{kind}"
            assert sentences(language)[key]


async def test_a_failing_model_costs_nobody_the_answer(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    told = await house.answer("I am sad", media=voice(f"{FAILING.decode()} Quillonbrask"))
    assert told.startswith(say("problem_unread", "en"))
    assert "Quillonbrask" not in caplog.text


async def test_many_of_a_kind_are_named_once(house: House) -> None:
    told = await house.answer("", media=voice("rejected:broken") * 3)
    assert told == say("problem_broken", "en")


async def test_the_loop_is_free_while_media_are_worked_on(
    database: Database, clock: FakeClock
) -> None:
    """The model goes on only after the loop has turned fifty times, so it would wait for ever."""
    working, turned = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    went_on: list[bool] = []

    def work() -> None:
        loop.call_soon_threadsafe(working.set)
        went_on.append(turned.wait(30))  # False only where the loop stood still all the while

    house = House(database, clock, senses=FakeSenses(work))
    answering = asyncio.create_task(house.answer("", media=voice("I am sad")))
    await working.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    assert not answering.done()
    turned.set()
    assert await answering
    assert went_on == [True]
    assert house.senses.threads.isdisjoint({threading.get_ident()})


async def test_nothing_of_the_media_is_kept(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await house.talk("/voice on", "/face on")
    await house.answer("", media=(*voice("Quillonbrask is sad"), *photo("sad Fennelgate")))
    for file in tmp_path.glob("attune.db*"):
        assert b"Quillonbrask" not in file.read_bytes()
        assert b"Fennelgate" not in file.read_bytes()
    assert "Quillonbrask" not in caplog.text
