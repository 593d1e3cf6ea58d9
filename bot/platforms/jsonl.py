"""The terminal's `--json`: one object a line in, one object a turn out, nothing else.

The format is a contract (docs/json.md); a line that cannot be used gives an error object, and the
next line is read.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TextIO

from affect import trajectory
from affect.errors import BadInput
from affect.perception import audio
from affect.perception import language as languages
from affect.types import Affect, Moment, Plan, Reading
from bot import wellbeing
from bot.messages import Media, MediaKind, readable
from bot.platforms.terminal import Line, Terminal, file_of
from bot.texts import problem_key, say
from storage.records import TurnView
from storage.values import dump

FIELDS = {"text", "voice", "photo", "at", "person"}
YEARS = (1970, 2199)
MEDIA = {"voice": MediaKind.VOICE, "photo": MediaKind.PHOTO}

Look = Callable[[str], Awaitable[TurnView | None]]
"""Finds the turn that an inbox id went into."""


async def converse(
    terminal: Terminal,
    lines: AsyncIterator[str],
    quiet: Callable[[], Awaitable[None]],
    look: Look,
    output: TextIO,
) -> None:
    """Answer object by object until the end of input."""
    async for raw in lines:
        if not raw.strip():
            continue
        try:
            line = await asyncio.to_thread(parse, raw, terminal.person)  # it reads files
        except BadInput as wrong:
            shown: dict[str, Any] = {"error": {"kind": wrong.kind, "message": str(wrong)}}
        else:
            ext_id = await terminal.say(line)
            await quiet()
            view = await look(ext_id)
            shown = as_json(view, line) if view else unkept(terminal, line)
            if terminal.saved:
                shown["files"] = list(terminal.saved)
        output.write(json.dumps(shown, ensure_ascii=False) + "\n")
        output.flush()


def parse(raw: str, person: str) -> Line:
    """A line of input; raise `BadInput` if it cannot be used."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        if raw.lstrip().startswith("{"):
            raise BadInput("bad_json", "The line is not a whole JSON object.") from None
        return Line(raw.strip(), person)
    if not isinstance(told, dict):
        return Line(raw.strip(), person)
    if unknown := sorted(set(told) - FIELDS):
        raise BadInput("unknown_field", f"The field {unknown[0]!r:.40} is not one of ours.")
    for name, value in told.items():
        if value is not None and not isinstance(value, str):
            raise BadInput("bad_field", f"The field {name!r} must be a string.")
    told = {name: readable(value) for name, value in told.items() if value is not None}
    media: list[Media] = []
    rejected = []
    for name, kind in MEDIA.items():
        if told.get(name):
            found, wrong = file_of(kind, told[name])
            media.extend(found)
            if wrong:
                rejected.append((name, wrong))
    return Line(
        text=(told.get("text") or "").strip(),
        person=told.get("person") or person,
        at=_time(told.get("at")),
        media=tuple(media),
        rejected=tuple(rejected),
    )


def _time(told: str | None) -> datetime | None:
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        raise BadInput("bad_time", "The field 'at' must be a time such as ISO 8601.") from None
    if at.tzinfo is None:
        raise BadInput("bad_time", "The field 'at' needs its offset, such as +02:00.")
    if not YEARS[0] <= at.year <= YEARS[1]:
        raise BadInput("bad_time", f"The field 'at' must be of the years {YEARS[0]} to {YEARS[1]}.")
    return at.astimezone(UTC)


def as_json(view: TurnView, line: Line) -> dict[str, Any]:
    """A kept turn as `--json` prints it."""
    limit = audio.MOST_BYTES // 2**20
    problems = [asdict(problem) for problem in view.notes.problems] + [
        {
            "part": part,
            "kind": kind,
            "message": say(problem_key(kind), view.notes.language, limit=limit),
        }
        for part, kind in line.rejected
    ]
    shown: dict[str, Any] = {
        "turn": view.id,
        "person": line.person,
        "reply": view.wording.text if view.wording else "",
        "language": view.notes.language,
        "writer": view.wording.writer if view.wording else None,
        "reading": _reading(view.reading) if view.reading else None,
        "moment": _moment(view.moment) if view.moment else None,
        "plan": _plan(view.plan) if view.plan else None,
        "risk": view.notes.risk.value,
        "notices": list(wellbeing.worded(view.notes.notices, view.notes.language)),
    }
    if problems:
        shown["problems"] = problems
    return shown


def unkept(terminal: Terminal, line: Line) -> dict[str, Any]:
    """An answer of which nothing is kept (after /forget)."""
    reply = "\n".join(terminal.heard)
    return {
        "turn": None,
        "person": line.person,
        "reply": reply,
        "language": languages.detect(reply, terminal.language),
        "writer": "fixed",
        "reading": None,
        "moment": None,
        "plan": None,
        "risk": "none",
        "notices": [],
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "emotions": _rounded(reading.probabilities),
        "labels": _rounded(reading.labels),
        **_coordinates(reading.affect),
        "confidence": round(reading.confidence, 4),
        "conflict": round(reading.conflict, 4),
        "modalities": {
            estimate.modality.value: {
                "weight": round(reading.weights.get(estimate.modality, 0.0), 4),
                "quality": round(estimate.quality, 4),
                "emotions": _rounded(estimate.probabilities),
            }
            # Of two readings of one modality the first is the house's own.
            for estimate in reversed(reading.estimates)
        },
        "transcript": reading.transcript,
    }


def _moment(moment: Moment) -> dict[str, Any]:
    spread = trajectory.spread_of(moment)
    home = trajectory.home_of(moment)
    return {
        **_coordinates(trajectory.affect_of(moment)),
        "valence_sd": round(spread.valence**0.5, 4),
        "arousal_sd": round(spread.arousal**0.5, 4),
        "dominance_sd": round(spread.dominance**0.5, 4),
        "home": _coordinates(home),
        "count": moment.count,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(dump(plan))
    return told


def _coordinates(affect: Affect) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(affect).items()}


def _rounded(values: Any) -> dict[str, float]:
    return {str(name): round(value, 4) for name, value in values.items()}
