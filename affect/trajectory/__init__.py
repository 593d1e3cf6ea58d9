"""A person's line: where they are now, around which home base, and how surely that is known.

`model` is the mathematics of one step, `grid` what is learnt of a person, `series` what was
measured, `following` the line from moment to moment, `shifts` whether it has moved, `smoothing` the
line looked back on, `figures` a few numbers of it.
"""

from affect.looking import affect_of, home_of, home_spread_of, spread_of
from affect.trajectory.figures import Figure, Figures, figures
from affect.trajectory.following import (
    LATE_MINUTES,
    VERSION,
    begin,
    follow,
    forecast,
    now,
    rebuild,
    report,
    step,
)
from affect.trajectory.model import HOME, SMALLEST_VARIANCE
from affect.trajectory.series import (
    Observation,
    Series,
    read,
    said,
    series,
)
from affect.trajectory.smoothing import Line, smooth

__all__ = [
    "HOME",
    "LATE_MINUTES",
    "SMALLEST_VARIANCE",
    "VERSION",
    "Figure",
    "Figures",
    "Line",
    "Observation",
    "Series",
    "affect_of",
    "begin",
    "figures",
    "follow",
    "forecast",
    "home_of",
    "home_spread_of",
    "now",
    "read",
    "rebuild",
    "report",
    "said",
    "series",
    "smooth",
    "spread_of",
    "step",
]
