"""Examples at the end of a help text, shown as they are typed so that they can be copied whole."""

from __future__ import annotations

UNWRAPPED = "\b"  # typer's mark of lines that it leaves as they are


def ending(*commands: str) -> str:
    """The commands, a line each; a longer one is broken with a backslash before its newline."""
    title = "Example:" if len(commands) == 1 else "Examples:"
    told = (f"  {command}".replace("\n", "\n  ") for command in commands)
    return "\n".join((UNWRAPPED, title, *told))
