"""A reply that is seen as it grows, and one that its person stops."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from affect.writers.llm import LLMWriter
from affect.writers.remote_llm import RemoteModel
from bot.answering import APART, PATIENCE, Answering, Stopped
from bot.platforms.terminal import Terminal
from bot.surfaces import AT_ONCE
from bot.texts import say
from bot.turns import Turns
from bot.waking import Lanes
from storage.database import Database
from storage.vault import Vault
from tests.bot.fakes import FakePlatform, incoming
from tests.bot.house import House, opened
from tests.bot.reading import WordReader, scripted
from tests.clock import FakeClock
from tests.conftest import ON_POSTGRES
from tests.servers.openai_server import KEY, MODEL, OpenAIServer

SAID = "my boss shouted at me all day and I am sad"
FIRST, SECOND = "A boss who shouts all day leaves little room. ", "That wears a person down."


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer(words=(FIRST, "That wears ", "a person down.")) as started:
        yield started


@pytest.fixture
async def house(
    server: OpenAIServer, tmp_path: Path, vault: Vault, clock: FakeClock
) -> AsyncIterator[House]:
    database = await opened(f"sqlite+aiosqlite:///{tmp_path / 'attune.db'}", vault)
    model = RemoteModel(server.url, MODEL, KEY)
    yield House(database, clock, writer=LLMWriter(model, scripted(), WordReader(), 1))
    await model.aclose()
    await database.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_whole_sentences_are_seen_before_the_reply_is_sent(
    house: House, server: OpenAIServer
) -> None:
    server.hold_after = 2
    answer = asyncio.create_task(house.answer(SAID))
    await until(lambda: house.platform.drafts)
    assert house.platform.sent == []
    assert house.platform.drafts == [FIRST.strip()]
    server.go_on.set()
    told = await answer  # what is asked behind it is shown with the reply
    assert told.startswith(FIRST + SECOND)
    assert all((FIRST + SECOND).startswith(draft) for draft in house.platform.drafts)
    assert house.platform.typing_now == 0


async def test_what_may_not_leave_is_in_no_draft(house: House, server: OpenAIServer) -> None:
    server.words = ("As an AI, I hear you. ", "You have depression. ", "It was a long day.")
    told = await house.answer(SAID)
    seen = "".join([told, *house.platform.drafts])
    assert "As an AI" not in seen
    assert "depression" not in seen


async def test_stop_ends_the_answer_and_the_turn_is_kept_without_one(
    house: House, server: OpenAIServer
) -> None:
    await house.answer("hello")
    house.platform.drafts.clear()
    server.hold_after = 2
    answer = asyncio.create_task(house.hear(SAID))
    await until(lambda: house.platform.drafts)
    before = len(house.platform.sent)
    await house.turns.receive(incoming("/stop", house.clock.now()))
    await house.quiet()
    await answer
    assert [text for _, text in house.platform.sent[before:]] == [say("stopped", "en")]
    assert house.platform.drafts[-1] == ""  # taken back
    async with asyncio.timeout(5):
        await server.abandoned.wait()
    stopped = (await house.kept())[-2]
    assert (stopped.wording, stopped.reading is not None) == (None, True)
    assert [problem.kind for problem in stopped.notes.problems] == ["stopped"]
    assert await house.open_messages() == 0
    server.hold_after, server.words = None, ("All day long, in front of everybody.",)
    assert await house.answer(SAID) == "All day long, in front of everybody."


async def test_a_stop_does_not_keep_anybody_from_the_first_notice(
    house: House, server: OpenAIServer
) -> None:
    server.hold_after = 0
    answer = asyncio.create_task(house.hear(SAID))
    await until(lambda: server.requests)
    await house.turns.receive(incoming("/stop", house.clock.now()))
    parts = await answer
    assert len(parts) == 2
    assert parts[-1].text == say("stopped", "en")


async def test_without_an_answer_under_way_there_is_nothing_to_stop(house: House) -> None:
    await house.answer("hello")
    assert await house.answer("/stop") == say("stop_nothing", "en")


async def test_another_person_s_stop_ends_nothing(house: House, server: OpenAIServer) -> None:
    server.hold_after = 1
    answer = asyncio.create_task(house.hear(SAID))
    await until(lambda: server.requests)
    await house.turns.receive(incoming("/stop", house.clock.now(), account="ben"))
    server.go_on.set()
    assert (await answer)[-1].text.startswith(FIRST + SECOND)


async def test_in_the_terminal_an_interrupt_is_a_stop(
    house: House, server: OpenAIServer, tmp_path: Path
) -> None:
    screen = io.StringIO()
    terminal = Terminal("ana", tmp_path, output=screen, decorated=True)
    terminal.present = "ana"
    lanes = Lanes(house.clock)
    turns = Turns(
        house.database, house.companion, {"terminal": terminal}, lanes, house.clock, AT_ONCE
    )
    await terminal.start(turns.receive, (), ())
    await turns.start()
    server.hold_after = 1

    async def lines() -> AsyncIterator[str]:
        yield SAID

    before = signal.getsignal(signal.SIGINT)
    talk = asyncio.create_task(terminal.converse(lines(), lanes.quiet))
    await until(lambda: server.requests)
    os.kill(os.getpid(), signal.SIGINT)
    await talk
    assert say("stopped", "en") in screen.getvalue()
    assert signal.getsignal(signal.SIGINT) is before


class TestDrafts:
    async def test_they_are_a_second_apart_and_the_newest_wins(self, clock: FakeClock) -> None:
        platform = FakePlatform()
        answering = Answering(platform, incoming("hello", clock.now()), clock)
        start = clock.now()
        for text in ("One.", "One. Two.", "One. Two. Three."):
            await answering.draft(text)
        await until(lambda: len(platform.drafts) >= 1)
        await answering.draft("One. Two. Three. Four.")
        await until(lambda: platform.drafts[-1].endswith("Four."))
        assert platform.drafts == ["One. Two. Three.", "One. Two. Three. Four."]
        assert (clock.now() - start).total_seconds() >= APART
        await answering.end(followed=True)
        assert platform.drafts[-1].endswith("Four.")

    async def test_nothing_is_shown_after_the_end(self, clock: FakeClock) -> None:
        platform = FakePlatform()
        answering = Answering(platform, incoming("hello", clock.now()), clock)
        await answering.draft("One.")
        await answering.end(followed=True)
        await asyncio.sleep(0)
        assert platform.drafts in ([], ["One."])

    async def test_a_place_in_the_line_is_shown_where_the_wait_lasts(
        self, clock: FakeClock
    ) -> None:
        platform = FakePlatform()
        answering = Answering(platform, incoming("hello", clock.now()), clock)
        start = clock.now()
        answering.queued("en", 3)
        await until(lambda: platform.drafts)
        assert platform.drafts == [say("queued", "en", place=3)]
        assert (clock.now() - start).total_seconds() >= PATIENCE
        answering.queued("en", 2)
        await until(lambda: len(platform.drafts) == 2)
        answering.queued("en", 0)
        await answering.draft("One.")
        await until(lambda: platform.drafts[-1] == "One.")
        answering.queued("en", 1)  # for another wording of the same reply
        await answering.draft("One. Two.")
        await until(lambda: platform.drafts[-1] == "One. Two.")
        assert platform.drafts[1:] == [say("queued", "en", place=2), "One.", "One. Two."]
        await answering.end(followed=True)

    async def test_who_is_soon_answered_sees_no_place(self, clock: FakeClock) -> None:
        platform = FakePlatform()
        answering = Answering(platform, incoming("hello", clock.now()), clock)
        answering.queued("zh", 1)
        answering.queued("zh", 0)
        await clock.sleep(2 * PATIENCE)
        await answering.end(followed=True)
        assert platform.drafts == []

    async def test_a_place_is_taken_back_where_no_reply_follows(self, clock: FakeClock) -> None:
        platform = FakePlatform()
        answering = Answering(platform, incoming("hello", clock.now()), clock)
        answering.queued("zh", 4)
        await until(lambda: platform.drafts)
        await answering.end(followed=False)
        assert platform.drafts == [say("queued", "zh", place=4), ""]

    async def test_a_stop_stored_elsewhere_is_found(self, clock: FakeClock) -> None:
        async def stored() -> bool:
            return True

        async def never() -> None:
            await asyncio.Event().wait()

        answering = Answering(FakePlatform(), incoming("hi", clock.now()), clock, stored)
        with pytest.raises(Stopped):
            await answering.unless_stopped(never())


@ON_POSTGRES
async def test_a_stop_that_another_process_took_in_is_heeded(
    database: Database, clock: FakeClock, server: OpenAIServer
) -> None:
    model = RemoteModel(server.url, MODEL, KEY)
    house = House(database, clock, writer=LLMWriter(model, scripted(), WordReader(), 1))
    other = House(database, clock)
    await house.answer("hello")
    server.requests.clear()
    server.hold_after = 1
    answer = asyncio.create_task(house.hear(SAID))
    await until(lambda: server.requests)
    await other.turns.receive(incoming("/stop", clock.now()))
    await answer
    await house.quiet()
    kept = await house.kept()
    assert "stopped" in [problem.kind for turn in kept for problem in turn.notes.problems]
    await model.aclose()
