"""The connection of the real discord.py to a loopback Discord: lost, resumed, begun anew."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import discord
import pytest
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from affect.errors import SettingsError, Unreachable
from bot.messages import Address
from bot.platforms import discord_listening
from bot.platforms.base import Place
from bot.platforms.discord import Discord
from tests.bot.platforms.discord_running import (
    ANA,
    ANAS,
    BEN,
    BENS,
    TO_ANA,
    FastClock,
    Heard,
    Running,
    out,
    running,
    until,
    without_waiting,
)
from tests.servers.discord_payloads import (
    BOT,
    FIRST_ID,
    GUILD,
    ME,
    TOKEN,
    answer,
    person,
    refusal,
    slow_down,
)
from tests.servers.discord_server import DiscordServer

CHANNEL = 71
TO_US = {"guild_id": str(GUILD), "mentions": [BOT]}
TO_BEN = Address("discord", str(BENS), private=True)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    without_waiting(monkeypatch)
    async with DiscordServer() as started:
        yield started


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Running]:
    async with running(server) as started:
        yield started


async def reconnected(server: DiscordServer, sessions: int) -> None:
    await until(lambda: len(server.identified) == sessions and server.session is not None)


@pytest.mark.parametrize("how", ["dropped", "asked to reconnect", "session kept"])
async def test_a_resumed_connection_loses_nothing(bot: Running, how: str) -> None:
    server = bot.server
    await bot.hears("before")
    if how == "dropped":
        await server.drop(4000)
    elif how == "asked to reconnect":
        await server.frame({"op": 7, "d": None})
    else:
        await server.frame({"op": 9, "d": True})
    await server.say(ANA, "meanwhile", ANAS)
    await until(lambda: len(server.resumed) == 1)
    await server.say(ANA, "after", ANAS)
    await bot.heard.until(3)
    assert bot.heard.texts == ["before", "meanwhile", "after"]
    assert server.made("GET", "channels/.*") == []


async def test_a_session_refused_is_begun_anew_and_history_read(bot: Running) -> None:
    server = bot.server
    await bot.hears("before")
    await bot.hears("hello", BEN, BENS)
    server.forget_session()
    server.message(ANA, "lost 1", ANAS)
    server.message(BOT, "our own", ANAS)
    server.message(ANA, "lost 2", ANAS)
    server.message(BEN, "lost 3", BENS)
    await server.drop(4000)
    await reconnected(server, 2)
    await bot.heard.until(5)
    assert [e.text for e in bot.heard.events if e.account == "5"] == ["before", "lost 1", "lost 2"]
    assert [e.text for e in bot.heard.events if e.account == "6"] == ["hello", "lost 3"]
    # And once more: what was read counts as seen.
    server.forget_session()
    server.message(ANA, "lost 4", ANAS)
    await server.drop(4000)
    await reconnected(server, 3)
    await bot.heard.until(6)
    assert bot.heard.texts[-1] == "lost 4"


async def test_what_follows_a_first_command_is_not_lost(bot: Running) -> None:
    server = bot.server
    await server.slash(ANA, ANAS, "start")
    await bot.heard.until(1)
    server.forget_session()
    server.message(ANA, "hello", ANAS)
    await server.drop(4000)
    await bot.heard.until(2)
    assert bot.heard.texts == ["/start", "hello"]


async def test_what_was_missed_goes_before_what_is_new(bot: Running) -> None:
    server = bot.server
    await bot.hears("before")
    server.forget_session()
    server.message(ANA, "missed", ANAS)
    bot.heard.slow = 0.05
    await server.frame({"op": 9, "d": False})
    await reconnected(server, 2)
    await server.say(ANA, "new", ANAS)
    await until(lambda: "new" in bot.heard.texts)
    # The new one may be read from history as well; the store knows it by its ext_id.
    assert list(dict.fromkeys(bot.heard.texts)) == ["before", "missed", "new"]
    new = {e.ext_id for e in bot.heard.events if e.text == "new"}
    assert len(new) == 1


async def test_a_frame_that_cannot_be_read_loses_nothing(bot: Running) -> None:
    server = bot.server
    await bot.hears("before")
    await server.frame("{not json")
    await reconnected(server, 2)
    # Neither as an event nor in history can the library read the next one.
    await server.say(ANA, "strange", ANAS, message_reference={})
    server.message(ANA, "lost", ANAS)
    await reconnected(server, 3)
    await bot.heard.until(2)
    assert bot.heard.texts == ["before", "lost"]
    await until(lambda: len(server._sockets) == 1)


async def test_places_are_caught_up_at_start(server: DiscordServer) -> None:
    last = server.message(ANA, "known", ANAS)
    for number in range(250):
        server.message(ANA, f"{number}", ANAS)
    places = [Place(TO_ANA, last["id"]), Place(TO_BEN, f"i{FIRST_ID}")]
    server.message(BEN, "hi", BENS)
    async with running(server, places=places) as bot:
        await bot.heard.until(251)
        ana = [e for e in bot.heard.events if e.account == "5"]
        assert [e.text for e in ana] == [f"{number}" for number in range(250)]
        assert all(e.address == TO_ANA for e in ana)
    assert server.made("GET", f"channels/{ANAS}/messages")[0].query["after"] == last["id"]


async def test_in_a_guilds_history_only_what_is_for_us_is_heard(server: DiscordServer) -> None:
    place = Place(Address("discord", str(CHANNEL), "72", private=False), str(FIRST_ID))
    server.message(ANA, "to others", 72, guild_id=str(GUILD))
    server.message(ANA, f"<@{ME}> to us", 72, **TO_US)
    async with running(server, places=[place]) as bot:
        (heard,) = await bot.heard.until(1)
        assert (heard.text, heard.address) == ("to us", place.address)


async def test_a_guilds_history_is_read_so_far_and_no_further(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_listening, "GUILD_HISTORY", 4)
    monkeypatch.setattr(discord_listening, "PAGE", 2)
    for number in range(9):
        server.message(ANA, f"{number}", CHANNEL, **TO_US)
    place = Place(Address("discord", str(CHANNEL), private=False), str(FIRST_ID))
    async with running(server, places=[place]) as bot:
        await bot.heard.until(4)


async def test_a_place_that_is_closed_to_us_is_left(server: DiscordServer) -> None:
    server.fail("GET", f"channels/{ANAS}/messages", lambda: refusal(403, 50001))
    places = [Place(TO_ANA, str(FIRST_ID)), Place(TO_BEN, str(FIRST_ID)), Place(TO_ANA, "?")]
    server.message(BEN, "hi", BENS)
    async with running(server, places=places) as bot:
        await bot.heard.until(1)
        assert (await bot.hears("still here")).text == "still here"
    assert len(server.made("GET", f"channels/{ANAS}/messages")) == 1


@pytest.mark.parametrize("trouble", [lambda: refusal(503, 0), lambda: slow_down(99)])
async def test_history_out_of_reach_is_read_later(server: DiscordServer, trouble: object) -> None:
    assert callable(trouble)
    server.fail("GET", f"channels/{ANAS}/messages", trouble)
    server.message(ANA, "missed", ANAS)
    async with running(server, places=[Place(TO_ANA, str(FIRST_ID))]) as bot:
        await bot.heard.until(1)
        assert bot.heard.texts == ["missed"]


async def test_a_start_begins_where_the_store_ends(server: DiscordServer) -> None:
    async with running(server) as bot:
        last = await bot.hears("one")
    server.message(ANA, "two", ANAS)
    async with running(server, places=[Place(last.address, last.message or "")]) as bot:
        await bot.heard.until(1)
        assert bot.heard.texts == ["two"]


async def test_what_the_store_did_not_take_before_the_stop_is_read_again(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.SETTLE_SECONDS", 0.1)
    heard = Heard(failing=[Unreachable("away")] * 1000)
    async with running(server, heard=heard):
        await server.say(ANA, "hello", ANAS)
        await until(lambda: len(heard.failing) < 1000)
    assert heard.events == []
    async with running(server, places=[Place(TO_ANA, str(FIRST_ID))]) as bot:
        await bot.heard.until(1)
        assert bot.heard.texts == ["hello"]


async def test_a_compressed_gateway_is_understood(server: DiscordServer) -> None:
    server.compressed = True
    async with running(server) as bot:
        await bot.hears("hello " * 500)
        await server.drop(4000)
        await until(lambda: len(server.resumed) == 1)
        assert (await bot.hears("again")).text == "again"


async def test_a_wrong_token_is_a_wrong_setting(server: DiscordServer) -> None:
    for token in ("wrong.token", "two words", "日本", ""):
        adapter = Discord(token, api_url=server.api_url)
        with pytest.raises(SettingsError) as refused:
            await adapter.start(Heard(), (), ())
        assert not token or token not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "error"), [(4004, SettingsError), (4014, SettingsError), (4011, Unreachable)]
)
async def test_a_gateway_that_refuses_us_says_why(
    server: DiscordServer, code: int, error: type[Exception]
) -> None:
    server.close_on_identify = code
    with pytest.raises(error):
        await Discord(TOKEN, api_url=server.api_url).start(Heard(), (), ())


async def test_each_of_several_processes_is_a_shard(server: DiscordServer) -> None:
    for number in range(2):
        heard = Heard()
        adapter = Discord(TOKEN, api_url=server.api_url, clock=FastClock(), shard=(number, 2))
        await adapter.start(heard, (), ())
        await server.say(ANA, f"hello {number}", ANAS)
        await heard.until(1)
        await adapter.stop()
    assert [told["shard"] for told in server.identified] == [[0, 2], [1, 2]]


async def test_a_token_revoked_later_ends_listening(bot: Running) -> None:
    await bot.hears("hello")
    bot.server.close_on_identify = 4004
    bot.server.forget_session()
    await bot.server.drop(4000)
    why = await bot.discord.ended()
    assert isinstance(why, SettingsError)
    assert len(bot.server.identified) == 2
    with pytest.raises(Unreachable):
        await bot.discord.send(TO_ANA, out("hello"), "n1")


@pytest.mark.parametrize(
    "trouble", [lambda: refusal(503, 0), lambda: refusal(404, 0), lambda: slow_down(99)]
)
async def test_a_server_that_does_not_let_us_in_is_unreachable(
    server: DiscordServer, trouble: object
) -> None:
    assert callable(trouble)
    server.fail("GET", "users/@me", trouble)
    with pytest.raises(Unreachable):
        await Discord(TOKEN, api_url=server.api_url).start(Heard(), (), ())


async def test_no_server_and_no_gateway_are_unreachable(server: DiscordServer) -> None:
    with pytest.raises(Unreachable):
        await Discord(TOKEN, api_url="http://127.0.0.1:1").start(Heard(), (), ())
    server.fail("GET", "gateway", lambda: answer({"url": "ws://127.0.0.1:1/"}))
    with pytest.raises(Unreachable):
        await Discord(TOKEN, api_url=server.api_url).start(Heard(), (), ())
    server.fail("GET", "users/@me", lambda: answer(["not", "Discord"]))
    with pytest.raises(Unreachable):
        await Discord(TOKEN, api_url=server.api_url).start(Heard(), (), ())


async def test_the_library_is_left_as_it_was_found(server: DiscordServer) -> None:
    found = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)
    assert found[0] == "https://discord.com/api/v10"
    async with running(server):
        assert server.api_url == Route.BASE
    assert found == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)
    with pytest.raises(SettingsError):
        await Discord("wrong", api_url=server.api_url).start(Heard(), (), ())
    assert found == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)


async def test_the_same_object_starts_again(server: DiscordServer) -> None:
    adapter = Discord(TOKEN, api_url=server.api_url, clock=FastClock())
    for count in (1, 2):
        heard = Heard()
        await adapter.start(heard, (), ())
        await server.say(ANA, "hello", ANAS)
        await heard.until(1)
        await adapter.stop()
        await adapter.stop()
        assert len(server.identified) == count


async def test_stopping_while_the_connection_is_lost_is_quick(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    async with running(server):
        monkeypatch.setattr(discord.Client, "before_identify_hook", never)
        server.forget_session()
        await server.drop(4000)
        await until(lambda: len(server.resumed) == 1)
        await asyncio.sleep(0.05)


async def test_what_comes_after_the_stop_is_not_heard(bot: Running) -> None:
    client = bot.discord._client
    assert client is not None
    await client.settle(1)
    await bot.server.say(ANA, "too late", ANAS)
    await asyncio.sleep(0.05)
    await bot.discord.stop()
    # Closed, the library has no loop any more to tell anybody.
    client.dispatch("ready")
    assert bot.heard.events == []


async def test_stopping_does_not_wait_for_a_gateway_that_hangs(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.CLOSE_SECONDS", 0.1)
    async with running(server):
        server.unresponsive = True
        await server.frame({"op": 1, "d": None})
        await asyncio.sleep(0.05)


async def something_happens(chance: random.Random, server: DiscordServer, heard: Heard) -> None:
    """Once in two times, a trouble."""
    what = chance.randrange(12)
    if what in {2, 3, 4}:
        server.forget_session()
    if what in {0, 3}:
        await server.drop(4000)
    elif what == 1:
        await server.frame({"op": 7, "d": None})
    elif what == 2:
        await server.frame({"op": 9, "d": False})
    elif what == 4:
        await server.frame("{")
    elif what == 5:
        heard.failing = [Unreachable("away")] * chance.randrange(8)
    elif what == 6:
        await asyncio.sleep(chance.random() / 20)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_nothing_is_lost_and_order_is_kept(
    server: DiscordServer, seed: int
) -> None:
    chance = random.Random(seed)
    heard = Heard(slow=0.001)
    people = {ANAS: ANA, BENS: BEN, 80: person(8, "Cyn")}
    async with running(server, heard=heard) as bot:
        for channel, author in people.items():
            await bot.hears("hello", author, channel)
        for number in range(80):
            channel = chance.choice(tuple(people))
            await server.say(people[channel], f"{number}", channel)
            await something_happens(chance, server, heard)
        everything = {c: [m["id"] for m in server.history[c]] for c in people}

        def all_heard() -> bool:
            return {e.ext_id for e in heard.events} >= {i for c in people for i in everything[c]}

        await until(all_heard, seconds=10)
    for channel, author in people.items():
        ids = [e.ext_id for e in heard.events if e.account == author["id"]]
        assert list(dict.fromkeys(ids)) == everything[channel]
