"""A turn as operators see it: as JSON, and the same as tables. Content only where it was given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.padding import Padding

from affect.looking import affect_of, home_of, spread_of
from affect.types import EMOTIONS, Affect, Estimate, Moment, Reading
from bot.admin import output
from bot.admin.disclosure import Words
from storage import search
from storage.records import Considered, TurnView, Wording
from storage.values import dump

HIDDEN = "…"  # in place of words that stay hidden
KIND_WIDE = 134  # columns in which a list has room for the kind of a turn too
HOW_TO_SEE = "hidden: --reveal --reason TEXT shows it, and goes on record"
CONTENT = ("said", "transcript", "reply")
FLAT = (
    "turn", "at", "person", "no", "platform", "kind", "language", "emotion", "confidence",
    "valence", "arousal", "dominance", "conflict", "risk", "strategy", "writer",
)  # fmt: skip


def flat(view: TurnView, words: Words | None, zone: ZoneInfo) -> dict[str, Any]:
    """A turn as one row; the content fields are there only if they may be seen."""
    reading = view.reading
    row: dict[str, Any] = {
        "turn": view.id,
        "at": view.at.astimezone(zone).isoformat(),
        "person": view.person_uid,
        "no": view.no,
        "platform": view.platform,
        "kind": view.kind,
        "language": view.notes.language,
        "emotion": reading.emotion.value if reading and reading.emotion else None,
        "confidence": round(reading.confidence, 4) if reading else None,
        **(_coordinates(reading.affect) if reading else dict.fromkeys(_AXES)),
        "conflict": round(reading.conflict, 4) if reading else None,
        "risk": view.notes.risk.value,
        "strategy": search.strategy_of(view),
        "writer": view.wording.writer if view.wording else None,
    }
    return row if words is None else {**row, **content(words)}


def whole(view: TurnView, words: Words | None, zone: ZoneInfo) -> dict[str, Any]:
    """A turn with all that is kept of it."""
    wording = view.wording
    told: dict[str, Any] = {
        **flat(view, None, zone),
        "risk_level": view.notes.level,
        "risk_topics": list(view.notes.topics),
        "notices": list(view.notes.notices),
        "problems": [{"part": one.part, "kind": one.kind} for one in view.notes.problems],
        "reading": _reading(view.reading) if view.reading else None,
        "moment": _moment(view.moment) if view.moment else None,
        "plan": json.loads(dump(view.plan)) if view.plan else None,
        "entry": wording.entry if wording else None,
        "reasons": dict(wording.reasons) if wording else {},
        "candidates": _candidates_of(wording) if wording else [],
        "asked": wording.asked if wording else None,
        "timings": dict(view.timings),
    }
    return told if words is None else {**told, **content(words)}


def in_talk(view: TurnView, words: Words | None, zone: ZoneInfo) -> dict[str, Any]:
    """A turn in its talk: the flat row, with where the person's line was after it."""
    line = affect_of(view.moment) if view.moment else None
    told = {
        **flat(view, None, zone),
        "talk": view.talk_id,
        "line": round(line.valence, 4) if line else None,
    }
    return told if words is None else {**told, **content(words)}


def content(words: Words) -> dict[str, Any]:
    """What was written in a turn."""
    return {"said": list(words.said), "transcript": words.transcript, "reply": words.reply}


def line(row: Mapping[str, Any]) -> str:
    """A flat row as one line of text, its columns in place from line to line.

    A narrow terminal has no room for how it was answered.
    """
    sure = "" if row["confidence"] is None else f"{row['confidence']:.2f}"
    valence = "" if row["valence"] is None else f"{row['valence']:+.2f}"
    told = "  ".join(short(name, row[name]) for name in ("at", "turn", "person"))
    read = f"{row['emotion'] or '-':<8} {sure:>4} {valence:>5}  {row['risk']:<7}"
    if output.wide():
        how = f"{row['strategy'] or '-':<22}  {row['writer'] or '-'}"
        told += f"  {row['platform']:<8}  {read}  {how}"
    else:
        told += f"  {read}"
    if "said" not in row:
        return told
    return f"{told}  {short('said', row['said'])} -> {row['reply'] or ''}"


def read_as(row: Mapping[str, Any]) -> str:
    """In a few words, how a turn was read and what was done with it."""
    if row["confidence"] is None:
        read = "not read"
    else:
        read = f"{row['emotion'] or 'no one emotion'} ({row['confidence']:.2f})"
        read += f", valence {row['valence']:+.2f}"
    risk = f", risk {row['risk']}" if row["risk"] != "none" else ""
    how = ", ".join(told for told in (row["strategy"], row["writer"]) if told)
    return f"{read}{risk}; answered: {how or 'nothing'}"


def listed(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Flat rows as a table, or with their words one below the other.

    A narrow terminal has no room for how they were answered.
    """
    if any("said" in row for row in rows):
        return talked(rows)
    columns = ["at", "turn", "person", "emotion", "confidence", "valence", "risk"]
    if output.wide():
        kind = ["kind"] if output.width() >= KIND_WIDE else []
        columns = [*columns[:3], "platform", *kind, *columns[3:], "strategy", "writer"]
    cells = ([short(name, row[name]) for name in columns] for row in rows)
    return output.table(["sure" if one == "confidence" else one for one in columns], cells)


def talked(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Turns of a talk one below the other: words take the whole width, however narrow it is."""
    parts = [part for row in rows for part in _exchange(row)]
    if not any("said" in row for row in rows):
        parts.append(output.cell(f"What was written is {HOW_TO_SEE}."))
    return Group(*parts)


def _exchange(row: Mapping[str, Any]) -> Iterator[RenderableType]:
    """When and who, how it was read and answered, and the words if they may be seen."""
    named = [short(name, row[name]) for name in ("at", "turn", "person")]
    line = [] if row.get("line") is None else [f"line {row['line']:+.2f}"]
    yield output.cell("  ".join((*named, row["platform"], *line)))
    yield Padding(output.cell(read_as(row)), (0, 0, 0, 2), expand=False)
    words = {"said": "\n".join(row.get("said", ())), "heard": row.get("transcript")}
    yield Padding(output.pairs({**words, "reply": row.get("reply")}), (0, 0, 1, 2), expand=False)


def shown(told: Mapping[str, Any], *, why: bool = False) -> list[RenderableType]:
    """A whole turn as tables; how it came about only where it is asked for."""
    if "said" in told:
        words = {name: short(name, told[name]) for name in CONTENT}
    else:
        words = {"content": HOW_TO_SEE}
    facts = {name: told[name] for name in FLAT}
    facts |= {"risk_topics": ", ".join(told["risk_topics"]), "entry": told["entry"]}
    facts["problems"] = ", ".join(f"{one['part']}: {one['kind']}" for one in told["problems"])
    parts: list[RenderableType] = [output.pairs(facts), output.pairs(words, "written")]
    if reading := told["reading"]:
        parts.append(_reading_table(reading))
    if not why:
        return parts
    if reading:
        labels = {estimate["modality"]: estimate["labels"] for estimate in reading["estimates"]}
        parts.append(
            output.pairs({name: _listing(values) for name, values in labels.items()}, "labels")
        )
    if moment := told["moment"]:
        line = [(axis, moment[axis], moment[f"{axis}_sd"], moment["home"][axis]) for axis in _AXES]
        parts.append(output.table(("line", "now", "sd", "home base"), line))
    if plan := told["plan"]:
        target = _listing(plan["target"])
        avoid = ", ".join(plan["avoid"])
        parts.append(output.pairs({**plan, "target": target, "avoid": avoid}, "plan"))
    if told["candidates"]:
        parts.append(output.table(("candidate", "writer", "why"), _candidates(told["candidates"])))
    parts.append(output.pairs({"ms": _listing(told["timings"])}, "timings"))
    return parts


def _candidates_of(wording: Wording) -> list[dict[str, Any]]:
    """The candidate that was chosen, and those beside it, without their words."""
    chosen = Considered(wording.writer, wording.entry, wording.reasons)
    return [
        {
            "entry": one.entry,
            "writer": one.writer,
            "reasons": {name: round(value, 4) for name, value in one.reasons.items()},
            "chosen": one is chosen,
        }
        for one in (chosen, *wording.considered)
    ]


def _candidates(told: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[object]]:
    for one in told:
        name = one["entry"] or one["writer"]
        yield (f"{name} *" if one["chosen"] else name, one["writer"], _listing(one["reasons"]))


_AXES = ("valence", "arousal", "dominance")


def _reading_table(reading: Mapping[str, Any]) -> RenderableType:
    """The fused reading beside each modality's estimate."""
    estimates = reading["estimates"]
    columns = ["reading", "fused", *(one["modality"] for one in estimates)]
    rows: list[list[object]] = [
        ["λ", None, *(one["weight"] for one in estimates)],
        ["quality", None, *(one["quality"] for one in estimates)],
        ["model", None, *(one["model"] for one in estimates)],
    ]
    for emotion in EMOTIONS:
        name = emotion.value
        shares = [one["emotions"][name] for one in estimates]
        rows.append([name, reading["emotions"][name], *shares])
    rows += [[axis, reading[axis], *(one[axis] for one in estimates)] for axis in _AXES]
    return output.table(columns, rows)


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "emotions": _rounded(reading.probabilities),
        "labels": _rounded(reading.labels),
        **_coordinates(reading.affect),
        "confidence": round(reading.confidence, 4),
        "conflict": round(reading.conflict, 4),
        "estimates": [
            _estimate(one, reading.weights.get(one.modality, 0.0)) for one in reading.estimates
        ],
    }


def _estimate(estimate: Estimate, weight: float) -> dict[str, Any]:
    return {
        "modality": estimate.modality.value,
        "weight": round(weight, 4),
        "quality": round(estimate.quality, 4),
        "model": estimate.model,
        "emotions": _rounded(estimate.probabilities),
        **_coordinates(estimate.affect),
        "labels": _rounded(estimate.labels),
    }


def _moment(moment: Moment) -> dict[str, Any]:
    spread = asdict(spread_of(moment))
    return {
        **_coordinates(affect_of(moment)),
        **{f"{axis}_sd": round(spread[axis] ** 0.5, 4) for axis in _AXES},
        "home": _coordinates(home_of(moment)),
        "count": moment.count,
    }


def _coordinates(affect: Affect) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(affect).items()}


def _rounded(values: Mapping[Any, float]) -> dict[str, float]:
    return {str(name): round(value, 4) for name, value in values.items()}


def _listing(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def short(name: str, value: Any) -> Any:
    """A field as a table shows it."""
    if name in {"turn", "person"}:
        return output.short(value)
    if name == "at":
        return value[:19].replace("T", " ")
    if name == "said":
        return "\n".join(value)
    return value
