"""The audit, the database, the check-up, and the program as a whole: codes, streams, manual."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from affect.perception.text import TextModel
from bot.admin import manual
from bot.admin.__main__ import main
from storage import audit, migrate
from storage.database import Database
from storage.tables import Audit, Turn
from tests.affect.examples import shown
from tests.bot.admin.conftest import Admin, Told
from tests.conftest import NOON, ON_SQLITE

ROOT = Path(__file__).parents[3]


def states(report: Any) -> dict[str, str]:
    return {check["name"]: check["state"] for check in report["checks"]}


async def test_the_audit_listed_and_verified(admin: Admin, told: Told, database: Database) -> None:
    for number, uid in enumerate((told.zelda, None)):
        await audit.record(
            database,
            actor="ops",
            action="logs list",
            reason=f"[bold]ticket {number}\x1b[2J",
            now=NOON,
            about=[uid],
        )
    listed = await admin("audit", "list", "--json", "--user", told.zelda[-8:])
    head = (await audit.entries(database))[0].digest
    assert listed.json == [
        {
            "id": listed.json[0]["id"],
            "at": "2026-05-04T12:00:00+00:00",
            "actor": "ops",
            "action": "logs list",
            "person": told.zelda,
            "reason": "[bold]ticket 0\x1b[2J",
            "digest": head,
        }
    ]
    table = (await admin("audit", "list")).out
    assert "[bold]ticket 1" in table
    assert "\x1b" not in table

    whole = await admin("audit", "verify", "--json", "--head", head)
    assert (whole.code, whole.json["whole"], whole.json["rows"]) == (0, True, 2)
    async with database.write() as connection:
        await connection.execute(update(Audit).where(Audit.digest == head).values(reason="none"))
    changed = await admin("audit", "verify", "--json")
    assert changed.code == 1
    assert changed.json["breaks"] == [{"id": listed.json[0]["id"], "kind": "changed"}]
    missing = await admin("audit", "verify", "--head", "f" * 64)
    assert (missing.code, "NOT whole" in missing.out) == (1, True)
    assert "not there any more" in missing.out


async def test_the_database_is_made_told_and_brought_up_to_date(
    admin: Admin, database_url: str
) -> None:
    made = await admin("db", "upgrade", "--json")
    assert made.json == {"before": None, "revision": migrate.HEAD, "changed": True}
    again = await admin("db", "upgrade", "--json")
    assert again.json == {"before": migrate.HEAD, "revision": migrate.HEAD, "changed": False}
    status = await admin("db", "status", "--json")
    assert (status.code, status.json["current"]) == (0, True)
    assert database_url.startswith(status.json["database"])


def test_a_new_database_is_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTUNE_HOME", str(tmp_path))
    assert main(("db", "upgrade")) == 0
    (made,) = tmp_path.glob("*.db")
    assert made.stat().st_mode & 0o077 == 0


@ON_SQLITE
async def test_another_revision_is_told_with_what_to_do(
    admin: Admin, told: Told, database: Database
) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    result = await admin("logs", "list")
    assert (result.code, result.out, result.err) == (5, "", migrate.NEWER + "\n")
    assert (await admin("db", "upgrade")).err == migrate.NEWER + "\n"
    assert (await admin("db", "status")).code == 1
    (found,) = [
        check for check in (await admin("doctor", "--json")).json["checks"]
        if check["name"] == "database"
    ]  # fmt: skip
    assert (found["state"], found["todo"]) == ("fail", migrate.NEWER)
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    older = await admin("logs", "list")
    assert (older.code, older.out) == (5, "")
    assert older.err.endswith("run attune-admin db upgrade.\n")


@ON_SQLITE
async def test_the_check_up_stands_in_two_columns(
    admin: Admin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTUNE_TELEGRAM_WEBHOOK_URL", "http://bot.example")
    monkeypatch.setenv("ATTUNE_TELEGRAM_WEBHOOK_SECRET", "open")
    result = await admin("doctor")
    assert result.code == 1
    found, todo = (" ".join(line.split()) for line in result.out.splitlines())
    assert found.startswith("fail settings: ATTUNE_TELEGRAM_WEBHOOK_URL must be an address")
    assert todo == "Correct it; the rest was not looked at."


async def test_the_check_up_finds_all_well(
    admin: Admin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loaded:
        name = TextModel.load().name

    monkeypatch.setattr(TextModel, "load", lambda folder: Loaded())
    monkeypatch.setenv("ATTUNE_TELEGRAM_TOKEN", "123:hush")
    for sense in ("ASR", "VOICE", "FACE"):  # what ships is loaded by tests of its own
        monkeypatch.setenv(f"ATTUNE_{sense}_MODEL", "off")
    result = await admin("doctor", "--json")
    assert (result.code, result.err, result.json["ok"]) == (0, "", True)
    looked = set(states(result.json))
    assert {name for name in looked if not name.startswith("licence of ")} == {
        "settings", "key file", "database", "keys", "stored times", "audit", "disk", "clock",
        "text model", "speech model", "voice model", "face model", "writer",
        "decoders", "gpu", "LLM",
        "telegram token", "discord token",
    }  # fmt: skip
    assert set(states(result.json).values()) == {"ok"}
    assert "hush" not in result.out
    found = {check["name"]: check["found"] for check in result.json["checks"]}
    assert (found["telegram token"], found["discord token"]) == ("set", "not set")


@ON_SQLITE
async def test_a_clock_that_is_behind_is_found(
    admin: Admin, told: Told, database: Database
) -> None:
    async with database.write() as connection:
        await connection.execute(update(Turn).values(kept_at=datetime(2090, 1, 1, tzinfo=UTC)))
    checks = {one["name"]: one for one in (await admin("doctor", "--json")).json["checks"]}
    behind = checks["stored times"]
    assert (behind["state"], behind["todo"]) == ("fail", "Set the clock: the machine's is behind.")


@ON_SQLITE
async def test_the_check_up_finds_files_of_another_text_model(
    admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = ROOT / "affect" / "weights"
    for file in weights.glob("text*"):
        (tmp_path / file.name).symlink_to(file)
    card = json.loads((weights / "text.json").read_text(encoding="utf-8"))
    (tmp_path / "text.json").unlink()
    (tmp_path / "text.json").write_text(json.dumps(card | {"version": "0"}), encoding="utf-8")
    monkeypatch.setenv("ATTUNE_TEXT_MODEL", str(tmp_path))
    (found,) = [
        check
        for check in (await admin("doctor", "--json")).json["checks"]
        if check["name"] == "text model"
    ]
    assert found["state"] == "warn"
    shipped = f"{card['model']}-{card['version']}"
    for name in ("text_talk.npz", "text_aptness.npz", "bank.npz"):
        assert f"{name} ({shipped})" in found["found"]
    assert "ATTUNE_TEXT_MODEL" in found["todo"]


@ON_SQLITE
async def test_the_check_up_says_what_is_wrong_and_what_to_do(
    admin: Admin, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "master.key"
    env = tmp_path / "ops.env"
    env.write_text("ATTUNE_DISCORD_TOKEN=hush\nATTUNE_WRITER=local\n")
    env.chmod(0o644)
    monkeypatch.setenv("ATTUNE_TEXT_MODEL", str(tmp_path / "nowhere"))
    key.chmod(0o644)
    result = await admin("doctor", "--json", "--env-file", str(env))
    assert result.code == 1
    told_states = states(result.json)
    assert (told_states["settings"], told_states["key file"]) == ("warn", "fail")
    assert (told_states["text model"], told_states["LLM"]) == ("fail", "fail")
    assert all(check["todo"] for check in result.json["checks"] if check["state"] != "ok")
    assert "hush" not in result.out + result.err

    key.unlink()
    assert states((await admin("doctor", "--json")).json)["key file"] == "fail"
    assert (await admin("logs", "list")).code == 2
    monkeypatch.setenv("ATTUNE_KEY_FILE", str(tmp_path / "other.key"))
    assert not (tmp_path / "other.key").exists()  # nothing is made on the way

    from storage.vault import Vault

    Vault.at(tmp_path / "other.key")
    wrong = states((await admin("doctor", "--json")).json)
    assert (wrong["key file"], wrong["keys"]) == ("ok", "fail")


def test_what_cannot_be_reached_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (("logs", "list"), ("audit", "verify"), ("db", "status")):
        assert main((*command, "--json")) == 5
    assert list(tmp_path.iterdir()) == []  # neither a database nor a key was made
    (tmp_path / "notes.txt").write_text("this is no database, however long it may be " * 40)
    monkeypatch.setenv("ATTUNE_DATABASE_URL", f"sqlite:///{tmp_path}/notes.txt")
    assert main(("db", "status")) == 5
    capsys.readouterr()
    monkeypatch.setenv("ATTUNE_DATABASE_URL", "mysql://somewhere")
    assert main(("db", "status")) == 2
    assert main(("logs", "list", "--env-file", "nowhere.env")) == 2
    assert main(("doctor", "--json")) == 1
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("user limit ABCD many", "N must be a whole number."),
        ("user limit ABCD 99999999999", "N must be at most 1000000."),
        ("logs list -n 3.5", "--limit must be a whole number."),
        ("user list -n 99999999999999999999", "--limit must be at most 1000000."),
        ("logs list --min-score much", "--min-score must be a number."),
        ("logs list --min-score 7", "--min-score must be at most 1."),
        ("logs list --valence-below -1.5", "--valence-below must be at least -1."),
        ("crisis report --year 1900", "--year must be at least 2020."),
        ("trajectory ABCD --days 0", "--days must be at least 1."),
        ("user list --platform irc",
         "--platform: 'irc' is not one of 'terminal', 'telegram', 'discord'."),
        ("user limit ABCD", "Missing argument 'N'."),
        ("logs export", "Missing option '-o' / '--output'."),
        ("logs list --since", "Option '--since' requires an argument."),
        ("logs lis", "No such command 'lis'. Did you mean 'list'?"),
        ("logs list --tz Mars",
         "There is no time zone of that name: give one such as Asia/Shanghai."),
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_one_plain_sentence(
    command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 2
    assert capsys.readouterr() == ("", f"{said}\n")


def test_what_fails_inside_tells_no_text_of_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object) -> None:
        raise KeyError("the oven broke again")

    monkeypatch.setattr("bot.admin.db.store.settings", fail)
    assert main(("db", "status", "--json")) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "KeyError" in captured.err
    assert "oven" not in captured.err

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.admin.db.store.settings", interrupt)
    assert main(("db", "status")) == 130


LISTS = {"list", "chat", "search", "tail", "consent"}


def test_every_command_helps_with_an_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = manual.text()
    commands = [line.split()[2:] for line in page.splitlines() if line.startswith("## ")]
    assert len(commands) >= 14
    for command in commands:
        assert main((*command, "--help")) == 0
        helped = capsys.readouterr().out
        (example,) = shown(helped)
        assert example[: len(command) + 1] == ["attune-admin", *command]
        assert main((*example[1:], "--help")) == 0  # it knows every option
        assert capsys.readouterr().out == helped
        assert "--json " in helped
        assert ("--jsonl" in helped) == (command[-1] in LISTS)
        assert "--env-file" in helped


@pytest.mark.parametrize("group", ["logs", "user", "crisis", "retention", "audit", "db"])
def test_what_a_group_holds_is_said_whole(
    group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main((group, "--help")) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    assert listed
    assert "..." not in listed


def test_the_manual_is_what_the_commands_say() -> None:
    kept = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")
    assert kept == manual.text(), "run: python -m bot.admin.manual > docs/admin.md"


def test_the_program_runs_as_a_module_and_into_a_closed_pipe(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C"}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        run = subprocess.run(
            [sys.executable, "-m", "bot.admin", "db", "upgrade"],
            cwd=tmp_path,
            env=environment,
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (run.returncode, run.stderr) == (0, "")


async def test_a_list_of_turns_imports_no_more_than_it_needs(admin: Admin, told: Told) -> None:
    """Most of a short command's time is imports."""
    there = (
        "import sys; from bot.admin.__main__ import main; code = main(('logs', 'list'));"
        "print(code, sorted(name for name in sys.argv[1:] if name in sys.modules), file=sys.stderr)"
    )
    heavy = ("numpy", "PIL", "yaml", "affect.safety", "affect.trajectory", "bot.admin.doctor")
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", there, *heavy],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout.count("\n") > 2, run.stderr) == (True, "0 []\n")
