"""The options that several commands share, and what their values mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from affect.errors import BadInput

AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
NEWEST = 20  # rows of a list, unless told otherwise

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
    typer.Option("--since", metavar="WHEN", help="From then on: 7d, 24h, 2026-05-01T09:00."),
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
    int, typer.Option("-n", "--limit", metavar="N", min=0, help="At most so many; 0 for all.")
]
Latest = Annotated[
    bool, typer.Option("--latest", help="Newest first, not in the order in which they came.")
]


def zone(name: str) -> ZoneInfo:
    """A time zone by its name; raise `BadInput`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("bad_zone", "There is no time zone of that name.") from None


def when(told: str | None, now: datetime, where: ZoneInfo) -> datetime | None:
    """A time that was told: so long ago (30m, 24h, 7d, 2w), or ISO 8601, in `where` unless it says.

    Raises `BadInput`.
    """
    if told is None:
        return None
    try:
        if ago := AGO.fullmatch(told.strip().lower()):
            return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(told.strip())
        return (at if at.tzinfo else at.replace(tzinfo=where)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            "bad_time", "A time is told as 24h, 7d, 2026-05-01 or 2026-05-01T09:00+02:00."
        ) from None
