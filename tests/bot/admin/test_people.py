"""People as operators see them: limits, what they may ask for, danger counted, lines, retention."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from affect.expression.chart import HEIGHT, WIDTH
from affect.types import Risk
from bot.admin import trajectory
from bot.texts import say
from storage import audit, people, roll, search, trajectories
from storage.database import Database
from tests.bot.admin.conftest import SECRETS, Admin, Told, tell
from tests.bot.house import House
from tests.clock import FakeClock
from tests.conftest import NOON, ON_SQLITE

WHY = ("--reason", "ticket 3")
LEAVE = ("--reveal", *WHY)
GRAVE = "I want to kill myself tonight"


async def test_people_are_listed_without_their_names(
    admin: Admin, told: Told, database: Database
) -> None:
    listed = await admin("user", "list", "--json")
    assert [row["person"] for row in listed.json] == [told.zelda, told.omar]
    assert listed.json[1]["platforms"] == ["telegram"]
    assert listed.json[0]["turns"] == 2
    shown = await admin("user", "show", told.zelda[-8:])
    table = await admin("user", "list", "--platform", "telegram")
    assert told.omar[-8:] in table.out
    assert told.zelda[-8:] not in table.out
    for result in (listed, shown, table):
        assert [secret for secret in SECRETS if secret in result.out.casefold()] == []


async def test_blocking_and_limits_go_on_record(
    admin: Admin, told: Told, database: Database
) -> None:
    assert (await admin("user", "block", told.omar)).code == 4
    assert (await admin("user", "block", told.omar, *WHY)).code == 0
    assert (await admin("user", "limit", told.omar, "40", *WHY)).code == 0
    blocked = await admin("user", "list", "--blocked", "--json")
    assert [(row["person"], row["daily"]) for row in blocked.json] == [(told.omar, 40)]
    assert (await admin("user", "allow", told.omar, *WHY, "--json")).json["person"] == told.omar
    assert (await admin("user", "list", "--blocked")).code == 3
    rows = await audit.entries(database)
    assert [(row.action, row.person_uid) for row in rows] == [
        ("user block", told.omar), ("user limit", told.omar), ("user allow", told.omar),
    ]  # fmt: skip


@ON_SQLITE
async def test_who_is_blocked_is_answered_in_danger_alone(
    database: Database, clock: FakeClock
) -> None:
    house = House(database, clock)
    await house.answer("I am sad")
    person_id = (await house.last()).person_id
    await roll.limit(database, person_id, 1)
    assert await house.answer("one more") == say("limited", "en")
    clock.advance(25 * 3600)
    assert await house.answer("a new day") != say("limited", "en")
    await roll.block(database, person_id, NOON)
    assert await house.answer("and still sad") == say("blocked", "en")
    assert await house.answer("/privacy") != say("blocked", "en")
    assert await house.answer(GRAVE) != say("blocked", "en")
    assert (await house.last()).notes.risk is Risk.CRISIS


@ON_SQLITE
async def test_a_person_gets_all_and_sees_who_read_it(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    assert (await admin("user", "export", told.zelda, "-o", "z.json")).code == 4
    leave = ("--reveal", "--reason", "asked by mail")
    done = await admin("user", "export", told.zelda, "-o", "z.json", *leave)
    assert done.code == 0
    kept = json.loads((tmp_path / "z.json").read_text())
    assert kept["inbox"][0]["content"]["text"] == "the Oven broke again"
    assert [(row["action"], row["reason"]) for row in kept["audit"]] == [
        ("user export", "asked by mail")
    ]
    assert (tmp_path / "z.json").stat().st_mode & 0o077 == 0
    taken = await admin("user", "export", told.zelda, "-o", "z.json", *leave)
    assert taken.code == 4
    assert "--force" not in taken.err  # which this command does not have


@ON_SQLITE
async def test_a_full_disk_leaves_no_half_of_what_a_person_gets(
    admin: Admin, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = await admin("user", "export", told.zelda, "-o", "z.json", *LEAVE)
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert "no room left" in result.err
    assert list(tmp_path.glob("z*")) == []


async def test_forgetting_is_a_dry_run_unless_told(
    admin: Admin, told: Told, database: Database
) -> None:
    assert "would be" in (await admin("user", "forget", told.zelda)).out
    assert len((await admin("user", "list", "--json")).json) == 2
    assert (await admin("user", "forget", told.zelda, "--yes", *WHY)).code == 0
    assert [row["person"] for row in (await admin("user", "list", "--json")).json] == [told.omar]
    assert (await audit.entries(database))[-1].person_uid == told.zelda


@ON_SQLITE
async def test_consent_is_shown_and_only_taken_back(
    admin: Admin, told: Told, database: Database
) -> None:
    none = await admin("user", "consent", told.zelda)
    assert (none.code, none.err) == (3, "They have said yes or no to nothing.\n")
    view = await search.turn(database, told.turns["zelda"][0])
    await people.consent(database, view.person_id, "remember", granted=True, now=NOON)
    shown = await admin("user", "consent", told.zelda, "--json", "--withdraw", "remember", *WHY)
    assert [(row["kind"], row["granted"]) for row in shown.json] == [
        ("remember", True), ("remember", False),
    ]  # fmt: skip


@ON_SQLITE
async def test_danger_is_counted_without_saying_of_whom(
    admin: Admin, told: Told, database: Database
) -> None:
    assert (await admin("crisis", "list")).code == 3
    await tell(database, "zelda", "no way out", hours=3, risk=Risk.CRISIS)
    listed = await admin("crisis", "list", "--json")
    assert [(row["person"], row["risk"]) for row in listed.json] == [(told.zelda, "crisis")]
    report = await admin("crisis", "report", "--year", "2026", "--json")
    assert report.json == {
        "year": 2026, "turns": 4, "crises": 1, "people": 1, "month": {"05": 1},
        "platform": {"terminal": 1}, "language": {"en": 1}, "level": {"0": 1}, "topic": {},
    }  # fmt: skip
    assert told.zelda not in report.out
    empty = await admin("crisis", "report", "--year", "2025")
    assert (empty.code, "crises" in empty.out) == (0, True)
    none = await admin("crisis", "report", "--year", "2025", "--json")
    assert set(none.json) == set(report.json)  # a year without danger has the same fields


@ON_SQLITE
async def test_a_line_is_shown_drawn_and_never_of_few_together(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    days = (datetime.now(UTC) - NOON) / timedelta(days=1)
    back = ("--days", str(int(days) + 2))
    shown = await admin("trajectory", told.zelda, *back, "--json")
    assert shown.json["readings"] == 2
    (day,) = shown.json["days"]
    assert day["day"] == "2026-05-04"
    assert -1 <= day["valence"] < 0 < day["valence_sd"]
    await tell(database, "zelda", "and the next day", hours=30)
    drawn = await admin("trajectory", told.zelda, *back, "--term")
    *days_drawn, scale, meaning = drawn.out.splitlines()
    assert [line[:10] for line in days_drawn] == ["2026-05-04", "2026-05-05"]
    assert "o" in days_drawn[0].split("[")[1]
    assert days_drawn[0].index("]") == len(scale)
    assert "band" in meaning
    plotted = await admin("trajectory", told.zelda, *back, "--plot", "z.png")
    assert (plotted.code, plotted.err) == (0, "The chart is in z.png.\n")
    again = await admin("trajectory", told.zelda, *back, "--plot", "z.png")
    assert (again.code, "--force" in again.err) == (4, False)  # it has no such option
    with Image.open(tmp_path / "z.png") as picture:
        assert (picture.format, *picture.size) == ("PNG", WIDTH, HEIGHT)  # the chart of /mood
    assert (await admin("trajectory", told.zelda, *back, "--plot", "z.svg")).code == 2
    assert (await admin("trajectory", told.omar, *back)).code == 3
    assert (await admin("trajectory", "cohort", *back)).code == 4


@ON_SQLITE
async def test_a_line_is_followed_anew_after_a_clock_was_wrong(
    admin: Admin, told: Told, database: Database
) -> None:
    """Once the turns from the future are erased: a dry run unless told otherwise, and on record."""
    turn = await tell(database, "zelda", "years ahead", hours=50_000)
    why = ("--yes", "--reason", "the clock")
    assert (await admin("logs", "rm", "--since", "2031-01-01", *why)).code == 0
    line = await trajectories.latest(database, turn.person_id)
    tried = await admin("trajectory", told.zelda, "--rebuild", "--json")
    assert (tried.json["rebuilt"], tried.json["readings"]) == (False, 2)
    assert await trajectories.latest(database, turn.person_id) == line
    assert tried.err == "Nothing is changed yet: add --yes and --reason TEXT to do it.\n"
    assert (await admin("trajectory", told.zelda, "--rebuild", "--yes")).code == 4
    for mixed in (("--rebuild", "--term"), ("--yes",), ("--reason", "the clock")):
        assert (await admin("trajectory", told.zelda, *mixed)).code == 2
    done = await admin("trajectory", told.zelda, "--rebuild", "--json", *why)
    assert done.json == tried.json | {"rebuilt": True}
    anew = await trajectories.latest(database, turn.person_id)
    assert anew is not None
    assert anew.at.isoformat() == done.json["until"] < "2027"
    assert (await audit.entries(database))[-1].action == "rebuild"


@ON_SQLITE
async def test_aggregates_are_of_ten_people_who_agreed(admin: Admin, database: Database) -> None:
    hours = (datetime.now(UTC) - NOON) / timedelta(hours=1)
    for number in range(trajectory.FEWEST):
        turn = await tell(database, f"person {number}", "so it goes", hours=hours - 1)
        await people.consent(database, turn.person_id, "remember", granted=True, now=NOON)
    told = await admin("trajectory", "cohort", "--json")
    assert told.json["people"] == trajectory.FEWEST
    assert told.json["valence_sd"] == 0


async def test_what_is_too_old_is_told_and_erased(
    admin: Admin, told: Told, database: Database
) -> None:
    long_ago = timedelta(days=500)
    old = await tell(database, "omar", "long ago", hours=-long_ago / timedelta(hours=1))
    shown = await admin("retention", "show", "--json")
    assert (shown.json["days"], shown.json["turns_too_old"] >= 1) == (365, True)
    ran = await admin("retention", "run", "--json")
    assert ran.json["turns"] == shown.json["turns_too_old"]
    left = await admin("logs", "list", "--json")
    assert old.id not in [row["turn"] for row in left.json]
