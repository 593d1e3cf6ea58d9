"""`attune-admin logs`: turns as they were read and answered, one file a command."""

from __future__ import annotations

import typer

from bot.admin import late

COMMANDS = {
    "list": "bot.admin.logs.listing:list_turns",
    "show": "bot.admin.logs.showing:show",
    "chat": "bot.admin.logs.chatting:chat",
    "search": "bot.admin.logs.searching:search_words",
    "tail": "bot.admin.logs.tailing:tail",
    "stats": "bot.admin.logs.counting:stats",
    "export": "bot.admin.logs.exporting:export",
    "rm": "bot.admin.logs.removing:remove",
    "replay": "bot.admin.logs.replaying:replay",
}

app = typer.Typer(
    cls=late.group(COMMANDS),
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Turns: list them, look at one, search, export.",
)
