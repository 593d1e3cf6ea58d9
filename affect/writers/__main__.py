"""For people who write entries: `python -m affect.writers check | index`.

`check` tells what breaks a house rule; `index` stores the vectors of the cues, and the entries as
they are read fastest. Exit code 0 if all
is well, 1 if a rule is broken, 2 if something cannot be read. See docs/writing-entries.md.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from affect.errors import AttuneError
from affect.perception.text import TextModel
from affect.writers import bank, cues, rules

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m affect.writers", description=__doc__)
    parser.add_argument("command", choices=["check", "index"])
    given = parser.parse_args(arguments)
    try:
        return _check() if given.command == "check" else _index()
    except AttuneError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks on its streams
        return 2


def _check() -> int:
    entries = bank.load()
    found = rules.problems(entries)
    for problem in found:
        print(f"{problem.entry}: {problem.what}")  # noqa: T201
    counts = ", ".join(f"{len(entries.of(language))} {language}" for language in ("en", "zh"))
    print(f"{counts}: {len(found)} problems")  # noqa: T201
    return 1 if found else 0


def _index() -> int:
    entries = bank.load().entries
    bank.press()
    new = cues.save(entries, TextModel.load())
    held = sum(len(entry.cues) for entry in entries)
    print(f"{held} cues stored in {cues.FILE}, {new} embedded anew")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
