"""Starts a surface of Attune: the terminal (default), telegram, discord, or all."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

# Before numpy comes in: its threads spin while they wait, half the processor time of a turn.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bot.logs import LEVELS

EXAMPLES = """examples:
  python run_bot.py                                talk in this terminal
  echo "I got the job!" | python run_bot.py        one line, one answer
  python run_bot.py --json < messages.jsonl        one JSON object a turn
  python run_bot.py all                            every platform that has a token
  python run_bot.py telegram --check               start, say what works, stop
  ATTUNE_PERSONA=support python run_bot.py         answer customers; settings: docs/settings.md
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit code."""
    wanted = _parser().parse_args(arguments)
    from affect.errors import AttuneError, SettingsError, Unreachable
    from bot import logs
    from bot.settings import Settings
    from bot.surfaces import Wish, run

    level = wanted.log_level or ("warning" if wanted.surface == "terminal" else "info")
    logs.configure(level)
    try:
        settings = Settings.load(wanted.env_file)
        asyncio.run(run(Wish(wanted.surface, wanted.person, wanted.json, wanted.check), settings))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 - the last door: a sentence, and no words of anybody
        if level == "debug":
            traceback.print_exc()
        unknown = "Something went wrong; --log-level debug shows where."
        print(error if isinstance(error, AttuneError) else unknown, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, SettingsError) else 5 if isinstance(error, Unreachable) else 1
    return 0


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        self.exit(2, f"{message.removeprefix('argument ')}; see attune --help.\n")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="attune",
        description="Attune: a companion that notices how people feel.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    surfaces = ("terminal", "telegram", "discord", "all")
    parser.add_argument(
        "surface", nargs="?", choices=surfaces, default="terminal", metavar="SURFACE",
        help="terminal (default), telegram, discord, or all (every platform with a token)",
    )  # fmt: skip
    parser.add_argument("--person", default="you", metavar="NAME", help="who is talking (terminal)")
    parser.add_argument("--json", action="store_true", help="JSON Lines in and out (terminal)")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="settings, instead of .env")
    parser.add_argument("--log-level", choices=LEVELS)
    parser.add_argument("--check", action="store_true", help="start, say what works, stop")
    parser.add_argument("--version", action="version", version=f"attune {_version()}")
    return parser


def _version() -> str:
    try:
        return version("attune-companion")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
