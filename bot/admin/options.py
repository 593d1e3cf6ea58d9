"""The options that several commands share, and what their values mean.

Those that always come together are the fields of a dataclass; `spread` makes options of them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime, time, timedelta
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from affect.errors import BadInput

AGO = re.compile(r"(\d{1,6})\s*([mhdw])(?:\s+ago)?")
DAYS = {"today": 0, "yesterday": 1}
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
NEWEST = 20  # rows of a list, unless told otherwise
MOST = 1_000_000  # of what a number counts: any database holds it

EnvFile = Annotated[
    Path | None, typer.Option("--env-file", metavar="FILE", help="Settings, instead of .env.")
]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning or error."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
AsJsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show what people wrote; needs --reason.")]
Reason = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="Why; goes on record before anything is shown."),
]
Why = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why; goes on record first.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, say what would be done.")]
Tz = Annotated[
    str, typer.Option("--tz", metavar="ZONE", help="The zone of times, such as Asia/Shanghai.")
]
User = Annotated[
    str | None,
    typer.Option("--user", metavar="UID", help="Of one person: their uid, or the end of it."),
]
PlatformName = Annotated[
    Literal["terminal", "telegram", "discord"] | None,
    typer.Option("--platform", metavar="NAME", help="terminal, telegram or discord."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="WHEN", help="From then on: 7d, 2h, yesterday, 2026-05-01T09:00."
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="Before then, told as for --since.")
]
EmotionName = Annotated[
    Literal["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral", "none"] | None,
    typer.Option(
        "--emotion", metavar="NAME", help="Read as this emotion; none: read, but none named."
    ),
]
MinScore = Annotated[
    float | None,
    typer.Option(
        "--min-score",
        metavar="X",
        min=0,
        max=1,
        help="Read with at least this confidence (0 to 1).",
    ),
]
Falling = Annotated[
    bool,
    typer.Option(
        "--falling", help="The person's line lay below their home base, by more than it is unsure."
    ),
]
TalkName = Annotated[
    str | None,
    typer.Option("--talk", metavar="TALK", help="Of one talk: its id, or the end of it."),
]
ValenceBelow = Annotated[
    float | None,
    typer.Option(
        "--valence-below",
        metavar="X",
        min=-1,
        max=1,
        help="Read as less pleasant than X (-1 to 1).",
    ),
]
RiskName = Annotated[
    Literal["none", "concern", "crisis"] | None,
    typer.Option("--risk", metavar="RISK", help="none, concern or crisis."),
]
StrategyName = Annotated[
    Literal[
        "question", "restatement", "reflection_of_feelings", "common_humanity",
        "affirmation", "suggestion", "information", "other",
    ] | None,
    typer.Option("--strategy", metavar="NAME", help="The strategy of the reply."),
]  # fmt: skip
WriterName = Annotated[
    str | None,
    typer.Option("--writer", metavar="NAME", help="Who worded the reply: scripted, fixed ..."),
]
LanguageCode = Annotated[
    str | None,
    typer.Option("--language", metavar="CODE", help="The language of the reply: en, zh."),
]
Limit = Annotated[
    int,
    typer.Option("-n", "--limit", metavar="N", min=0, max=MOST, help="At most so many; 0 for all."),
]
Latest = Annotated[
    bool, typer.Option("--latest", help="Newest first, not in the order in which they came.")
]


@dataclass(frozen=True, slots=True)
class Setup:
    """Where the settings are, and how much is logged."""

    env_file: EnvFile = None
    log_level: LogLevel = "warning"


@dataclass(frozen=True, slots=True)
class One(Setup):
    """What a command takes that has one result."""

    as_json: AsJson = False


@dataclass(frozen=True, slots=True)
class Many(One):
    """What a command takes that has a list of results."""

    as_jsonl: AsJsonl = False


@dataclass(frozen=True, slots=True)
class Leave:
    """Whether what people wrote is to be shown, and why."""

    reveal: Reveal = False
    reason: Reason = None


def spread(command: Callable[..., Any]) -> Callable[..., None]:
    """Give a command the fields of its dataclass parameters as options of its own."""
    plain, grouped = [], {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if not is_dataclass(parameter.annotation):
            plain.append(parameter)
            continue
        group: Any = parameter.annotation
        hints = get_type_hints(group, include_extras=True)
        grouped[parameter.name] = (group, tuple(field.name for field in fields(group)))
        plain += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=hints[field.name],
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
            )
            for field in fields(group)
        ]

    @wraps(command)
    def run(**given: Any) -> None:
        groups = {
            name: group(**{one: given.pop(one) for one in names})
            for name, (group, names) in grouped.items()
        }
        command(**given, **groups)

    told = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in plain]
    run.__signature__ = inspect.Signature(told)  # type: ignore[attr-defined]
    del run.__wrapped__
    run.__annotations__ = {one.name: one.annotation for one in told}
    return run


def zone(name: str) -> ZoneInfo:
    """A time zone by its name; raise `BadInput`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            "bad_zone", "There is no time zone of that name: give one such as Asia/Shanghai."
        ) from None


def when(told: str | None, now: datetime, where: ZoneInfo) -> datetime | None:
    """A time that was told: so long ago (30m, 24h, 7d, 2w), a day (today, yesterday), or ISO 8601.

    It is in `where` unless it says; a day begins at its midnight there. Raises `BadInput`.
    """
    if told is None:
        return None
    try:
        plain = told.strip().lower()
        if ago := AGO.fullmatch(plain):
            return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        if plain in DAYS:
            day = now.astimezone(where).date() - timedelta(days=DAYS[plain])
            return datetime.combine(day, time(), where).astimezone(UTC)
        at = datetime.fromisoformat(told.strip())
        return (at if at.tzinfo else at.replace(tzinfo=where)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            "bad_time",
            "A time is told as 24h, 7d, yesterday, 2026-05-01 or 2026-05-01T09:00+02:00.",
        ) from None
