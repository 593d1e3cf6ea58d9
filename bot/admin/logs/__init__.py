"""`attune-admin logs`: turns as they were read and answered, one file a command."""

from __future__ import annotations

import typer

from bot.admin.logs import (
    chatting,
    counting,
    exporting,
    listing,
    removing,
    replaying,
    searching,
    showing,
    tailing,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("list", epilog=listing.EXAMPLE)(listing.list_turns)
app.command("show", epilog=showing.EXAMPLE)(showing.show)
app.command("chat", epilog=chatting.EXAMPLE)(chatting.chat)
app.command("search", epilog=searching.EXAMPLE)(searching.search_words)
app.command("tail", epilog=tailing.EXAMPLE)(tailing.tail)
app.command("stats", epilog=counting.EXAMPLE)(counting.stats)
app.command("export", epilog=exporting.EXAMPLE)(exporting.export)
app.command("rm", epilog=removing.EXAMPLE)(removing.remove)
app.command("replay", epilog=replaying.EXAMPLE)(replaying.replay)
