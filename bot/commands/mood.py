"""/mood: how a person's days have been, as a picture and in words beside it."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, time, tzinfo

import numpy as np

from affect import trajectory
from affect.expression.chart import draw
from affect.trajectory import Line, Series
from affect.types import Affect, Moment
from bot import charts
from bot.commands import spans
from bot.commands.base import Answer, Ask
from bot.messages import Attachment, Button
from storage import trajectories

SHOWN_DAYS = 7
SPANS = (7, 30, 90)  # days that a button offers
DARK = "dark"  # as a button says it
TREND = 0.15  # the least difference between two halves of the time that is worth a word
BOUNDS = ((-0.45, "very_low"), (-0.12, "low"), (0.12, "even"), (0.45, "high"))
AROUSED = 0.25


async def mood(ask: Ask) -> Answer:
    """Tell and draw the line of the last days: /mood, /mood 30, /mood two weeks dark."""
    if ask.profile.consents.get("text") is False:
        return Answer(ask.say("mood_refused"))
    wanted = spans.span(ask.rest)
    if wanted is None:
        return Answer(ask.say("mood_unknown"))
    days, dark = wanted.days, wanted.dark
    zone = charts.zone_of(ask.profile.zone)
    span = charts.days_until(ask.at, days, zone)
    start = datetime.combine(span[0], time(), zone)
    series = await trajectories.series(ask.database, ask.profile.id, start)
    moment = await trajectories.latest(ask.database, ask.profile.id)
    if not len(series) or moment is None:
        return Answer(ask.say("mood_none"))
    line = await asyncio.to_thread(trajectory.smooth, series, moment)
    now = trajectory.now(moment, max(ask.at, moment.at))
    counted = _counted(ask, await trajectories.counts(ask.database, ask.profile.id, start))
    told = ask.say(
        "mood",
        span=ask.say("mood_span_one") if days == 1 else ask.say("mood_span", days=days),
        count=counted,
        now=in_words(ask, trajectory.affect_of(now), trajectory.spread_of(now).valence),
        usual=_usual(ask, now),
        trend=_trend(ask, series),
        days=_by_day(ask, line, zone),
    )
    usual = now.count >= charts.USUAL_FROM
    words = charts.words(ask.language, span, counted)
    chart = charts.chart(line, series, span, zone, words, usual=usual)
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


def _counted(ask: Ask, counts: tuple[int, int]) -> str:
    """How many messages were read, and how often the person said it themselves."""
    messages, own = counts
    parts = []
    if messages or not own:
        parts.append(ask.say("mood_count_one" if messages == 1 else "mood_count", count=messages))
    if own:
        parts.append(ask.say("mood_own_one" if own == 1 else "mood_own", count=own))
    return ask.say("why_and").join(parts)


def _trend(ask: Ask, series: Series) -> str:
    if len(series) < 6:
        return ""
    half = len(series) // 2
    later = charts.valence(series, list(range(half, len(series))))
    change = later - charts.valence(series, list(range(half)))
    if abs(change) < TREND:
        return ""
    return ask.say("mood_trend_up" if change > 0 else "mood_trend_down")


def _by_day(ask: Ask, line: Line, zone: tzinfo) -> str:
    """The last days that have a reading, each as it was at the last of them."""
    last = {
        line.times[at].astimezone(zone).date(): at for at in np.flatnonzero(line.measured).tolist()
    }
    if len(last) < 2:
        return ""
    lines = []
    for day, at in list(last.items())[-SHOWN_DAYS:]:
        told = in_words(ask, Affect(*line.mean[at].tolist()), float(line.sd[at, 0]) ** 2)
        lines.append(ask.say("mood_day", date=day.isoformat(), mood=told))
    return "\n".join(lines) + "\n"
