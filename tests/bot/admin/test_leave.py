"""Files and folders that an operator has no leave to read or write: a sentence, never a traceback.

Whoever may read and write everything (root, as a rule) cannot try it: then these are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.presence import CLOSED
from tests.bot.admin.conftest import Admin, Told
from tests.conftest import ON_SQLITE

LEAVE = ("--reveal", "--reason", "ticket 7")
WHY = ("--yes", "--reason", "ticket 7")

Closed = Callable[[Path, int], None]


@pytest.fixture
def closed() -> Iterator[Closed]:
    """Takes leave away, and gives it back at the end."""
    before: list[tuple[Path, int]] = []

    def close(path: Path, mode: int) -> None:
        before.append((path, path.stat().st_mode))
        path.chmod(mode)
        if os.access(path, os.W_OK):
            pytest.skip("whoever runs this may write everything")

    yield close
    for path, mode in before:
        path.chmod(mode)


@ON_SQLITE
async def test_a_store_that_may_not_be_written_is_not_said_to_be_in_use(
    admin: Admin, told: Told, database: Database, tmp_path: Path, closed: Closed
) -> None:
    await database.close()
    closed(tmp_path, 0o500)
    refused = await admin("db", "rekey", *WHY)
    assert (refused.code, refused.err.count("\n"), "writable" in refused.err) == (5, 1, True)


@ON_SQLITE
@pytest.mark.parametrize("command", [("logs", "list"), ("db", "status"), ("db", "rekey", *WHY)])
async def test_a_database_that_may_not_be_read(
    command: tuple[str, ...], admin: Admin, told: Told, tmp_path: Path, closed: Closed
) -> None:
    (database,) = tmp_path.glob("*.db")
    closed(database, 0)
    refused = await admin(*command)
    assert (refused.code, refused.out, refused.err) == (5, "", f"{CLOSED}\n")


@ON_SQLITE
async def test_a_key_file_that_may_not_be_read(
    admin: Admin, told: Told, tmp_path: Path, closed: Closed
) -> None:
    closed(tmp_path / "master.key", 0)
    refused = await admin("logs", "list")
    assert (refused.code, "There is no leave to read the key file" in refused.err) == (2, True)


@ON_SQLITE
async def test_nothing_is_shown_where_nothing_can_be_written_down(
    admin: Admin, told: Told, tmp_path: Path, closed: Closed
) -> None:
    (database,) = tmp_path.glob("*.db")
    closed(database, 0o400)
    refused = await admin("logs", "chat", told.zelda, *LEAVE)
    assert (refused.code, refused.out) == (5, "")


@ON_SQLITE
@pytest.mark.parametrize(
    "command",
    [
        ("logs", "export", "-o", "shut/out.jsonl"),
        ("logs", "export", "-o", "shut/out", "--by", "day"),
        ("user", "export", "PERSON", "-o", "shut/out.json", *LEAVE),
        ("trajectory", "PERSON", "--days", "3650", "--plot", "shut/out.png"),
        ("db", "backup", "shut/copy.db"),
    ],
)
async def test_a_folder_that_may_not_be_written(
    command: tuple[str, ...], admin: Admin, told: Told, tmp_path: Path, closed: Closed
) -> None:
    shut = tmp_path / "shut"
    shut.mkdir()
    closed(shut, 0o500)
    refused = await admin(*(told.zelda if one == "PERSON" else one for one in command))
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert refused.err.startswith("There is no leave to read or write that")


async def test_the_check_up_says_that_a_home_is_closed(
    admin: Admin, tmp_path: Path, closed: Closed, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("ATTUNE_KEY_FILE", str(home / "master.key"))
    closed(home, 0)
    found = await admin("doctor", "--json")
    assert (found.code, found.json["checks"][0]["state"]) == (1, "fail")
    assert "leave" in found.json["checks"][0]["found"]
