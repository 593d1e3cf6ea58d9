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

from affect.trajectory import HOME, Observation, grid, model
from affect.trajectory.series import Triple
from affect.types import SELF_REPORT_VARIANCE, Pull

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
    shares = np.where(own[:, None], 0.0, _shares(random, len(hours)))
    together = 1 + 0.5 * (np.count_nonzero(shares, axis=1) - 1)
    variance = random.uniform(0.06, 0.25, len(hours)) / together
    variance[own] = SELF_REPORT_VARIANCE
    alone, fresh = random.normal(size=(2, len(hours), 3))
    kept = 0.5 ** (np.diff(hours, prepend=-math.inf) / SHARED_ERROR_HOURS)[:, None]
    shared = _fading(np.zeros(3), kept, np.sqrt(1 - kept**2) * fresh)
    of_words = math.sqrt(SHARED_ERROR) * shared + math.sqrt(1 - SHARED_ERROR) * alone
    error = np.sqrt(variance)[:, None] * np.where(own[:, None], alone, of_words)
    values = np.clip(truth + shares @ bias.T + error, -1, 1)
    observations = [
        Observation(START + timedelta(hours=hour), _triple(value), (noise,) * 3, (spoke,) * 3)
        for hour, value, noise, spoke in zip(
            hours.tolist(), values, variance.tolist(), map(_triple, shares), strict=True
        )
    ]
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
    gaps = np.diff(hours, prepend=0.0)
    kept = 0.5 ** (gaps[:, None, None] / half_lives)
    fresh = np.sqrt(variances * (1 - kept**2)) * random.normal(size=(len(hours), 3, 2))
    parts = _fading(np.sqrt(variances) * random.normal(size=(3, 2)), kept, fresh)
    walked = life.drift * np.sqrt(gaps / 2400)[:, None] * random.normal(size=(len(hours), 3))
    jump = np.array(life.moved) * np.sqrt(variances.sum(-1))
    home = usual + model.HOME_SD * random.normal(size=3) + np.cumsum(walked, axis=0)
    home += jump * (hours >= 24 * life.moved_on)[:, None]
    return parts.sum(-1) + home, home


def _fading(start: Array, kept: Array, added: Array) -> Array:
    """What is left of what was, and what is added, one after another."""
    found, now = np.empty_like(added), start
    for n in range(len(added)):
        found[n] = now = kept[n] * now + added[n]
    return found


def _shares(random: Generator, count: int) -> Array:
    """(count, 3) shares of what spoke: mostly words, at times a voice, seldom a face."""
    spoke = random.random((count, 3)) < (0.9, 0.2, 0.1)
    spoke[~spoke.any(1), 0] = True
    weights = spoke * np.array([1.0, 0.5, 0.4])
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _triple(values: Array) -> Triple:
    one, two, three = values.tolist()
    return one, two, three
