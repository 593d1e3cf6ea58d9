"""Clocks that disagree: a platform's, a phone's, ours. Nobody stays without an answer for it."""

from __future__ import annotations

from datetime import timedelta

from bot.texts import say
from bot.turns import AHEAD
from tests.bot.fakes import incoming
from tests.bot.house import House
from tests.conftest import ON_SQLITE

pytestmark = ON_SQLITE

DAYS = (0.0, 2.0, 2.0, -3.0, -400.0, 730.0)
"""Of each message, how far its platform's clock is from ours."""


async def test_every_message_is_answered_and_the_line_goes_on(house: House) -> None:
    await house.start()
    for ahead in DAYS:
        at = house.clock.now() + timedelta(days=ahead)
        await house.turns.receive(incoming("I am sad today", at, platform=house.platform.name))
        await house.quiet()
    kept = await house.kept()
    assert [turn.no for turn in kept] == list(range(1, 1 + len(DAYS)))
    assert [turn.wording and turn.wording.writer for turn in kept] == ["scripted"] * len(DAYS)
    counts = [turn.moment.count for turn in kept if turn.moment]
    assert len(counts) == len(DAYS)
    assert counts == sorted(counts)
    assert counts[-1] > 1
    (picture,) = await house.hear("/mood 365")
    assert picture.attachment is not None
    assert say("emotion_sadness", "en") in await house.answer("/why")


async def test_a_message_from_far_ahead_does_not_stop_the_line(house: House) -> None:
    ahead = house.clock.now() + timedelta(days=730)
    await house.start()
    await house.turns.receive(incoming("I am sad today", ahead, platform=house.platform.name))
    await house.quiet()
    (first,) = await house.kept()
    assert first.at - house.clock.now() == AHEAD
    # Those that follow are a little late by the first one's time: they count all the same.
    for minutes in (1, 60):
        house.later(minutes=minutes)
        await house.hear("I am sad today")
    counts = [turn.moment.count for turn in await house.kept() if turn.moment]
    assert counts == [1, 2, 3]
    last = await house.last()
    assert last.moment is not None
    assert last.moment.at == house.clock.now()
