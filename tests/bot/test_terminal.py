"""The terminal: piped, and with somebody in front of it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.platforms.terminal import Terminal, _wrapped
from bot.surfaces import AT_ONCE
from bot.texts import say
from bot.turns import Turns
from bot.waking import Lanes
from storage import migrate
from storage.database import Database
from storage.vault import Vault
from tests.bot.fakes import Echo, incoming
from tests.bot.process import PATIENCE, QUICK, TOP, Screen, environment, run
from tests.clock import FakeClock
from tests.conftest import NOON

BUTTONS = (("yes", "on"), ("no", "off"))
OGG = b"OggS" + bytes(60)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
FIRST = say("notice_first", "en").splitlines()


@pytest.fixture
def home() -> Path:
    return Path(os.environ["ATTUNE_HOME"])


def test_piped_lines_are_answered_in_blocks_without_decoration(home: Path) -> None:
    done = run(said="I am sad\n\n   \n/stop\n/language zh\n/stop\n/quit\nnever read\n")
    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.split("\n\n")
    assert first.splitlines()[: len(FIRST)] == FIRST
    assert len(first.splitlines()) > len(FIRST)
    chinese = say("language_name_zh", "zh")
    assert rest == [
        say("stop_nothing", "en"),
        say("language_set", "zh", spoken=chinese),
        say("stop_nothing", "zh"),
        "",
    ]
    assert "\x1b" not in done.stdout
    assert " > " not in done.stdout
    assert stat.S_IMODE((home / "master.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_bytes_that_are_no_text_are_answered_like_others() -> None:
    said = b"/stop\n\xff\xfe\n\x00\n\xe4\xbd\n/stop"
    done = run(said=said, LC_ALL="zh_CN.UTF-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(say("stop_nothing", "zh")) == 2
    assert say("failed", "zh") not in done.stdout


def test_nothing_said_is_nothing_answered() -> None:
    done = run(said="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_export_is_saved_for_nobody_else_to_read_and_forget_leaves_nothing(home: Path) -> None:
    done = run(said="Quillon makes me sad\n/export\n/forget\n/forget yes\n/mood\n")
    (saved,) = (home / "exports").iterdir()
    assert say("terminal_saved", "en", path=saved) in done.stdout
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.parent.stat().st_mode) == 0o700
    assert "Quillon" in json.dumps(json.loads(saved.read_text("utf-8")))
    assert "  Erase everything: /forget yes" in done.stdout
    assert say("forget_done", "en") in done.stdout
    assert done.stdout.endswith(f"{say('mood_none', 'en')}\n\n")


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [sys.executable, *QUICK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=TOP,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    _, told = process.communicate(b"/stop\n/stop\n", PATIENCE)
    assert (process.returncode, told) == (0, b"")


async def _left_open(home: Path, *accounts: str) -> None:
    """Somebody wrote, and the program died before the answer."""
    home.mkdir(mode=0o700)
    database = Database(f"sqlite+aiosqlite:///{home / 'attune.db'}", Vault.at(home / "master.key"))
    await migrate.upgrade(database)
    clock = FakeClock(NOON)
    platforms = {"terminal": Terminal("you", home)}
    turns = Turns(database, Echo(), platforms, Lanes(clock), clock, AT_ONCE)
    for account in accounts:
        await turns.receive(incoming("/language", NOON, account=account))
    await database.close()


async def test_what_was_left_open_is_answered_at_the_next_start(home: Path) -> None:
    await _left_open(home, "you")
    auto = say("language_name_auto", "en")
    answer = say("language_now", "en", spoken=auto)
    assert run(said="/stop\n").stdout == f"{answer}\n\n{say('stop_nothing', 'en')}\n\n"


async def test_what_was_left_open_of_others_is_not_shown(home: Path) -> None:
    await _left_open(home, "ben")
    assert run("--person", "ana", said="/stop\n").stdout == f"{say('stop_nothing', 'en')}\n\n"


def test_files_are_answered_with_what_is_wrong_or_cannot_be_done(tmp_path: Path) -> None:
    (tmp_path / "a note.ogg").write_bytes(OGG)
    (tmp_path / "me.png").write_bytes(PNG)
    (tmp_path / "x.txt").write_bytes(b"some words")
    (tmp_path / "big.ogg").write_bytes(OGG)
    os.truncate(tmp_path / "big.ogg", 20 * 2**20 + 1)
    buttons = [f"  {say(f'ask_face_{said}', 'en')}: /face {to}" for said, to in BUTTONS]
    asked = "\n".join([say("ask_face", "en"), *buttons])
    lines = {
        f"/voice {tmp_path}/a note.ogg": say("problem_broken", "en"),
        f"/photo {tmp_path}/me.png": asked,
        f"/voice {tmp_path}/no.ogg": say("terminal_usage_voice", "en", path=f"{tmp_path}/no.ogg"),
        f"/photo {tmp_path}/no.png": say("terminal_usage_photo", "en", path=f"{tmp_path}/no.png"),
        f"/photo {tmp_path}": say("terminal_usage_photo", "en", path=tmp_path),
        f"/voice {tmp_path}/x.txt": say("problem_not_audio", "en"),
        f"/photo {tmp_path}/x.txt": say("problem_not_image", "en"),
        f"/voice {tmp_path}/big.ogg": say("problem_too_big", "en", limit=20),
        "/voice": say("voice_off", "en"),
        "/voice on": say("voice_on", "en"),
    }
    done = run(said="\n".join(["/start", *lines]))
    assert done.stderr == ""
    assert done.stdout.split("\n\n")[-len(lines) - 1 : -1] == list(lines.values())


class TestInteractive:
    def test_a_talk_from_the_first_screen_to_control_d(self, tmp_path: Path) -> None:
        (tmp_path / "note.ogg").write_bytes(OGG)
        (tmp_path / "me.png").write_bytes(PNG)
        with Screen("--person", "ana") as screen:
            first = screen.until("ana > ")
            assert len(first.splitlines()) <= 8
            assert "/help" in first
            assert "/crisis" in first
            screen.type("/start\n")
            screen.until("ana > ")
            screen.type("I am sad\n")
            shown = screen.until("ana > ")
            assert "\r  " in shown  # set in from the prompt, over the three dots
            screen.type(f"/voice {tmp_path / 'note.ogg'}\n")
            assert say("problem_broken", "en") in screen.until("ana > ")
            screen.type(f"/photo {tmp_path / 'me.png'}\n")
            assert "/face on" in screen.until("ana > ")
            screen.type("/photo nowhere.png\n")
            assert "nowhere.png" in screen.until("ana > ")
            screen.type("\n")
            screen.until("ana > ")
            screen.type("\x04")
            code, rest = screen.end()
        assert code == 0
        assert rest.endswith(f"{say('terminal_goodbye', 'en')}\n")

    def test_control_c_ends_it_without_a_word_of_python(self) -> None:
        with Screen() as screen:
            screen.until("you > ")
            screen.type("\x03")
            code, rest = screen.end()
        assert code == 130
        assert "Traceback" not in rest
        assert "Error" not in rest

    def test_quit_ends_it_in_any_language(self) -> None:
        with Screen(ATTUNE_LANGUAGE="zh") as screen:
            screen.until("you > ")
            screen.type("/stop\n")
            assert say("stop_nothing", "zh") in screen.until("you > ")
            screen.type("/quit\n")
            code, rest = screen.end()
        assert code == 0
        assert say("terminal_goodbye", "zh") in rest


def test_long_lines_break_between_words_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = "one sentence that is longer than the screen is wide\n\n"
    text += "这一句中文也比屏幕要宽得多，所以也要换行才行。"
    lines = _wrapped(text)
    assert " ".join(lines).replace("  ", " ").split()[:10] == text.split()[:10]
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert max(len(line) for line in lines) <= 37
