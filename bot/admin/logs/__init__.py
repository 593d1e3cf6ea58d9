"""`attune-admin logs`: turns as they were read and answered, one file a command."""

from __future__ import annotations

import typer

from bot.admin.logs import exporting, listing, searching, showing

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("list", epilog=listing.EXAMPLE)(listing.list_turns)
app.command("show", epilog=showing.EXAMPLE)(showing.show)
app.command("search", epilog=searching.EXAMPLE)(searching.search_words)
app.command("export", epilog=exporting.EXAMPLE)(exporting.export)
