"""Whether a person has been away from their home base for days: a CUSUM chart of daily valence.

A day's deviation is what its readings together say of it, once feelings that pass within hours are
taken out; over its own standard deviation it is z. Two sums grow by z beyond `SLACK`, one for
heavier and one for lighter days, and an alarm is a sum above its threshold. Thresholds are those
that give the wanted rate of false alarms to people whose mood swings by itself as this person's
does, found by simulation beforehand (`affect.evaluation.chart`). State of constant size.

An alarm means: ask how things are. It is no diagnosis, and nothing else may follow from it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime

from affect.trajectory import model
from affect.types import Pull, Shift

SLACK = 0.5
HEAVIER_DAYS, LIGHTER_DAYS = 240, 720
"""Mean days with readings to a false alarm; together one in 180. Heavier days matter more."""
WARM_UP_DAYS = 14
CUT = 3.0
LEARNT = 0.05
"""A level that has come this near to where a person moved to has learnt it."""

SLOW = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
"""Share of a day's variance that lasts: mood, and what is not yet known of the home base."""
HEAVIER = (3.65, 4.10, 4.65, 5.95, 7.33, 8.92, 12.04, 15.01)
LIGHTER = (4.69, 5.77, 7.33, 10.52, 14.26, 18.64, 25.62, 32.11)
"""Thresholds at these shares, mood with its half-life of 10 days."""

_UNKNOWN = 1.0  # variance of a day's deviation before its readings, taken out again at its end
_BURST_HOURS = 1 / 6
_FORM = struct.Struct("<6d3i2d" + 2 * "2d2id")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sums, since when it is above 0, and what the days since then were like.

    `base` is the level that they are held against: the one before the sum began to grow, since
    the filter soon takes a lasting shift for the person's home. `away` is their deviation in all.
    """

    total: float = 0.0
    base: float = 0.0
    since: int = 0
    days: int = 0
    away: float = 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """The running day and the chart; 21 numbers. Days are counted as in `date.toordinal`.

    `emotion`, `away` and the `e..` are mean and covariance of passing feelings and of the day's
    deviation from `level`, at which its first reading found the person; `burst` counts the
    messages of the running burst. `slow` is the share of a day's variance that lasts, of the last
    weeks. `moved` is where the person has moved to since the last shift, NaN while at home.
    """

    emotion: float = 0.0
    away: float = 0.0
    ee: float = 0.0
    ea: float = 0.0
    aa: float = _UNKNOWN
    level: float = 0.0
    day: int = 0
    days: int = 0
    burst: int = 0
    slow: float = 0.0
    moved: float = math.nan
    down: Side = Side()
    up: Side = Side()

    def packed(self) -> bytes:
        """As bytes."""
        *numbers, down, up = astuple(self)
        return _FORM.pack(*numbers, *down, *up)


BYTES = _FORM.size


def unpacked(packed: bytes) -> Watch:
    """A watch from its bytes."""
    numbers = _FORM.unpack(packed)
    return replace(Watch(*numbers[:-10]), down=Side(*numbers[-10:-5]), up=Side(*numbers[-5:]))


@dataclass(frozen=True, slots=True)
class Known:
    """What the filter knows before a reading: the level it is read around, and its variance."""

    level: float
    variance: float
    pull: Pull


def watched(
    watch: Watch, at: datetime, hours: float, deviation: float, noise: float, known: Known
) -> tuple[Watch, Shift | None]:
    """The chart after a reading `hours` after the last; `deviation` is from the level."""
    day, shift = at.toordinal(), None
    if day != watch.day:
        watch, shift = _closed(watch, at, known) if watch.day else (watch, None)
        emotion = known.pull.emotion_variance
        watch = replace(
            watch, day=day, level=known.level, emotion=0.0, away=0.0, ee=emotion, ea=0.0,
            aa=_UNKNOWN,
        )  # fmt: skip
    else:
        watch = _later(watch, hours, known.pull)
    watch = replace(watch, burst=watch.burst + 1 if hours <= _BURST_HOURS else 1)
    return _read(watch, deviation, noise * _shared(watch.burst)), shift


def _shared(n: int) -> float:
    """By how much the variance of the n-th message of a burst grows: what it adds to those before.

    All n together tell n/(1 + ρ(n - 1)) times as much as one.
    """
    rho = model.SHARED_ERROR
    return (1 + rho * (n - 1)) * (1 + rho * (n - 2)) / (1 - rho)


def threshold(slow: float, *, up: bool) -> float:
    """What a sum must exceed, for a person of whose daily variance the share `slow` lasts."""
    values = LIGHTER if up else HEAVIER
    for n in range(1, len(SLOW)):
        if slow <= SLOW[n] or n == len(SLOW) - 1:
            part = (slow - SLOW[n - 1]) / (SLOW[n] - SLOW[n - 1])
            return values[n - 1] + min(part, 1.0) * (values[n] - values[n - 1])
    raise AssertionError


def _later(watch: Watch, hours: float, pull: Pull) -> Watch:
    """Feelings pass within the day; its deviation stays."""
    kept = 0.5 ** (hours / pull.emotion_half_life)
    added = pull.emotion_variance * (1 - kept * kept)
    return replace(
        watch,
        emotion=kept * watch.emotion,
        ee=kept * kept * watch.ee + added,
        ea=kept * watch.ea,
    )


def _read(watch: Watch, value: float, noise: float) -> Watch:
    """A Kalman step on (emotion, deviation), both of which a reading holds."""
    shared_e, shared_a = watch.ee + watch.ea, watch.ea + watch.aa
    whole = shared_e + shared_a + noise
    surprise = value - watch.emotion - watch.away
    return replace(
        watch,
        emotion=watch.emotion + shared_e / whole * surprise,
        away=watch.away + shared_a / whole * surprise,
        ee=watch.ee - shared_e * shared_e / whole,
        ea=watch.ea - shared_e * shared_a / whole,
        aa=watch.aa - shared_a * shared_a / whole,
    )


def _closed(watch: Watch, at: datetime, known: Known) -> tuple[Watch, Shift | None]:
    """The chart after a day is over, and the shift that it showed."""
    precision = 1 / watch.aa - 1 / _UNKNOWN  # of what its readings alone say
    if precision <= 0:
        return watch, None
    moved = math.nan if abs(watch.moved - watch.level) < LEARNT else watch.moved
    lasting = known.pull.mood_variance + known.variance
    sd = math.sqrt(lasting + 1 / precision)
    slow = watch.slow + (lasting / sd**2 - watch.slow) / min(watch.days + 1, WARM_UP_DAYS)
    watch = replace(watch, days=watch.days + 1, moved=moved, slow=slow)
    if watch.days <= WARM_UP_DAYS:
        return watch, None
    place = watch.level + watch.away / watch.aa / precision
    usual = watch.level if math.isnan(moved) else moved
    down = _summed(watch.down, watch.day, place, usual, -sd)
    up = _summed(watch.up, watch.day, place, usual, sd)
    for side, is_up in ((down, False), (up, True)):
        if side.total > threshold(slow, up=is_up):
            place = side.base + side.away / side.days
            back = abs(place - watch.level) < sd / 2
            fresh = Watch(
                day=watch.day, days=watch.days, burst=watch.burst, slow=slow,
                moved=math.nan if back else place,
            )  # fmt: skip
            if back and not math.isnan(moved):
                return fresh, None  # back where they came from: nothing to ask
            since = datetime.fromordinal(side.since).replace(tzinfo=UTC)
            return fresh, Shift(up=is_up, since=since, found=at)
    return replace(watch, down=down, up=up), None


def _summed(side: Side, day: int, place: float, usual: float, sd: float) -> Side:
    """A sum after one more day, negative `sd` counting downwards; at 0 it begins anew."""
    if not side.total:
        side = Side(base=usual, since=day)
    away = place - side.base
    total = max(0.0, side.total + max(-CUT, min(CUT, away / sd)) - SLACK)
    return replace(side, total=total, days=side.days + 1, away=side.away + away)
