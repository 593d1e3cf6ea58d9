"""What an update of Telegram's means to us; read from JSON as the library reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Update

from bot.messages import Address, Incoming, Kind, Media, MediaKind
from bot.platforms.telegram_updates import Account, clean, cut_off, read
from tests.bot.platforms.telegram_running import NOW
from tests.servers.telegram_server import ANA, AT, GROUP, ME, PRIVATE, Json, mention, message

US = Account(4242, "attune_bot", frozenset({"mood", "help"}))
OTHER_BOT: Json = {"id": 8, "is_bot": True, "first_name": "Other"}
FILE: Json = {"file_id": "f1", "file_unique_id": "u1", "file_size": 900}


def update(**fields: Any) -> Update:
    return Update.de_json({"update_id": 31, **fields}, None)


def heard(**fields: Any) -> Incoming | None:
    return read(update(**fields), US, NOW)


def said(text: str | None = None, **fields: Any) -> Incoming | None:
    return heard(message=message(text, **fields))


def in_group(text: str | None = None, **fields: Any) -> Incoming | None:
    return said(text, chat=GROUP, **fields)


def test_a_private_message() -> None:
    assert said("I am tired") == Incoming(
        kind=Kind.MESSAGE,
        address=Address("telegram", "7", private=True),
        account="7",
        ext_id="4242:31",
        at=datetime.fromtimestamp(AT, UTC),
        text="I am tired",
        message="1",
        name="Ana",
        language="en",
    )


@pytest.mark.parametrize(
    ("text", "kind", "meant"),
    [
        ("/mood 7", Kind.COMMAND, "/mood 7"),
        ("/Mood@Attune_Bot\n7", Kind.COMMAND, "/mood 7"),
        ("/mood@another_bot", Kind.COMMAND, "/mood"),
        ("/nonsense  a  b", Kind.COMMAND, "/nonsense a  b"),
        ("/usr/bin is full", Kind.MESSAGE, "/usr/bin is full"),
        ("/ or not", Kind.MESSAGE, "/ or not"),
        ("take /mood", Kind.MESSAGE, "take /mood"),
        ("@attune_bot hello", Kind.MESSAGE, "@attune_bot hello"),
        ("/心情", Kind.MESSAGE, "/心情"),
    ],
)
def test_commands_in_private(text: str, kind: Kind, meant: str) -> None:
    event = said(text)
    assert event is not None
    assert (event.kind, event.text) == (kind, meant)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@attune_bot how are you", "how are you"),
        ("@attune_bot, how are you", "how are you"),
        ("@attune_bot，你好", "你好"),
        ("hey @Attune_Bot, how are you", "hey how are you"),
        ("hey @attune_bot", "hey"),
        ("I asked@attune_bot", "I asked"),
        ("👨‍👩‍👧 tired 😢 @attune_bot of 😢", "👨‍👩‍👧 tired 😢 of 😢"),
        ("@attune_bot", ""),
        ("@attune_bot @attune_bot hi", "hi"),
    ],
)
def test_a_mention_in_a_group_is_taken_out(text: str, meant: str) -> None:
    name = "@Attune_Bot" if "@Attune_Bot" in text else "@attune_bot"
    entities = mention(text, name)
    if text.count(name) == 2:
        entities.append({"type": "mention", "offset": 12, "length": 11})
    event = in_group(text, entities=entities)
    assert event is not None
    assert (event.kind, event.text) == (Kind.MESSAGE, meant)
    assert event.address == Address("telegram", "-50", private=False)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/mood 7", "/mood 7"),
        ("/mood@attune_bot 7", "/mood 7"),
        ("/nonsense@attune_bot", "/nonsense"),
        ("/mood@another_bot", None),
        ("/nonsense", None),
        ("we were talking", None),
        ("write to @attune_bot2", None),
    ],
)
def test_a_group_reaches_us_with_our_commands_only(text: str, meant: str | None) -> None:
    entities = mention(text, "@attune_bot2") if "bot2" in text else []
    event = in_group(text, entities=entities)
    assert (event and event.text) == meant
    assert event is None or event.kind is Kind.COMMAND


def test_a_mention_before_a_command_and_one_by_account() -> None:
    event = in_group("@attune_bot /nonsense", entities=mention("@attune_bot"))
    assert event is not None
    assert (event.kind, event.text) == (Kind.COMMAND, "/nonsense")
    by_account = {"type": "text_mention", "offset": 0, "length": 6, "user": ME}
    event = in_group("Attune hello", entities=[by_account])
    assert event is not None
    assert event.text == "hello"
    assert in_group("Attune hi", entities=[by_account | {"user": OTHER_BOT}]) is None


def test_answering_us_is_talking_to_us() -> None:
    ours = message("What happened?", message_id=5, chat=GROUP, sender=ME)
    assert in_group("a lot", reply_to_message=ours) is not None
    others = message("What happened?", message_id=5, chat=GROUP)
    assert in_group("a lot", reply_to_message=others) is None
    assert in_group("/mood@another_bot", reply_to_message=ours) is None


def test_a_topic_that_we_opened_is_no_answer_to_us() -> None:
    opened = message(
        message_id=3,
        chat=GROUP,
        sender=ME,
        forum_topic_created={"name": "Evenings", "icon_color": 7322096},
    )
    topic = {"message_thread_id": 3, "is_topic_message": True, "reply_to_message": opened}
    assert in_group("we talk", **topic) is None
    event = in_group("@attune_bot hi", entities=mention("@attune_bot"), **topic)
    assert event is not None
    assert event.address.thread == "3"


def test_a_chain_of_answers_is_no_topic() -> None:
    event = in_group("@attune_bot hi", entities=mention("@attune_bot"), message_thread_id=9)
    assert event is not None
    assert event.address.thread is None


def test_a_topic_in_a_private_chat() -> None:
    event = said("hi", message_thread_id=4, is_topic_message=True)
    assert event is not None
    assert event.address == Address("telegram", "7", thread="4", private=True)


@pytest.mark.parametrize(
    ("fields", "media"),
    [
        (
            {"voice": FILE | {"duration": 4, "mime_type": "audio/ogg"}},
            Media(MediaKind.VOICE, "f1", 900, 4.0),
        ),
        ({"audio": FILE | {"duration": 4}}, Media(MediaKind.VOICE, "f1", 900, 4.0)),
        (
            {"video_note": FILE | {"duration": 3, "length": 200}},
            Media(MediaKind.VIDEO, "f1", 900, 3.0),
        ),
        (
            {"video": FILE | {"duration": 3, "width": 10, "height": 10}},
            Media(MediaKind.VIDEO, "f1", 900, 3.0),
        ),
        (
            {
                "photo": [
                    FILE | {"width": 900, "height": 900, "file_size": 700},
                    FILE | {"file_id": "f0", "width": 90, "height": 90},
                ]
            },
            Media(MediaKind.PHOTO, "f1", 700),
        ),
        ({"document": FILE | {"mime_type": "image/png"}}, Media(MediaKind.PHOTO, "f1", 900)),
        ({"document": FILE | {"mime_type": "audio/wav"}}, Media(MediaKind.VOICE, "f1", 900)),
        (
            {"document": FILE | {"mime_type": "application/pdf"}},
            Media(MediaKind.OTHER, "f1", 900, name="document"),
        ),
        (
            {
                "sticker": FILE
                | {
                    "type": "regular",
                    "width": 9,
                    "height": 9,
                    "is_animated": False,
                    "is_video": False,
                }
            },
            Media(MediaKind.OTHER, "f1", 900, name="sticker"),
        ),
        (
            {
                "animation": FILE | {"duration": 2, "width": 9, "height": 9},
                "document": FILE | {"mime_type": "video/mp4"},
            },
            Media(MediaKind.OTHER, "f1", 900, 2.0, name="animation"),
        ),
        (
            {"location": {"latitude": 1.0, "longitude": 2.0}},
            Media(MediaKind.OTHER, "", name="location"),
        ),
        (
            {"contact": {"phone_number": "1", "first_name": "Ben"}},
            Media(MediaKind.OTHER, "", name="contact"),
        ),
        ({"dice": {"value": 3, "emoji": "🎲"}}, Media(MediaKind.OTHER, "", name="dice")),
    ],
)
def test_what_comes_along(fields: Json, media: Media) -> None:
    event = said(caption="look", **fields)
    assert event is not None
    assert event.media == (media,)
    assert event.text == "look"
    assert said(**fields) is not None
    assert in_group(**fields) is None


def test_a_caption_mentions_us_too() -> None:
    photo = [FILE | {"width": 9, "height": 9}]
    text = "@attune_bot me today"
    event = in_group(caption=text, photo=photo, caption_entities=mention(text))
    assert event is not None
    assert (event.text, event.media[0].kind) == ("me today", MediaKind.PHOTO)


def test_an_edit_names_the_message_changed() -> None:
    event = heard(edited_message=message("I am sad", message_id=9, edit_date=AT + 60))
    assert event is not None
    assert (event.kind, event.message, event.text) == (Kind.EDIT, "9", "I am sad")
    assert event.at == datetime.fromtimestamp(AT + 60, UTC)
    moving = message(location={"latitude": 1.0, "longitude": 2.0, "live_period": 900})
    assert heard(edited_message=moving) is None
    assert heard(edited_message=message("not to us", chat=GROUP)) is None


def pressed(data: str | None, where: Json | None, sender: Json = ANA) -> Incoming | None:
    query = {"id": "q", "from": sender, "chat_instance": "c", "data": data, "message": where}
    return heard(callback_query={name: value for name, value in query.items() if value})


def test_a_pressed_button_is_its_command() -> None:
    where = message(
        "?", message_id=12, chat=GROUP, sender=ME, message_thread_id=3, is_topic_message=True
    )
    event = pressed("/consent voice on", where)
    assert event is not None
    assert (event.kind, event.text, event.at) == (Kind.COMMAND, "/consent voice on", NOW)
    assert event.address == Address("telegram", "-50", thread="3", private=False)
    assert (event.account, event.message) == ("7", "12")
    old = {"message_id": 12, "date": 0, "chat": PRIVATE}
    event = pressed("/mood", old)
    assert event is not None
    assert event.address == Address("telegram", "7")


def test_other_buttons_mean_nothing() -> None:
    where = message("?", sender=ME)
    assert pressed("vote:3", where) is None
    assert pressed(None, where) is None
    assert pressed("/mood", None) is None
    assert pressed("/mood", where, OTHER_BOT) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"channel_post": message("news", chat={"id": -1, "type": "channel", "title": "News"})},
        {"message": message("beep", sender=OTHER_BOT)},
        {"message": message("me", sender=ME)},
        {"message": message("/mood", chat=GROUP, sender_chat=GROUP)},
        {"message": message("/mood", chat=GROUP, sender_chat={"id": -1, "type": "channel"})},
        {"message": message(new_chat_title="Us two", chat=GROUP)},
        {"message": message()},
        {"business_message": message("hello", business_connection_id="b")},
        {"message": message(pinned_message=message("hi"))},
        {"something_new": {"id": 1}},
        {},
    ],
)
def test_what_is_not_for_us_is_nothing(fields: Json) -> None:
    assert heard(**fields) is None


def test_who_blocks_us_is_noticed() -> None:
    member: Json = {"user": ME, "status": "member"}

    def becomes(status: str, **more: Any) -> Update:
        new = {"user": ME, "status": status, **more}
        return update(
            my_chat_member={
                "chat": PRIVATE,
                "from": ANA,
                "date": AT,
                "old_chat_member": member,
                "new_chat_member": new,
            }
        )

    assert cut_off(becomes("kicked", until_date=0))
    assert not cut_off(becomes("member"))
    assert read(becomes("kicked", until_date=0), US, NOW) is None


def test_text_that_cannot_be_stored_is_mended() -> None:
    event = said("a\0b\ud800c", sender=ANA | {"first_name": "\udc00A\0"})
    assert event is not None
    assert (event.text, event.name) == ("ab�c", "�A")
    event = in_group("\ud800 @attune_bot hi\0", entities=mention("\ud800 @attune_bot hi"))
    assert event is not None
    assert event.text == "� hi"
    assert clean("\ud83d\ude00") == "😀"


def test_a_very_long_text_comes_whole() -> None:
    event = said("好" * 100_000)
    assert event is not None
    assert len(event.text) == 100_000
