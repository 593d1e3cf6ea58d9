"""Replies seen as they grow, through the real libraries against loopback servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.messages import Address, Attachment, Button, Outgoing
from tests.bot.platforms import discord_running, telegram_running
from tests.bot.platforms.discord_running import ANAS
from tests.bot.platforms.telegram_running import TO_ANA
from tests.servers.discord_server import DiscordServer
from tests.servers.telegram_server import Fault, TelegramServer, flood, refusal

TO_GROUP = Address("telegram", "-50", private=False)
ONE, TWO = "One sentence.", "One sentence. And two."
BUTTONS = (Button("Yes", "/voice on"),)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


class TestTelegram:
    @pytest.fixture
    async def bot(self) -> AsyncIterator[telegram_running.Running]:
        async with TelegramServer() as server, telegram_running.running(server) as started:
            yield started

    async def test_in_private_they_are_drafts_of_its_own(
        self, bot: telegram_running.Running
    ) -> None:
        await bot.telegram.draft(TO_ANA, ONE)
        await bot.telegram.draft(TO_ANA, TWO)
        await bot.telegram.send(TO_ANA, Outgoing(TWO), "n1")
        await bot.telegram.draft(TO_ANA, ONE)
        drafts = bot.server.made("sendMessageDraft")
        assert [call.args["text"] for call in drafts] == [ONE, TWO, ONE]
        first, second, next_reply = (call.args["draft_id"] for call in drafts)
        assert first == second != next_reply
        assert [call.args["text"] for call in bot.server.made("sendMessage")] == [TWO]

    @pytest.mark.parametrize(
        "fault", [refusal(400, "Bad Request: TEXTDRAFT_PEER_INVALID"), refusal(404, "Not Found")]
    )
    async def test_where_there_are_none_a_message_is_edited(
        self, bot: telegram_running.Running, fault: Fault
    ) -> None:
        bot.server.faults["sendMessageDraft"].append(fault)
        await bot.telegram.draft(TO_ANA, ONE)
        await bot.telegram.draft(TO_ANA, TWO)
        assert list(bot.server.texts.values()) == [TWO]
        assert len(bot.server.made("sendMessageDraft")) == 1

    async def test_in_a_group_the_message_becomes_the_reply(
        self, bot: telegram_running.Running
    ) -> None:
        await bot.telegram.draft(TO_GROUP, ONE, "12")
        await bot.telegram.draft(TO_GROUP, TWO, "12")
        sent = await bot.telegram.send(TO_GROUP, Outgoing(f"{TWO} End.", buttons=BUTTONS), "n1")
        assert bot.server.texts == {int(sent or 0): f"{TWO} End."}
        (posted,) = bot.server.made("sendMessage")
        assert posted.args["reply_parameters"]["message_id"] == 12
        assert "reply_markup" in bot.server.made("editMessageText")[-1].args

    async def test_a_reply_that_is_what_was_shown_needs_no_edit(
        self, bot: telegram_running.Running
    ) -> None:
        await bot.telegram.draft(TO_GROUP, TWO)
        await bot.telegram.send(TO_GROUP, Outgoing(TWO), "n1")
        assert list(bot.server.texts.values()) == [TWO]
        assert bot.server.made("editMessageText") == []

    @pytest.mark.parametrize(
        "reply", [Outgoing("Something else."), Outgoing(TWO, attachment=Attachment("a.txt", b"a"))]
    )
    async def test_another_reply_takes_what_was_shown_away(
        self, bot: telegram_running.Running, reply: Outgoing
    ) -> None:
        await bot.telegram.draft(TO_GROUP, ONE)
        await bot.telegram.send(TO_GROUP, reply, "n1")
        assert ONE not in bot.server.texts.values()
        assert len(bot.server.made("deleteMessage")) == 1

    async def test_one_that_somebody_deleted_is_sent_anew(
        self, bot: telegram_running.Running
    ) -> None:
        for reply in (TWO, "Something else."):
            await bot.telegram.draft(TO_GROUP, ONE)
            bot.server.texts.clear()
            await bot.telegram.send(TO_GROUP, Outgoing(reply), "n1")
            assert list(bot.server.texts.values()) == [reply]

    async def test_an_empty_text_takes_it_back(self, bot: telegram_running.Running) -> None:
        await bot.telegram.draft(TO_GROUP, ONE)
        await bot.telegram.draft(TO_GROUP, "")
        await bot.telegram.draft(TO_ANA, "")
        assert bot.server.texts == {}

    @pytest.mark.parametrize("fault", [flood(30), refusal(403, "Forbidden"), Fault(body=None)])
    async def test_what_fails_costs_nobody_the_reply(
        self, bot: telegram_running.Running, fault: Fault
    ) -> None:
        bot.server.faults["sendMessageDraft"].append(fault)
        await bot.telegram.draft(TO_ANA, ONE)
        bot.telegram._closed_until.clear()
        await bot.telegram.send(TO_ANA, Outgoing(TWO), "n1")
        assert list(bot.server.texts.values()) == [TWO]


class TestDiscord:
    @pytest.fixture
    async def bot(self) -> AsyncIterator[discord_running.Running]:
        async with DiscordServer() as server, discord_running.running(server) as started:
            yield started

    async def test_the_message_grows_and_becomes_the_reply(
        self, bot: discord_running.Running
    ) -> None:
        to_ana = discord_running.TO_ANA
        await bot.discord.draft(to_ana, ONE)
        await bot.discord.draft(to_ana, TWO)
        sent = await bot.discord.send(to_ana, Outgoing(f"{TWO} End.", buttons=BUTTONS), "n1")
        (message,) = bot.server.history[ANAS]
        assert (message["id"], message["content"]) == (sent, f"{TWO} End.")
        edits = bot.server.made("PATCH", rf"channels/{ANAS}/messages/\d+")
        assert [call.body["content"] for call in edits] == [TWO, f"{TWO} End."]
        assert edits[-1].body["components"]

    async def test_another_reply_takes_what_was_shown_away(
        self, bot: discord_running.Running
    ) -> None:
        to_ana = discord_running.TO_ANA
        await bot.discord.draft(to_ana, ONE)
        await bot.discord.send(to_ana, Outgoing("Something else."), "n1")
        assert [message["content"] for message in bot.server.history[ANAS]] == ["Something else."]

    async def test_one_that_somebody_deleted_is_sent_anew(
        self, bot: discord_running.Running
    ) -> None:
        to_ana = discord_running.TO_ANA
        await bot.discord.draft(to_ana, ONE)
        bot.server.history[ANAS].clear()
        await bot.discord.send(to_ana, Outgoing(TWO), "n1")
        await bot.discord.draft(to_ana, ONE)
        bot.server.history[ANAS].clear()
        await bot.discord.draft(to_ana, "")
        assert bot.server.history[ANAS] == []

    async def test_a_command_s_answer_is_not_drafted(self, bot: discord_running.Running) -> None:
        await bot.discord.draft(Address("discord", str(ANAS), token="t"), ONE)
        assert ANAS not in bot.server.history
