"""`python run_bot.py` as it is started: options, settings, exit codes, the model that ships."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from affect.types import EMOTIONS
from bot import logs
from bot.texts import say
from run_bot import main
from tests.bot.process import PATIENCE, QUICK, REAL, TOP, environment, run, run_json
from tests.servers.telegram_server import TOKEN, TelegramServer, message, refusal


@pytest.fixture
def home() -> Path:
    return Path(os.environ["ATTUNE_HOME"])


@pytest.fixture
def _logs_as_they_were() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", *logs.OURS)]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


def test_version_and_help_start_nothing(home: Path) -> None:
    told = run("--version", program=REAL)
    assert told.returncode == 0
    assert re.fullmatch(r"attune (\d+\.\d+\.\d+|\(not installed\))\n", told.stdout)
    told = run("--help", program=REAL)
    assert (told.returncode, told.stderr) == (0, "")
    for option in ("--person", "--json", "--env-file", "--log-level", "--version", "--check"):
        assert option in told.stdout
    assert not home.exists()


@pytest.mark.parametrize(
    "arguments", [("--nonsense",), ("slack",), ("--log-level", "loud"), ("terminal", "discord")]
)
def test_wrong_use_is_two(
    arguments: tuple[str, ...], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    _one_sentence(told.err)
    assert told.err.endswith("; see attune --help.\n")
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        ((), {"ATTUNE_LANGUAGE": "fr"}, "ATTUNE_LANGUAGE"),
        ((), {"ATTUNE_RETENTION_DAYS": "0"}, "ATTUNE_RETENTION_DAYS"),
        ((), {"ATTUNE_DATABASE_URL": "mysql://x"}, "ATTUNE_DATABASE_URL"),
        ((), {"ATTUNE_HOME": "/dev/null/x"}, "ATTUNE_HOME"),
        ((), {"ATTUNE_WRITER": "local"}, "ATTUNE_WRITER"),
        ((), {"ATTUNE_WRITER": "openai"}, "ATTUNE_WRITER"),
        (("--env-file", "/nowhere/.env"), {}, "/nowhere/.env"),
        (("telegram",), {}, "ATTUNE_TELEGRAM_TOKEN"),
        (("discord",), {}, "ATTUNE_DISCORD_TOKEN"),
        (("all",), {}, "ATTUNE_TELEGRAM_TOKEN or ATTUNE_DISCORD_TOKEN"),
        (("telegram", "--check"), {}, "ATTUNE_TELEGRAM_TOKEN"),
    ],
)
@pytest.mark.usefixtures("_logs_as_they_were")
def test_a_wrong_setting_is_one_sentence_and_two(
    arguments: tuple[str, ...],
    settings: dict[str, str],
    named: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    code = main(arguments)
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert named in told.err
    _one_sentence(told.err)
    assert not home.exists()


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:////nowhere/at/all/attune.db"]
)
@pytest.mark.usefixtures("_logs_as_they_were")
def test_a_database_that_cannot_be_opened_is_one_sentence_and_five(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATTUNE_DATABASE_URL", url)
    code = main([])
    told = capsys.readouterr()
    assert (code, told.out) == (5, "")
    _one_sentence(told.err)


def test_a_key_of_another_database_is_refused(home: Path) -> None:
    assert run(said="I am sad\n").returncode == 0
    (home / "master.key").rename(home / "mine.key")
    done = run(said="hello\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ATTUNE_KEY_FILE" in done.stderr
    _one_sentence(done.stderr)
    assert not (home / "master.key").exists()


async def test_a_token_that_is_taken_back_is_one_sentence_and_two() -> None:
    async with TelegramServer() as server:
        settings = {"ATTUNE_TELEGRAM_TOKEN": TOKEN, "ATTUNE_TELEGRAM_API_URL": server.url}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *QUICK, "telegram"),
            cwd=TOP,
            env=environment(NO_PROXY="127.0.0.1", **settings),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await server.until(lambda: bool(server.made("getUpdates")), PATIENCE)
            server.faults["getUpdates"].extend([refusal(401, "Unauthorized")] * 10)
            await server.push(message=message("the last that is heard"))
            async with asyncio.timeout(PATIENCE):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert (process.returncode, out) == (2, b"")
    *logged, told = err.decode().splitlines()
    assert told == "Telegram refuses ATTUNE_TELEGRAM_TOKEN."
    assert any("platform_ended" in line for line in logged)
    assert TOKEN not in err.decode()


def test_a_traceback_is_for_debug_alone() -> None:
    done = run("telegram", "--log-level", "debug", program=REAL)
    assert done.returncode != 0
    assert "Traceback" in done.stderr


class TestWhatShips:
    """With the model that ships, as a person starts it."""

    def test_check_says_what_works(self) -> None:
        done = run("--check", program=REAL)
        assert (done.returncode, done.stderr) == (0, "")
        told = dict(line.split(None, 1) for line in done.stdout.splitlines())
        assert {"database", "keys", "words", "writer", "terminal"} <= set(told)
        assert told["database"] == "SQLite"

    def test_a_line_is_answered(self) -> None:
        done = run(
            said="My dog died yesterday and I miss him so much\n我很担心明天的考试\n", program=REAL
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert say("failed", "en") not in done.stdout
        assert say("failed", "zh") not in done.stdout
        assert re.search("[\u4e00-\u9fff]", done.stdout)

    def test_readings_go_the_right_way(self) -> None:
        told = run_json(
            [
                "My dog died yesterday and I miss him so much",
                "I got the job! I am so happy!",
                "I'm terrified of the exam tomorrow",
                "你凭什么这样对我，气死我了",
                "...",
                "😭😭😭",
            ],
            program=REAL,
        )
        likely = [max(EMOTIONS, key=one["reading"]["emotions"].get).value for one in told[:4]]
        assert likely == ["sadness", "joy", "fear", "anger"]
        valences = [one["reading"]["valence"] for one in told[:4]]
        assert [valence > 0 for valence in valences] == [False, True, False, False]
        assert len({one["reply"] for one in told}) == len(told)
        assert all(one["writer"] == "scripted" for one in told)


def _one_sentence(told: str) -> None:
    assert told.endswith(".\n")
    assert len(told.splitlines()) == 1
    assert "Traceback" not in told
