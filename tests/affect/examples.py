"""The examples of a help text, as somebody would copy them."""

from __future__ import annotations

import shlex

WIDTH = 80


def shown(helped: str) -> list[list[str]]:
    """Each example as the words that a shell makes of it; a line that is cut in two is no help."""
    _, _, end = helped.replace("Examples:", "Example:").rpartition("Example:\n")
    assert all(len(line) <= WIDTH for line in end.splitlines())
    commands = end.replace("\\\n", "").splitlines()
    return [shlex.split(command.partition(" > ")[0]) for command in commands if command.strip()]
