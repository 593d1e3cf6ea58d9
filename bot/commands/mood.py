"""/mood: how a person's days have been, as a picture and in words beside it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from datetime import timedelta, tzinfo

from affect import trajectory
from affect.expression.chart import draw
from affect.types import Affect, Moment
from bot import charts
from bot.commands.base import Answer, Ask
from bot.messages import Attachment, Button
from storage import trajectories
from storage.records import TurnView

DAYS = 7
MOST_DAYS = 365
SHOWN_DAYS = 7
SPANS = (7, 30, 90)  # days that a button offers
DARK = "dark"
TREND = 0.15  # the least difference between two halves of the time that is worth a word
BOUNDS = ((-0.45, "very_low"), (-0.12, "low"), (0.12, "even"), (0.45, "high"))
AROUSED = 0.25


async def mood(ask: Ask) -> Answer:
    """Tell and draw the line of the last days: /mood, /mood 30, /mood 30 dark."""
    if ask.profile.consents.get("text") is False:
        return Answer(ask.say("mood_refused"))
    days, dark = _days(ask.words), DARK in ask.words
    zone = charts.zone_of(ask.profile.zone)
    read = await trajectories.since(ask.database, ask.profile.id, ask.at - timedelta(days=days))
    if not read or read[-1].moment is None:
        return Answer(ask.say("mood_none"))
    at = max(ask.at, read[-1].moment.at)
    now = trajectory.now(read[-1].moment, at)
    span = ask.say("mood_span_one") if days == 1 else ask.say("mood_span", days=days)
    count = ask.say("mood_count_one") if len(read) == 1 else ask.say("mood_count", count=len(read))
    told = ask.say(
        "mood",
        span=span,
        count=count,
        now=in_words(ask, trajectory.affect_of(now), trajectory.spread_of(now).valence),
        usual=_usual(ask, now),
        trend=_trend(ask, read),
        days=_by_day(ask, read, zone),
    )
    chart = charts.chart(read, at, days, zone, ask.language, count)
    picture = await asyncio.to_thread(draw, chart, dark=dark)
    return Answer(
        told,
        attachment=Attachment(ask.say("chart_file"), picture, told=told),
        buttons=_others(ask, days, dark=dark),
    )


def _others(ask: Ask, days: int, *, dark: bool) -> tuple[Button, ...]:
    """The same days in the other light, and longer ones."""
    shade = "" if dark else f" {DARK}"
    same = Button(ask.say("mood_light" if dark else "mood_dark"), f"/mood {days}{shade}")
    kept = f" {DARK}" if dark else ""
    longer = (
        Button(ask.say("mood_span_button", days=span), f"/mood {span}{kept}")
        for span in SPANS
        if span != days
    )
    return (same, *longer)


def in_words(ask: Ask, affect: Affect, variance: float, *, calm: bool = False) -> str:
    """An affect as a person says it; "hard to tell" where one deviation spans the whole scale.

    `calm` leaves arousal out, which means little over weeks.
    """
    if math.sqrt(variance) > 0.5:
        return ask.say("mood_unsure")
    word = next((name for bound, name in BOUNDS if affect.valence < bound), "very_high")
    valence = ask.say(f"mood_valence_{word}")
    if calm or abs(affect.arousal) < AROUSED:
        return valence
    key = "mood_arousal_high" if affect.arousal > 0 else "mood_arousal_low"
    return ask.say(key, valence=valence)


def _usual(ask: Ask, now: Moment) -> str:
    """The home base in words; nothing while there is too little to call anything usual."""
    if now.count < charts.USUAL_FROM:
        return ""
    spread = trajectory.home_spread_of(now).valence
    return ask.say("mood_usual", home=in_words(ask, trajectory.home_of(now), spread, calm=True))


def _days(words: Sequence[str]) -> int:
    wanted = words[0] if words else ""
    return min(max(int(wanted), 1), MOST_DAYS) if wanted.isdecimal() and len(wanted) < 5 else DAYS


def _trend(ask: Ask, read: Sequence[TurnView]) -> str:
    values = [turn.reading.affect.valence for turn in read if turn.reading]
    if len(values) < 6:
        return ""
    half = len(values) // 2
    change = sum(values[half:]) / (len(values) - half) - sum(values[:half]) / half
    if abs(change) < TREND:
        return ""
    return ask.say("mood_trend_up" if change > 0 else "mood_trend_down")


def _by_day(ask: Ask, read: Sequence[TurnView], zone: tzinfo) -> str:
    days: dict[str, list[TurnView]] = {}
    for turn in read:
        days.setdefault(turn.at.astimezone(zone).strftime("%Y-%m-%d"), []).append(turn)
    if len(days) < 2:
        return ""
    lines = []
    for date, turns in list(days.items())[-SHOWN_DAYS:]:
        last = turns[-1].moment
        if last is not None:
            spread = trajectory.spread_of(last).valence
            told = in_words(ask, trajectory.affect_of(last), spread)
            lines.append(ask.say("mood_day", date=date, mood=told))
    return "\n".join(lines) + "\n"
