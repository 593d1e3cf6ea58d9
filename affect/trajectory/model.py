"""The model of a person's line, and one step of its filter, for any number of filters at once.

Each dimension of affect is the sum of three hidden parts: emotion (back within hours), mood (within
days) and home base (a constant that is learnt). Emotion and mood follow an Ornstein-Uhlenbeck
process; between readings it is solved exactly, whatever the gap. What a modality says of a person
has a constant bias b besides, learnt too. The state is (emotion, mood, home, b of words, b of
voice, b of face). Leading axes of all arrays are filters side by side: dimensions, cells, draws.
Sources of equations and priors: docs/decisions.md, "The line".
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from affect.types import Affect, Pull

Array: TypeAlias = NDArray[np.float64]

# Population priors, on the scale [-1, 1]. To be refitted on consenting people.
EMOTION_HALF_LIFE_HOURS = 4.0
MOOD_HALF_LIFE_HOURS = 10 * 24.0
EMOTION_SD = 0.25
MOOD_SD = 0.125
HOME_SD = 0.20
BIAS_SD = 0.15
HOME = Affect(valence=0.10, arousal=0.0, dominance=0.05)

SMALLEST_VARIANCE = 1e-4
EMOTION, MOOD, HOME_BASE = 0, 1, 2
STATE = 6
"""Numbers a state: three parts and the biases of three modalities."""
NOW: Array = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
"""Where the person is, of a state."""


def direction(shares: Array) -> Array:
    """(..., 6) what a reading measures: where the person is, and the biases by their shares."""
    found = np.ones((*shares.shape[:-1], STATE))
    found[..., 3:] = shares
    return found


POPULATION = Pull(EMOTION_HALF_LIFE_HOURS, MOOD_HALF_LIFE_HOURS, EMOTION_SD**2, MOOD_SD**2)


def prior(pull: Pull = POPULATION) -> tuple[Array, Array]:
    """Means (3, 6) and covariances (3, 6, 6) of somebody unknown who is drawn back like this."""
    means = np.zeros((3, STATE))
    means[:, HOME_BASE] = (HOME.valence, HOME.arousal, HOME.dominance)
    spread = [pull.emotion_variance, pull.mood_variance, HOME_SD**2, *[BIAS_SD**2] * 3]
    return means, np.broadcast_to(np.diag(spread), (3, STATE, STATE)).copy()


def pass_time(
    means: Array, covariances: Array, hours: float, rates: Array, variances: Array
) -> tuple[Array, Array]:
    """States after `hours` >= 0 without a reading: the exact solution, not a small step.

    Mean A·x and covariance A·P·A' + Q, with A = diag(a_e, a_m, 1, ...), a = exp(-rate·hours), and
    Q = diag(s_e²(1 - a_e²), s_m²(1 - a_m²), 0, ...). `rates` and `variances` (..., 2) are of
    emotion and mood, per hour and stationary.
    """
    kept = np.ones(means.shape)
    kept[..., :2] = np.exp(-rates * hours)
    means = means * kept
    covariances = covariances * (kept[..., :, None] * kept[..., None, :])
    # expm1, not 1 - a²: the difference would lose its digits over seconds.
    added = -variances * np.expm1(-2 * rates * hours)
    covariances[..., EMOTION, EMOTION] += added[..., 0]
    covariances[..., MOOD, MOOD] += added[..., 1]
    return means, covariances


def observe(
    means: Array, covariances: Array, measured: Array, value: Array, noise: Array
) -> tuple[Array, Array, Array]:
    """States after measuring H·x, H = `measured`, and the log density of what was measured.

    Gain K = P·H'/(H·P·H' + R); covariance in Joseph's form, (I - KH)·P·(I - KH)' + K·R·K', which
    stays positive whatever rounding does. Infinite `noise` leaves a state as it is.
    """
    told = np.isfinite(noise)
    noise = np.where(told, np.maximum(noise, SMALLEST_VARIANCE), 0.0)
    shared = (covariances @ measured[..., None])[..., 0]
    whole = (shared * measured).sum(-1)
    total = np.where(told, whole + noise, 1.0)
    gain = (told / total)[..., None] * shared
    surprise = np.where(told, value - (means * measured).sum(-1), 0.0)
    kept = shared - gain * whole[..., None]
    covariances = (
        covariances
        - gain[..., :, None] * shared[..., None, :]
        - kept[..., :, None] * gain[..., None, :]
        + (noise[..., None] * gain)[..., :, None] * gain[..., None, :]
    )
    # Rounding must not let the two halves of a covariance drift apart over a million steps.
    covariances = (covariances + np.swapaxes(covariances, -1, -2)) / 2
    log_density = -0.5 * told * (np.log(2 * math.pi * total) + surprise**2 / total)
    return means + gain * surprise[..., None], covariances, log_density
