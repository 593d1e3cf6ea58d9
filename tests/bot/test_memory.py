"""What is kept of a person's life: told, shown, changed, deleted, asked after once, in private."""

from __future__ import annotations

import json

import pytest

from bot.messages import Kind
from bot.texts import LANGUAGES, say
from storage import facts, jobs, retention
from tests.bot.fakes import incoming
from tests.bot.house import House, Make
from tests.conftest import ON_SQLITE

pytestmark = ON_SQLITE  # what PostgreSQL does, the tests of storage show


EXAM = {"en": "I have an exam tomorrow", "zh": "我明天有考试"}
WORDS = {"en": "I have an exam tomorrow", "zh": "明天有考试"}
HELLO = {"en": "hi", "zh": "你好"}
THING = {"en": "exam", "zh": "考试"}
both_languages = pytest.mark.parametrize("language", LANGUAGES)


async def known(house: House, person_id: int = 1) -> list[str]:
    return [one.fact.words for one in await facts.known(house.database, person_id)]


async def told(house: House, language: str = "en") -> None:
    """Somebody who allowed memory tells of an exam."""
    await house.answer(f"/language {language}")
    await house.answer("/consent remember yes")
    await house.answer(EXAM[language])


@both_languages
@pytest.mark.parametrize("platform", ["telegram", "discord", "terminal"])
async def test_it_is_listed_shown_and_deleted_with_buttons(
    make: Make, platform: str, language: str
) -> None:
    house = make(platform=platform)
    await told(house, language)
    (listed,) = await house.hear("/memory")
    line = say("facts_line", language, number=1, words=WORDS[language])
    assert listed.text == say("facts", language, lines=line)
    assert max(len(button.command.encode()) for button in listed.buttons) <= 64
    (shown,) = await house.hear(listed.buttons[0].command)
    assert EXAM[language] in shown.text
    assert "2026-05-04" in shown.text
    gone = await house.answer(shown.buttons[0].command)
    assert gone == say("facts_deleted", language, words=WORDS[language])
    assert await known(house) == []
    assert await house.answer(shown.buttons[0].command) == say("facts_gone", language)
    assert await house.answer("/memory") == say("facts_none", language)


@both_languages
class TestAskingAfter:
    async def test_a_greeting_asks_how_it_was_and_only_once(
        self, house: House, language: str
    ) -> None:
        await told(house, language)
        house.later(days=2)
        asked = say("remember_event", language, thing=THING[language])
        assert await house.answer(HELLO[language]) == asked
        last = await house.last()
        assert last.wording is not None
        assert last.wording.asked
        house.later(hours=5)
        assert await house.answer(HELLO[language]) != asked

    async def test_not_before_it_was(self, house: House, language: str) -> None:
        await told(house, language)
        house.later(hours=3)
        assert THING[language] not in await house.answer(HELLO[language])

    async def test_not_once_they_said_how_it_was(self, house: House, language: str) -> None:
        await told(house, language)
        house.later(days=2)
        await house.answer({"en": "the exam went fine", "zh": "考试过了"}[language])
        assert await known(house) == []
        house.later(hours=5)
        assert THING[language] not in await house.answer(HELLO[language])

    async def test_not_where_others_read(self, house: House, language: str) -> None:
        await told(house, language)
        house.later(days=2)
        answered = await house.answer(HELLO[language], chat="group", private=False)
        assert THING[language] not in answered

    async def test_what_is_told_where_others_read_is_not_kept(
        self, house: House, language: str
    ) -> None:
        await house.answer("/consent remember yes", language=language)
        await house.answer(EXAM[language], chat="group", private=False)
        assert await known(house) == []


class TestKeeping:
    async def test_nothing_without_a_yes_to_memory(self, house: House) -> None:
        await house.answer(EXAM["en"])
        assert await known(house) == []
        (off,) = await house.hear("/memory")
        assert off.text == say("facts_off", "en")
        assert off.buttons[0].command == "/consent remember yes"

    async def test_a_later_fact_replaces_an_earlier_one(self, house: House) -> None:
        await told(house)
        await house.answer("my exam was moved to next week")
        assert await known(house) == ["my exam was moved to next week"]

    async def test_it_is_put_otherwise(self, house: House) -> None:
        await told(house)
        await house.answer("/memory edit 1 The Latin exam, on Tuesday")
        assert await known(house) == ["The Latin exam, on Tuesday"]
        assert await house.answer("/memory edit 1") == say("facts_unknown", "en")

    @pytest.mark.parametrize("text", ["show 2", "delete 0", "delete x", "edit 9 a", "show ²"])
    async def test_what_is_not_there(self, house: House, text: str) -> None:
        await told(house)
        assert await house.answer(f"/memory {text}") == say("facts_gone", "en")
        assert len(await known(house)) == 1

    async def test_all_of_it_goes(self, house: House) -> None:
        await told(house)
        await house.answer("my brother Jonas is here")
        assert len(await known(house)) == 2
        assert await house.answer("/memory delete all") == say("facts_all_gone", "en")
        assert await known(house) == []

    async def test_it_is_nobody_else_s(self, house: House) -> None:
        await told(house)
        (one,) = await facts.known(house.database, 1)
        await house.answer("/consent remember yes", account="ben")
        for what in ("show", "delete", "edit"):
            answered = await house.answer(f"/memory {what} {one.id} x", account="ben")
            assert answered == say("facts_gone", "en")
        assert await known(house) == [WORDS["en"]]

    async def test_it_is_exported_and_forgotten(self, house: House) -> None:
        await told(house)
        (file,) = await house.hear("/export")
        assert file.attachment is not None
        (row,) = json.loads(file.attachment.content)["fact"]
        assert row["content"]["fact"]["words"] == WORDS["en"]
        await house.answer("/forget yes")
        assert await facts.known(house.database, 1) == ()

    async def test_it_goes_with_the_words_it_came_from(self, house: House) -> None:
        await told(house)
        house.later(days=400)
        await retention.sweep(house.database, house.clock.now(), 365)
        assert await known(house) == []

    async def test_it_goes_as_memory_is_taken_back(self, house: House) -> None:
        await told(house)
        await house.answer("/consent remember no")
        house.later(days=2)
        await jobs.run_due(house.database, house.clock.now())
        assert await known(house) == []

    async def test_it_goes_as_the_message_is_taken_back(self, house: House) -> None:
        await house.answer("/consent remember yes")
        await house.answer(EXAM["en"], message="m7")
        now = house.clock.now()
        await house.turns.receive(incoming("", now, kind=Kind.DELETE, message="m7"))
        assert await known(house) == []

    async def test_danger_is_answered_and_nothing_is_asked_after(self, house: House) -> None:
        await told(house)
        await house.answer("I want to kill myself")
        house.later(hours=20)
        assert "exam" not in await house.answer("hi")


async def test_a_writer_knows_it_in_private_alone(make: Make) -> None:
    seen: list[tuple[str, ...]] = []
    house = make()
    write = house.companion._replying._writer.write

    async def watched(scene, *rest):  # type: ignore[no-untyped-def]
        seen.append(scene.memory)
        return await write(scene, *rest)

    house.companion._replying._writer.write = watched  # type: ignore[method-assign]
    await told(house)
    await house.answer("so it goes")
    await house.answer("so it goes", chat="group", private=False)
    assert seen == [(), ("I have an exam tomorrow (2026-05-05)",), ()]
