"""A person's talk, turns as they come, counts, removal, and a turn run again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from affect import trajectory
from affect.types import Affect
from bot import app as apps
from bot.admin import options
from bot.admin.logs.filters import Unread
from bot.admin.logs.tailing import following
from bot.settings import Settings
from storage import audit, finding, people, scanning, search, wanted
from storage.database import Database
from storage.wanted import Wanted
from tests.bot.admin.conftest import SECRETS, Admin, Told, tell
from tests.bot.house import House
from tests.bot.reading import WordReader, scripted
from tests.clock import FakeClock
from tests.conftest import NOON, ON_SQLITE
from tests.storage.turns import READING

LEAVE = ("--reveal", "--reason", "ticket 7")


@ON_SQLITE
async def test_a_talk_shows_readings_beside_the_turns(admin: Admin, told: Told) -> None:
    bare = await admin("logs", "chat", told.zelda[-8:], "--json")
    assert [row["turn"] for row in bare.json] == told.turns["zelda"]
    assert [secret for secret in SECRETS if secret in bare.out] == []
    assert bare.json[0]["line"] < 0
    shown = await admin("logs", "chat", told.zelda, *LEAVE)
    when, how, said, reply = shown.out.splitlines()[:4]
    assert told.turns["zelda"][0][-8:] in when
    assert "line -" in when
    assert "sadness (0.76)" in how
    assert "restatement, scripted" in how
    assert "the Oven broke again" in said
    assert "I hear you" in reply
    assert (await admin("logs", "chat", told.zelda, "--emotion", "joy")).code == 3


@ON_SQLITE
async def test_every_filter_that_opens_what_is_sealed(
    admin: Admin, told: Told, database: Database
) -> None:
    one, _ = told.turns["zelda"]
    view = await search.turn(database, one)
    for narrowed, turns in (
        (("--min-score", "0.9"), []),
        (("--min-score", "0.5"), told.turns["zelda"]),
        (("--talk", view.talk_id[-10:]), told.turns["zelda"]),
        (("--falling",), told.turns["zelda"]),
        (
            ("--until", "yesterday", "--since", "2026-05-04"),
            [*told.turns["zelda"], *told.turns["omar"]],
        ),
    ):
        result = await admin("logs", "list", "--json", *narrowed)
        assert (narrowed, [row["turn"] for row in result.json]) == (narrowed, turns)
    assert (await admin("logs", "list", "--talk", "ZZZZZZ")).code == 3


def test_a_line_falls_where_it_lies_below_home_by_more_than_it_is_unsure() -> None:
    low = replace(READING, affect=Affect(-0.9, 0.0, 0.0))
    high = replace(READING, affect=Affect(0.9, 0.0, 0.0))
    assert not wanted.falling(None)
    assert not wanted.falling(trajectory.follow(None, high, NOON))
    assert wanted.falling(trajectory.follow(None, low, NOON))


def test_times_as_people_say_them() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)  # the clocks went forward that night
    for told, at in (
        ("2h", now - timedelta(hours=2)),
        ("2h ago", now - timedelta(hours=2)),
        ("yesterday", datetime(2026, 3, 27, 23, tzinfo=UTC)),
        ("Today", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("2026-03-29T02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # does not exist there
        ("2026-03-30", datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ):
        assert (told, options.when(told, now, berlin)) == (told, at)


async def test_words_are_ranked_and_found_wherever_they_stand(
    admin: Admin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "CHUNK", 1)  # every scan crosses chunks
    result = await admin("logs", "search", "oven", "--json", *LEAVE)
    assert [row["turn"] for row in result.json] == told.turns["zelda"][:1]
    result = await admin("logs", "search", "about", "-n", "1", *LEAVE)
    assert "The best 1 of 3 turns" in result.err
    part = await admin("logs", "search", "ove", "--json", *LEAVE)
    assert (
        part.json[0]["score"]
        < (await admin("logs", "search", "oven", "--json", *LEAVE)).json[0]["score"]
    )


@ON_SQLITE
async def test_much_is_searched_by_several_processes(
    admin: Admin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "CHUNK", 1)
    monkeypatch.setattr(scanning, "ALONE", 0)
    result = await admin("logs", "search", "lantern", "--json", *LEAVE)
    assert [row["turn"] for row in result.json] == told.turns["omar"]


@settings(max_examples=40)
@given(some.text(max_size=30), some.text(min_size=1, max_size=4))
def test_what_may_be_there_is_never_ruled_out(before: str, word: str) -> None:
    """A no of the quick look at stored JSON is a no of the real one."""
    if not finding.plain(word).strip():
        return
    words = finding.patterns([word])
    texts = {"said": [f"{before} {word}"], "transcript": [], "reply": []}
    body = json.dumps({"text": texts["said"][0]}, ensure_ascii=False).encode(errors="replace")
    if finding.score(words, texts):
        assert finding.possible(words, [body])


@ON_SQLITE
async def test_the_tail_and_what_comes_after_it(
    admin: Admin, told: Told, database: Database, clock: FakeClock
) -> None:
    shown = await admin("logs", "tail", "-n", "2")
    assert [line.split()[2] for line in shown.out.splitlines()] == [
        told.turns["zelda"][1][-8:], told.turns["omar"][0][-8:],
    ]  # fmt: skip
    assert len((await admin("logs", "tail", "--json")).json) == 3
    assert (await admin("logs", "tail", "-f", "--json")).code == 2
    none = await admin("logs", "tail", "--emotion", "joy", "--json")
    assert (none.code, none.out) == (3, "[]\n")

    clock.advance(5 * 3600)
    kept = await tell(database, "omar", "another lantern", hours=5)
    coming = following(database, Wanted(), clock, clock.now(), Unread())
    assert [view.id for view in await anext(coming)] == [kept.id]
    after = await tell(database, "zelda", "one more oven", hours=5)
    assert [view.id for view in await anext(coming)] == [after.id]  # each is told once


@ON_SQLITE
async def test_turns_are_counted(admin: Admin, told: Told) -> None:
    counted = (await admin("logs", "stats", "--json")).json
    assert (counted["turns"], counted["people"]) == (3, 2)
    assert counted["emotion"] == {"sadness": 1, "anger": 1}
    assert counted["writer"] == {"scripted": 2, "fixed": 1}
    assert counted["timings_ms"]["perceive"]["p50"] == 4.2
    assert "restatement" in (await admin("logs", "stats")).out
    assert (await admin("logs", "stats", "--emotion", "joy")).code == 3


@ON_SQLITE
async def test_verdicts_of_those_who_agreed_are_counted(
    admin: Admin, database: Database, clock: FakeClock
) -> None:
    assert (await admin("logs", "stats", "--verdicts")).code == 3
    house = House(database, clock)
    for account in ("zelda", "omar"):
        await house.answer("I am sad", account=account)
        sad = (await house.kept(1 if account == "zelda" else 2))[-1]
        await house.answer(f"/why wrong {sad.id}", account=account)
        await house.answer(f"/why felt fear {sad.id}", account=account)
        await house.answer("I am glad", account=account)
        glad = (await house.kept(sad.person_id))[-1]
        await house.answer(f"/why right {glad.id}", account=account)
        if account == "zelda":
            await people.consent(database, sad.person_id, "remember", granted=True, now=NOON)
    told = await admin("logs", "stats", "--verdicts", "--json")
    assert told.json["verdicts"] == 2  # zelda's: of wrong and felt the last counts
    assert told.json["by_modality"]["fused"] == {
        "joy": {"judged": 1, "right": 1},
        "sadness": {"judged": 1, "right": 0},
    }
    assert told.json["refits"] == {}
    shown = await admin("logs", "stats", "--verdicts")
    assert "too few" in shown.err
    assert (await admin("logs", "stats", "--verdicts", "--emotion", "joy")).code == 2


async def test_removal_is_a_dry_run_unless_told(
    admin: Admin, told: Told, database: Database
) -> None:
    assert (await admin("logs", "rm")).code == 2
    dry = await admin("logs", "rm", "--user", told.zelda, "--json")
    assert dry.json == {"turns": 2, "people": 1, "erased": False}
    assert (await admin("logs", "rm", "--user", told.zelda, "--yes")).code == 4
    assert len((await admin("logs", "list", "--json")).json) == 3
    done = await admin(
        "logs", "rm", "--user", told.zelda, "--yes", "--reason", "ticket 4", "--json"
    )
    assert done.json["erased"]
    left = await admin("logs", "list", "--json")
    assert [row["turn"] for row in left.json] == told.turns["omar"]
    entry = (await audit.entries(database))[-1]
    assert (entry.action, entry.person_uid, entry.reason) == ("logs rm", told.zelda, "ticket 4")
    assert (await admin("logs", "rm", "--user", told.zelda)).code == 3


@ON_SQLITE
async def test_a_turn_is_run_again_and_what_differs_is_shown(
    admin: Admin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(settings: Settings) -> Any:
        return WordReader(), scripted()

    monkeypatch.setattr(apps, "load_models", load)
    turn = told.turns["zelda"][0]
    result = await admin("logs", "replay", turn, "--json")
    assert (result.code, result.json["turn"]) == (0, turn)
    told_of = {one["what"] for one in result.json["differences"]}
    assert {"entry", "reply"} <= told_of
    assert not {"timings", "turn", "at"} & told_of
    assert [secret for secret in SECRETS if secret in result.out.casefold()] == []
    shown = await admin("logs", "replay", turn, *LEAVE)
    assert "I hear you." in shown.out
    assert re.search(r"candidates\.\S+ +(chosen|considered)", shown.out)
    assert "{" not in shown.out  # a candidate is a word; JSON holds all of it
    assert len((await admin("logs", "list", "--json")).json) == 3  # nothing was kept
    assert (await admin("logs", "replay", "ZZZZZZ")).code == 3
    assert not Path("home").exists()
