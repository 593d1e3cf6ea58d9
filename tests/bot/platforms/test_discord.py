"""What the real discord.py hears on a loopback Discord becomes `Incoming`, in order, once each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from affect.errors import MediaRejected, Unreachable
from bot.logs import quiet
from bot.messages import Address, Incoming, Kind, Media, MediaKind
from bot.platforms.discord_events import clean
from tests.bot.platforms.discord_running import (
    ANA,
    ANAS,
    BEN,
    BENS,
    NOW,
    TO_ANA,
    Heard,
    Running,
    out,
    running,
    until,
)
from tests.servers import discord_payloads as payloads
from tests.servers.discord_payloads import BOT, GUILD, ME, TOKEN, Json, person, refusal
from tests.servers.discord_server import DiscordServer

CHANNEL, THREAD = 71, 72
MEMBER: Json = {"nick": "Anni", "roles": [], "joined_at": None, "flags": 0}
IN_GUILD: Json = {"guild_id": str(GUILD), "member": {**MEMBER, "deaf": False, "mute": False}}
TO_US: Json = {**IN_GUILD, "mentions": [BOT]}


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as started:
        yield started


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Running]:
    async with running(server) as started:
        yield started


def file(name: str, kind: str | None, **more: Any) -> Json:
    url = f"http://127.0.0.1/files/{name}"
    told = {"id": "900", "filename": name, "size": 4, "url": url, "proxy_url": url}
    return {**told, "content_type": kind, **more}


async def test_a_direct_message_becomes_incoming(bot: Running) -> None:
    heard = await bot.hears("hello <:sad:123> there")
    message = bot.server.history[ANAS][0]["id"]
    assert heard == Incoming(
        kind=Kind.MESSAGE,
        address=TO_ANA,
        account="5",
        ext_id=message,
        at=datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC),
        text="hello :sad: there",
        message=message,
        name="Ana",
    )


async def test_only_the_intents_that_need_no_permission_are_asked_for(bot: Running) -> None:
    assert bot.server.identified[0]["intents"] == 1 + 512 + 4096 + 8192


async def test_in_a_guild_only_what_mentions_us_is_heard(bot: Running) -> None:
    server = bot.server
    await server.open_guild()
    await server.say(ANA, "not for us", CHANNEL, **IN_GUILD)
    await server.say(ANA, "@everyone", CHANNEL, **IN_GUILD, mention_everyone=True)
    await server.say(ANA, f"hey <@{ME}> how are you", CHANNEL, **TO_US)
    earlier = server.message(BOT, "well", CHANNEL)
    reference = {"message_id": earlier["id"], "channel_id": str(CHANNEL)}
    reply = {"type": 19, "message_reference": reference}
    await server.say(ANA, "good", CHANNEL, **TO_US, **reply, referenced_message=earlier)
    first, second = await bot.heard.until(2)
    assert (first.text, second.text) == ("hey how are you", "good")
    assert first.address == Address("discord", str(CHANNEL), private=False)
    assert first.name == "Anni"


async def test_a_thread_is_a_place_within_its_channel(bot: Running) -> None:
    await bot.server.open_guild(threads=(THREAD,))
    await bot.server.say(ANA, f"<@!{ME}> here", THREAD, **TO_US)
    (heard,) = await bot.heard.until(1)
    assert heard.address == Address("discord", str(CHANNEL), str(THREAD), private=False)
    assert heard.text == "here"


async def test_a_channel_the_library_does_not_know_is_asked_about_once(bot: Running) -> None:
    server = bot.server
    await server.open_guild()
    server.channels[73] = payloads.thread(73, CHANNEL)
    for _ in range(2):
        await server.say(ANA, "hi", 73, **TO_US)
    heard = await bot.heard.until(2)
    assert {h.address for h in heard} == {Address("discord", str(CHANNEL), "73", private=False)}
    assert len(server.made("GET", "channels/73")) == 1


async def test_a_guild_that_was_never_told_of_harms_nobody(bot: Running) -> None:
    await bot.server.say(ANA, f"<@{ME}> hi", CHANNEL, **TO_US)
    await bot.server.tell("MESSAGE_DELETE", {"id": "1", "channel_id": "9", "guild_id": "8"})
    message, gone = sorted(await bot.heard.until(2), key=lambda event: event.kind, reverse=True)
    assert message.address == Address("discord", str(CHANNEL), private=False)
    assert gone.address == Address("discord", "9", private=False)


async def test_a_channel_is_asked_about_until_there_is_an_answer(bot: Running) -> None:
    bot.server.fail("GET", "channels/73", lambda: refusal(503, 0))
    bot.server.channels[73] = payloads.thread(73, CHANNEL)
    await bot.server.say(ANA, f"<@{ME}> hi", 73, **TO_US)
    (heard,) = await bot.heard.until(1)
    assert heard.address == Address("discord", str(CHANNEL), "73", private=False)


@pytest.mark.parametrize(
    "more",
    [
        {"author": {**ANA, "bot": True}},
        {"author": BOT},
        {"webhook_id": "44"},
        {"type": 6},
        {"type": 3, "call": {"participants": []}},
    ],
    ids=["a bot", "ourselves", "a webhook", "a pin", "a call"],
)
async def test_what_no_person_wrote_is_not_heard(bot: Running, more: Json) -> None:
    await bot.server.say(more.pop("author", ANA), "hello", ANAS, **more)
    await bot.hears("I am Ana")
    assert bot.heard.texts == ["I am Ana"]


async def test_an_edit_is_heard_and_an_unfolded_link_is_not(bot: Running) -> None:
    server = bot.server
    message = await server.say(ANA, "I am fien", ANAS)
    await server.edit(message, embeds=[{"type": "link", "url": "http://127.0.0.1/"}])
    changed = "2026-01-01T00:00:05+00:00"
    await server.edit(message, content="I am fine", edited_timestamp=changed)
    await server.edit(message, pinned=True)
    await server.edit(message, content="I am ok", edited_timestamp="2026-01-01T00:00:09+00:00")
    said, first, again, second = await bot.heard.until(4)
    assert [said.kind, first.kind, second.kind] == [Kind.MESSAGE, Kind.EDIT, Kind.EDIT]
    assert (first.text, second.text) == ("I am fine", "I am ok")
    assert first.ext_id == f"{message['id']}:{changed}" == again.ext_id != second.ext_id
    assert first.message == said.message
    assert first.at == datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)


async def test_edits_by_bots_and_outside_our_talk_are_not_heard(bot: Running) -> None:
    server = bot.server
    await server.open_guild()
    changed = {"content": "new", "edited_timestamp": "2026-01-01T00:00:05+00:00"}
    for author, channel, more in ((BOT, ANAS, {}), (ANA, CHANNEL, IN_GUILD)):
        await server.edit(server.message(author, "old", channel, **more), **changed)
    await bot.hears("end")
    assert bot.heard.texts == ["end"]


async def test_deletions_are_heard(bot: Running) -> None:
    server = bot.server
    await server.open_guild(threads=(THREAD,))
    await server.tell("MESSAGE_DELETE", {"id": "11", "channel_id": str(ANAS)})
    where = {"channel_id": str(THREAD), "guild_id": str(GUILD)}
    await server.tell("MESSAGE_DELETE_BULK", {"ids": ["13", "12"], **where})
    one, two, three = await bot.heard.until(3)
    assert one == Incoming(Kind.DELETE, TO_ANA, "", "11:deleted", NOW, message="11")
    thread = Address("discord", str(CHANNEL), str(THREAD), private=False)
    assert (two.address, two.message, three.message) == (thread, "12", "13")


async def test_media_come_as_handles(bot: Running) -> None:
    voice = {"duration_secs": 2.5, "waveform": "AAAA", "flags": 0}
    attachments = [
        file("v.ogg", "audio/ogg", **voice),
        file("song.mp3", "audio/mpeg"),
        file("me.jpg", "image/jpeg"),
        file("clip.mp4", "video/mp4"),
        file("cv.pdf", "application/pdf"),
        file("me.png", None),
    ]
    stickers = [{"id": "7", "name": "wave", "format_type": 1}]
    await bot.server.say(ANA, "", ANAS, attachments=attachments, sticker_items=stickers)
    (heard,) = await bot.heard.until(1)
    names = [(media.kind, media.name) for media in heard.media]
    assert names == [
        (MediaKind.VOICE, None),
        (MediaKind.VOICE, None),
        (MediaKind.PHOTO, None),
        (MediaKind.VIDEO, None),
        (MediaKind.OTHER, "file"),
        (MediaKind.PHOTO, None),
        (MediaKind.OTHER, "sticker"),
    ]
    spoken = heard.media[0]
    assert (spoken.seconds, spoken.size) == (2.5, 4)
    assert spoken.handle == f"{ANAS}/{heard.message}/900 http://127.0.0.1/files/v.ogg"


async def test_a_forwarded_message_is_named_and_its_words_are_left(bot: Running) -> None:
    forwarded = {"message": {"content": "of somebody else", "type": 0, "embeds": []}}
    forwarded["message"] |= {"attachments": [], "timestamp": "2026-01-01T00:00:00+00:00"}
    forwarded["message"] |= {"edited_timestamp": None, "flags": 0, "mentions": []}
    await bot.server.say(ANA, "", ANAS, message_snapshots=[forwarded])
    (heard,) = await bot.heard.until(1)
    assert (heard.text, heard.media[0].name) == ("", "forwarded message")


async def fetched(bot: Running, name: str, limit: int = 100, **more: Any) -> bytes:
    url = f"http://127.0.0.1:{bot.server.port}/files/{name}"
    return await bot.discord.fetch(Media(MediaKind.VOICE, f"{ANAS}/11/900 {url}", **more), limit)


async def test_media_are_fetched_within_a_limit(bot: Running) -> None:
    bot.server.files["v.ogg"] = bytes(100)
    assert await fetched(bot, "v.ogg") == bytes(100)
    assert await fetched(bot, "v.ogg?stream") == bytes(100)
    for name, more in (("v.ogg", {}), ("v.ogg?stream", {}), ("never", {"size": 100})):
        with pytest.raises(MediaRejected) as rejected:
            await fetched(bot, name, limit=99, **more)
        assert rejected.value.kind == "too_big"


async def test_an_expired_address_is_asked_for_again(bot: Running) -> None:
    server = bot.server
    server.files["new.ogg"] = b"new!"
    fresh = file("new.ogg", "audio/ogg")
    fresh["url"] = f"http://127.0.0.1:{server.port}/files/new.ogg"
    message = server.message(ANA, "", ANAS, attachments=[fresh])
    handle = f"{ANAS}/{message['id']}/900 http://127.0.0.1:{server.port}/files/old.ogg"
    assert await bot.discord.fetch(Media(MediaKind.VOICE, handle), 10) == b"new!"
    with pytest.raises(MediaRejected) as rejected:
        await fetched(bot, "old.ogg")
    assert rejected.value.kind == "gone"
    with pytest.raises(MediaRejected):
        await bot.discord.fetch(Media(MediaKind.OTHER, "", name="sticker"), 10)


async def test_files_out_of_reach_may_be_tried_again(bot: Running) -> None:
    with pytest.raises(Unreachable):
        await bot.discord.fetch(Media(MediaKind.VOICE, "5/11/900 http://127.0.0.1:1/x"), 10)


async def test_half_characters_and_nul_are_cleaned_and_length_is_no_matter(bot: Running) -> None:
    heard = await bot.hears("a\ud83d b\x00c \ud83d\ude00" + "x" * 100_000)
    assert heard.text == "a� bc 😀" + "x" * 100_000


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("\udc00x", "�x"), ("x\ud83d", "x�"), ("\ud83dx\ude00", "�x�"), ("😀", "😀"), ("", "")],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


async def test_a_message_told_twice_is_recognisable(bot: Running) -> None:
    message = await bot.server.say(ANA, "hello", ANAS)
    await bot.server.tell("MESSAGE_CREATE", message)
    first, second = await bot.heard.until(2)
    assert first == second


async def test_while_the_store_is_away_messages_wait_in_order(server: DiscordServer) -> None:
    heard = Heard(failing=[Unreachable("away")] * 5)
    async with running(server, heard=heard) as bot:
        for number in range(5):
            await server.say(ANA, f"{number}", ANAS)
        await heard.until(5)
        assert bot.heard.texts == ["0", "1", "2", "3", "4"]


async def test_a_message_the_store_cannot_take_holds_up_nobody(server: DiscordServer) -> None:
    heard = Heard(failing=[ValueError("a bug")] * 3)
    async with running(server, heard=heard) as bot:
        await server.say(ANA, "strange", ANAS)
        await bot.hears("next")
        assert heard.texts == ["next"]


async def test_one_channel_does_not_wait_for_another(server: DiscordServer) -> None:
    stuck = asyncio.Event()
    texts = []

    async def receive(incoming: Incoming) -> None:
        if incoming.account == "5":
            await stuck.wait()
        texts.append(incoming.text)

    async with running(server, receive=receive):
        await server.say(ANA, "first", ANAS)
        await server.say(BEN, "second", BENS)
        await until(lambda: texts == ["second"])
        stuck.set()
        await until(lambda: texts == ["second", "first"])


async def test_stopping_lets_what_is_in_hand_be_stored(server: DiscordServer) -> None:
    heard = Heard(slow=0.2)
    async with running(server, heard=heard) as bot:
        await server.say(ANA, "last words", ANAS)
        await asyncio.sleep(0.05)
        await bot.discord.stop()
        assert heard.texts == ["last words"]


async def test_logs_hold_no_words_names_or_tokens(
    server: DiscordServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("discord.gateway", "discord.http", "discord.webhook.async_", "discord.client"):
        caplog.set_level(logging.DEBUG, name)
    someone = person(8, "Zenobia")
    heard = Heard(failing=[ValueError("I feel so violet")] * 3)
    async with running(server, heard=heard) as bot:
        await server.say(someone, "I feel so violet", ANAS)
        token = await server.slash(someone, ANAS, "mood", "violet")
        (command,) = await heard.until(1)
        answered = await bot.discord.send(command.address, out("violet it is"), "n1")
        await bot.discord.send(TO_ANA, out("violet again"), "n2")
        await server.frame("{violet")
        await until(lambda: len(server.identified) == 2)
    assert answered
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    logged += caplog.text
    assert "discord_event_dropped" in logged
    for secret in ("violet", "Zenobia", "zenobia", TOKEN, token, "session-1", "session-2"):
        assert secret not in logged


def test_the_librarys_tracebacks_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    quiet("discord")
    assert not logging.getLogger("discord.state").isEnabledFor(logging.INFO)
    try:
        raise ValueError("I feel so violet")  # noqa: TRY301
    except ValueError:
        logging.getLogger("discord.client").exception("Attempting a reconnect")
    assert "library_warned" in caplog.text
    assert "Attempting" not in caplog.text
    assert "violet" not in caplog.text
