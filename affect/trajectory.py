"""A person's line: where they are now, around which home base, and how surely that is known.

Each dimension of affect is the sum of three hidden parts: emotion (back within hours), mood (within
days) and home base (a constant that is learnt). Emotion and mood follow an Ornstein-Uhlenbeck
process; between readings it is solved exactly, whatever the gap, and a reading is one Kalman step.
State has constant size, every function is pure, hours are counted in UTC. It stores nothing and
knows no words. Sources of equations and priors: docs/decisions.md, "The line and fusion".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from affect.errors import BadInput
from affect.fusion import evidence
from affect.types import Affect, Line, Moment, Reading, Variance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

VERSION = 1
"""The form of the state; a moment of another version has to be followed anew from its readings."""

# Population priors (docs/decisions.md), on the scale [-1, 1]. To be refitted on consenting people.
EMOTION_HALF_LIFE_HOURS = 4.0
MOOD_HALF_LIFE_HOURS = 10 * 24.0
EMOTION_SD = 0.25
MOOD_SD = 0.125
HOME_SD = 0.20
HOME = Affect(valence=0.10, arousal=0.0, dominance=0.05)

# Messages of one burst share words and topic, so their errors: the n-th counts less.
BURST_MINUTES = 10.0
BURST_CORRELATION = 0.5

# A reading may be this late (two platforms, two clocks) and still be taken as of now: emotion fades
# by 2.8% meanwhile. Later ones are refused; a filter never runs backwards.
LATE_MINUTES = BURST_MINUTES

SMALLEST_VARIANCE = 1e-4
SELF_REPORT_VARIANCE = 0.12**2
"""What a person says of themselves, in squared units of affect."""

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Pull:
    """How one dimension is drawn back: half-lives in hours, stationary variances of its parts."""

    emotion_half_life: float = EMOTION_HALF_LIFE_HOURS
    mood_half_life: float = MOOD_HALF_LIFE_HOURS
    emotion_variance: float = EMOTION_SD**2
    mood_variance: float = MOOD_SD**2


def begin(at: datetime) -> Moment:
    """The line of somebody of whom nothing is known: the population prior."""
    covariance = (EMOTION_SD**2, 0.0, 0.0, 0.0, MOOD_SD**2, 0.0, 0.0, 0.0, HOME_SD**2)
    return Moment(
        at=_utc(at),
        valence=Line((0.0, 0.0, HOME.valence), covariance),
        arousal=Line((0.0, 0.0, HOME.arousal), covariance),
        dominance=Line((0.0, 0.0, HOME.dominance), covariance),
        pull=(EMOTION_HALF_LIFE_HOURS, MOOD_HALF_LIFE_HOURS),
        count=0,
        burst=0,
        version=VERSION,
    )


def follow(moment: Moment | None, reading: Reading, at: datetime) -> Moment:
    """The line after a reading taken at `at`; `moment` None is somebody new.

    What is followed is what the reading says beyond the prior (`fusion.evidence`); where that is
    nothing, time passes and nothing else. Raises `BadInput`: `affect` (no number, out of
    range), `out_of_order` (more than `LATE_MINUTES` before `moment.at`), `naive_time` or
    `moment_version`; the moment before stays good.
    """
    _check(reading.affect, reading.variance)
    value, variance = evidence(reading)
    return _step(moment or begin(at), value, variance, at, shares_error=True)


def report(
    moment: Moment | None, affect: Affect, at: datetime, variance: float = SELF_REPORT_VARIANCE
) -> Moment:
    """The line after a person said themselves how they are; its error is shared with no message.

    Raises `BadInput` as `follow` does.
    """
    spread = Variance(variance, variance, variance)
    _check(affect, spread)
    return _step(moment or begin(at), affect, spread, at, shares_error=False)


def now(moment: Moment, at: datetime) -> Moment:
    """The line at a later time, with nothing read meanwhile.

    This is for looking: keep the moment that `follow` gave. Raises `BadInput` as `follow` does.
    """
    if moment.version != VERSION:
        raise BadInput("moment_version", "This line was kept in another form.")
    hours = (_utc(at) - moment.at).total_seconds() / _HOUR
    if hours < -LATE_MINUTES / 60:
        raise BadInput("out_of_order", "This lies before the person's last moment.")
    if hours <= 0:
        return moment
    pull = Pull(*moment.pull)
    return Moment(
        at=_utc(at),
        valence=pass_time(moment.valence, pull, hours),
        arousal=pass_time(moment.arousal, pull, hours),
        dominance=pass_time(moment.dominance, pull, hours),
        pull=moment.pull,
        count=moment.count,
        burst=moment.burst if hours <= BURST_MINUTES / 60 else 0,
        version=moment.version,
    )


def forecast(moment: Moment, times: Iterable[datetime]) -> tuple[Moment, ...]:
    """The line as expected at each of some later times; `spread_of` them widens with time."""
    return tuple(now(moment, at) for at in times)


def affect_of(moment: Moment) -> Affect:
    """Where the person is, cut to [-1, 1] for showing (the state itself is never cut)."""
    return _each(moment, lambda line: math.fsum(line.mean))


def spread_of(moment: Moment) -> Variance:
    """The variances of `affect_of`; a reader's own bias is not in them."""
    lines = (moment.valence, moment.arousal, moment.dominance)
    return Variance(*(math.fsum(line.covariance) for line in lines))


def home_of(moment: Moment) -> Affect:
    """Where the person comes back to, cut to [-1, 1] for showing."""
    return _each(moment, lambda line: line.mean[2])


def home_spread_of(moment: Moment) -> Variance:
    """The variances of `home_of`; a reader's own bias is not in them."""
    lines = (moment.valence, moment.arousal, moment.dominance)
    return Variance(*(line.covariance[8] for line in lines))


def pass_time(line: Line, pull: Pull, hours: float) -> Line:
    """One dimension after `hours` >= 0 without a reading: the exact solution, not a small step.

    Mean A·x and covariance A·P·A' + Q, with A = diag(a_e, a_m, 1), a = 2^(-hours/half-life) and
    Q = diag(s_e²(1 - a_e²), s_m²(1 - a_m²), 0).
    """
    rate_e = math.log(2) / pull.emotion_half_life
    rate_m = math.log(2) / pull.mood_half_life
    a_e, a_m = math.exp(-rate_e * hours), math.exp(-rate_m * hours)
    # expm1, not 1 - a²: the difference would lose its digits over seconds.
    q_e = -pull.emotion_variance * math.expm1(-2 * rate_e * hours)
    q_m = -pull.mood_variance * math.expm1(-2 * rate_m * hours)
    emotion, mood, home = line.mean
    ee, em, eh, _, mm, mh, _, _, hh = line.covariance
    return Line(
        (a_e * emotion, a_m * mood, home),
        _symmetric(
            a_e * a_e * ee + q_e, a_e * a_m * em, a_e * eh, a_m * a_m * mm + q_m, a_m * mh, hh
        ),
    )


def observe(line: Line, value: float, variance: float) -> Line:
    """One dimension after a measurement of the sum of its parts; infinite variance leaves it.

    Gain K = P·H'/(H·P·H' + R) with H = (1, 1, 1); the covariance in Joseph's form,
    (I - KH)·P·(I - KH)' + K·R·K', which stays positive whatever rounding does.
    """
    if math.isinf(variance):
        return line
    noise = max(variance, SMALLEST_VARIANCE)
    p = line.covariance
    shared = (p[0] + p[1] + p[2], p[3] + p[4] + p[5], p[6] + p[7] + p[8])
    whole = sum(shared)
    gain = [s / (whole + noise) for s in shared]
    surprise = value - sum(line.mean)
    kept = [s - k * whole for s, k in zip(shared, gain, strict=True)]

    def joseph(i: int, j: int) -> float:
        return p[3 * i + j] - gain[i] * shared[j] - kept[i] * gain[j] + gain[i] * noise * gain[j]

    emotion, mood, home = line.mean
    return Line(
        (emotion + gain[0] * surprise, mood + gain[1] * surprise, home + gain[2] * surprise),
        _symmetric(
            joseph(0, 0), joseph(0, 1), joseph(0, 2), joseph(1, 1), joseph(1, 2), joseph(2, 2)
        ),
    )


def _step(
    moment: Moment, value: Affect, variance: Variance, at: datetime, *, shares_error: bool
) -> Moment:
    """Time passes up to `at`, then each dimension is measured."""
    before = now(moment, at)
    if all(map(math.isinf, (variance.valence, variance.arousal, variance.dominance))):
        return before
    burst = before.burst + 1 if shares_error else before.burst
    factor = 1 + BURST_CORRELATION * (burst - 1) if shares_error else 1.0
    return Moment(
        at=before.at,
        valence=observe(before.valence, value.valence, factor * variance.valence),
        arousal=observe(before.arousal, value.arousal, factor * variance.arousal),
        dominance=observe(before.dominance, value.dominance, factor * variance.dominance),
        pull=before.pull,
        count=before.count + 1,
        burst=burst,
        version=before.version,
    )


def _check(affect: Affect, variance: Variance) -> None:
    """Refuse what nobody can have read: NaN, affect beyond [-1, 1], negative variances."""
    values = (affect.valence, affect.arousal, affect.dominance)
    variances = (variance.valence, variance.arousal, variance.dominance)
    if not (all(-1 <= y <= 1 for y in values) and all(v >= 0 for v in variances)):
        raise BadInput("affect", "A reading has numbers that cannot be followed.")


def _utc(at: datetime) -> datetime:
    """The same instant in UTC: clocks that are put back would make hours out of nothing."""
    if at.tzinfo is None:
        raise BadInput("naive_time", "A time without its zone cannot be followed.")
    return at.astimezone(UTC)


def _each(moment: Moment, part: Callable[[Line], float]) -> Affect:
    """One number of every dimension, cut to [-1, 1]."""
    lines = (moment.valence, moment.arousal, moment.dominance)
    return Affect(*(min(1.0, max(-1.0, part(line))) for line in lines))


def _symmetric(
    ee: float, em: float, eh: float, mm: float, mh: float, hh: float
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """A 3x3 covariance, row by row, from its upper triangle."""
    return (ee, em, eh, em, mm, mh, eh, mh, hh)
