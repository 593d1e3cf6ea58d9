"""What the adapter says through the real discord.py, as a loopback Discord gets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from aiohttp import web

from affect.errors import RetryLater, Undeliverable, Unreachable
from bot.messages import Address, Attachment, Button, Kind
from bot.platforms import discord as adapter
from bot.platforms.base import CommandInfo
from bot.platforms.discord import Discord
from tests.bot.platforms.discord_running import (
    ANA,
    ANAS,
    COMMANDS,
    TO_ANA,
    Running,
    out,
    running,
    until,
)
from tests.servers.discord_payloads import EPHEMERAL, GUILD, TOKEN, Json, refusal, slow_down
from tests.servers.discord_server import DiscordServer

POST = rf"channels/{ANAS}/messages"
HOOK = "webhooks/1/[^/]+"
ORIGINAL = f"{HOOK}/messages/@original"
IN_GUILD = Address("discord", "71", private=False)


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as started:
        yield started


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Running]:
    async with running(server) as started:
        yield started


async def test_plain_text_arrives_as_it_is_written(bot: Running) -> None:
    sent = await bot.discord.send(TO_ANA, out("*not bold* @everyone a\ud83d\x00"), "n1")
    (call,) = bot.server.made("POST", POST)
    assert sent == bot.server.history[ANAS][0]["id"]
    assert call.body["content"] == "\\*not bold\\* @everyone a�"
    assert call.body["allowed_mentions"] == {"parse": []}
    assert (call.body["nonce"], call.body["enforce_nonce"]) == ("n1", True)


async def test_escaping_never_makes_a_part_too_long(bot: Running) -> None:
    await bot.discord.send(TO_ANA, out("*" * 2000), "n1")
    assert bot.server.made("POST", POST)[0].body["content"] == "*" * 2000


async def test_a_part_sent_again_is_the_same_message(bot: Running) -> None:
    nonce = "01JDEXAMPLE0000000000000000:1"
    once = await bot.discord.send(TO_ANA, out("hello"), nonce)
    assert await bot.discord.send(TO_ANA, out("hello"), nonce) == once
    first, second = bot.server.made("POST", POST)
    assert first.body["nonce"] == second.body["nonce"]
    assert len(bot.server.history[ANAS]) == 1


async def test_in_a_guild_the_reply_names_what_it_answers(bot: Running) -> None:
    thread = Address("discord", "71", "72", private=False)
    await bot.discord.send(thread, out("hello", reply_to="11"), "n1")
    body = bot.server.made("POST", "channels/72/messages")[0].body
    assert int(body["message_reference"]["message_id"]) == 11
    assert body["message_reference"]["fail_if_not_exists"] is False
    assert body["allowed_mentions"] == {"parse": [], "replied_user": False}
    await bot.discord.send(TO_ANA, out("hello", reply_to="11"), "n2")
    assert "message_reference" not in bot.server.made("POST", POST)[0].body


async def test_a_picture_says_what_is_in_it(bot: Running) -> None:
    file = Attachment("a.png", b"png!", told="about even, and lighter since Monday")
    await bot.discord.send(TO_ANA, out("look", attachment=file), "n1")
    (call,) = bot.server.made("POST", POST)
    assert call.body["attachments"][0]["description"] == file.told


async def test_a_file_goes_along(bot: Running) -> None:
    await bot.discord.send(TO_ANA, out("look", attachment=Attachment("a.png", b"png!")), "n1")
    (call,) = bot.server.made("POST", POST)
    assert call.files == {"a.png": b"png!"}
    assert call.body["allowed_mentions"] == {"parse": []}
    assert "description" not in call.body["attachments"][0]
    large = Attachment("a.png", bytes(adapter.LARGEST_FILE + 1))
    with pytest.raises(Undeliverable):
        await bot.discord.send(TO_ANA, out("look", attachment=large), "n2")


async def test_buttons_carry_their_command(bot: Running) -> None:
    buttons = (Button("Yes" * 40, "/consent yes"), Button("?", "/" + "x" * 100))
    await bot.discord.send(TO_ANA, out("May I?", buttons=buttons), "n1")
    (row,) = bot.server.made("POST", POST)[0].body["components"]
    (button,) = row["components"]
    client = bot.discord._client
    assert client is not None
    # Nothing is kept in memory for a press that may come in a year.
    assert not client._connection._view_store._views
    assert (button["custom_id"], len(button["label"])) == ("/consent yes", 80)


async def test_a_pressed_button_is_its_command_in_any_later_process(server: DiscordServer) -> None:
    async with running(server) as bot:
        press = {"custom_id": "/consent yes", "component_type": 2}
        message = server.message(ANA, "May I?", ANAS)
        interaction = await server.call(ANA, ANAS, press, message=message)
        (heard,) = await bot.heard.until(1)
        assert (heard.kind, heard.text) == (Kind.COMMAND, "/consent yes")
        assert heard.ext_id == f"i{interaction.id}"
        await bot.discord.send(heard.address, out("Thanks"), "n1")
        assert interaction.original is not None
        assert interaction.original["content"] == "Thanks"


async def test_a_commands_answer_has_buttons_too(bot: Running) -> None:
    await bot.server.slash(ANA, ANAS, "consent")
    (heard,) = await bot.heard.until(1)
    for nonce in ("n1", "n2"):
        button = (Button("Yes", "/consent yes"),)
        await bot.discord.send(heard.address, out("May I?", buttons=button), nonce)
    for call in bot.server.made("PATCH", ORIGINAL) + bot.server.made("POST", HOOK):
        assert call.body["components"][0]["components"][0]["custom_id"] == "/consent yes"


async def test_a_select_menu_is_not_ours(bot: Running) -> None:
    await bot.server.call(ANA, ANAS, {"custom_id": "x", "component_type": 3, "values": []})
    await bot.hears("end")
    assert bot.server.made("POST", "interactions/.*") == []


async def test_a_command_is_acknowledged_before_it_is_stored(server: DiscordServer) -> None:
    order: list[str] = []

    async def receive(_: object) -> None:
        order.extend(["deferred"] * len(server.made("POST", "interactions/.*")))
        order.append("stored")

    async with running(server, receive=receive):
        await server.slash(ANA, ANAS, "mood", "7")
        await until(lambda: bool(order))
    assert order == ["deferred", "stored"]
    (call,) = server.made("POST", "interactions/.*")
    assert call.body == {"type": 5, "data": {"flags": EPHEMERAL}}


async def test_a_command_is_answered_in_its_place_then_followed_up(bot: Running) -> None:
    token = await bot.server.slash(ANA, ANAS, "mood", "7")
    (heard,) = await bot.heard.until(1)
    assert (heard.kind, heard.text, heard.language) == (Kind.COMMAND, "/mood 7", "zh-CN")
    assert heard.address == Address("discord", str(ANAS), private=True, token=token)
    # The first part twice: it was in doubt.
    for text, nonce in (("one", "n1"), ("one", "n1"), ("two", "n2"), ("three", "n3")):
        await bot.discord.send(heard.address, out(text), nonce)
    assert [c.body["content"] for c in bot.server.made("PATCH", ORIGINAL)] == ["one", "one"]
    follow_ups = bot.server.made("POST", HOOK)
    assert [c.body["content"] for c in follow_ups] == ["two", "three"]
    assert all(c.body["flags"] == EPHEMERAL for c in follow_ups)
    sent = bot.server.made("PATCH", ORIGINAL) + follow_ups
    assert all(c.body["allowed_mentions"] == {"parse": []} for c in sent)
    assert bot.server.made("POST", POST) == []


async def test_after_a_restart_an_answered_command_is_followed_up(server: DiscordServer) -> None:
    async with running(server) as bot:
        await server.slash(ANA, ANAS, "mood")
        (heard,) = await bot.heard.until(1)
        await bot.discord.send(heard.address, out("one"), "n1")
    async with running(server) as bot:
        file = Attachment("a.png", b"png!")
        await bot.discord.send(heard.address, out("two", attachment=file), "n2")
    (call,) = server.made("POST", HOOK)
    assert (call.body["content"], call.files) == ("two", {"a.png": b"png!"})


async def test_a_file_can_be_a_commands_first_answer(bot: Running) -> None:
    await bot.server.slash(ANA, ANAS, "mood")
    (heard,) = await bot.heard.until(1)
    await bot.discord.send(heard.address, out("", attachment=Attachment("a.png", b"png!")), "n1")
    assert bot.server.made("PATCH", ORIGINAL)[0].files == {"a.png": b"png!"}


async def test_a_command_that_is_over_is_answered_by_a_direct_message(bot: Running) -> None:
    token = await bot.server.slash(ANA, ANAS, "mood")
    (heard,) = await bot.heard.until(1)
    bot.server.interactions[token].over = True
    await bot.discord.send(heard.address, out("late"), "n1")
    assert bot.server.made("POST", POST)[0].body["content"] == "late"


async def test_a_command_that_is_over_is_never_answered_before_others(bot: Running) -> None:
    elsewhere = Address("discord", "71", private=False, token="nobody-knows-it")
    with pytest.raises(Undeliverable):
        await bot.discord.send(elsewhere, out("your mood"), "n1")
    assert bot.server.made("POST", "channels/.*") == []


async def test_a_command_acknowledged_too_late_is_heard_all_the_same(bot: Running) -> None:
    bot.server.fail("POST", "interactions/.*", lambda: refusal(404, 10062))
    await bot.server.slash(ANA, ANAS, "mood")
    (heard,) = await bot.heard.until(1)
    await bot.discord.send(heard.address, out("here"), "n1")
    assert bot.server.made("POST", POST)[0].body["content"] == "here"


@pytest.mark.parametrize("status", [204, 200])
async def test_an_unreadable_acknowledgement_is_one(bot: Running, status: int) -> None:
    bot.server.fail("POST", "interactions/.*", lambda: web.Response(status=status))
    await bot.server.slash(ANA, ANAS, "mood")
    assert (await bot.heard.until(1))[0].text == "/mood"


@pytest.mark.parametrize(
    ("more", "private"),
    [
        ({}, True),
        ({"context": 2}, False),
        ({"context": 0, "guild_id": str(GUILD), "channel": {"id": "71", "type": 0}}, False),
    ],
    ids=["with us", "in a talk of others", "in a guild"],
)
async def test_only_our_own_talk_is_private(bot: Running, more: Json, private: bool) -> None:
    if "guild_id" in more:
        more = {**more, "member": {"user": ANA, "roles": [], "permissions": "0", "nick": None}}
        more["member"] |= {"joined_at": None, "deaf": False, "mute": False, "flags": 0}
        more["channel"] = {**more["channel"], "name": "c", "position": 0, "permissions": "0"}
    await bot.server.call(ANA, ANAS, {"id": "5", "name": "why", "type": 1}, **more)
    (heard,) = await bot.heard.until(1)
    assert (heard.address.private, heard.account, heard.text) == (private, "5", "/why")


async def test_a_menu_of_another_kind_is_not_ours(bot: Running) -> None:
    await bot.server.call(ANA, ANAS, {"id": "5", "name": "report", "type": 2})
    await bot.hears("end")
    assert bot.heard.texts == ["end"]


async def test_commands_are_offered_when_the_set_has_changed(server: DiscordServer) -> None:
    changed = (CommandInfo("mood", {"en": "How you were", "zh": "近来"}, "days"), COMMANDS[1])
    for commands, offered in ((COMMANDS, 1), (COMMANDS, 1), (changed, 2), (changed[::-1], 2)):
        async with running(server, commands=commands):
            assert len(server.made("PUT", "applications/1/commands")) == offered
    mood = next(c for c in server.commands if c["name"] == "mood")
    assert (mood["contexts"], mood["integration_types"]) == ([0, 1, 2], [0, 1])
    assert mood["description_localizations"] == {"zh-CN": "近来", "zh-TW": "近来"}
    option = {"name": "days", "type": 3, "required": False, "description": "days"}
    assert mood["options"] == [option]


async def test_people_can_talk_where_no_menu_can_be_offered(server: DiscordServer) -> None:
    server.fail("PUT", ".*/commands", lambda: refusal(403, 50001))
    async with running(server, commands=COMMANDS) as bot:
        assert (await bot.hears("hello")).text == "hello"


async def test_a_short_rate_limit_is_waited_out(bot: Running) -> None:
    bot.server.fail("POST", POST, lambda: slow_down(0.05))
    assert await bot.discord.send(TO_ANA, out("hello"), "n1")
    assert len(bot.server.made("POST", POST)) == 2


async def test_a_long_rate_limit_is_told(bot: Running) -> None:
    bot.server.fail("POST", POST, lambda: slow_down(61.5))
    with pytest.raises(RetryLater) as told:
        await bot.discord.send(TO_ANA, out("hello"), "n1")
    assert told.value.seconds == 61.5


async def test_a_ban_by_the_proxy_is_a_wait(bot: Running) -> None:
    banned = {"Retry-After": "600", "Content-Type": "text/html"}
    for headers, seconds in ((banned, 600), ({}, adapter.UNNAMED_WAIT)):
        bot.server.fail("POST", POST, partial(web.Response, status=429, headers=headers))
        with pytest.raises(RetryLater) as told:
            await bot.discord.send(TO_ANA, out("hello"), "n1")
        assert told.value.seconds == seconds


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, 50007), (403, 50001), (403, 50013), (404, 10003), (400, 50035), (400, 50006)],
)
async def test_what_can_never_arrive_is_undeliverable(bot: Running, status: int, code: int) -> None:
    bot.server.fail("POST", POST, lambda: refusal(status, code, "about your words"))
    with pytest.raises(Undeliverable) as refused:
        await bot.discord.send(TO_ANA, out("your words"), "n1")
    assert "words" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_too_long_a_part_is_undeliverable(bot: Running) -> None:
    for text in ("x" * 2001, "", "\x00"):
        with pytest.raises(Undeliverable):
            await bot.discord.send(TO_ANA, out(text), "n1")


@pytest.mark.parametrize("status", [503, 401])
async def test_a_server_in_trouble_may_be_tried_again(bot: Running, status: int) -> None:
    bot.server.fail("POST", POST, lambda: refusal(status, 0))
    with pytest.raises(Unreachable):
        await bot.discord.send(TO_ANA, out("hello"), "n1")
    assert await bot.discord.send(TO_ANA, out("hello"), "n1")


async def test_a_hanging_server_may_be_tried_again(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "SEND_SECONDS", 0.1)
    bot.server.fail("POST", POST, lambda: slow_down(5))
    with pytest.raises(Unreachable):
        await bot.discord.send(TO_ANA, out("hello"), "n1")


async def test_a_vanished_server_may_be_tried_again(bot: Running) -> None:
    await bot.server.__aexit__()
    with pytest.raises(Unreachable):
        await bot.discord.send(TO_ANA, out("hello"), "n1")


async def test_not_connected_is_unreachable() -> None:
    never = Discord(TOKEN)
    with pytest.raises(Unreachable):
        await never.send(TO_ANA, out("hello"), "n1")
    async with never.typing(TO_ANA):
        pass
    await never.stop()


async def test_typing_is_shown_until_the_answer_is_there(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TYPING_SECONDS", 0.02)
    shown = rf"channels/{ANAS}/typing"
    async with bot.discord.typing(TO_ANA):
        await until(lambda: len(bot.server.made("POST", shown)) >= 3)
    count = len(bot.server.made("POST", shown))
    await asyncio.sleep(0.06)
    assert len(bot.server.made("POST", shown)) == count


async def test_typing_never_raises(bot: Running) -> None:
    bot.server.fail("POST", ".*typing", lambda: refusal(403, 50001))
    async with bot.discord.typing(IN_GUILD):
        await until(lambda: bool(bot.server.made("POST", ".*typing")))
    async with bot.discord.typing(Address("discord", "71", token="t")):
        await asyncio.sleep(0.02)
    assert len(bot.server.made("POST", ".*typing")) == 1
