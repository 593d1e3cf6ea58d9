"""`python -m affect`: see `affect/cli.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

# Before numpy comes in: its threads would spin beside ours, and `bench` promises one core.
if sys.argv[1:2] != ["train"]:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer
from typer.main import get_command

from affect import misuse
from affect.cli import app

WRONG_USE, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit code."""
    command = get_command(app)
    try:
        code = command.main(arguments, prog_name="python -m affect", standalone_mode=False)
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as wrong:
        typer.echo(misuse.sentence(wrong), err=True)
        return WRONG_USE
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
