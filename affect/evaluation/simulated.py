"""People made up for measuring the line, of whom everything is known.

Their feelings follow the model's kind of law with traits of their own; how they are read does not
quite: moods last as long as they like, modalities come and go, people sleep, fall silent for weeks,
and may slowly become somebody else. Readings are cut to [-1, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from affect.trajectory import HOME, SELF_REPORT_VARIANCE, Observation, grid, model
from affect.trajectory.series import Triple
from affect.types import Pull

Array = NDArray[np.float64]
START = datetime(2026, 1, 1, tzinfo=UTC)

MOOD_HALF_LIFE_SPREAD = 0.3
MOOD_SCALE_SPREAD = 0.3
STEP_HOURS = 3.0
SHARED_ERROR = 0.5
SHARED_ERROR_HOURS = 0.75
"""Of a message's error variance this part is shared, fading so fast; the model has it likewise."""


@dataclass(frozen=True, slots=True)
class Life:
    """How somebody lives with their companion.

    `sessions` a day while awake, of `messages` each on average; `own` is the share of sessions with
    a word of their own; `silences` are the stretches of 4 to 20 days without any, per 100 days;
    `drift` is what the home base changes by in 100 days (standard deviation); on day `moved_on` it
    jumps by `moved`, in standard deviations of the person in each of the three dimensions.
    """

    days: float = 120
    sessions: float = 1.5
    messages: float = 3.0
    own: float = 0.1
    silences: float = 1.0
    drift: float = 0.0
    moved_on: float = math.inf
    moved: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody made up: what was observed, and what was true then.

    `truth` and `home` (n, 3) at each observation; `first` (n) marks the first of a session. `path`
    (m, 3) is where they were every `STEP_HOURS` from the first observation to the last; `bias`
    (3, 3) is that of each dimension in words, voice and face.
    """

    pulls: tuple[Pull, Pull, Pull]
    bias: Array
    observations: list[Observation]
    truth: Array
    home: Array
    first: NDArray[np.bool_]
    path: Array


def person(random: Generator, life: Life) -> Person:
    """Draw somebody and what is observed of them."""
    pulls = _pull(random), _pull(random), _pull(random)
    hours, first, own = _times(random, life)
    every = np.arange(hours[0], hours[-1], STEP_HOURS)
    order = np.argsort(np.concatenate([hours, every]), kind="stable")
    whole, homes = _truth(random, life, pulls, np.concatenate([hours, every])[order])
    seen = order < len(hours)
    truth, home = whole[seen], homes[seen]
    bias = random.normal(0.0, model.BIAS_SD, (3, 3))
    observations = []
    shared = np.zeros(3)
    for n, hour in enumerate(hours):
        kept = 0.5 ** ((hour - hours[n - 1]) / SHARED_ERROR_HOURS) if n else 0.0
        shared = kept * shared + math.sqrt(1 - kept * kept) * random.normal(size=3)
        at = START + timedelta(hours=float(hour))
        if own[n]:
            error = math.sqrt(SELF_REPORT_VARIANCE) * random.normal(size=3)
            variance, shares = np.full(3, SELF_REPORT_VARIANCE), np.zeros(3)
        else:
            variance = np.full(3, random.uniform(0.06, 0.25))
            shares = _shares(random)
            variance /= 1 + 0.5 * (shares > 0).sum() - 0.5
            alone = random.normal(size=3)
            mixed = math.sqrt(SHARED_ERROR) * shared + math.sqrt(1 - SHARED_ERROR) * alone
            error = bias @ shares + np.sqrt(variance) * mixed
        value = np.clip(truth[n] + error, -1, 1)
        told = _triple(shares)
        observations.append(Observation(at, _triple(value), _triple(variance), (told, told, told)))
    return Person(pulls, bias, observations, truth, home, first, whole[~seen])


def _pull(random: Generator) -> Pull:
    """Traits from the population that the priors are about, but drawn freely."""
    swing = math.exp(grid.SCALE_SPREAD * random.normal() - grid.SCALE_SPREAD**2)
    mood = math.exp(MOOD_SCALE_SPREAD * random.normal() - MOOD_SCALE_SPREAD**2)
    return Pull(
        model.EMOTION_HALF_LIFE_HOURS * math.exp(grid.HALF_LIFE_SPREAD * random.normal()),
        model.MOOD_HALF_LIFE_HOURS * math.exp(MOOD_HALF_LIFE_SPREAD * random.normal()),
        (model.EMOTION_SD * swing) ** 2,
        (model.MOOD_SD * mood) ** 2,
    )


def _times(random: Generator, life: Life) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Hours of the observations, which open a session, and which are the person's own word."""
    silent = [
        (start, start + random.uniform(4, 20))
        for start in random.uniform(0, life.days, random.poisson(life.silences * life.days / 100))
    ]
    hours: list[float] = []
    first: list[bool] = []
    own: list[bool] = []
    for day in range(int(life.days)):
        if any(start <= day <= end for start, end in silent):
            continue
        for opened in sorted(24 * day + random.uniform(7.5, 23.5, random.poisson(life.sessions))):
            count = 1 + random.poisson(life.messages - 1)
            moments = opened + np.cumsum(random.exponential(1 / 30, count)) - 1 / 30
            for n, moment in enumerate(moments):
                if hours and moment <= hours[-1]:
                    continue
                hours.append(float(moment))
                first.append(n == 0)
                own.append(n == count - 1 and bool(random.random() < life.own))
    return np.array(hours), np.array(first, dtype=bool), np.array(own, dtype=bool)


def _truth(
    random: Generator, life: Life, pulls: tuple[Pull, Pull, Pull], hours: Array
) -> tuple[Array, Array]:
    """(n, 3) where the person is, and their home base."""
    half_lives = np.array([[p.emotion_half_life, p.mood_half_life] for p in pulls])
    variances = np.array([[p.emotion_variance, p.mood_variance] for p in pulls])
    usual = np.array([HOME.valence, HOME.arousal, HOME.dominance])
    home = usual + model.HOME_SD * random.normal(size=3)
    parts = np.sqrt(variances) * random.normal(size=(3, 2))
    truth, homes = np.empty((2, len(hours), 3))
    jump = np.array(life.moved) * np.sqrt(variances.sum(-1))
    before, moved = 0.0, False
    for n, hour in enumerate(hours):
        kept = 0.5 ** ((hour - before) / half_lives)
        parts = kept * parts + np.sqrt(variances * (1 - kept**2)) * random.normal(size=(3, 2))
        walked = life.drift * math.sqrt((hour - before) / 2400)
        home = home + walked * random.normal(size=3)
        if hour >= 24 * life.moved_on and not moved:
            home, moved = home + jump, True
        truth[n], homes[n], before = parts.sum(-1) + home, home, hour
    return truth, homes


def _shares(random: Generator) -> Array:
    """(3) shares of what spoke: mostly words, at times a voice, seldom a face."""
    spoke = np.array([random.random() < 0.9, random.random() < 0.2, random.random() < 0.1])
    if not spoke.any():
        spoke[0] = True
    weights = spoke * np.array([1.0, 0.5, 0.4])
    return np.asarray(weights / weights.sum())


def _triple(values: Array) -> Triple:
    one, two, three = values.tolist()
    return one, two, three
