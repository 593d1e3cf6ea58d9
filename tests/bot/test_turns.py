"""From a stored message to a delivered answer: bursts, order, failures, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affect.errors import RetryLater, Undeliverable, Unreachable
from bot.answering import Answering
from bot.companion import Taken
from bot.messages import Incoming, Kind
from bot.turns import Burst, Settling, Turns, due, first_burst
from bot.waking import Lanes
from storage import queue, talks
from storage.database import Database
from storage.records import StoredMessage
from tests.bot.fakes import Echo, FakePlatform, incoming
from tests.clock import FakeClock
from tests.conftest import NOON

SECOND = timedelta(seconds=1)
PAUSE = 2.0  # seconds; longer than the settling pause


class House:
    """Turns on one fake platform, driven by a fake clock."""

    def __init__(self, database: Database, clock: FakeClock, companion: Echo | None = None) -> None:
        self.clock = clock
        self.platform = FakePlatform()
        self.lanes = Lanes(clock)
        self.database = database
        self.turns = Turns(
            database, companion or Echo(), {"terminal": self.platform}, self.lanes, clock
        )

    async def hear(self, text: str, **told: object) -> None:
        await self.turns.receive(incoming(text, self.clock.now(), **told))  # type: ignore[arg-type]

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.platform.sent]


@pytest.fixture
async def house(database: Database, clock: FakeClock) -> House:
    made = House(database, clock)
    await made.turns.start()
    return made


async def test_a_burst_becomes_one_turn(database: Database, clock: FakeClock) -> None:
    house = House(database, clock)
    for word in ("so", "today", "was", "odd"):
        await house.hear(word)
        clock.advance(0.5)
    await house.turns.start()
    await house.lanes.quiet()
    assert house.texts == ["re: so | today | was | odd"]
    assert clock.now() == NOON + 1.5 * SECOND + Settling().pause


async def test_messages_far_apart_are_turns_of_their_own(house: House) -> None:
    await house.hear("one")
    await house.lanes.quiet()
    house.clock.advance(PAUSE)
    await house.hear("two")
    await house.lanes.quiet()
    assert house.texts == ["re: one", "re: two"]


async def test_a_burst_ends_after_five_seconds(database: Database, clock: FakeClock) -> None:
    house = House(database, clock)
    for number in range(12):  # one every 0.6 s, before anybody listens
        await house.hear(str(number))
        clock.advance(0.6)
    stored = await queue.open_messages(database, 1, ("terminal",))
    burst = first_burst(stored[1])
    assert due(burst, Settling()) == NOON + Settling().longest


async def test_a_command_is_a_turn_of_its_own_and_at_once(house: House) -> None:
    await house.hear("before")
    await house.hear("/mood")
    await house.hear("after")
    await house.lanes.quiet()
    assert house.texts == ["re: before", "re: /mood", "re: after"]
    assert house.clock.now() < NOON + Settling().longest


async def test_two_places_are_not_mixed(house: House) -> None:
    await house.hear("for you", chat="private")
    await house.hear("for all", chat="group", private=False)
    await house.lanes.quiet()
    assert house.platform.sent == [("private", "re: for you"), ("group", "re: for all")]


async def test_people_are_answered_side_by_side(database: Database, clock: FakeClock) -> None:
    together = asyncio.Barrier(2)

    class Meeting(Echo):
        async def take(
            self,
            person_id: int,
            talk_id: str,
            messages: Sequence[Incoming],
            /,
            answering: Answering | None = None,
        ) -> Taken:
            await together.wait()  # passes only when both are being answered
            return await super().take(person_id, talk_id, messages)

    house = House(database, clock, Meeting())
    await house.turns.start()
    await house.hear("a", account="ana")
    await house.hear("b", account="ben")
    async with asyncio.timeout(5):
        await house.lanes.quiet()
    assert sorted(house.texts) == ["re: a", "re: b"]


async def test_a_redelivered_update_is_answered_once(house: House) -> None:
    await house.hear("hello", ext_id="7")
    await house.hear("hello", ext_id="7")
    await house.lanes.quiet()
    await house.hear("hello", ext_id="7")
    await house.lanes.quiet()
    assert house.texts == ["re: hello"]


async def test_a_platform_that_asks_to_wait_is_obeyed(house: House) -> None:
    house.platform.faults = [RetryLater(3.0)]
    await house.hear("hello")
    await house.lanes.quiet()
    assert house.texts == ["re: hello"]
    assert house.clock.now().timestamp() >= NOON.timestamp() + 3.0


async def test_a_long_wait_is_left_to_the_next_scan(house: House) -> None:
    house.platform.faults = [RetryLater(600.0)]
    await house.hear("hello")
    await house.lanes.quiet()
    assert house.texts == []
    house.clock.advance(300)
    await house.turns.wake_waiting()
    await house.lanes.quiet()
    assert house.texts == []
    house.clock.advance(301)
    await house.turns.wake_waiting()
    await house.lanes.quiet()
    assert house.texts == ["re: hello"]


async def test_a_waiting_part_does_not_keep_a_message_from_being_read(house: House) -> None:
    house.platform.faults = [RetryLater(600.0)]
    await house.hear("first")
    await house.lanes.quiet()
    await house.hear("second")
    await house.lanes.quiet()
    kept = await talks.recent(house.database, 1, 5)
    assert [turn.wording.text for turn in kept if turn.wording] == ["re: first", "re: second"]
    house.clock.advance(601)
    await house.turns.wake_waiting()
    await house.lanes.quiet()
    assert house.texts == ["re: first", "re: second"]


async def test_the_same_part_keeps_its_nonce_over_tries(house: House) -> None:
    house.platform.faults = [Unreachable("away"), Unreachable("away")]
    await house.hear("hello")
    await house.lanes.quiet()
    assert house.texts == ["re: hello"]
    assert len(house.platform.nonces) == 3
    assert len(set(house.platform.nonces)) == 1
    assert len(house.platform.nonces[0]) <= 25


async def test_a_platform_bug_is_tried_again_like_an_outage(house: House) -> None:
    house.platform.faults = [ZeroDivisionError()]
    await house.hear("hello")
    await house.lanes.quiet()
    assert house.texts == ["re: hello"]


async def test_what_can_never_arrive_does_not_hold_up_the_rest(house: House) -> None:
    house.platform.faults = [Undeliverable("blocked")]
    await house.hear("one")
    await house.lanes.quiet()
    house.clock.advance(PAUSE)
    await house.hear("two")
    await house.lanes.quiet()
    assert house.texts == ["re: two"]


async def test_a_companion_that_fails_apologises(database: Database, clock: FakeClock) -> None:
    def fail(messages: Sequence[Incoming]) -> None:
        raise ValueError("words that must not be logged")

    house = House(database, clock, Echo(fail))
    await house.turns.start()
    await house.hear("hello")
    await house.lanes.quiet()
    assert house.texts == ["sorry"]


async def test_no_log_holds_what_was_written(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(messages: Sequence[Incoming]) -> None:
        raise ValueError(messages[0].text)

    house = House(database, clock, Echo(fail))
    await house.turns.start()
    with caplog.at_level("DEBUG", logger="bot"):
        await house.hear("zanzibar")
        await house.lanes.quiet()
    assert "turn_failed" in caplog.text
    assert "zanzibar" not in caplog.text


async def test_what_an_earlier_process_left_open_is_answered(
    database: Database, clock: FakeClock
) -> None:
    before = House(database, clock)  # never started: it dies with the message stored
    await before.hear("are you there?")
    after = House(database, clock)
    await after.turns.start()
    await after.lanes.quiet()
    assert after.texts == ["re: are you there?"]


async def test_a_deletion_before_the_answer_takes_the_message_back(
    database: Database, clock: FakeClock
) -> None:
    house = House(database, clock)
    await house.hear("never mind this", message="5")
    await house.hear("hello", message="6")
    await house.hear("", kind=Kind.DELETE, message="5", account="", chat="ana")
    await house.turns.start()
    await house.lanes.quiet()
    assert house.texts == ["re: hello"]


async def test_an_edit_before_the_answer_is_what_is_answered(
    database: Database, clock: FakeClock
) -> None:
    house = House(database, clock)
    await house.hear("helo", message="5")
    await house.hear("hello", kind=Kind.EDIT, message="5")
    await house.turns.start()
    await house.lanes.quiet()
    assert house.texts == ["re: hello"]


async def test_an_edit_into_danger_is_answered(house: House) -> None:
    await house.hear("a fine day", message="5")
    await house.lanes.quiet()
    await house.hear("I want to kill myself", kind=Kind.EDIT, message="5")
    await house.lanes.quiet()
    assert house.texts == ["re: a fine day", "re: I want to kill myself"]


async def test_typing_is_shown_while_an_answer_is_made(
    database: Database, clock: FakeClock
) -> None:
    seen: list[int] = []
    house = House(database, clock)
    house.turns._companion = Echo(lambda messages: seen.append(house.platform.typing_now))
    await house.turns.start()
    await house.hear("hello")
    await house.lanes.quiet()
    assert seen == [1]
    assert house.platform.typing_now == 0


@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "\ud83d", "\u202egnol", "\u200b", "x" * 100_000, "🙂" * 60_000]
)
async def test_whatever_is_written_is_kept_and_answered(house: House, text: str) -> None:
    await house.hear(text)
    await house.hear("hello")
    await house.lanes.quiet()
    assert house.texts[-1].endswith("hello")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), min_size=1, max_size=12))
def test_bursts_cut_the_messages_into_pieces_in_order(told: list[tuple[str, bool]]) -> None:
    waiting = [
        StoredMessage(
            number, talk, "terminal", "command" if command else "message", NOON, NOON, b""
        )
        for number, (talk, command) in enumerate(told)
    ]
    left = list(waiting)
    taken: list[StoredMessage] = []
    while left:
        burst = first_burst(left)
        assert len({message.talk_id for message in burst}) == 1
        assert len(burst) == 1 or all(message.kind == "message" for message in burst)
        taken.extend(burst)
        left = left[len(burst) :]
    assert taken == waiting


def test_an_empty_burst_is_false() -> None:
    assert not Burst()
