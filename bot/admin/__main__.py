"""Attune for those who run it: turns, the audit, the database, a check-up. Content stays hidden.

Every outcome is an exit code and every error one sentence on standard error (docs/admin.md).
"""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence

import typer
from typer.main import get_command

from affect import misuse
from affect.errors import AttuneError, BadInput, NotFound, Refused, SettingsError, Unreachable
from affect.examples import ending
from bot import logs as events
from bot.admin import late

WRONG_USE, INTERRUPTED = 2, 130
EXIT_CODES: dict[type[AttuneError], int] = {
    SettingsError: WRONG_USE,
    BadInput: WRONG_USE,
    NotFound: 3,
    Refused: 4,
    Unreachable: 5,
}
TROUBLES = {
    errno.ENOSPC: "There is no room left on the disk: make some, and run it again",
    errno.EDQUOT: "There is no room left on the disk for you: make some, and run it again",
    errno.EFBIG: "The file grows larger than it may be: choose another place, or export in parts",
    errno.EACCES: "There is no leave to read or write that: run it as its owner",
    errno.EROFS: "Nothing can be written there: choose another place",
    errno.EISDIR: "That is a folder: name a file",
}
"""What an error of the system means and what to do, for those that operators meet."""

COMMANDS = {
    "logs": "bot.admin.logs:app",
    "user": "bot.admin.user:app",
    "trajectory": "bot.admin.trajectory:show",
    "crisis": "bot.admin.crisis:app",
    "retention": "bot.admin.retention:app",
    "audit": "bot.admin.audit:app",
    "db": "bot.admin.db:app",
    "doctor": "bot.admin.doctor:examine",
}

app = typer.Typer(
    cls=late.group(COMMANDS),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback(epilog=ending("attune-admin doctor"))
def attune_admin() -> None:
    """Run Attune: look at turns, readings and the audit; what people wrote stays hidden."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # typer makes an exit of its own of a broken pipe
        # Whoever read us has seen enough; nothing is left to be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = get_command(app).main(arguments, prog_name="attune-admin", standalone_mode=False)
    except BrokenPipeError:
        raise
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except typer.TyperException as wrong:
        return _fail(wrong, misuse.sentence(wrong), WRONG_USE)
    except AttuneError as error:
        return _fail(error, str(error), EXIT_CODES.get(type(error), 1))
    except OSError as error:
        name = f" ({error.filename})" if error.filename else ""
        told = TROUBLES.get(error.errno or 0) or error.strerror or "Reading or writing failed"
        return _fail(error, f"{told}{name}.", 1)
    except Exception as error:  # noqa: BLE001 - its text may hold what people wrote
        told = f"{type(error).__name__} at {events.where(error)}"
        return _fail(error, f"Something failed inside ({told}): see --log-level debug.", 1)
    return code if isinstance(code, int) else 0


def _fail(error: Exception, sentence: str, code: int) -> int:
    """One sentence; at debug, where it came from before that."""
    if logging.getLogger("bot").level == logging.DEBUG:
        traceback.print_exception(error)
    sys.stderr.write(sentence + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
