"""`attune-admin user`: who is here, limits, and what a person may ask an operator for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from affect.examples import ending
from bot.admin import disclosure, options, output, store
from bot.admin.logs import parts, turns
from bot.admin.options import Leave, Many, One
from bot.admin.output import Rows
from bot.clock import SystemClock
from storage import people, roll, search
from storage.database import Database
from storage.roll import Member

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="People: who is here, limits, what they may ask for.",
)

Person = Annotated[str, typer.Argument(metavar="USER", help="Their uid, or the end of it.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take it back.")]
Kind = Annotated[
    Literal["remember", "text", "hear", "voice", "face"] | None,
    typer.Option(
        "--withdraw", metavar="KIND", help="Take remember, text, hear, voice or face back."
    ),
]


@app.command("list", epilog=ending("attune-admin user list --platform telegram -n 50"))
@options.spread
def list_users(
    how: Many,
    platform: options.PlatformName = None,
    blocked: Annotated[bool, typer.Option("--blocked", help="Only who is blocked.")] = False,
    limit: options.Limit = options.NEWEST,
    tz: options.Tz = "UTC",
) -> None:
    """The newest people, without their names.

    Turns, platforms, what they agreed to.
    """
    zone, form = options.zone(tz), output.form(how)

    async def job(database: Database) -> None:
        async def rows() -> AsyncIterator[dict[str, Any]]:
            for one in await roll.members(
                database, platform=platform, blocked=blocked, limit=limit or None
            ):
                yield _row(one, zone)

        await output.print_rows(rows(), form, _table)

    store.serve(how, job)


@app.command("show", epilog=ending("attune-admin user show 8WZ3K0QF"))
@options.spread
def show(user: Person, how: One, tz: options.Tz = "UTC") -> None:
    """One person, without their name."""
    zone = options.zone(tz)

    async def job(database: Database) -> None:
        told = _row(await _member(database, user), zone)
        if how.as_json:
            output.print_json(told)
        else:
            agreed = ", ".join(f"{kind} {_word(on)}" for kind, on in told["consents"].items())
            platforms = ", ".join(told["platforms"])
            output.print_table(output.pairs({**told, "platforms": platforms, "consents": agreed}))

    store.serve(how, job)


@app.command("block", epilog=ending('attune-admin user block 8WZ3K0QF --reason "abuse, ticket 3"'))
@options.spread
def block(user: Person, how: One, reason: options.Why = None, undo: Undo = False) -> None:
    """Answer a person no more. Danger is still answered, and so is /export and /forget."""
    clock = SystemClock()
    act = disclosure.act("user unblock" if undo else "user block", clock, reason)

    async def job(database: Database) -> None:
        member = await _member(database, user)
        await act.begin(database, member.uid)
        await roll.block(database, member.id, None if undo else clock.now())
        _done(how, member, "answered again" if undo else "blocked")

    store.serve(how, job)


@app.command("allow", epilog=ending('attune-admin user allow 8WZ3K0QF --reason "ticket 3 closed"'))
@options.spread
def allow(user: Person, how: One, reason: options.Why = None) -> None:
    """Answer a blocked person again, without a limit."""
    act = disclosure.act("user allow", SystemClock(), reason)

    async def job(database: Database) -> None:
        member = await _member(database, user)
        await act.begin(database, member.uid)
        await roll.block(database, member.id, None)
        await roll.limit(database, member.id, None)
        _done(how, member, "answered again, without a limit")

    store.serve(how, job)


@app.command("limit", epilog=ending('attune-admin user limit 8WZ3K0QF 40 --reason "ticket 5"'))
@options.spread
def limit(
    user: Person,
    daily: Annotated[
        int,
        typer.Argument(metavar="N", min=0, max=options.MOST, help="Turns in 24 hours; 0: any."),
    ],
    how: One,
    reason: options.Why = None,
) -> None:
    """Let a person have so many turns in 24 hours. Danger is answered beyond it."""
    act = disclosure.act("user limit", SystemClock(), reason)

    async def job(database: Database) -> None:
        member = await _member(database, user)
        await act.begin(database, member.uid)
        await roll.limit(database, member.id, daily or None)
        _done(how, member, f"limited to {daily} turn(s) a day" if daily else "without a limit")

    store.serve(how, job)


@app.command(
    "export",
    epilog=ending('attune-admin user export 8WZ3K0QF -o z.json --reveal --reason "by mail"'),
)
@options.spread
def export(
    user: Person,
    how: One,
    leave: Leave,
    file: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to.")],
) -> None:
    """All that is kept of a person, as /export gives it to them. It holds their words and name."""
    asked = disclosure.ask("user export", SystemClock(), leave, needed=True)

    async def job(database: Database) -> None:
        parts.free(file, force=False)
        member = await _member(database, user)
        await asked.begin(database, member.uid)
        kept = await people.export(database, member.id)
        parts.write_whole(file, json.dumps(kept, ensure_ascii=False, indent=2) + "\n")
        _done(how, member, f"written to {file}")

    store.serve(how, job)


@app.command("forget", epilog=ending('attune-admin user forget 8WZ3K0QF --yes --reason "by mail"'))
@options.spread
def forget(user: Person, how: One, yes: options.Yes = False, reason: options.Why = None) -> None:
    """Destroy a person's key and all that is kept of them. Nothing brings it back."""
    act = disclosure.act("user forget", SystemClock(), reason) if yes else None

    async def job(database: Database) -> None:
        member = await _member(database, user)
        if act is None:
            _done(how, member, "would be forgotten: add --yes and --reason TEXT to do it")
            return
        await act.begin(database, member.uid)
        await people.forget(database, member.id)
        _done(how, member, "forgotten")

    store.serve(how, job)


@app.command("consent", epilog=ending("attune-admin user consent 8WZ3K0QF"))
@options.spread
def consent(
    user: Person,
    how: Many,
    withdraw: Kind = None,
    reason: options.Why = None,
    tz: options.Tz = "UTC",
) -> None:
    """What a person agreed to and when. --withdraw takes one back for them; none can be given."""
    clock, zone, form = SystemClock(), options.zone(tz), output.form(how)
    act = disclosure.act("user consent", clock, reason) if withdraw else None

    async def job(database: Database) -> None:
        member = await _member(database, user)
        if act is not None and withdraw is not None:
            await act.begin(database, member.uid)
            await people.consent(database, member.id, withdraw, granted=False, now=clock.now())

        async def rows() -> AsyncIterator[dict[str, Any]]:
            for one in await roll.agreements(database, member.id):
                yield {"kind": one.kind, "granted": one.granted, "at": _time(one.at, zone)}

        await output.print_rows(rows(), form, _agreements, "They have said yes or no to nothing.")

    store.serve(how, job)


async def _member(database: Database, named: str) -> Member:
    return await roll.member(database, await search.person(database, named))


def _row(member: Member, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "person": member.uid,
        "since": _time(member.created_at, zone),
        "last": _time(member.last_at, zone),
        "turns": member.turns,
        "platforms": list(member.platforms),
        "language": member.language,
        "country": member.country,
        "zone": member.zone,
        "consents": dict(member.consents),
        "blocked": _time(member.blocked_at, zone),
        "daily": member.daily,
    }


def _table(rows: Rows) -> RenderableType:
    """A row a person; a narrow terminal has no room for since when they are here."""
    columns = ["person", "last", "turns", "platforms", "agreed", "blocked", "daily"]
    if output.wide():
        columns.insert(1, "since")
    told = (
        {
            **row,
            "person": output.short(row["person"]),
            "since": row["since"][:10],
            "last": (row["last"] or "")[:16].replace("T", " "),
            "platforms": ", ".join(row["platforms"]),
            "agreed": ", ".join(kind for kind, on in row["consents"].items() if on),
            "blocked": (row["blocked"] or "")[:10],
        }
        for row in rows
    )
    return output.table(columns, ([row[name] for name in columns] for row in told))


def _agreements(rows: Rows) -> RenderableType:
    columns = ("kind", "said", "at")
    told = ([row["kind"], _word(row["granted"]), turns.short("at", row["at"])] for row in rows)
    return output.table(columns, told)


def _word(on: bool) -> str:
    return "yes" if on else "no"


def _time(at: datetime | None, zone: ZoneInfo) -> str | None:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else None


def _done(how: One, member: Member, done: str) -> None:
    if how.as_json:
        output.print_json({"person": member.uid, "done": done})
    else:
        output.print_table(f"{member.uid}: {done}.")
