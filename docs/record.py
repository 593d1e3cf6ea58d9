"""Records a terminal session of the real program as an SVG picture, for the README.

    python docs/record.py docs/terminal.svg

The program runs in a pseudo-terminal of its own, with a home in a temporary folder; what it prints
is drawn as it is.
"""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import tempfile
import time
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

WIDTH = 92
PROMPT = "you > "
TYPED = (
    "my dog died on Saturday",
    "/why",
    "the house is so quiet without him",
    "/mood",
    "/quit",
)
QUIET = 1.0  # seconds without output after which the program is waiting


def record(typed: tuple[str, ...], home: str) -> str:
    """All that the screen showed, with its colours."""
    pid, screen = pty.fork()
    if pid == 0:
        os.environ.update(ATTUNE_HOME=home, COLUMNS=str(WIDTH), TERM="xterm", LC_ALL="C.UTF-8")
        os.execv(sys.executable, [sys.executable, "run_bot.py"])  # noqa: S606
    shown = _until_prompt(screen)
    for line in typed:
        os.write(screen, line.encode() + b"\n")
        shown += _until_prompt(screen)
    os.waitpid(pid, 0)
    return shown


def _until_prompt(screen: int) -> str:
    """Read until the program asks for a line or ends."""
    data = b""
    last = time.monotonic()
    while time.monotonic() - last < 30:
        ready, _, _ = select.select([screen], [], [], 0.1)
        if ready:
            try:
                piece = os.read(screen, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            data += piece
            last = time.monotonic()
        elif data.endswith(PROMPT.encode()) or (data and time.monotonic() - last > QUIET * 5):
            break
    return data.decode()


def draw(shown: str) -> str:
    """The screen as SVG, with the fonts of whoever looks at it."""
    overwritten = re.sub(r"\.\.\.\r(?:\x1b\[K)?", "", shown.replace("\r\n", "\n"))
    # "ESC [ K" and what the line editor switches on and off leave no mark on the screen.
    clean = re.sub(r"\x1b\[(?:K|\?2004[hl])\r?", "", overwritten)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(clean.strip()))
    without_fonts = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="python run_bot.py", code_format=without_fonts)


def main() -> None:
    """Record and write."""
    with tempfile.TemporaryDirectory() as home:
        shown = record(TYPED, str(Path(home) / "attune"))
    # The home is a folder of this moment; show where it is for everybody.
    told = re.sub(r"sealed in \S+", "sealed in ~/.local/share/attune", shown)
    Path(sys.argv[1]).write_text(draw(told), encoding="utf-8")


if __name__ == "__main__":
    main()
