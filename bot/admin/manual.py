"""docs/admin.md, written from the commands: `python -m bot.admin.manual > docs/admin.md`.

A test holds the file to what this prints.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from bot.admin.__main__ import app

OPENING = """\
# The operator's commands

`attune-admin` (also `python -m bot.admin`) works on the store that the settings name. This page is
written by `python -m bot.admin.manual`; change the commands, not the page.

**What people wrote stays hidden.** Their messages, what their voice said, and the replies are shown
only with `--reveal --reason TEXT`. The reason, the operating system's name of whoever asks, the
command, and each person of whom something is shown are put down in the audit first; only then is
anything shown. Names and accounts are not shown at all. A person's own export holds these rows.

**The audit** is a chain: each row's digest covers the one before. `audit verify` finds rows that
were removed, changed or put in between. Rows cut off at the end, or a whole chain written anew by
somebody who can write the database, show only against a head that was noted elsewhere: keep the
head that `audit verify` prints, and give it back with `--head`.

**One gate.** `logs list`, `show`, `chat`, `search`, `tail`, `replay` and `export`, `user export`
and `db backup` ask one function for leave, and write the same record. A person sees in `/export`
who read what of them, when and why.

**What changes something** of a person (`logs rm`, `user block|limit|forget|consent --withdraw`,
`db rekey`) needs `--reason TEXT` too; what cannot be undone does nothing without `--yes`.
`retention run` needs neither: it only does at once what Attune does by itself.

**Completion** of your shell: `attune-admin --install-completion`, then open it anew.

**Results** go to standard output, everything else to standard error. `--json` gives one document,
`--jsonl` one object a line. A turn or a person is named by the whole id or by the end of it (4
characters or more). Times of JSON are in the zone of `--tz`; `--since` is included, `--until` not.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed; the audit is not whole; `doctor`, `db check` or `db status` found something |
| 2 | wrong use or settings |
| 3 | nothing found |
| 4 | refused: no reason, no `--yes`, too few people, a file that is there, Attune is running |
| 5 | the database cannot be reached, or is being restored |
| 130 | interrupted |
"""


def text() -> str:
    """The whole page."""
    return "\n".join((OPENING, *_commands(get_command(app), "attune-admin")))


def _commands(command: Any, name: str) -> Iterator[str]:
    """A group's commands in turn, each as a section."""
    if hasattr(command, "commands"):
        for child, inner in command.commands.items():
            yield from _commands(inner, f"{name} {child}")
        return
    yield f"## {name}\n"
    yield f"{inspect.cleandoc(command.help)}\n"
    yield from (f"  {line}" for line in command.epilog.splitlines()[2:])  # below its title
    yield ""
    yield "| option | meaning |\n|---|---|"
    for parameter in command.params:
        meaning = parameter.help
        if parameter.default is not None and parameter.default is not False:
            meaning += f" Default: {parameter.default}."
        if parameter.required:
            meaning += " Required."
        yield f"| `{_spelled(parameter)}` | {meaning} |"
    yield ""


def _spelled(parameter: Any) -> str:
    """An option or an argument as it is typed."""
    value = "" if getattr(parameter, "is_flag", False) else f" {parameter.metavar}"
    options = ", ".join(name for name in parameter.opts if name.startswith("-"))
    return f"{options}{value}".strip()


if __name__ == "__main__":
    sys.stdout.write(text())
