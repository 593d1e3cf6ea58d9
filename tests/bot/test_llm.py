"""Replies worded by a model behind a server, and what a person hears when it is in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from affect.errors import SettingsError
from affect.writers.llm import LLMWriter
from affect.writers.remote_llm import RemoteModel
from bot.app import build
from bot.llm import open_llm, wanted
from bot.settings import Settings
from bot.surfaces import welcome
from bot.texts import say
from storage.database import Database
from tests.bot.fakes import FakePlatform
from tests.bot.house import House
from tests.bot.reading import WordReader, scripted
from tests.clock import FakeClock
from tests.conftest import ON_SQLITE
from tests.servers.openai_server import KEY, MODEL, Fault, OpenAIServer, chunk, refusal

pytestmark = ON_SQLITE  # what PostgreSQL does, the tests of storage show


SAID = "my boss shouted at me all day and I am sad"
REPLY = ("A boss who shouts all day ", "leaves little room for anything else. ", "That wears down.")
WHOLE = "".join(REPLY)
CANDIDATES = 3


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer(words=REPLY) as started:
        yield started


@pytest.fixture
async def house(database: Database, clock: FakeClock, server: OpenAIServer) -> AsyncIterator[House]:
    async def no_wait(seconds: float) -> None:
        assert seconds < 30

    model = RemoteModel(server.url, MODEL, KEY, sleep=no_wait)
    yield House(database, clock, writer=LLMWriter(model, scripted(), WordReader(), CANDIDATES))
    await model.aclose()


async def test_the_model_s_words_reach_the_person_and_are_kept(house: House) -> None:
    assert (await house.answer(SAID)).startswith(WHOLE)
    last = await house.last()
    assert last.wording is not None
    assert (last.wording.writer, last.notes.problems) == (MODEL, ())


@pytest.mark.parametrize(
    "fault",
    [
        refusal(401),
        refusal(404),
        refusal(422),
        refusal(429, Retry_After="60"),
        refusal(500),
        Fault(body=None),
        Fault(stream=True, body=chunk("A boss who ")),
        Fault(200, "<html>"),
        Fault(stream=True),
    ],
)
async def test_in_trouble_a_written_reply_stands_in_and_nobody_hears_of_it(
    house: House, server: OpenAIServer, fault: Fault
) -> None:
    server.faults.extend([fault] * 3 * CANDIDATES)
    told = await house.answer(SAID)
    last = await house.last()
    assert last.wording is not None
    assert last.wording.writer == "scripted"
    assert told == last.wording.text
    assert [(one.part, one.kind) for one in last.notes.problems] == [("writer", "stood_in")]
    assert say("problem_stood_in", "en") not in told
    server.faults.clear()


async def test_words_that_may_not_leave_do_not(house: House, server: OpenAIServer) -> None:
    server.words = ("As an AI I hear you. ", "You should see a doctor, you have depression.")
    told = await house.answer(SAID)
    last = await house.last()
    assert last.wording is not None
    assert last.wording.writer == "scripted"
    assert "doctor" not in told


async def test_danger_is_answered_without_the_model(house: House, server: OpenAIServer) -> None:
    await house.answer("I want to kill myself")
    assert server.requests == []
    assert (await house.last()).notes.level


class TestSettings:
    def test_auto_takes_a_server_before_a_model_and_a_model_before_nothing(self) -> None:
        url = "http://127.0.0.1:8000/v1"
        assert wanted(Settings()) == "scripted"
        assert wanted(Settings(llm_base_url=url, llm_model="m")) == "openai"
        extra = all(find_spec(name) for name in ("torch", "accelerate", "bitsandbytes"))
        assert wanted(Settings(llm_model="m")) == ("local" if extra else "scripted")
        assert wanted(Settings(writer="scripted", llm_base_url=url)) == "scripted"

    @pytest.mark.parametrize("platform", ["telegram", "terminal"])
    async def test_people_are_told_that_their_words_go_to_another_machine(
        self, database: Database, clock: FakeClock, platform: str
    ) -> None:
        url = "http://models.example/v1"
        for settings, told in ({"llm_base_url": url}, True), ({}, False):
            house = House(database, clock, platform=platform, **settings)  # type: ignore[arg-type]
            answer = await house.answer("/privacy")
            assert (say("privacy_note_model", "en") in answer) is told
        assert "models.example" in welcome(Settings(llm_base_url=url), "en")
        assert "models.example" not in welcome(Settings(), "zh")
        assert Settings(llm_base_url=url, writer="scripted").words_go_to is None
        assert Settings(llm_base_url="http://127.0.0.1:8000/v1").words_go_to is None
        assert Settings(llm_base_url=url).words_go_to == "models.example"

    @pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x/v1", "http://user:pw@host/v1", "x"])
    def test_an_address_that_is_none(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ATTUNE_LLM_BASE_URL", url)
        with pytest.raises(SettingsError, match="ATTUNE_LLM_BASE_URL"):
            Settings.load()


class TestOpening:
    async def test_a_server_is_told_with_its_kind(self, server: OpenAIServer) -> None:
        found = await open_llm(Settings(llm_base_url=server.url, llm_api_key=KEY))  # type: ignore[arg-type]
        assert found.model is not None
        await found.model.aclose()
        assert (found.fault, found.told) == (None, f"{MODEL} on a server of the kind vllm")

    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            (refusal(401), "API key"),
            (refusal(404), "model"),
            (refusal(422), "status 422"),
            (refusal(429, Retry_After="60"), "busy"),
            (refusal(500), "status 500"),
            (Fault(stream=True, body=chunk("Hel")), "broke off"),
            (Fault(200, "<html>"), "."),
            (Fault(body=None), "reached"),
        ],
    )
    async def test_a_server_in_trouble_is_one_sentence(
        self, server: OpenAIServer, fault: Fault, told: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.faults.extend([fault] * 3)
        found = await open_llm(Settings(llm_base_url=server.url, llm_model="x"))
        assert found.model is not None
        await found.model.aclose()
        assert found.fault is not None
        assert told in found.fault
        assert found.fault.endswith(".")
        assert "\n" not in found.fault
        assert found.told.startswith("scripted, for")
        assert "llm_unavailable" in caplog.messages

    async def test_a_folder_without_a_model_is_one_sentence_where_the_extra_is_there(
        self, tmp_path: Path
    ) -> None:
        settings = Settings(llm_model=str(tmp_path / "nothing"))
        found = await open_llm(settings)
        assert found.model is None
        assert found.fault is not None
        assert found.fault.endswith(".")

    async def test_the_app_starts_though_nobody_answers_there(
        self, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
    ) -> None:
        from bot import app as apps

        monkeypatch.setattr(apps, "load_models", lambda settings: (WordReader(), scripted()))
        async with OpenAIServer() as gone:
            url = gone.url
        app = await build(Settings(llm_base_url=url, llm_model="x"), [FakePlatform()], clock=clock)
        assert "cannot be reached" in app.llm.told
        await asyncio.wait_for(app.stop(), 5)
