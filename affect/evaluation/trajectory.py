"""The line on people made up, of whom everything is known: `python -m affect evaluate trajectory`.

Does it find what is true, are its bands as wide as they say, does it foretell better than simpler
ways, and how soon and how rashly does it notice that somebody has moved?
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from affect import tables, trajectory
from affect.evaluation import bounds, chart, lines
from affect.evaluation.simulated import START, Life, Person, person
from affect.trajectory import Observation, following, model, shifts
from affect.trajectory.figures import Figure
from affect.types import Moment, Shift

Array = NDArray[np.float64]
Crowd = Callable[[str, Life, int], list[Person]]
"""Draws so many people who live like this, and says for which part."""

SEED = 20261124
PEOPLE = 40
"""Of most parts: intervals of a tenth; twice as many where medians and alarms are counted."""
BANDS = (0.5, 0.8, 0.9, 0.95)
TALK = Life()
"""Four months of irregular talk: bursts, nights, silences, some words of their own."""
LONG = replace(TALK, days=280)
SETTLED = replace(TALK, days=240, sessions=1.0, messages=2.0)
MOVED_ON = 75
MOVES_WITHIN = 8
MOVES: Mapping[str, tuple[float, float, float]] = {
    "one SD down": (-1.0, -1.0, -1.0),
    "one SD down in valence alone": (-1.0, 0.0, 0.0),
}
HOME_READINGS = 60
HOMES: Mapping[str, Life] = {
    "words alone": Life(days=180, sessions=0.4, messages=1, own=0.0),
    "every fifth their own word": Life(days=180, sessions=0.4, messages=1, own=0.2),
    "their own word alone": Life(days=180, sessions=0.4, messages=1, own=1.0),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `goal` says what it must be, and `met` whether it is."""

    part: str
    name: str
    value: float
    goal: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, str, str]:
        """As it stands in the table, below its part."""
        verdict = "" if self.met is None else f"{self.goal} {'ok' if self.met else 'NO'}"
        return self.name, f"{self.value:.3f}", verdict


@dataclass(slots=True)
class Found:
    """All figures of one run."""

    people: int = 0
    rows: list[Row] = field(default_factory=list)

    def add(
        self, part: str, name: str, value: float, low: float = math.nan, high: float = math.nan
    ) -> None:
        """A figure, which must lie between `low` and `high` where these are numbers."""
        bounds = [f"{w} {b:g}" for w, b in ((">=", low), ("<=", high)) if not math.isnan(b)]
        met = None if not bounds else not (value < low or value > high)
        self.rows.append(Row(part, name, float(value), " and ".join(bounds), met))

    def table(self) -> Table:
        """For people."""
        title = f"{self.people} people made up"
        table = tables.plain("figure", "value", "must", right=("value",), title=title)
        return tables.by_part(table, ((row.part, row.cells()) for row in self.rows))

    def as_json(self) -> dict[str, Any]:
        """For programs; null where more than half were never noticed."""
        told = [
            {
                "part": row.part,
                "figure": row.name,
                "value": round(row.value, 4) if math.isfinite(row.value) else None,
                "must": row.goal or None,
                "met": row.met,
            }
            for row in self.rows
        ]
        return {"people": self.people, "seed": SEED, "figures": told}


def evaluate(say: Callable[[str], None], people: int = PEOPLE) -> Found:
    """Measure everything on about so many people a part; `say` is told what is being measured."""
    found = Found()

    def crowd(random: np.random.Generator, part: str, life: Life, count: int) -> list[Person]:
        say(f"{part}: {count} people")
        found.people += count
        return [person(random, life) for _ in range(count)]

    parts = (_foretelling, _bands, _learning, _learnable, _homes, _shifts)
    for part, share in zip(parts, (1, 1, 1, 0.1, 2, 2), strict=True):
        random = np.random.default_rng(SEED + len(found.rows))
        part(found, partial(crowd, random), max(1, round(share * people)))
    return found


def _foretelling(found: Found, crowd: Crowd, people: int) -> None:
    """The first reading of each session, from all before it: mean log density."""
    others = crowd("foretelling, what simpler ways are fitted on", TALK, people)
    theirs = lines.baselines(others)
    made = crowd("foretelling", TALK, people)
    ours = np.concatenate([_densities(one) for one in made])
    for name, way in theirs.items():
        density = np.concatenate([lines.log_density(one, way(one))[one.first] for one in made])
        found.add(
            "foretelling", f"nats a reading ahead of {name}", float((ours - density).mean()), 0
        )
    surprise = np.concatenate([_surprises(one) for one in made[: max(1, people // 4)]])
    found.add("foretelling", "mean v²/S", float(surprise.mean()), 0.95, 1.05)


def _bands(found: Found, crowd: Crowd, people: int) -> None:
    """How often bands hold the truth: now, home base and, looked back on, every point."""
    lives = {
        "": TALK,
        ", home drifting": replace(SETTLED, drift=0.05),
        ", home drifting fast": replace(SETTLED, drift=0.15),
    }
    for life, how in ((life, how) for how, life in lives.items()):
        now, home, back = [], [], []
        for one in crowd(f"bands{how}", life, people):
            moments = list(_moments(one.observations))
            for n, moment in enumerate(moments):
                if one.first[n] and n >= HOME_READINGS / 3:
                    spread = _numbers(trajectory.spread_of(moment))
                    now.append((one.truth[n] - _sums(moment)) / np.sqrt(spread))
            last = moments[-1]
            homes = np.array([parts.mean[2] for parts in _dimensions(last)])
            spread = _numbers(trajectory.home_spread_of(last))
            home.append((one.home[-1] - homes) / np.sqrt(spread))
            line = trajectory.smooth(trajectory.series(one.observations), last)
            truth = np.clip(one.truth, -1, 1)
            back.append((truth - line.mean[line.measured]) / line.sd[line.measured])
        for name, away in (("now", now), ("home base", home), ("looked back on", back)):
            _coverage(found, f"bands{how}", name, np.concatenate(away).ravel(), goal=not how)


def _learning(found: Found, crowd: Crowd, people: int) -> None:
    """Half-life and spread against the truth by number of readings; intervals of the figures."""
    errors: dict[int, list[Array]] = {0: [], 30: [], 100: [], 300: []}
    held: dict[str, list[bool]] = {}
    for one in crowd("learning and figures", SETTLED, people):
        truth = np.log([[p.emotion_half_life, math.sqrt(p.emotion_variance)] for p in one.pulls])
        moments = [trajectory.begin(START), *_moments(one.observations)]
        for n, moment in enumerate(moments):
            if n in errors:
                pulls = [parts.pull for parts in _dimensions(moment)]
                told = [[p.emotion_half_life, math.sqrt(p.emotion_variance)] for p in pulls]
                errors[n].append(np.log(told) - truth)
        series = trajectory.series(one.observations)
        for dimension in range(3):
            for name, holds in _held(
                one, trajectory.figures(series, moments[-1], dimension), dimension
            ):
                held.setdefault(name, []).append(holds)
    for n, away in errors.items():
        if away:
            half_life, spread = np.sqrt((np.concatenate(away) ** 2).mean(0))
            found.add("learning", f"error of log half-life after {n}", half_life)
            found.add("learning", f"error of log spread after {n}", spread)
    for name, each in held.items():
        found.add("figures", f"90 % interval of {name} holds", float(np.mean(each)))


def _learnable(found: Found, crowd: Crowd, people: int) -> None:
    """How much of somebody's half-lives and spreads their readings could tell at best."""
    talkers = crowd("learning at best", LONG, people)
    for n in (100, 300, 1000):
        left = np.mean([bounds.unlearnt(one, n) for one in talkers], axis=0)
        for what, sd in zip(bounds.LEARNT, left, strict=True):
            found.add("learning at best", f"SD of log {what} after {n}", float(sd))


def _held(
    one: Person, told: trajectory.Figures | None, dimension: int
) -> Iterable[tuple[str, bool]]:
    """Which intervals hold what is true of the person."""
    if told is None:
        return
    pull, path = one.pulls[dimension], one.path[:, dimension]
    emotion, mood = pull.emotion_variance, pull.mood_variance
    rate_e, rate_m = math.log(2) / pull.emotion_half_life, math.log(2) / pull.mood_half_life

    def kept(hours: float) -> float:
        return emotion * math.exp(-rate_e * hours) + mood * math.exp(-rate_m * hours)

    truths: Mapping[str, tuple[Figure, float]] = {
        "mean": (told.mean, float(path.mean())),
        "spread": (told.spread, float(path.std())),
        "change in an hour": (told.hourly, math.sqrt(2 * (emotion + mood - kept(1)))),
        "change in a day": (told.daily, math.sqrt(2 * (emotion + mood - kept(24)))),
        "inertia": (told.inertia, kept(2.0) / (emotion + mood)),
        "recovery": (told.recovery, pull.emotion_half_life),
    }
    for name, (figure, truth) in truths.items():
        yield name, figure.low <= truth <= figure.high


def _homes(found: Found, crowd: Crowd, people: int) -> None:
    """The home base after 60 readings of one a session, and what could be known at best."""
    for name, life in HOMES.items():
        away, spread = [], []
        best: dict[bool, list[Array]] = {False: [], True: []}
        for one in crowd(f"home base, {name}", life, people):
            moment = trajectory.rebuild(one.observations[:HOME_READINGS])
            if moment is None:
                continue
            told = np.array([parts.mean[2] for parts in _dimensions(moment)])
            spread.append(np.sqrt(_numbers(trajectory.home_spread_of(moment))))
            truth = one.home[min(HOME_READINGS, len(one.home)) - 1]
            away.append(told - truth)
            for biases, each in best.items():
                each.append(bounds.home(one, HOME_READINGS, biases=biases) - truth)
        errors = np.concatenate(away)
        part = f"home base, {name}"
        found.add(part, "mean error", float(errors.mean()), -0.05, 0.05)
        found.add(part, "median distance", float(np.median(np.abs(errors))), high=0.05)
        expected = NormalDist().inv_cdf(0.75) * float(np.mean(spread))
        found.add(part, "median distance that its band expects", expected)
        for biases, each in best.items():
            known = "half-lives, spreads and biases" if biases else "half-lives and spreads"
            median = float(np.median(np.abs(np.concatenate(each))))
            found.add(part, f"median distance, {known} known", median)


def _shifts(found: Found, crowd: Crowd, people: int) -> None:
    """False alarms of people who have not moved, and the days until those who have are noticed.

    Beside it the same test by somebody clairvoyant (`chart`), who alarms as often.
    """
    for sessions in chart.SESSIONS:
        part = f"shifts, {sessions:.0f} talks a day"
        steady = replace(chart.STEADY, sessions=sessions)
        still = crowd(f"{part}, who has not moved", steady, people)
        alarms = sum(map(len, chart.watch(still, heeded=True).found))
        rate = people * (steady.days - shifts.WARM_UP_DAYS) / max(1, alarms)
        found.add(part, "days to a false alarm", rate, 180)
        threshold = chart.watch(still, clairvoyant=True).threshold(shifts.HEAVIER_DAYS)
        for how, moved in MOVES.items():
            life = replace(steady, days=MOVED_ON + 45, moved_on=MOVED_ON, moved=moved)
            made = crowd(f"{part}, {how}", life, people)
            best = chart.watch(made, clairvoyant=True).alarms(threshold, after=MOVED_ON) - MOVED_ON
            waits = np.array([_wait(told) for told in chart.watch(made, heeded=True).found])
            goal = MOVES_WITHIN if all(moved) else math.nan
            found.add(part, f"median days to notice {how}", float(np.median(waits)), high=goal)
            found.add(part, f"median days, {how}, clairvoyant", float(np.median(best)))
            for within in (8, 14, 30):
                share = float(np.mean(waits <= within))
                found.add(part, f"{how} noticed within {within} days", share)
            share = float(np.mean(best <= MOVES_WITHIN))
            found.add(part, f"{how} noticed within {MOVES_WITHIN} days, clairvoyant", share)


def _wait(alarms: Sequence[Shift]) -> float:
    """Days from the jump of somebody moved to the alarm; infinite where there was none."""
    moved = START + timedelta(days=MOVED_ON)
    told = [shift for shift in alarms if shift.found >= moved and not shift.up]
    return (told[0].found - moved) / timedelta(days=1) if told else math.inf


def _moments(observations: Sequence[Observation]) -> Iterable[Moment]:
    moment = None
    for told in observations:
        moment = trajectory.step(moment, told)
        yield moment


def _densities(one: Person) -> Array:
    """(k, 3) log density of the first reading of each session under the mixture."""
    found = []
    for before, told in _before_sessions(one):
        grid = following.memory(before)[0]
        measured, noise = model.measurement(np.array(told.shares), np.array(told.variance))
        values = np.array(told.value)
        _, _, each = model.observe(
            grid.means, grid.covariances, measured[:, None], values[:, None], noise[:, None]
        )
        found.append(np.log((grid.weights * np.exp(each)).sum(-1)))
    return np.array(found)


def _surprises(one: Person) -> Array:
    """(k, 3) squared surprise over its variance."""
    found = []
    for before, told in _before_sessions(one):
        means, covariances = following.memory(before)[0].mixed()
        measured, noise = model.measurement(np.array(told.shares), np.array(told.variance))
        spread = (measured[:, None] @ covariances @ measured[..., None])[:, 0, 0]
        away = np.array(told.value) - (measured * means).sum(-1)
        found.append(away**2 / (spread + noise))
    return np.array(found)


def _before_sessions(one: Person) -> Iterable[tuple[Moment, Observation]]:
    moment = trajectory.begin(one.observations[0].at)
    for told, first in zip(one.observations, one.first, strict=True):
        if first:
            yield trajectory.now(moment, told.at), told
        moment = trajectory.step(moment, told)


def _coverage(found: Found, part: str, name: str, away: Array, *, goal: bool) -> None:
    for band in BANDS:
        inside = float(np.mean(np.abs(away) <= NormalDist().inv_cdf((1 + band) / 2)))
        low, high = (0.88, 0.92) if band == 0.9 and goal else (math.nan, math.nan)
        found.add(part, f"{band:.0%} of {name}", inside, low, high)


def _dimensions(moment: Moment) -> tuple[Any, Any, Any]:
    return moment.valence, moment.arousal, moment.dominance


def _sums(moment: Moment) -> Array:
    return np.array([math.fsum(parts.mean) for parts in _dimensions(moment)])


def _numbers(variance: Any) -> Array:
    return np.array([variance.valence, variance.arousal, variance.dominance])
