"""The whole app: how it starts and stops, what it refuses, and the chores it does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from affect.errors import AttuneError, ModelUnavailable, SettingsError, Unreachable
from affect.perception.text import TextModel
from affect.writers.scripted import ScriptedWriter
from bot import app as apps
from bot.app import App, build
from bot.commands import COMMANDS
from bot.messages import Address, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from bot.settings import Settings
from bot.surfaces import AT_ONCE, serve
from bot.texts import say
from bot.waking import Lanes
from storage import jobs, talks
from storage.records import TurnView
from storage.vault import Vault
from tests.bot.fakes import FakePlatform, incoming
from tests.bot.reading import WordReader, scripted
from tests.clock import FakeClock

Start = Callable[..., Any]


def _load(settings: Settings) -> tuple[TextModel, ScriptedWriter]:
    return WordReader(), scripted()


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "load_models", _load)


@pytest.fixture
def home() -> Path:
    return Path(os.environ["ATTUNE_HOME"])


@dataclass
class Watched(FakePlatform):
    """Writes down what happens to it, in order; every sending waits for leave."""

    told: list[str] = field(default_factory=list)
    offered: Sequence[CommandInfo] = ()
    places: Sequence[Place] = ()
    leave: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(
        self, receive: Receive, commands: Sequence[CommandInfo], places: Sequence[Place], /
    ) -> None:
        self.told.append("start")
        self.offered, self.places = commands, places
        await super().start(receive, commands, places)

    async def stop(self) -> None:
        self.told.append("stop")

    async def send(self, address: Address, outgoing: Outgoing, /, nonce: str) -> str | None:
        self.told.append("sending")
        await self.leave.wait()
        self.told.append("sent")
        return await super().send(address, outgoing, nonce)

    async def hear(self, text: str, clock: FakeClock, **told: Any) -> None:
        assert self.receive is not None
        await self.receive(incoming(text, clock.now(), **told))


@dataclass
class Leaving(FakePlatform):
    """Ends when it is told why."""

    why: asyncio.Queue[AttuneError] = field(default_factory=asyncio.Queue)

    async def ended(self) -> AttuneError:
        return await self.why.get()


@asynccontextmanager
async def running(
    clock: FakeClock, *platforms: FakePlatform, **settings: Any
) -> AsyncIterator[App]:
    app = await build(Settings(**settings), platforms, settling=AT_ONCE, clock=clock)
    try:
        await app.start()
        yield app
    finally:
        await app.stop()


async def _quiet(app: App) -> None:
    assert isinstance(app.waker, Lanes)
    await app.waker.quiet()


async def _turns(app: App) -> tuple[TurnView, ...]:
    return await talks.recent(app.database, 1, 100)


async def _until(app: App, holds: Callable[[tuple[TurnView, ...]], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds(await _turns(app)):
            await asyncio.sleep(0)


async def test_a_platform_is_offered_the_commands_and_told_its_places(clock: FakeClock) -> None:
    platform = Watched()
    platform.leave.set()
    async with running(clock, platform) as app:
        assert [command.name for command in platform.offered] == [
            command.name for command in COMMANDS
        ]
        assert all(set(command.description) == {"en", "zh"} for command in platform.offered)
        assert platform.places == []
        await platform.hear("/stop", clock, chat="here", message="41")
        await platform.hear("I am sad", clock, chat="here", message="42")
        await platform.hear("I am sad", clock, chat="there", message="7", private=False)
        await _quiet(app)
    again = Watched()
    async with running(clock, again):
        found = {(one.address.chat, one.address.private, one.last_message) for one in again.places}
        assert found == {("here", True, "42"), ("there", False, "7")}


async def test_a_reply_in_hand_arrives_before_the_platform_is_stopped(clock: FakeClock) -> None:
    platform = Watched()
    app = await build(Settings(), [platform], settling=AT_ONCE, clock=clock)
    await app.start()
    await platform.hear("/stop", clock)
    while "sending" not in platform.told:
        await asyncio.sleep(0)
    stopping = asyncio.create_task(app.stop())
    await asyncio.sleep(0)
    platform.leave.set()
    await stopping
    assert platform.told == ["start", "sending", "sent", "stop"]
    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()}


async def test_what_an_earlier_run_left_open_is_answered_at_the_start(clock: FakeClock) -> None:
    before = await build(Settings(), [FakePlatform()], settling=AT_ONCE, clock=clock)
    await before.turns.receive(incoming("/stop", clock.now()))
    await before.database.close()  # it was killed
    platform = Watched()
    platform.leave.set()
    async with running(clock, platform) as app:
        await _quiet(app)
        assert platform.told[0] == "start"
        assert [text for _, text in platform.sent] == [say("stop_nothing", "en")]


async def test_one_platform_that_ends_leaves_the_other(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = Leaving("telegram"), Leaving("discord")
    async with running(clock, one, other) as app:
        deserted = asyncio.create_task(app.deserted())
        one.why.put_nowait(SettingsError("Telegram refuses ATTUNE_TELEGRAM_TOKEN."))
        while "platform_ended" not in caplog.messages:
            await asyncio.sleep(0)
        assert not deserted.done()
        other.why.put_nowait(Unreachable("Discord closed the connection."))
        assert isinstance(await deserted, AttuneError)
    ends = [record for record in caplog.records if record.message == "platform_ended"]
    assert [vars(record)["platform"] for record in ends] == ["telegram", "discord"]


async def test_serving_ends_with_the_last_platform() -> None:
    only = Leaving("telegram")
    only.why.put_nowait(SettingsError("Telegram refuses ATTUNE_TELEGRAM_TOKEN."))
    with pytest.raises(SettingsError):
        await serve([only], Settings())


async def test_two_platforms_are_served_and_kept_apart(clock: FakeClock) -> None:
    one, other = Watched("telegram"), Watched("discord")
    one.leave.set()
    other.leave.set()
    async with running(clock, one, other) as app:
        await one.hear("/stop", clock, platform="telegram", account="5")
        await other.hear("/new", clock, platform="discord", account="5")
        await _quiet(app)
        assert [text for _, text in one.sent] == [say("stop_nothing", "en")]
        assert [text for _, text in other.sent] == [say("new", "en")]


class TestRefused:
    async def test_a_key_that_does_not_fit_and_no_new_one_stays(
        self, clock: FakeClock, home: Path
    ) -> None:
        await _say_something(clock)
        (home / "master.key").rename(home / "kept.key")
        with pytest.raises(SettingsError, match=r"does not open this database.*ATTUNE_KEY_FILE"):
            await build(Settings(), [FakePlatform()])
        assert sorted(path.name for path in home.glob("*.key*")) == ["kept.key"]
        async with running(clock, FakePlatform(), key_file=home / "kept.key") as app:
            assert len(await _turns(app)) == 1

    async def test_a_wrong_key_of_one_s_own_is_refused_and_left_alone(
        self, clock: FakeClock, home: Path
    ) -> None:
        await _say_something(clock)
        Vault.at(home / "wrong.key")
        with pytest.raises(SettingsError):
            await build(Settings(key_file=home / "wrong.key"), [FakePlatform()])
        assert (home / "wrong.key").exists()

    async def test_a_key_that_others_can_read_or_that_is_none(self, home: Path) -> None:
        Vault.at(home / "master.key")
        (home / "master.key").chmod(0o644)
        with pytest.raises(SettingsError, match="chmod 600"):
            await build(Settings(), [FakePlatform()])
        (home / "master.key").write_text("no key")
        (home / "master.key").chmod(0o600)
        with pytest.raises(SettingsError, match="cannot be read as a key"):
            await build(Settings(), [FakePlatform()])

    @pytest.mark.parametrize(
        "url", ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:////nowhere/at/all.db"]
    )
    async def test_a_database_that_cannot_be_opened(self, url: str) -> None:
        with pytest.raises(Unreachable) as refused:
            await build(Settings(database_url=url), [FakePlatform()])
        assert str(refused.value).endswith(".")

    async def test_a_file_that_is_no_database(self, home: Path) -> None:
        home.mkdir()
        (home / "attune.db").write_bytes(b"these are only words" * 100)
        with pytest.raises(Unreachable, match="damaged"):
            await build(Settings(), [FakePlatform()])

    @pytest.mark.parametrize("writer", ["local", "openai"])
    async def test_a_writer_without_its_model(
        self, writer: Literal["local", "openai"], home: Path
    ) -> None:
        with pytest.raises(SettingsError, match=f"{writer} needs ATTUNE_LLM"):
            await build(Settings(writer=writer), [FakePlatform()])
        assert not home.exists()

    async def test_a_model_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(settings: Settings) -> tuple[TextModel, ScriptedWriter]:
            raise ModelUnavailable("No text model in that folder.")

        monkeypatch.setattr(apps, "load_models", missing)
        with pytest.raises(ModelUnavailable):
            await build(Settings(), [FakePlatform()])


class TestChores:
    async def test_who_did_not_agree_is_erased_after_a_day(self, clock: FakeClock) -> None:
        platform = Watched()
        platform.leave.set()
        async with running(clock, platform) as app:
            await platform.hear("Quillon makes me sad", clock)
            await _quiet(app)
            assert (await _turns(app))[0].reading is not None
            clock.advance(25 * 3600)
            await _until(app, lambda turns: turns[0].wording is None)
            turn = (await _turns(app))[0]
            assert (turn.said, turn.reading, turn.moment) == ((), None, None)

    async def test_who_agreed_is_kept_until_the_days_are_over(self, clock: FakeClock) -> None:
        platform = Watched()
        platform.leave.set()
        async with running(clock, platform, retention_days=30) as app:
            await platform.hear("/consent remember yes", clock)
            await platform.hear("Quillon makes me sad", clock)
            await _quiet(app)
            clock.advance(20 * 86400)
            await platform.hear("I am worried", clock)
            await _quiet(app)
            assert all(turn.wording for turn in await _turns(app))
            clock.advance(11 * 86400)
            await _until(app, lambda turns: turns[1].wording is None)
            assert [bool(turn.said) for turn in await _turns(app)] == [False, False, True]

    async def test_a_chore_that_fails_is_tried_again(
        self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done, real = [], jobs.run_due

        async def failing(*told: Any) -> int:
            done.append(told)
            if len(done) < 3:
                raise ZeroDivisionError
            return await real(*told)

        monkeypatch.setattr(jobs, "run_due", failing)
        async with running(clock, Watched()):
            async with asyncio.timeout(20):
                while len(done) < 4:
                    await asyncio.sleep(0)


async def _say_something(clock: FakeClock) -> None:
    platform = Watched()
    platform.leave.set()
    async with running(clock, platform) as app:
        await platform.hear("/stop", clock)
        await _quiet(app)
