"""Groups of commands of which only the one that is asked for is imported.

Most of the time of a short command is its imports; a list of turns needs neither charts nor
calibration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from affect.examples import ending


class Commands(Mapping[str, Any]):
    """Commands by name, each made when it is looked up.

    `places` says where: "module:name" of a `typer.Typer` for a group, or of a function, whose
    module's EXAMPLE ends its help.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        """Nothing is imported yet."""
        self._places = places

    def __getitem__(self, name: str) -> Any:
        """The command; raises KeyError if there is none of that name."""
        where, _, what = self._places[name].partition(":")
        module = import_module(where)
        found = getattr(module, what)
        if isinstance(found, typer.Typer):
            return get_group(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, epilog=ending(module.EXAMPLE))(found)
        return get_command(alone)

    def __iter__(self) -> Iterator[str]:
        """The names in the order of the help."""
        return iter(self._places)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._places)


def group(places: Mapping[str, str]) -> type[TyperGroup]:
    """The class of a group with these commands, for `typer.Typer(cls=...)`."""

    class Group(TyperGroup):
        """Its commands are imported late."""

        def __init__(self, **told: Any) -> None:
            """As typer makes a group."""
            super().__init__(**told)
            self.commands = cast(Any, Commands(places))

    return Group
