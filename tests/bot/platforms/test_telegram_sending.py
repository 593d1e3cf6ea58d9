"""What the adapter says and fetches through the real python-telegram-bot, on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from affect.errors import MediaRejected, RetryLater, Undeliverable, Unreachable
from bot.messages import Address, Attachment, Button, Media, MediaKind, Outgoing
from bot.platforms import telegram as adapter
from bot.platforms.splitting import split
from bot.platforms.telegram import Telegram
from tests.bot.platforms.telegram_running import NOW, TO_ANA, Running, running
from tests.servers.telegram_server import TOKEN, Fault, TelegramServer, flood, refusal

TO_TOPIC = Address("telegram", "-50", thread="3", private=False)
VOICE = Media(MediaKind.VOICE, "voice/file 1.oga")


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


def out(text: str, **fields: Any) -> Outgoing:
    return Outgoing(text, **fields)


async def test_plain_text_arrives_as_it_is_written(bot: Running) -> None:
    text = "<b>not bold</b> *nor this* https://example.org 👨‍👩‍👧 & 你好"
    sent = await bot.telegram.send(TO_ANA, out(text), "n1")
    (call,) = bot.server.made("sendMessage")
    assert call.args == {"chat_id": 7, "text": text, "link_preview_options": {"is_disabled": True}}
    assert sent is not None
    assert sent.isdecimal()


async def test_in_a_topic_as_an_answer_with_buttons(bot: Running) -> None:
    buttons = (Button("Yes", "/consent voice on"), Button("不", "/consent voice off"))
    await bot.telegram.send(TO_TOPIC, out("?", reply_to="12", buttons=buttons), "n1")
    (call,) = bot.server.made("sendMessage")
    assert call.args["message_thread_id"] == 3
    answered = call.args["reply_parameters"]
    assert answered == {"message_id": 12, "allow_sending_without_reply": True}
    rows = call.args["reply_markup"]["inline_keyboard"]
    assert rows == [
        [{"text": "Yes", "callback_data": "/consent voice on"}],
        [{"text": "不", "callback_data": "/consent voice off"}],
    ]


async def test_a_button_that_telegram_would_refuse_is_left_out(
    bot: Running, caplog: pytest.LogCaptureFixture
) -> None:
    buttons = (Button("too long", "/" + "好" * 22), Button("fits", "/" + "好" * 21))
    await bot.telegram.send(TO_ANA, out("?", buttons=buttons), "n1")
    (call,) = bot.server.made("sendMessage")
    (row,) = call.args["reply_markup"]["inline_keyboard"]
    assert row[0]["text"] == "fits"
    assert "telegram_button_too_long" in caplog.text


async def test_a_file_goes_out_with_its_words(bot: Running) -> None:
    file = Attachment("export.json", b'{"a": 1}')
    await bot.telegram.send(TO_ANA, out("here", attachment=file), "n1")
    (call,) = bot.server.made("sendDocument")
    assert call.files == {"document": ("export.json", b'{"a": 1}')}
    assert call.args["caption"] == "here"
    assert not bot.server.made("sendMessage")


async def test_a_picture_is_shown_not_saved(bot: Running) -> None:
    file, buttons = Attachment("days.png", b"png!", told="even"), (Button("Dark", "/mood dark"),)
    await bot.telegram.send(TO_ANA, out("even", attachment=file, buttons=buttons), "n1")
    (call,) = bot.server.made("sendPhoto")
    assert call.files == {"photo": ("days.png", b"png!")}
    assert call.args["caption"] == "even"
    assert call.args["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "/mood dark"
    assert not bot.server.made("sendDocument")


async def test_words_too_long_for_a_caption_go_before_the_file(bot: Running) -> None:
    file, buttons = Attachment("export.json", b"{}"), (Button("Why", "/why"),)
    await bot.telegram.send(TO_ANA, out("😢" * 513, attachment=file, buttons=buttons), "n1")
    methods = [call.method for call in bot.server.calls if call.method.startswith("send")]
    assert methods == ["sendMessage", "sendDocument"]
    assert "reply_markup" not in bot.server.made("sendMessage")[0].args
    document = bot.server.made("sendDocument")[0].args
    assert "caption" not in document
    assert document["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "/why"


async def test_a_file_that_is_too_big_is_never_tried(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "LARGEST_FILE", 10)
    with pytest.raises(Undeliverable):
        await bot.telegram.send(TO_ANA, out("", attachment=Attachment("a", b"x" * 11)), "n1")
    assert not bot.server.made("sendDocument")


async def test_a_hundred_thousand_characters_arrive_in_order(bot: Running) -> None:
    text = "I was tired 😢, and then it rained. 然后下雨了。\n\n" * 2500
    parts = split(text, "telegram")
    for number, part in enumerate(parts):
        await bot.telegram.send(TO_ANA, out(part), f"n{number}")
    assert "".join(call.args["text"] for call in bot.server.made("sendMessage")) == text


async def test_text_that_cannot_be_sent_is_mended(bot: Running) -> None:
    await bot.telegram.send(TO_ANA, out("a\0b\ud800c"), "n1")
    assert bot.server.made("sendMessage")[0].args["text"] == "ab�c"
    with pytest.raises(Undeliverable):
        await bot.telegram.send(TO_ANA, out("\0 \n"), "n2")


async def test_too_many_messages_are_told_to_the_caller_at_once(bot: Running) -> None:
    bot.server.faults["sendMessage"].append(flood(17))
    with pytest.raises(RetryLater) as told:
        await bot.telegram.send(TO_ANA, out("hi"), "n1")
    assert told.value.seconds == 17
    # The chat is left alone until then; others are not.
    with pytest.raises(RetryLater) as still:
        await bot.telegram.send(TO_ANA, out("hi"), "n1")
    assert still.value.seconds == 17
    async with bot.telegram.typing(TO_ANA):
        await asyncio.sleep(0.05)
    assert not bot.server.made("sendChatAction")
    await bot.telegram.send(TO_TOPIC, out("hi"), "n2")
    assert len(bot.server.made("sendMessage")) == 2


async def test_a_chat_left_alone_is_written_to_again(server: TelegramServer) -> None:
    clock = Later()
    telegram = Telegram(TOKEN, api_url=server.url, clock=clock)
    await telegram.start(_nothing, (), ())
    server.faults["sendMessage"].append(flood(17))
    with pytest.raises(RetryLater):
        await telegram.send(TO_ANA, out("hi"), "n1")
    clock.time += timedelta(seconds=17)
    assert await telegram.send(TO_ANA, out("hi"), "n1")
    await telegram.stop()


class Later:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


async def _nothing(_: object) -> None:
    return


@pytest.mark.parametrize(
    "fault",
    [
        refusal(403, "Forbidden: bot was blocked by the user"),
        refusal(403, "Forbidden: user is deactivated"),
        refusal(400, "Bad Request: chat not found"),
        refusal(400, "Bad Request: message thread not found"),
        refusal(400, "Bad Request: not enough rights to send text messages to the chat"),
    ],
)
async def test_what_can_never_arrive(bot: Running, fault: Fault) -> None:
    bot.server.faults["sendMessage"].append(fault)
    with pytest.raises(Undeliverable) as refused:
        await bot.telegram.send(TO_ANA, out("hi"), "n1")
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "fault",
    [
        refusal(500, "Internal Server Error"),
        refusal(502, "Bad Gateway"),
        refusal(504, "Gateway Timeout"),
        refusal(429, "Too Many Requests"),
        refusal(401, "Unauthorized"),
        Fault(503, b"<html>"),
        Fault(200, b"{not json"),
        Fault(200, b"{}"),
        Fault(200, b'{"ok": true, "result": {}}'),
        Fault(200, b'{"ok": true, "result": 5}'),
        Fault(body=None),
        Fault(body=None, done=True),
    ],
)
async def test_what_may_arrive_later(bot: Running, fault: Fault) -> None:
    bot.server.faults["sendMessage"].append(fault)
    with pytest.raises(Unreachable):
        await bot.telegram.send(TO_ANA, out("hi"), "n1")
    assert await bot.telegram.send(TO_ANA, out("hi"), "n1")


async def test_nothing_is_sent_before_start_and_after_stop(server: TelegramServer) -> None:
    telegram = Telegram(TOKEN, api_url=server.url)
    with pytest.raises(Unreachable):
        await telegram.send(TO_ANA, out("hi"), "n1")
    with pytest.raises(Unreachable):
        await telegram.fetch(VOICE, 10)
    async with telegram.typing(TO_ANA):
        pass
    assert not server.calls


async def test_a_group_that_moved_is_followed(bot: Running) -> None:
    moved = refusal(
        400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009
    )
    bot.server.faults["sendMessage"].append(moved)
    group = Address("telegram", "-9", private=False)
    await bot.telegram.send(group, out("one"), "n1")
    await bot.telegram.send(group, out("two"), "n2")
    chats = [call.args["chat_id"] for call in bot.server.made("sendMessage")]
    assert chats == [-9, -1009, -1009]
    bot.server.faults["sendMessage"].extend([moved, moved])
    with pytest.raises(Undeliverable):
        await bot.telegram.send(group, out("three"), "n3")


async def test_typing_is_shown_until_the_answer_is_there(bot: Running) -> None:
    async with bot.telegram.typing(TO_TOPIC):
        await bot.server.calls_of("sendChatAction", 3)
    count = len(bot.server.made("sendChatAction"))
    await asyncio.sleep(0.05)
    assert len(bot.server.made("sendChatAction")) == count
    args = bot.server.made("sendChatAction")[0].args
    assert args == {"chat_id": -50, "action": "typing", "message_thread_id": 3}
    assert set(bot.clock.asked) == {4.5}


@pytest.mark.parametrize(
    "fault",
    [
        refusal(403, "Forbidden: bot was blocked by the user"),
        refusal(502, "Bad Gateway"),
        Fault(body=None),
        Fault(200, b"{not json"),
        flood(5),
        refusal(400, "Bad Request: moved", migrate_to_chat_id=-1009),
    ],
)
async def test_typing_never_fails(bot: Running, fault: Fault) -> None:
    bot.server.faults["sendChatAction"].append(fault)
    async with bot.telegram.typing(TO_ANA):
        await bot.server.calls_of("sendChatAction")
        await asyncio.sleep(0.03)
    with pytest.raises(KeyError, match="ours"):
        async with bot.telegram.typing(TO_ANA):
            raise KeyError("ours")


async def test_a_file_is_fetched(bot: Running) -> None:
    bot.server.files[VOICE.handle] = bytes(range(256)) * 1000
    assert await bot.telegram.fetch(VOICE, 256_000) == bytes(range(256)) * 1000


async def rejected(bot: Running, media: Media, limit: int = 1000) -> str:
    with pytest.raises(MediaRejected) as why:
        await bot.telegram.fetch(media, limit)
    return why.value.kind


async def test_no_more_is_read_than_the_limit(bot: Running) -> None:
    media = Media(MediaKind.VOICE, "v", size=1001)
    assert await rejected(bot, media) == "too_big"
    assert not bot.server.made("getFile")
    # The server says nothing of a size: what comes is counted.
    bot.server.files["v"] = b"x" * 1001
    assert await rejected(bot, Media(MediaKind.VOICE, "v")) == "too_big"
    bot.server.files["v"] = b"x" * 20_000_001
    assert await rejected(bot, Media(MediaKind.VOICE, "v"), 30_000_000) == "too_big"


async def test_a_size_that_is_told_is_believed_if_too_big(bot: Running) -> None:
    bot.server.files["v"] = b""
    bot.server.file_faults.append(Fault(200, b"x" * 1001))
    assert await rejected(bot, Media(MediaKind.VOICE, "v")) == "too_big"
    file = b'{"ok": true, "result": {"file_id": "v", "file_unique_id": "v", "file_size": 1001}}'
    bot.server.faults["getFile"].append(Fault(200, file))
    assert await rejected(bot, Media(MediaKind.VOICE, "v")) == "too_big"


async def test_a_file_that_is_gone(bot: Running) -> None:
    assert await rejected(bot, VOICE) == "gone"
    bot.server.files[VOICE.handle] = b"x"
    bot.server.file_faults.append(Fault(404, b""))
    assert await rejected(bot, VOICE) == "gone"
    assert await rejected(bot, Media(MediaKind.OTHER, "", name="location")) == "gone"
    # A local-mode server names a place on its own disk, which we cannot read.
    file = b'{"ok": true, "result": {"file_id": "v", "file_unique_id": "v"}}'
    bot.server.faults["getFile"].append(Fault(200, file))
    assert await rejected(bot, VOICE) == "gone"


@pytest.mark.parametrize("method", ["getFile", "download"])
@pytest.mark.parametrize("fault", [refusal(502, "Bad Gateway"), Fault(body=None), flood(3)])
async def test_files_may_be_out_of_reach(bot: Running, method: str, fault: Fault) -> None:
    bot.server.files[VOICE.handle] = b"x"
    faults = bot.server.file_faults if method == "download" else bot.server.faults[method]
    faults.append(fault)
    with pytest.raises(Unreachable):
        await bot.telegram.fetch(VOICE, 10)
    assert await bot.telegram.fetch(VOICE, 10) == b"x"


async def test_no_log_and_no_error_holds_the_token_or_a_word(
    bot: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bot.server.files[VOICE.handle] = b"x"
    await bot.telegram.fetch(VOICE, 10)
    await bot.telegram.send(TO_ANA, out("xylophone"), "n1")
    for fault in (flood(1), Fault(200, b"xylophone"), refusal(400, "Bad Request: xylophone")):
        bot.server.faults["sendMessage"].append(fault)
        with pytest.raises((RetryLater, Unreachable, Undeliverable)) as failed:
            await bot.telegram.send(Address("telegram", str(id(fault))), out("xylophone"), "n")
        assert "xylophone" not in f"{failed.value}"
    for record in caplog.records:
        said = f"{record.getMessage()} {vars(record)}"
        assert TOKEN.split(":")[1] not in said
        assert "xylophone" not in said
