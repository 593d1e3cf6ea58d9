"""`attune-admin doctor`: is everything there that Attune needs, and what to do where it is not.

A check never raises and never makes anything; secrets are told as set or not set.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import typer
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from affect.errors import AttuneError, SettingsError
from bot.admin import options, output, store
from bot.admin.options import One, Setup
from bot.clock import SystemClock
from bot.llm import open_llm
from bot.settings import Settings
from storage import audit, migrate, people, roll
from storage.database import Database
from storage.tables import Audit, Turn
from storage.vault import Vault

EXAMPLE = "attune-admin doctor --json"
LITTLE_SPACE, HARDLY_SPACE = 2**30, 100 * 2**20  # bytes
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # no clock that is right shows less
TOLERANCE = timedelta(minutes=5)  # between the clock and what is stored


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what to do."""

    name: str
    state: Literal["ok", "warn", "fail"]
    found: str
    todo: str = ""


@options.spread
def examine(how: One) -> None:
    """Look at all that Attune needs and say what to do. Exit code 1 if something fails."""
    checks = _checks(how, SystemClock().now())
    failed = any(check.state == "fail" for check in checks)
    if how.as_json:
        output.print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        output.print_table(_table(checks))
    if failed:
        raise typer.Exit(1)


def _table(checks: Sequence[Check]) -> Table:
    """What was found, and what to do about it in the line below."""
    rows: list[tuple[str, str]] = []
    for check in checks:
        rows.append((check.state, f"{check.name}: {check.found}"))
        if check.todo:
            rows.append(("", check.todo))
    made = output.table(("", ""), rows)
    made.show_header = False
    return made


def _checks(setup: Setup, now: datetime) -> list[Check]:
    try:
        settings = store.settings(setup)
    except AttuneError as error:
        return [Check("settings", "fail", str(error), "Correct it; the rest was not looked at.")]
    if not _may_look(settings):
        told = f"there is no leave to look into {settings.home}"
        return [Check("settings", "fail", told, "Run this as its owner, or set ATTUNE_HOME.")]
    return [
        _settings(settings, setup.env_file or Path(".env")),
        _key(settings),
        *asyncio.run(_database(settings, now)),
        _disk(settings),
        _clock(now),
        _models(settings),
        *_senses(settings),
        _decoders(),
        _gpu(),
        *_licences(),
        _writer(),
        asyncio.run(_llm(settings)),
        _token("telegram", settings.telegram_token is not None),
        _token("discord", settings.discord_token is not None),
    ]


def _may_look(settings: Settings) -> bool:
    """Whether the database and the key file can be looked for at all."""
    try:
        store.present(settings)
        settings.keys.is_file()
    except OSError:
        return False
    return True


def _settings(settings: Settings, env_file: Path) -> Check:
    secrets = (settings.telegram_token, settings.discord_token, settings.llm_api_key)
    if any(secrets) and env_file.is_file() and _open_to_others(env_file):
        told = f"{env_file} can be read by others"
        return Check("settings", "warn", told, f"Run chmod 600 {env_file}.")
    return Check("settings", "ok", f"home {settings.home}")


def _key(settings: Settings) -> Check:
    path = settings.keys
    if not path.is_file():
        if not store.present(settings):
            return Check("key file", "warn", "none yet", "It is made when Attune first starts.")
        todo = "Put it back from its backup, or set ATTUNE_KEY_FILE: nothing opens without it."
        return Check("key file", "fail", f"there is none at {path}", todo)
    try:
        Vault.at(path)
    except (AttuneError, OSError) as error:
        return Check("key file", "fail", str(error), "Correct it, or put it back from its backup.")
    return Check("key file", "ok", f"{path}, for its owner alone")


async def _database(settings: Settings, now: datetime) -> list[Check]:
    """The database, and what only an open one can tell."""
    name = "database"
    vault = Vault.at(settings.keys) if _key(settings).state == "ok" else None
    try:
        async with store.connected(settings, vault) as database:
            stands = await store.revision(database)
            if stands != migrate.HEAD:
                told = f"revision {stands or 'none'}, needed is {migrate.HEAD}"
                newer = stands not in migrate.known()
                todo = migrate.NEWER if newer else "Run attune-admin db upgrade."
                return [Check(name, "fail", told, todo)]
            kind = "SQLite" if database.embedded else "PostgreSQL"
            return [
                Check(name, "ok", f"{kind}, revision {stands}"),
                await _key_fits(database, opens=vault is not None),
                await _times(database, now),
                await _audit(database),
            ]
    except AttuneError as error:
        if not store.present(settings):
            return [Check(name, "warn", "none yet", "It is made when Attune first starts.")]
        todo = "Set ATTUNE_DATABASE_URL, start its server, or restore a copy of it."
        return [Check(name, "fail", str(error), todo)]
    except SQLAlchemyError as error:
        todo = "See --log-level debug of attune-admin db status."
        return [Check(name, "fail", type(error).__name__, todo)]


async def _key_fits(database: Database, *, opens: bool) -> Check:
    if not await roll.members(database, limit=1):
        return Check("keys", "ok", "nobody is in the database yet")
    todo = "Put back the key file that belongs to this database, or set ATTUNE_KEY_FILE."
    if not opens:
        return Check("keys", "fail", "not tried: there is no key file to use", todo)
    if not await people.key_fits(database):
        return Check("keys", "fail", "the key file does not open this database", todo)
    return Check("keys", "ok", "the key file opens this database")


async def _times(database: Database, now: datetime) -> Check:
    """Whether the clock is behind what was stored already."""
    async with database.read() as connection:
        newest = [
            await connection.scalar(select(func.max(Turn.kept_at)).where(Turn.sealed.is_not(None))),
            await connection.scalar(select(func.max(Audit.at))),
        ]
    ahead = [at for at in newest if at is not None and at > now + TOLERANCE]
    if ahead:
        told = f"what is stored reaches to {max(ahead):%Y-%m-%d %H:%M} UTC"
        return Check("stored times", "fail", told, "Set the clock: the machine's is behind.")
    return Check("stored times", "ok", "none lies in the future")


async def _audit(database: Database) -> Check:
    chain = await audit.verify(database)
    if chain.whole:
        return Check("audit", "ok", f"{chain.rows} row(s), whole")
    return Check("audit", "fail", "not whole", "See attune-admin audit verify.")


def _disk(settings: Settings) -> Check:
    place = settings.home
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    told = f"{free / 2**30:.1f} GiB free"
    if free < LITTLE_SPACE:
        state: Literal["warn", "fail"] = "fail" if free < HARDLY_SPACE else "warn"
        return Check("disk", state, told, "Make room, or set ATTUNE_HOME to another disk.")
    return Check("disk", "ok", told)


def _clock(now: datetime) -> Check:
    if now < EARLIEST:
        return Check("clock", "fail", f"{now:%Y-%m-%d} UTC", "Set the machine's clock.")
    return Check("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


def _models(settings: Settings) -> Check:
    from affect.perception.other import OtherTextModel, load_text
    from affect.writers import learned

    own: list[str] = []

    def load() -> str:
        model = load_text(settings.text_model)
        own.append((model.own if isinstance(model, OtherTextModel) else model).name)
        return model.name

    todo = (
        "Install Attune again with its weights."
        if settings.text_model is None
        else "Set ATTUNE_TEXT_MODEL to a model that is there, or leave it out."
    )
    check = _loaded("text model", load, todo)
    unused = learned.left_out(own[0]) if own else {}
    if not unused:
        return check
    files = ", ".join(f"{file} ({of or 'not there'})" for file, of in unused.items())
    told = f"{check.found}; replies are chosen worse: not made for {own[0]} are {files}"
    if settings.text_model is not None:
        todo = "Leave ATTUNE_TEXT_MODEL out, or make them for it."
    return Check(check.name, "warn", told, todo)


def _senses(settings: Settings) -> list[Check]:
    """The models that hear and see; without one of them, what it reads is one honest sentence."""
    from bot.senses import PARTS, Senses

    senses = Senses(settings)
    checks = []
    for part, (_, setting, _) in PARTS.items():
        told = senses.state(part)
        missing = told.startswith("not there")
        todo = (
            f"Install Attune again with its weights, or set ATTUNE_{setting.upper()}=off."
            if getattr(settings, setting) is None
            else f"Set ATTUNE_{setting.upper()} to a model that is there, or leave it out."
        )
        state: Literal["warn", "ok"] = "warn" if missing else "ok"
        checks.append(Check(f"{part} model", state, told, todo if missing else ""))
    return checks


def _decoders() -> Check:
    """What turns files into sounds and pictures; films and M4A need an extra."""
    try:
        import soundfile
    except (ImportError, OSError):
        return Check("decoders", "fail", "libsndfile does not load", "Install Attune again.")
    sounds = f"libsndfile {soundfile.__libsndfile_version__}"
    if find_spec("av") is None:
        todo = "pip install 'attune-companion[video]' for M4A, WebM and video notes."
        return Check("decoders", "ok", f"{sounds}; no PyAV", todo)
    return Check("decoders", "ok", f"{sounds}, PyAV")


def _gpu() -> Check:
    """Whether there is a GPU that a local model could use; nothing else needs one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return Check("gpu", "ok", "none: everything runs on the processor")
    names = ["--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        asked = subprocess.run(  # noqa: S603 - our own arguments
            [program, *names], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return Check("gpu", "warn", "nvidia-smi does not answer", "See to the driver of the GPU.")
    if asked.returncode or not asked.stdout.strip():
        return Check("gpu", "warn", "nvidia-smi finds none", "See to the driver of the GPU.")
    todo = "" if find_spec("torch") else "pip install 'attune-companion[llm]' to use it."
    return Check("gpu", "ok", "; ".join(asked.stdout.strip().splitlines()), todo)


def _licences() -> list[Check]:
    """What every shipped model may be used for; what is not for commerce stands first."""
    from affect import catalogue

    def bound(model: catalogue.Shipped) -> bool:
        told = " ".join((model.licence, *model.data)).lower()
        return "non-commercial" in told or "noncommercial" in told or "-nc" in told

    def check(model: catalogue.Shipped) -> Check:
        data = f"; trained on {', '.join(model.data)}" if model.data else ""
        todo = (
            "Not for commercial use: there, set its ATTUNE_..._MODEL to off."
            if bound(model)
            else ""
        )
        return Check(f"licence of {model.name}", "ok", f"{model.licence}{data}", todo)

    try:
        return [check(one) for one in sorted(catalogue.shipped(), key=lambda one: not bound(one))]
    except (OSError, ValueError, KeyError) as error:
        told = f"the cards cannot be read ({type(error).__name__})"
        return [Check("licences", "fail", told, "Install Attune again with its weights.")]


def _writer() -> Check:
    def load() -> str:
        from affect.writers import bank

        return f"scripted, {len(bank.load().entries)} entries"

    return _loaded("writer", load, "Install Attune again with its entries.")


async def _llm(settings: Settings) -> Check:
    """The LLM, asked for one word: nobody is left without an answer where it cannot be used."""
    try:
        opened = await open_llm(settings)
    except SettingsError as error:
        return Check("LLM", "fail", str(error), "Attune does not start: correct the settings.")
    if opened.model is not None:
        await opened.model.aclose()
    if opened.fault:
        todo = "Correct what it says; meanwhile the scripted writer answers."
        return Check("LLM", "warn", opened.fault, todo)
    return Check("LLM", "ok", "none" if opened.model is None else opened.told)


def _loaded(name: str, load: Callable[[], str], todo: str) -> Check:
    try:
        return Check(name, "ok", load())
    except AttuneError as error:
        return Check(name, "fail", str(error), todo)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a model, it is told here
        return Check(name, "fail", f"it does not load ({type(error).__name__})", todo)


def _token(platform: str, is_set: bool) -> Check:
    if is_set:
        intents = "; no privileged intent is needed" if platform == "discord" else ""
        return Check(f"{platform} token", "ok", f"set{intents}")
    todo = f"Set ATTUNE_{platform.upper()}_TOKEN to serve {platform.capitalize()}."
    return Check(f"{platform} token", "ok", "not set", todo)


def _open_to_others(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)
