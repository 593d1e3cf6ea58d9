"""Output for other programs: the same from run to run, whatever reads it and what it is asked on.

ATTUNE_TEST_GOLDEN=write has the golden files written anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from affect.errors import Unreachable
from storage import queue, search
from storage.database import Database, sentence
from storage.wanted import Wanted
from tests.bot.admin.conftest import Admin, Told, tell
from tests.conftest import NOON, ON_SQLITE
from tests.people import arrival
from tests.storage.turns import kept, nobody

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "data" / "admin"
LEAVE = ("--reveal", "--reason", "ticket 7")
COMMANDS = {
    "list": ("logs", "list"),
    "list_jsonl": ("logs", "list", "--jsonl"),
    "list_revealed": ("logs", "list", "--tz", "Asia/Shanghai", *LEAVE),
    "chat": ("logs", "chat", "PERSON1", *LEAVE),
    "show_why": ("logs", "show", "TURN1", "--why"),
    "search": ("logs", "search", "oven", *LEAVE),
    "tail": ("logs", "tail"),
    "stats": ("logs", "stats"),
    "users": ("user", "list", "--tz", "UTC"),
    "crisis": ("crisis", "report", "--year", "2026"),
    "audit": ("audit", "verify", "--json"),
}


@ON_SQLITE
@pytest.mark.parametrize("name", COMMANDS)
async def test_what_is_printed_stays_the_same(admin: Admin, told: Told, name: str) -> None:
    ids = {f"TURN{number}": turn for number, turn in enumerate(told.turns["zelda"], 1)}
    ids |= {"TURN3": told.turns["omar"][0], "PERSON1": told.zelda, "PERSON2": told.omar}
    result = await admin(*(ids.get(one, one) for one in COMMANDS[name]))
    assert (result.code, result.err) == (0, "")
    shown = result.out
    for placed, known in ids.items():
        shown = shown.replace(known, f"{placed:.<26}").replace(known[-8:], f"{placed:.<8}")
    assert "\x1b" not in shown  # no colour where nobody looks
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("ATTUNE_TEST_GOLDEN") == "write":
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


@ON_SQLITE
async def test_a_reader_that_has_enough_is_no_error(
    admin: Admin, told: Told, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody_reads:
        run = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bot.admin", "logs", "list", "--jsonl"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=nobody_reads,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (run.returncode, run.stderr) == (0, b"")


@ON_SQLITE
@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there only")
async def test_a_tail_is_ended_by_an_interrupt_without_a_word(
    admin: Admin, told: Told, tmp_path: Path
) -> None:
    # Whoever is started in the background by a shell ignores Ctrl-C, and so would the child.
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    start = f"import runpy, signal; {heard}; runpy.run_module('bot.admin', run_name='__main__')"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", start, "logs", "tail", "-f", "--jsonl",
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    async with asyncio.timeout(120):
        shown = [json.loads(await child.stdout.readline())["turn"] for _ in range(3)]
        child.send_signal(signal.SIGINT)
        rest, told_on_error = await child.communicate()
    assert (child.returncode, rest, told_on_error) == (130, b"", b"")
    assert shown == [*told.turns["zelda"], *told.turns["omar"]]


def test_a_shell_completes() -> None:
    asked = {
        "_ATTUNE_ADMIN_COMPLETE": "complete_bash",
        "COMP_WORDS": "attune-admin logs s",
        "COMP_CWORD": "2",
    }
    run = subprocess.run(
        [sys.executable, "-m", "bot.admin"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **asked},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == ["show", "search", "stats"]


@ON_SQLITE
async def test_the_bot_writes_while_operators_read_export_and_prune(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    """Every command ends well, and no write of the bot waits so long that it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    commands = (
        ("logs", "list", "-n", "0", "--json"),
        ("logs", "export", "-o", "mixed.jsonl"),
        ("logs", "rm", "--platform", "telegram", "--yes", "--reason", "load"),
        ("db", "backup", "mixed.db"),
        ("logs", "stats", "--json"),
        ("retention", "show"),  # to run it would erase what the others read: all of this is old
    )
    busy = True

    async def command(arguments: tuple[str, ...]) -> tuple[int, bytes]:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.admin", *arguments,
            cwd=tmp_path, env=environment,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, told_on_error = await child.communicate()
        return child.returncode or 0, told_on_error

    async def bot(name: str) -> int:
        written = 0
        while busy or written < 20:
            await tell(database, name, f"turn {written}", hours=3 + written / 3600)
            written += 1
            await asyncio.sleep(0)
        return written

    writing = [asyncio.create_task(bot(name)) for name in ("ana", "ben")]
    ended = await asyncio.gather(*(command(one) for one in commands))
    busy = False
    written = sum(await asyncio.gather(*writing))
    assert [code for code, _ in ended] == [0] * len(commands), ended
    assert not [err for _, err in ended if b"locked" in err or b"left out" in err]
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM turn")) == written + 3


@ON_SQLITE
async def test_a_full_disk_and_a_store_that_cannot_be_written_are_told(
    database: Database,
) -> None:
    for pragma, told in (
        ("max_page_count = 1", "no room left"),  # as SQLite says of a full disk
        ("query_only = ON", "cannot be written"),
    ):
        with pytest.raises(Unreachable, match=told):
            await _write(database, pragma)
        await database.engine.dispose()


def test_a_disk_too_full_to_open_a_store_is_told() -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"  # what a full disk says as a store is opened
    assert "make room" in (sentence(error) or "")


async def _write(database: Database, pragma: str) -> None:
    async with database.write() as connection:
        await connection.execute(text(f"PRAGMA {pragma}"))
        await connection.execute(text("CREATE TABLE more AS SELECT randomblob(100000) AS x"))


@ON_SQLITE
async def test_turns_of_odd_times_come_once_and_in_order(admin: Admin, database: Database) -> None:
    """Two in one millisecond, one that arrives late, two years without a word."""
    times = (NOON, NOON, NOON - timedelta(days=2), NOON + timedelta(days=730))
    for number, at in enumerate(times):
        came = replace(arrival(f"line {number}", at=at), kind="message")
        person = await queue.ingest(database, came, NOON, nobody)
        assert person is not None
        turns, waiting = await queue.open_messages(database, person, ("terminal",))
        assert await queue.keep(database, kept(person, turns + 1, waiting, parts=()))
    rows = (await admin("logs", "list", "-n", "0", "--json")).json
    assert (rows[0]["no"], rows[-1]["no"]) == (3, 4)
    assert sorted(row["no"] for row in rows) == [1, 2, 3, 4]
    one_by_one = [
        view.no
        async for page in search.pages(database, Wanted(), limit=4, newest_first=True)
        for view in page
    ]
    assert one_by_one == [row["no"] for row in rows][::-1]
