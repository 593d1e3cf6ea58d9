"""What a kept moment says: where a person is, where they come back to, how surely that is known.

Apart from the mathematics that follows a line (`affect.trajectory`), which takes far longer to
import than a list of turns takes to read.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from affect.types import Affect, Moment, Parts, Variance


def affect_of(moment: Moment) -> Affect:
    """Where the person is, cut to [-1, 1] for showing (the state itself is never cut)."""
    return _each(moment, lambda parts: math.fsum(parts.mean))


def spread_of(moment: Moment) -> Variance:
    """The variances of `affect_of`."""
    return Variance(*(math.fsum(parts.covariance) for parts in _dimensions(moment)))


def home_of(moment: Moment) -> Affect:
    """Where the person comes back to, cut to [-1, 1] for showing."""
    return _each(moment, lambda parts: parts.mean[2])


def home_spread_of(moment: Moment) -> Variance:
    """The variances of `home_of`."""
    return Variance(*(parts.covariance[8] for parts in _dimensions(moment)))


def _dimensions(moment: Moment) -> tuple[Parts, Parts, Parts]:
    return moment.valence, moment.arousal, moment.dominance


def _each(moment: Moment, part: Callable[[Parts], float]) -> Affect:
    """One number of every dimension, cut to [-1, 1]."""
    return Affect(*(min(1.0, max(-1.0, part(parts))) for parts in _dimensions(moment)))
