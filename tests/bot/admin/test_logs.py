"""Turns listed, shown, searched and exported: whole outputs, filters, exit codes."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.admin import output
from storage.database import Database
from storage.tables import Key, Person
from tests.bot.admin.conftest import Admin, Told
from tests.conftest import ON_SQLITE

LEAVE = ("--reveal", "--reason", "ticket 7")


@ON_SQLITE
async def test_the_list_as_json_is_the_whole_of_it(admin: Admin, told: Told) -> None:
    result = await admin("logs", "list", "--json", "--tz", "Asia/Shanghai")
    assert (result.code, result.err, result.out.count("\n")) == (0, "", 1)
    first, _, last = result.json
    assert first == {
        "turn": told.turns["zelda"][0],
        "at": "2026-05-04T20:00:00+08:00",
        "person": told.zelda,
        "no": 1,
        "platform": "terminal",
        "kind": "talk",
        "language": "en",
        "emotion": "sadness",
        "confidence": 0.76,
        "valence": -0.6,
        "arousal": -0.2,
        "dominance": -0.3,
        "conflict": 0.0,
        "risk": "none",
        "strategy": "restatement",
        "writer": "scripted",
    }
    assert last == {
        **dict.fromkeys(first),
        "turn": told.turns["omar"][0],
        "at": "2026-05-04T22:00:00+08:00",
        "person": told.omar,
        "no": 1,
        "platform": "telegram",
        "kind": "talk",
        "language": "zh",
        "risk": "none",
        "writer": "fixed",
    }
    lines = await admin("logs", "list", "--jsonl", "--tz", "Asia/Shanghai")
    assert [json.loads(line) for line in lines.out.splitlines()] == result.json


async def test_the_list_narrowed_and_ordered(admin: Admin, told: Told) -> None:
    one, two = told.turns["zelda"]
    (three,) = told.turns["omar"]
    for options, turns in (
        ((), [one, two, three]),
        (("--latest",), [three, two, one]),
        (("-n", "2"), [two, three]),
        (("-n", "2", "--latest"), [three, two]),
        (("-n", "0"), [one, two, three]),
        (("--user", told.zelda[-8:]), [one, two]),
        (("--user", told.omar.lower()), [three]),
        (("--platform", "telegram"), [three]),
        (("--since", "2026-05-04T13:00"), [two, three]),
        (("--since", "2026-05-04T13:00", "--tz", "Europe/Berlin"), [one, two, three]),
        (("--until", "2026-05-04T13:00:00Z"), [one]),
        (("--since", "900000h"), [one, two, three]),
        (("--emotion", "anger"), [two]),
        (("--valence-below", "-0.5"), [one]),
        (("--risk", "concern"), [two]),
        (("--strategy", "restatement", "-n", "1"), [two]),
        (("--writer", "fixed"), [three]),
        (("--language", "zh"), [three]),
    ):
        result = await admin("logs", "list", "--json", *options)
        assert (options, [row["turn"] for row in result.json]) == (options, turns)


@ON_SQLITE
async def test_the_list_for_people(admin: Admin, told: Told) -> None:
    result = await admin("logs", "list", "--user", told.omar)
    header, row = result.out.splitlines()
    turn = told.turns["omar"][0]
    shown = ["2026-05-04", "14:00:00", turn[-8:], told.omar[-8:], "telegram", "talk", "none"]
    assert row.split() == [*shown, "fixed"]
    assert header.split()[:3] == ["at", "turn", "person"]

    revealed = await admin("logs", "list", "--user", told.omar, *LEAVE)
    assert "\x1b" not in revealed.out  # what was written cannot steer a terminal
    assert "灯笼" in revealed.out


@ON_SQLITE
async def test_nothing_found_is_told_apart(admin: Admin, told: Told) -> None:
    for command, out in (
        (("logs", "list", "--emotion", "joy"), ""),
        (("logs", "list", "--emotion", "joy", "--json"), "[]\n"),
        (("logs", "list", "--emotion", "joy", "--jsonl"), ""),
        (("logs", "list", "--user", "ZZZZZZZZ", "--json"), ""),
        (("logs", "show", "ZZZZZZZZ", "--json"), ""),
        (("logs", "search", "unicorn", "--json", *LEAVE), "[]\n"),
        (("logs", "export", "-o", "none.csv", "--emotion", "joy"), ""),
        (("audit", "list", "--since", "2026-01-01", "--until", "2026-01-02"), ""),
    ):
        result = await admin(*command)
        assert (command, result.code, result.out) == (command, 3, out)
        assert result.err.count("\n") == 1
    assert not Path("none.csv").exists()


@ON_SQLITE
async def test_wrong_use_is_one_sentence(admin: Admin, told: Told) -> None:
    for command in (
        ("logs", "list", "--json", "--jsonl"),
        ("logs", "list", "--since", "some day"),
        ("logs", "list", "--since", "2026-05-04", "--until", "2026-05-04"),
        ("logs", "list", "--since", "999999w"),
        ("logs", "list", "--since", "0001-01-01", "--tz", "Asia/Tokyo"),
        ("logs", "list", "--tz", "Mars/Olympus"),
        ("logs", "list", "--tz", "../etc"),
        ("logs", "list", "--emotion", "happy"),
        ("logs", "list", "--valence-below", "2"),
        ("logs", "list", "-n", "-1"),
        ("logs", "list", "--user", "%"),
        ("logs", "list", "--frobnicate"),
        ("logs", "show"),
        ("logs", "search", " ", *LEAVE),
        ("audit", "verify", "--head", "5f0c..."),
        ("logs", "export"),
        ("logs", "export", "-o", "nowhere/out.csv"),
        ("lgos",),
    ):
        result = await admin(*command)
        assert (command, result.code, result.out) == (command, 2, "")
        assert result.err.count("\n") == 1, result.err
        assert result.err.endswith((".\n", "?\n")), result.err
        assert "Value error" not in result.err


@ON_SQLITE
async def test_one_turn_whole(admin: Admin, told: Told) -> None:
    turn = told.turns["zelda"][1]
    result = await admin("logs", "show", turn[-10:], "--json")
    shown = result.json
    assert (shown["turn"], shown["person"]) == (turn, told.zelda)
    assert (shown["risk"], shown["emotion"]) == ("concern", "anger")
    reading = shown["reading"]
    assert reading["estimates"][0] | {"emotions": None} == {
        "modality": "text",
        "weight": 0.6,
        "quality": 1.0,
        "model": "test",
        "emotions": None,
        "valence": -0.6,
        "arousal": -0.2,
        "dominance": -0.3,
        "labels": {"grief": 0.7},
    }
    assert "transcript" not in json.dumps(shown)
    assert {"valence", "valence_sd", "home", "count"} <= set(shown["moment"])
    assert shown["plan"]["strategy"] == "reflection_of_feelings"
    assert shown["timings"] == {"perceive": 4.2}

    table = (await admin("logs", "show", turn, "--why")).out
    for piece in (turn, "anger", "quality", "grief", "home base", "gentle", "hidden"):
        assert piece in table
    bare = await admin("logs", "show", told.turns["omar"][0])
    assert (bare.code, "reading" in bare.out) == (0, False)


async def test_words_are_found_with_what_stands_around_them(admin: Admin, told: Told) -> None:
    result = await admin("logs", "search", "OVEN", "broke", "--json", *LEAVE)
    assert (result.code, result.err) == (0, "")
    assert result.json == [
        {
            "turn": told.turns["zelda"][0],
            "at": "2026-05-04T12:00:00+00:00",
            "person": told.zelda,
            "platform": "terminal",
            "score": 2.6439,
            "hits": 4,
            "found": [
                {"in": "said", "count": 2, "snippet": "the Oven broke again"},
                {"in": "reply", "count": 2, "snippet": "About the Oven broke again: I hear you."},
            ],
        }
    ]
    heard = await admin("logs", "search", "gasket", "--jsonl", *LEAVE)
    assert json.loads(heard.out)["found"][0]["in"] == "transcript"
    table = await admin("logs", "search", "hear you", "-n", "2", *LEAVE)
    assert [line.split()[2] for line in table.out.splitlines()[1:]] == [
        told.turns["omar"][0][-8:],
        told.turns["zelda"][1][-8:],
    ]
    apart = await admin("logs", "search", "oven", "--user", told.omar, *LEAVE)
    assert (apart.code, apart.out) == (3, "")


@ON_SQLITE
async def test_export_is_whole_private_and_overwrites_nothing(
    admin: Admin, told: Told, tmp_path: Path
) -> None:
    file = tmp_path / "out.jsonl"
    result = await admin("logs", "export", "-o", "out.jsonl", "--json")
    assert result.json == {
        "file": "out.jsonl", "format": "jsonl", "files": 1, "turns": 3, "left_out": 0,
        "revealed": False,
    }  # fmt: skip
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        assert row == (await admin("logs", "show", row["turn"], "--json")).json

    kept = file.read_bytes()
    again = await admin("logs", "export", "-o", "out.jsonl", "--emotion", "anger")
    assert (again.code, again.out, file.read_bytes()) == (4, "", kept)
    none = await admin("logs", "export", "-o", "out.jsonl", "--force", "--emotion", "joy")
    assert (none.code, file.read_bytes()) == (3, kept)
    file.chmod(0o644)
    forced = await admin(
        "logs", "export", "-o", "out.jsonl", "--force", "--emotion", "anger", *LEAVE
    )
    assert (forced.code, len(file.read_text().splitlines())) == (0, 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("*out*")) == ["out.jsonl"]


@ON_SQLITE
async def test_a_spreadsheet_runs_nothing_that_was_written(admin: Admin, told: Told) -> None:
    await admin("logs", "export", "-o", "out.csv", "--format", "csv", *LEAVE)
    with Path("out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["turn"] for row in rows] == [*told.turns["zelda"], *told.turns["omar"]]
    assert rows[1]["said"] == "'=and flour everywhere [voice]"
    assert rows[1]["valence"] == "-0.2"
    assert rows[2]["emotion"] == ""


@ON_SQLITE
async def test_a_turn_that_does_not_open_keeps_no_other_back(
    admin: Admin, told: Told, database: Database
) -> None:
    async with database.write() as connection:
        omar = Person.__table__.c.uid == told.omar
        person = Person.__table__.select().where(omar)
        person_id = (await connection.execute(person)).one().id
        await connection.execute(delete(Key).where(Key.person_id == person_id))
    result = await admin("logs", "list", "--json", "--log-level", "info")
    assert [row["turn"] for row in result.json] == told.turns["zelda"]
    assert f"turn={told.turns['omar'][0]}" in result.err
    assert "1 turn(s) left out" in result.err


@ON_SQLITE
async def test_a_bar_is_drawn_for_a_terminal_and_leaves_the_result_alone(
    admin: Admin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    for form in ("--json", "--jsonl"):
        result = await admin("logs", "search", "oven", form, *LEAVE)
        assert (result.code, result.out.count("\n")) == (0, 1)
        assert json.loads(result.out)
    for number, how in enumerate((("--json",), (), ("--by", "day"))):
        exported = await admin("logs", "export", "-o", f"out{number}", *how)
        assert (exported.code, exported.out.count("\n")) == (0, 1)
    assert (await admin("logs", "rm", "--until", "today")).code == 0
    for told_of in ("opening turns", "writing turns", "looking at turns"):
        assert told_of in terminal.getvalue()
    assert "broke" not in terminal.getvalue()


async def test_a_turn_is_one_line_of_a_narrow_terminal(
    admin: Admin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "width", lambda: 80)
    head, *lines = (await admin("logs", "list")).out.splitlines()
    assert head.split() == ["at", "turn", "person", "emotion", "sure", "valence", "risk"]
    assert len(lines) == 3
