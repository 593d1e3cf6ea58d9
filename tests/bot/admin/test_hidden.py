"""What people wrote is hidden; it shows only with a reason that stands in the audit already."""

from __future__ import annotations

import asyncio
import getpass
import io
import logging
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.admin.__main__ import main
from storage import audit
from storage.database import Database
from tests.bot.admin.conftest import SECRETS, Admin, Result, Told
from tests.conftest import ON_SQLITE


def me() -> str:
    if os.name != "posix":
        return getpass.getuser()
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


@ON_SQLITE
async def test_nothing_shows_without_leave(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    """No words, name or account, on either stream, in any file or event, whatever the command."""
    hidden: list[Result] = [
        await admin("logs", "list", *form, "--log-level", "debug")
        for form in ((), ("--json",), ("--jsonl",))
    ]
    for turns in told.turns.values():
        for turn in turns:
            hidden.append(await admin("logs", "show", turn, "--log-level", "debug"))
            hidden.append(await admin("logs", "show", turn, "--json"))
    for name in ("jsonl", "csv"):
        hidden.append(await admin("logs", "export", "-o", f"out.{name}", "--format", name))
        exported = (tmp_path / f"out.{name}").read_text()
        assert len(exported.splitlines()) >= 3
        hidden.append(Result(0, exported, ""))
    hidden.append(await admin("audit", "verify", "--json"))
    hidden.append(await admin("db", "status", "--json"))
    assert [result.code for result in hidden] == [0] * len(hidden)
    hidden.append(await admin("doctor", "--json"))
    for result in hidden:
        shown = (result.out + result.err).casefold()
        assert [secret for secret in SECRETS if secret in shown] == []
    assert await audit.entries(database) == []


@pytest.mark.parametrize(
    "half",
    [
        ("--reveal",),
        ("--reason", "ticket 7"),
        ("--reveal", "--reason", ""),
        ("--reveal", "--reason", " \t"),
    ],
    ids=str,
)
def test_half_a_leave_is_refused_before_anything_is_opened(
    half: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ("list",), ("show", "01KQSDR2"), ("search", "oven"), ("export", "-o", "f"), ("tail",),
        ("chat", "01KQSDR2"), ("replay", "01KQSDR2"),
    ):  # fmt: skip
        code = main(("logs", *command, *half))
        captured = capsys.readouterr()
        assert (code, captured.out) == (4, "")
        assert captured.err.count("\n") == 1
        assert "--rea" in captured.err or "--rev" in captured.err


def test_searching_words_always_needs_leave(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("logs", "search", "oven")) == 4
    assert capsys.readouterr() == (
        "",
        "This reads what people wrote: it needs --reveal and --reason TEXT.\n",
    )


async def test_every_way_of_showing_goes_on_record(
    admin: Admin, told: Told, database: Database
) -> None:
    zelda, omar = told.turns["zelda"], told.turns["omar"]
    leave = ("--reveal", "--reason", "ticket 7")
    await admin("logs", "list", *leave)
    await admin("logs", "list", "--user", told.omar, *leave)
    await admin("logs", "show", omar[0], *leave)
    await admin("logs", "search", "oven", *leave)
    await admin("logs", "search", "no such word", *leave)
    await admin("logs", "export", "-o", "out.jsonl", "--emotion", "anger", *leave)
    await admin("logs", "chat", told.omar, *leave)
    await admin("logs", "tail", "-n", "1", *leave)
    rows = await audit.entries(database)
    assert [(row.action, row.person_uid) for row in rows] == [
        ("logs list", None), ("logs list", told.zelda), ("logs list", told.omar),
        ("logs list", told.omar),
        (f"logs show {omar[0]}", told.omar),
        ("logs search", None), ("logs search", told.zelda),
        ("logs search", None),
        ("logs export", None), ("logs export", told.zelda),
        ("logs chat", told.omar),
        ("logs tail", None), ("logs tail", told.omar),
    ]  # fmt: skip
    assert {(row.actor, row.reason) for row in rows} == {(me(), "ticket 7")}
    assert (await audit.verify(database)).whole

    shown = await admin("logs", "show", zelda[1], "--json", "--reveal", "--reason", "ticket 8")
    content = {name: shown.json[name] for name in ("said", "transcript", "reply")}
    assert content == {
        "said": ["=and flour everywhere [voice]"],
        "transcript": "the gasket, again",
        "reply": "About =and flour everywhere: I hear you.",
    }
    for name in ("zelda", "quist"):  # not even then
        assert name not in shown.out.casefold()


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@ON_SQLITE
async def test_the_row_is_there_even_if_showing_fails(
    admin: Admin, told: Told, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", Full())
    arguments = ("logs", "show", told.turns["omar"][0], "--reveal", "--reason", "ticket 9")
    assert await asyncio.to_thread(main, arguments) == 1
    monkeypatch.undo()
    assert [row.reason for row in await audit.entries(database)] == ["ticket 9"]


async def test_nothing_shows_if_the_row_cannot_be_written(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    async with database.write() as connection:
        await connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    leave = ("--reveal", "--reason", "ticket 10")
    for command in (
        ("list",),
        ("list", "--jsonl"),
        ("show", told.turns["zelda"][0]),
        ("search", "oven"),
        ("export", "-o", "out.jsonl"),
        ("chat", told.omar),
        ("tail",),
    ):
        result = await admin("logs", *command, *leave)
        assert result.code in {1, 5}
        assert result.out == ""
        assert [secret for secret in SECRETS if secret in result.err.casefold()] == []
    for copying in (
        ("db", "backup", "out.jsonl", "--reason", "ticket 10"),
        ("user", "export", told.omar, "-o", "out.jsonl", *leave),
    ):
        result = await admin(*copying)
        assert (result.code in {1, 5}, result.out) == (True, "")
    assert list(tmp_path.glob("*out.jsonl*")) == []


def test_our_events_never_hold_what_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    """Search words and reasons are content as well."""
    with caplog.at_level(logging.DEBUG):
        main(("logs", "search", "gasket", "--reveal", "--reason", "flour"))
    assert [record for record in caplog.records if "gasket" in record.getMessage()] == []
