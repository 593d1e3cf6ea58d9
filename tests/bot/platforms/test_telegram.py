"""What the adapter hears through the real python-telegram-bot, from a loopback Telegram."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import pytest

from affect.errors import SettingsError, Unreachable
from bot.messages import Kind, Outgoing
from bot.platforms import telegram_listening
from bot.platforms.base import CommandInfo
from bot.platforms.telegram import Telegram, Webhook
from tests.bot.platforms.telegram_running import (
    COMMANDS,
    TO_ANA,
    FastClock,
    Heard,
    Running,
    running,
)
from tests.servers.telegram_server import (
    ANA,
    GROUP,
    ME,
    TOKEN,
    Fault,
    TelegramServer,
    flood,
    mention,
    message,
    refusal,
)

SECRET = "a-Secret_1"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as started:
        yield started


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Running]:
    async with running(server) as started:
        yield started


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name.startswith("bot.")]


async def test_updates_come_in_their_order_and_are_acknowledged(bot: Running) -> None:
    for text in ("one", "two", "/mood 7"):
        await bot.server.push(message=message(text))
    await bot.server.acknowledged()
    assert bot.heard.texts == ["one", "two", "/mood 7"]
    assert [event.kind for event in bot.heard.events][2] is Kind.COMMAND
    assert len({event.ext_id for event in bot.heard.events}) == 3


async def test_what_was_sent_while_we_were_away_comes_first(server: TelegramServer) -> None:
    await server.push(message=message("before"))
    async with running(server) as bot:
        await server.acknowledged()
        assert bot.heard.texts == ["before"]
    assert server.made("deleteWebhook")[0].args.get("drop_pending_updates") in (None, False)


async def test_nothing_is_acknowledged_before_it_is_stored(server: TelegramServer) -> None:
    async with running(server) as bot:
        bot.heard.gate = asyncio.Event()
        update = await server.push(message=message("keep me"))
        await bot.heard.entered.wait()
        assert max(call.args["offset"] for call in server.made("getUpdates")) <= update
        assert server.updates
        bot.heard.gate.set()
        await server.acknowledged()
    assert bot.heard.texts == ["keep me"]


async def test_storage_that_is_down_loses_nothing_and_stops_nothing(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(server) as bot:
        bot.heard.failing += [Unreachable("down"), OSError("down"), RuntimeError("Ana's words")]
        await server.push(message=message("one"))
        await server.push(message=message("two"))
        await server.acknowledged()
        await server.push(message=message("three"))
        await server.acknowledged()
        assert bot.heard.texts == ["one", "two", "three"]
        assert bot.clock.asked == [1.0, 2.0, 4.0]
    assert "words" not in caplog.text
    assert events(caplog).count("telegram_receive_failed") == 3


async def test_an_update_told_twice_has_one_name(bot: Running) -> None:
    update = {"update_id": 900, "message": message("once")}
    bot.server.updates.extend([update, update])
    await bot.server.push(message=message("wakes the poll"))
    await bot.server.until(lambda: len(bot.heard.events) == 3)
    assert [event.ext_id for event in bot.heard.events[:2]] == ["4242:900", "4242:900"]


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        (refusal(502, "Bad Gateway"), 1.0),
        (Fault(500, b"<html>no json</html>"), 1.0),
        (Fault(200, b"{not json"), 1.0),
        (Fault(200, b"{}"), 1.0),
        (Fault(200, b'{"ok": true, "result": {"a": 1}}'), 1.0),
        (Fault(200, b'{"ok": true, "result": 5}'), 1.0),
        (Fault(body=None), 1.0),
        (Fault(body=None, done=True), 1.0),
        (flood(7), 7.0),
        # A proxy in front of a server that starts answers 404, and 401 may be a moment's mistake.
        (refusal(404, "Not Found"), 1.0),
        (refusal(401, "Unauthorized"), 1.0),
    ],
)
async def test_polling_goes_on_whatever_is_answered(
    server: TelegramServer, fault: Fault, pause: float
) -> None:
    server.faults["getUpdates"].append(fault)
    await server.push(message=message("still here"))
    async with running(server) as bot:
        await server.acknowledged()
        assert bot.heard.texts == ["still here"]
        assert bot.clock.asked == [pause]


async def test_a_token_that_is_taken_back_ends_polling(server: TelegramServer) -> None:
    async with running(server) as bot:
        ended = asyncio.create_task(bot.telegram.ended())
        refused, enough = [refusal(401, "Unauthorized")], telegram_listening.UNKNOWN
        server.faults["getUpdates"].extend(refused * (enough - 1))
        await server.push(message=message("wakes the poll"))
        await server.calls_of("getUpdates", 1 + enough)
        assert not ended.done()
        server.faults["getUpdates"].extend(refused * enough)
        await server.push(message=message("wakes the poll"))
        assert isinstance(await ended, SettingsError)


async def test_a_second_poller_is_reported_once(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    conflict = refusal(409, "Conflict: terminated by other getUpdates request")
    server.faults["getUpdates"].extend([conflict] * 3)
    await server.push(message=message("in the end"))
    async with running(server) as bot:
        await server.acknowledged()
        assert bot.heard.texts == ["in the end"]
    assert events(caplog).count("telegram_conflict") == 1


async def test_an_update_that_cannot_be_read_blocks_no_other(
    bot: Running, caplog: pytest.LogCaptureFixture
) -> None:
    await bot.server.push(message={"message_id": "broken"})
    await bot.server.push(message="not even a message")
    await bot.server.push(message=message("after it"))
    await bot.server.acknowledged()
    assert bot.heard.texts == ["after it"]
    assert events(caplog).count("telegram_update_unreadable") == 2


async def test_what_is_not_for_us_is_acknowledged_and_forgotten(
    bot: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    channel = {"id": -1, "type": "channel", "title": "News"}
    await bot.server.push(channel_post=message("news", chat=channel))
    await bot.server.push(message=message("beep", sender=ANA | {"is_bot": True}))
    await bot.server.push(message=message("me", sender=ME))
    await bot.server.push(business_message=message("hello", business_connection_id="b"))
    await bot.server.push(something_new={"id": 1})
    await bot.server.push(message=message("we were talking", chat=GROUP))
    member = {"user": ME, "status": "kicked", "until_date": 0}
    before = {"user": ME, "status": "member"}
    await bot.server.push(
        my_chat_member={
            "chat": message()["chat"],
            "from": ANA,
            "date": 1,
            "old_chat_member": before,
            "new_chat_member": member,
        }
    )
    text = "@attune_bot hi"
    await bot.server.push(message=message(text, chat=GROUP, entities=mention(text)))
    await bot.server.acknowledged()
    assert bot.heard.texts == ["hi"]
    assert events(caplog) == ["telegram_cut_off"]
    wanted = bot.server.made("getUpdates")[0].args["allowed_updates"]
    assert wanted == ["message", "edited_message", "callback_query", "my_chat_member"]


async def test_a_pressed_button_is_answered_at_once(bot: Running) -> None:
    bot.heard.gate = asyncio.Event()
    pressed = {"id": "q1", "from": ANA, "chat_instance": "c", "message": message("?", sender=ME)}
    await bot.server.push(callback_query=pressed | {"data": "/mood 7"})
    await bot.heard.entered.wait()
    (answered,) = await bot.server.calls_of("answerCallbackQuery")
    assert answered.args["callback_query_id"] == "q1"
    assert not bot.heard.events
    bot.heard.gate.set()
    await bot.server.acknowledged()
    assert bot.heard.texts == ["/mood 7"]


async def test_an_answer_to_a_button_that_fails_is_no_harm(bot: Running) -> None:
    bot.server.faults["answerCallbackQuery"].append(refusal(400, "Bad Request: query is too old"))
    pressed = {"id": "q1", "from": ANA, "chat_instance": "c", "message": message("?", sender=ME)}
    await bot.server.push(callback_query=pressed | {"data": "/mood"})
    await bot.server.acknowledged()
    assert bot.heard.texts == ["/mood"]


async def test_stopping_lets_what_is_in_hand_be_stored(server: TelegramServer) -> None:
    async with running(server) as bot:
        bot.heard.gate = asyncio.Event()
        await server.push(message=message("in hand"))
        await bot.heard.entered.wait()
        stopping = asyncio.create_task(bot.telegram.stop())
        await asyncio.sleep(0.02)
        assert not stopping.done()
        bot.heard.gate.set()
        await stopping
        assert bot.heard.texts == ["in hand"]


async def test_stopping_does_not_wait_for_ever(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_listening, "SETTLE_SECONDS", 0.05)
    async with running(server) as bot:
        bot.heard.gate = asyncio.Event()
        await server.push(message=message("never stored"))
        await bot.heard.entered.wait()
    assert not bot.heard.events
    # Nobody said that it was stored, so it comes again.
    async with running(server) as again:
        await server.acknowledged()
        assert again.heard.texts == ["never stored"]


async def test_stopping_is_quick_while_the_network_is_down(server: TelegramServer) -> None:
    async with running(server) as bot:
        await server.push(message=message("one"))
        await server.acknowledged()
        server.faults["getUpdates"].extend([Fault(body=None)] * 100_000)
        await server.push(message=message("two"))
        await server.until(lambda: len(server.faults["getUpdates"]) < 99_995)
        async with asyncio.timeout(2):
            await bot.telegram.stop()


async def test_it_can_be_started_again(server: TelegramServer) -> None:
    heard = Heard()
    telegram = Telegram(TOKEN, api_url=server.url, clock=FastClock(), poll_seconds=5)
    for text in ("one", "two"):
        await telegram.start(heard, COMMANDS, ())
        await server.push(message=message(text))
        await server.acknowledged()
        await telegram.stop()
        await telegram.stop()
    assert heard.texts == ["one", "two"]


async def test_the_menu_is_offered_in_each_language_and_only_if_changed(
    server: TelegramServer,
) -> None:
    async with running(server):
        pass
    assert server.menus[""][0] == {"command": "mood", "description": "How you were"}
    assert server.menus["zh"][1] == {"command": "help", "description": "帮助"}
    async with running(server):
        pass
    assert len(server.made("setMyCommands")) == 2
    async with running(server, (CommandInfo("help", {"en": "Help"}),)):
        pass
    assert len(server.made("setMyCommands")) == 3


@pytest.mark.parametrize(
    "fault", [refusal(400, "Bad Request: bad command"), flood(30), Fault(200, b'{"ok": true}')]
)
async def test_a_menu_that_fails_stops_nothing(
    server: TelegramServer, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults["setMyCommands"].append(fault)
    await server.push(message=message("hi"))
    async with running(server) as bot:
        await server.acknowledged()
        assert bot.heard.texts == ["hi"]
    assert "telegram_menu_not_offered" in events(caplog)


async def test_a_wrong_token_is_a_setting_to_correct(server: TelegramServer) -> None:
    telegram = Telegram("4242:wrong", api_url=server.url)
    with pytest.raises(SettingsError, match=r"refuses ATTUNE_TELEGRAM_TOKEN\.$") as refused:
        await telegram.start(Heard(), COMMANDS, ())
    assert "wrong" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("token", ["", "nonsense", "42:a b", "42:a\nb", "42:a/../b", "42:é"])
def test_what_is_no_token_is_refused_at_once(token: str) -> None:
    with pytest.raises(SettingsError):
        Telegram(token)


@pytest.mark.parametrize(
    "fault",
    [
        refusal(502, "Bad Gateway"),
        Fault(body=None),
        flood(9),
        Fault(200, b"<html>"),
        Fault(200, b'{"ok": true, "result": {"id": 1}}'),
    ],
)
async def test_a_server_that_does_not_serve_is_unreachable(
    server: TelegramServer, fault: Fault
) -> None:
    server.faults["getMe"].append(fault)
    telegram = Telegram(TOKEN, api_url=server.url)
    with pytest.raises(Unreachable):
        await telegram.start(Heard(), COMMANDS, ())


async def test_no_server_is_unreachable(server: TelegramServer) -> None:
    telegram = Telegram(TOKEN, api_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable):
        await telegram.start(Heard(), COMMANDS, ())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def hooked(server: TelegramServer) -> AsyncIterator[tuple[Running, str]]:
    """An adapter that listens, and where."""
    port = free_port()
    webhook = Webhook("https://bot.example/in(1)", "127.0.0.1", port, SECRET)
    async with running(server, webhook=webhook) as started:
        yield started, f"http://127.0.0.1:{port}/in(1)"


async def test_a_webhook_answers_once_it_is_stored(hooked: tuple[Running, str]) -> None:
    bot, url = hooked
    assert bot.server.webhook["url"] == "https://bot.example/in(1)"
    assert bot.server.webhook["secret_token"] == SECRET
    assert not bot.server.made("getUpdates")
    bot.heard.gate = asyncio.Event()
    update = {"update_id": 5, "message": message("hello")}
    posting = asyncio.create_task(bot.server.post(url, update, SECRET))
    await bot.heard.entered.wait()
    assert not posting.done()
    bot.heard.gate.set()
    assert await posting == 200
    assert bot.heard.texts == ["hello"]


async def test_a_webhook_believes_only_its_secret(hooked: tuple[Running, str]) -> None:
    bot, url = hooked
    update = {"update_id": 5, "message": message("hello")}
    assert await bot.server.post(url, update, "another") == 403
    assert await bot.server.post(url, update) == 403
    assert await bot.server.post(url, update, SECRET, kind="text/plain") == 403
    assert await bot.server.post(url + "x", update, SECRET) == 404
    assert bot.heard.events == []


async def test_a_webhook_says_that_storage_is_down(hooked: tuple[Running, str]) -> None:
    bot, url = hooked
    bot.heard.failing.append(Unreachable("down"))
    update = {"update_id": 5, "message": message("hello")}
    assert await bot.server.post(url, update, SECRET) == 500
    assert await bot.server.post(url, update, SECRET) == 200
    assert bot.heard.texts == ["hello"]


async def test_by_webhook_sending_finds_out_that_the_token_is_taken_back(
    hooked: tuple[Running, str],
) -> None:
    bot, _ = hooked
    ended = asyncio.create_task(bot.telegram.ended())

    async def refused(times: int) -> None:
        bot.server.faults["sendMessage"].extend([refusal(401, "Unauthorized")] * times)
        for _ in range(times):
            with pytest.raises(Unreachable):
                await bot.telegram.send(TO_ANA, Outgoing("here"), "n1")

    await refused(telegram_listening.UNKNOWN - 1)
    assert await bot.telegram.send(TO_ANA, Outgoing("here"), "n1")  # it was a moment's mistake
    await refused(telegram_listening.UNKNOWN - 1)
    assert not ended.done()
    await refused(1)
    assert isinstance(await ended, SettingsError)


async def test_a_webhook_that_telegram_refuses(server: TelegramServer) -> None:
    webhook = Webhook("http://bot.example/", "127.0.0.1", free_port(), SECRET)
    with pytest.raises(SettingsError, match="WEBHOOK_URL"):
        async with running(server, webhook=webhook):
            pass


async def test_a_webhook_on_a_port_that_is_taken(server: TelegramServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        webhook = Webhook("https://bot.example/", "127.0.0.1", taken.getsockname()[1], SECRET)
        with pytest.raises(SettingsError, match="LISTEN"):
            async with running(server, webhook=webhook):
                pass


def test_a_secret_that_telegram_would_refuse() -> None:
    webhook = Webhook("https://bot.example/", "127.0.0.1", 8443, "not allowed!")
    with pytest.raises(SettingsError, match="SECRET"):
        Telegram(TOKEN, webhook=webhook)
    assert "not allowed!" not in repr(webhook)


async def test_no_log_holds_the_token_or_a_word(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    root = logging.getLogger()
    caplog.set_level(logging.DEBUG)
    server.faults["getUpdates"].extend(
        [Fault(200, b"{xylophone"), Fault(body=None), refusal(404, "Not Found")]
    )
    async with running(server) as bot:
        for name in list(root.manager.loggerDict):
            if name.startswith(("telegram", "httpx", "httpcore")):
                logging.getLogger(name).setLevel(logging.DEBUG)
        await server.push(message=message("xylophone"))
        await server.push(message={"message_id": "xylophone"})
        await server.acknowledged()
        assert bot.heard.texts == ["xylophone"]
    assert "telegram_poll_failed" in events(caplog)
    for record in caplog.records:
        said = f"{record.getMessage()} {vars(record)}"
        assert TOKEN.split(":")[1] not in said
        assert "xylophone" not in said.replace("test_no_log", "")
