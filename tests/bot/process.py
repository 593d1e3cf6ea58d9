"""The program as people start it: a process of its own, piped or in a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

TOP = Path(__file__).parents[2]
REAL = ("run_bot.py",)
QUICK = ("-m", "tests.bot.started")
PATIENCE = 60.0  # seconds; a busy machine may be slow

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def environment(**told: str) -> dict[str, str]:
    """The test's own environment, in English."""
    return {**os.environ, "LC_ALL": "C.UTF-8", **told}


def run(
    *arguments: str, said: str | bytes = b"", program: Sequence[str] = QUICK, **env: str
) -> subprocess.CompletedProcess[str]:
    """Start the program, pipe something in, wait for its end."""
    done = subprocess.run(
        [sys.executable, *program, *arguments],
        input=said.encode() if isinstance(said, str) else said,
        capture_output=True,
        cwd=TOP,
        env=environment(**env),
        timeout=PATIENCE,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def run_json(
    lines: Sequence[object], *arguments: str, program: Sequence[str] = QUICK, **env: str
) -> list[dict[str, Any]]:
    """Give `--json` some lines (objects, or text as it stands); read what it writes."""
    told = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    done = run("--json", *arguments, said="\n".join(told), program=program, **env)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Screen:
    """The program in a terminal of its own."""

    def __init__(self, *arguments: str, **env: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, *QUICK, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=TOP,
            env=environment(TERM="xterm", COLUMNS="200", **env),
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - no other thread holds a lock here
        )
        os.close(theirs)
        self.seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def until(self, text: str) -> str:
        """Everything shown up to and with `text` since the last call."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{text!r} was not shown, but {self.seen!r}")
        shown, self.seen = self.seen.split(text, 1)
        return shown + text

    def end(self) -> tuple[int, str]:
        """The exit code, and what was still shown."""
        end = time.monotonic() + PATIENCE
        while self._read(end - time.monotonic()):
            pass
        return self._process.wait(PATIENCE), self.seen

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, seconds))
        try:
            data = os.read(self._ours, 65536) if ready else b""
        except OSError:  # the other side is closed
            return False
        self.seen += _ESCAPES.sub("", data.decode(errors="replace")).replace("\r\n", "\n")
        return bool(data)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
