"""Copies of the store, going back to one, new keys; what is broken is one sentence."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, text

from affect.errors import Unreachable
from bot.admin.__main__ import main
from bot.app import open_database
from bot.settings import Settings
from storage import audit, people, presence, rekey, search
from storage.database import Database
from storage.tables import Table
from storage.vault import Vault
from tests.bot.admin.conftest import SECRETS, Admin, Told
from tests.bot.process import Screen
from tests.conftest import ON_POSTGRES, ON_SQLITE

WHY = ("--reason", "nightly")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@ON_SQLITE
async def test_a_copy_holds_no_keys_and_comes_back(
    admin: Admin, told: Told, database: Database, tmp_path: Path, elsewhere: Path
) -> None:
    wrapped = await _wrapped(database)
    together = await admin("db", "backup", "copy.db", "--keys", "copy.keys", *WHY)
    assert together.code == 2
    keys = str(elsewhere / "keys")
    assert (await admin("db", "backup", "copy.db", "--keys", keys)).code == 4
    done = await admin("db", "backup", "copy.db", "--keys", keys, *WHY, "--json")
    assert (done.code, done.json["keys"]) == (0, 2)
    body = (tmp_path / "copy.db").read_bytes()
    assert [key for key in wrapped if key in body] == []
    assert [secret for secret in SECRETS if secret.encode() in body.lower()] == []
    for path in (tmp_path / "copy.db", elsewhere / "keys"):
        assert path.stat().st_mode & 0o077 == 0
    assert (await audit.entries(database))[-1].action == "db backup with keys"

    view = await search.turn(database, told.turns["omar"][0])
    await people.forget(database, view.person_id)
    assert (await admin("db", "restore", "copy.db", "--yes")).code == 4  # it is in use
    await database.close()
    assert (await admin("db", "restore", "copy.db")).code == 4
    restored = await admin("db", "restore", "copy.db", "--yes", "--json")
    assert restored.json == {"people": 1, "turns": 2, "forgotten": 1}  # omar stays forgotten
    before = f"{tmp_path / 'attune.db'}.before-restore"
    assert before in restored.err
    kept = Path(before).read_bytes()
    assert Path(before).stat().st_mode & 0o077 == 0
    twice = await admin("db", "restore", "copy.db", "--yes")
    assert (twice.code, twice.out, twice.err.count("\n")) == (4, "", 1)
    assert before in twice.err
    assert Path(before).read_bytes() == kept  # what was there first is not lost
    again = await admin("logs", "list", "--json")
    assert [row["turn"] for row in again.json] == told.turns["zelda"]
    assert (await admin("db", "check")).code == 0

    (tmp_path / "attune.db").unlink()  # all is lost but the copies
    without = await admin("db", "restore", "copy.db", "--yes")
    assert (without.code, without.out) == (4, "")
    assert "--keys" in without.err
    assert (await admin("db", "upgrade")).code == 0  # nor is a new store taken for its keys
    assert (await admin("db", "restore", "copy.db", "--yes")).code == 4
    (tmp_path / "attune.db").unlink()
    lost = await admin("db", "restore", "copy.db", "--keys", keys, "--yes", "--json")
    assert lost.json == {"people": 2, "turns": 3, "forgotten": 0}


@ON_POSTGRES
async def test_a_copy_of_postgresql_comes_back(
    admin: Admin, told: Told, database: Database, tmp_path: Path, elsewhere: Path
) -> None:
    if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
        pytest.skip("no client programs of PostgreSQL: apt-get install postgresql-client")
    keys = str(elsewhere / "keys")
    wrapped = await _wrapped(database)
    done = await admin("db", "backup", "copy.dump", "--keys", keys, *WHY, "--json")
    assert (done.code, done.json["keys"]) == (0, 2)
    assert [key for key in wrapped if key in (tmp_path / "copy.dump").read_bytes()] == []
    view = await search.turn(database, told.turns["omar"][0])
    await people.forget(database, view.person_id)
    used = await admin("db", "restore", "copy.dump", "--yes")
    assert (used.code, used.out) == (4, "")
    assert used.err == f"{presence.IN_USE}\n"
    await database.close()
    restored = await admin("db", "restore", "copy.dump", "--yes", "--json")
    assert (restored.code, restored.err) == (0, "")
    assert restored.json == {"people": 1, "turns": 2, "forgotten": 1}
    (tmp_path / "short.dump").write_bytes((tmp_path / "copy.dump").read_bytes()[:500])
    cut = await admin("db", "restore", "short.dump", "--yes")
    assert (cut.code, cut.out, cut.err.count("\n")) == (1, "", 1)


@ON_POSTGRES
async def test_a_copy_that_cannot_be_made_leaves_no_row_on_record(
    admin: Admin, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = await admin("db", "backup", "copy.dump")
    assert (done.code, done.out) == (5, "")
    assert done.err == "pg_dump is not there: install PostgreSQL's client programs.\n"
    assert not (tmp_path / "copy.dump").exists()
    assert await audit.entries(database) == []


@ON_SQLITE
async def test_what_is_refused_leaves_no_row_on_record(
    admin: Admin, told: Told, database: Database, tmp_path: Path, elsewhere: Path
) -> None:
    (tmp_path / "there").write_text("mine")
    (tmp_path / "master.key.old").write_text("an older key")
    leave = ("--reveal", *WHY)
    there = str(elsewhere / "keys")
    for command, code in (
        (("db", "backup", "there"), 4),
        (("db", "backup", "nowhere/copy.db"), 2),
        (("db", "backup", "copy.db", "--keys", there), 4),
        (("db", "backup", "copy.db", "--keys", f"{elsewhere}/../keys", *WHY), 2),
        (("db", "backup", "copy.db", "--keys", f"{elsewhere}/no/keys", *WHY), 2),
        (("db", "backup", "there", "--keys", there, *WHY), 4),
        (("user", "export", told.omar, "-o", "there", *leave), 4),
        (("user", "export", told.omar, "-o", "nowhere/z.json", *leave), 2),
        (("logs", "export", "-o", "there", *leave), 4),
        (("logs", "export", "-o", "nowhere/z.jsonl", *leave), 2),
        (("logs", "export", "-o", "nowhere/z", "--by", "day", *leave), 2),
        (("logs", "export", "-o", "z", "--new", "nowhere/note", *leave), 2),
        (("logs", "show", "ZZZZZZZZ", *leave), 3),
        (("logs", "chat", "ZZZZZZZZ", *leave), 3),
        (("user", "forget", "ZZZZZZZZ", "--yes", *WHY), 3),
        (("db", "rekey", "--yes", *WHY), 4),
    ):
        if "rekey" in command:
            await database.close()
        result = await admin(*command)
        assert (command, result.code, result.out) == (command, code, "")
        assert result.err.count("\n") == 1, result.err
    assert await audit.entries(database) == []
    assert (tmp_path / "there").read_text() == "mine"
    assert [*elsewhere.iterdir(), *tmp_path.glob(".*"), *tmp_path.glob("*.new")] == []


@ON_SQLITE
async def test_an_export_that_asks_for_something_else_leaves_no_row_on_record(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    (tmp_path / ".z.jsonl.partial").touch()
    (tmp_path / ".z.jsonl.partial.json").write_text('{"asked": "something else"}')
    refused = await admin("logs", "export", "-o", "z.jsonl", "--resume", "--reveal", *WHY)
    assert (refused.code, refused.out) == (4, "")
    assert "asked for something else" in refused.err
    assert await audit.entries(database) == []


@ON_SQLITE
async def test_what_is_cut_off_or_broken_is_one_sentence(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    await admin("db", "backup", "copy.db")
    await database.close()
    body = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "short.db").write_bytes(body[: len(body) // 2])
    (tmp_path / "other.db").write_text("no database at all")
    (tmp_path / "keys").write_text("{}")
    for command, code in (
        (("db", "restore", "short.db", "--yes"), 1),
        (("db", "restore", "other.db", "--yes"), 1),
        (("db", "restore", "nowhere.db", "--yes"), 2),
        (("db", "restore", "copy.db", "--keys", "keys", "--yes"), 2),
        (("db", "backup", "copy.db"), 4),
        (("db", "backup", "nowhere/copy.db"), 2),
    ):
        result = await admin(*command)
        assert (command, result.code, result.out) == (command, code, "")
        assert result.err.count("\n") == 1, result.err
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert left == []


@ON_SQLITE
async def test_a_copy_of_a_newer_version_is_left_to_that_one(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    await admin("db", "backup", "copy.db")
    await database.close()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copied:
        copied.execute("UPDATE alembic_version SET version_num = '9999'")
        copied.commit()
    result = await admin("db", "restore", "copy.db", "--yes")
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert "newer version" in result.err
    assert (await admin("db", "check")).code == 0
    assert list(tmp_path.glob(".*")) == []


@ON_SQLITE
async def test_a_disk_that_is_full_is_told_and_nothing_half_is_left(
    admin: Admin, told: Told, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await admin("db", "backup", "copy.db")
    await database.close()
    connect = sqlite3.connect

    def small(path: Path | str, **more: Any) -> sqlite3.Connection:
        opened: sqlite3.Connection = connect(path, **more)
        if str(path).endswith(".partial"):
            opened.execute("PRAGMA max_page_count = 3")  # as SQLite says of a full disk
        return opened

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "copy.db")

    monkeypatch.setattr(sqlite3, "connect", small)
    monkeypatch.setattr(shutil, "copyfile", full)
    for command in (("db", "backup", "more.db"), ("db", "restore", "copy.db", "--yes")):
        result = await admin(*command)
        assert (command, result.code, result.out) == (command, 1, "")
        assert result.err.count("\n") == 1
        assert "no room" in result.err
    assert list(tmp_path.glob(".*")) == []
    assert not (tmp_path / "more.db").exists()
    assert (await admin("db", "check")).code == 0


@ON_SQLITE
async def test_a_damaged_page_is_found(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    await database.scrub()
    await database.close()
    path = tmp_path / "attune.db"
    body = bytearray(path.read_bytes())
    for start in range(4096, len(body), 4096):
        body[start : start + 64] = b"\xff" * 64
    path.write_bytes(body)
    for command in (("db", "check"), ("logs", "list"), ("user", "list")):
        result = await admin(*command)
        assert (command, result.code in {1, 5}, result.out) == (command, True, "")
        assert result.err.count("\n") == 1
        assert "damaged" in result.err


async def test_a_sound_store_is_told_sound(admin: Admin, told: Told, database: Database) -> None:
    sound = await admin("db", "check", "--json")
    assert (sound.code, sound.json["sound"]) == (0, True)
    async with database.write() as connection:
        turn = told.turns["omar"][0]
        await connection.execute(
            text("UPDATE turn SET sealed = :x WHERE id = :id"), {"x": b"\0" * 40, "id": turn}
        )
    broken = await admin("db", "check", "--json")
    assert (broken.code, broken.json["sealed"]) == (1, [f"turn {turn} does not open"])
    assert "omar" not in broken.out


async def test_a_new_key_opens_all_that_the_old_one_did(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    assert (await admin("db", "rekey", *WHY)).code == 4
    before = (tmp_path / "master.key").read_bytes()
    used = await admin("db", "rekey", "--yes", *WHY)
    assert (used.code, used.out) == (4, "")
    assert used.err == f"{presence.IN_USE}\n"
    await database.close()
    done = await admin("db", "rekey", "--yes", *WHY, "--json")
    assert (done.code, done.json["people"], done.json["talks"]) == (0, 2, 2)
    assert (tmp_path / "master.key").read_bytes() != before
    assert (tmp_path / "master.key.old").read_bytes() == before
    listed = await admin("logs", "list", "--json")
    assert len(listed.json) == 3
    twice = await admin("db", "rekey", "--yes", *WHY)
    assert (twice.code, twice.out, twice.err.count("\n")) == (4, "", 1)
    assert (tmp_path / "master.key.old").read_bytes() == before  # copies of keys need it
    assert not rekey.waiting(tmp_path / "master.key").exists()
    new = Database(
        database.engine.url.render_as_string(hide_password=False),
        Vault.at(tmp_path / "master.key"),
    )
    async with new.read() as connection:  # they are found by their accounts again
        blind = new.vault.blind("account", "telegram", "omar")
        found = await connection.scalar(
            text("SELECT count(*) FROM account WHERE blind = :blind"), {"blind": blind}
        )
    await new.close()
    assert found == 1


async def test_an_attune_that_runs_has_the_store_until_it_ends(
    admin: Admin, told: Told, database: Database
) -> None:
    await database.close()
    with Screen() as screen:
        screen.until("you >")
        used = await admin("db", "rekey", "--yes", *WHY)
        assert (used.code, used.err) == (4, f"{presence.IN_USE}\n")
        assert (await admin("db", "check")).code == 0
    assert (await admin("db", "rekey", "--yes", *WHY)).code == 0  # it was killed


@ON_POSTGRES
async def test_nobody_comes_in_while_keys_are_changed(
    admin: Admin, told: Told, database: Database, database_url: str, vault: Vault
) -> None:
    await database.close()
    alone = Database(database_url, vault, alone=True)
    async with alone.read():
        pass
    refused = await admin("logs", "list")
    assert (refused.code, refused.out, refused.err) == (5, "", f"{presence.TAKEN}\n")
    with pytest.raises(Unreachable, match="try again when that is done"):
        await open_database(Settings())
    await alone.close()
    assert (await admin("logs", "list", "--json")).code == 0
    await (await open_database(Settings())).close()


@ON_SQLITE
async def test_a_change_of_keys_that_was_broken_off_is_finished(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    keys = tmp_path / "master.key"
    old = keys.read_bytes()
    await rekey.rekey(database, keys)
    await database.close()
    shutil.move(keys, rekey.waiting(keys))  # as if it had died before the renaming
    keys.touch(mode=0o600)
    keys.write_bytes(old)
    wrong = await admin("logs", "list")
    assert (wrong.code, wrong.out) == (2, "")
    assert "does not open this database" in wrong.err
    assert (await admin("db", "rekey", "--yes", *WHY)).code == 0
    assert (await admin("logs", "list", "--json")).code == 0


def test_every_blind_column_is_made_anew() -> None:
    """Whoever adds a look-up by fingerprint must have it made anew with the keys."""
    blind = {
        table.name for table in Table.metadata.tables.values()
        for column in table.columns
        if column.name == "blind" and isinstance(column.type, LargeBinary)
    }  # fmt: skip
    assert blind == {"account", "talk", "link_code"}  # codes are dropped


def test_a_store_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATTUNE_HOME", "/proc/nowhere")
    assert main(("db", "upgrade")) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "ATTUNE_HOME" in told.err


async def _wrapped(database: Database) -> list[bytes]:
    async with database.read() as connection:
        return list((await connection.scalars(text("SELECT wrapped FROM person_key"))).all())
