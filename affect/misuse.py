"""What is wrong with a value or a command line, in one plain sentence, whoever found it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import typer
from pydantic import ValidationError

WHOLE, NUMBER = "must be a whole number", "must be a number"
KINDS = {
    "int_parsing": WHOLE,
    "int_parsing_size": WHOLE,
    "int_from_float": WHOLE,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}
"""What pydantic calls a fault, and how a person would say it."""


def finding(error: ValidationError) -> tuple[str, str]:
    """Where the first fault of a value is (as in `loc`), and what it must be instead."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = "_".join(str(part) for part in first["loc"])
    context: Mapping[str, Any] = first.get("ctx", {})
    values = {
        name: f"{value:g}" if isinstance(value, float) else str(value).replace("'", "")
        for name, value in context.items()
    }
    if first["type"] in KINDS:
        return where, KINDS[first["type"]].format(**values)
    return where, first["msg"].removeprefix("Value error, ")


EXTRA = re.compile(r"Got unexpected extra argument\(s\) \((.*)\)", re.DOTALL)


def sentence(wrong: typer.TyperException) -> str:
    """What is wrong with a command line."""
    cause = wrong.__cause__
    if not isinstance(wrong, typer.BadParameter):
        return _ended(_plain(wrong))
    if wrong.param is None or not isinstance(cause, ValidationError):
        return _ended(" ".join(wrong.format_message().split()))  # choices stand a line each
    long = max(wrong.param.opts, key=len)
    name = long if long.startswith("-") else wrong.param.get_error_hint().strip("'")
    _, said = finding(cause)
    return _ended(f"{name} {said}" if said.startswith("must ") else f"{name}: {said}")


def _plain(wrong: typer.TyperException) -> str:
    told = wrong.format_message()
    if not (extra := EXTRA.fullmatch(told)):
        return told
    context = getattr(wrong, "ctx", None)
    command = context.command_path if context else "its name"
    return (
        f"{extra[1]} is too much here: put a text of several words in quotes; see {command} --help"
    )


def _ended(told: str) -> str:
    told = told.rstrip()
    return told if told.endswith((".", "?")) else f"{told}."
