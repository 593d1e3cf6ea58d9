"""What an operator reads in a terminal of 80 columns: no time, id or word broken over two lines."""

from __future__ import annotations

import re

import pytest

from affect.types import Risk
from bot.admin import output
from storage.database import Database
from tests.bot.admin.conftest import Admin, Told, tell
from tests.conftest import ON_SQLITE

LEAVE = ("--reveal", "--reason", "ticket 7")
ROOMY = 120
TIME = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d")


@pytest.fixture
async def narrow(told: Told, database: Database, monkeypatch: pytest.MonkeyPatch) -> Told:
    """A store with danger in it, seen in 80 columns through a pipe, as `watch` asks for it."""
    monkeypatch.setenv("COLUMNS", "80")
    long = "no way out of here, and nobody to tell, " * 4
    await tell(database, "zelda", long, hours=3, risk=Risk.CRISIS)
    return told


@ON_SQLITE
@pytest.mark.parametrize(
    ("command", "rows"),
    [
        (("logs", "list"), 4),
        (("logs", "tail"), 4),
        (("crisis", "list"), 1),
        (("user", "list"), 2),
        (("audit", "list"), 3),
    ],
)
async def test_a_row_of_a_list_is_one_line(
    command: tuple[str, ...], rows: int, admin: Admin, narrow: Told
) -> None:
    for reason in ("a", "b", "c"):
        assert (await admin("user", "block", narrow.omar, "--reason", reason)).code == 0
    lines = [line.rstrip() for line in (await admin(*command)).out.splitlines()]
    assert len([line for line in lines if TIME.search(line)]) == rows
    assert len([line for line in lines if not TIME.search(line)]) <= 1  # the head
    assert max(map(len, lines)) <= 80


@ON_SQLITE
async def test_words_take_the_width_there_is(admin: Admin, narrow: Told) -> None:
    for command in (("logs", "chat", narrow.zelda), ("logs", "list", "--user", narrow.zelda)):
        shown = await admin(*command, *LEAVE)
        lines = [line.rstrip() for line in shown.out.splitlines()]
        assert "2026-05-04 12:00:00" in lines[0]
        assert "restatement, scripted" in lines[1]
        assert "the Oven broke again" in lines[2]
        assert max(map(len, lines)) <= 80
        assert len(lines) < 25


@ON_SQLITE
async def test_a_talk_whose_words_are_hidden_says_how_to_see_them(
    admin: Admin, narrow: Told
) -> None:
    shown = await admin("logs", "chat", narrow.zelda)
    assert shown.out.splitlines()[-1].startswith("What was written is hidden: --reveal --reason")


@ON_SQLITE
async def test_a_wide_terminal_has_room_for_all(
    admin: Admin, narrow: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    for width, kind in ((ROOMY, False), (output.PIPED_WIDTH, True)):
        monkeypatch.setenv("COLUMNS", str(width))
        head, *rows = (await admin("logs", "list")).out.splitlines()
        assert {"platform", "strategy", "writer"} <= set(head.split())
        assert ("kind" in head.split()) == kind
        assert len(rows) == 4
        assert "language" in (await admin("crisis", "list")).out
        assert "since" in (await admin("user", "list")).out
