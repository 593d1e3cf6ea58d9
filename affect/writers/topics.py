"""What a talk is about, line by line: a filter over the topics of its lines.

"Three years" has no topic of its own and belongs to the breakup told before it. Each line says
something of the topic, or nothing where it is bare; a talk stays with its topic or turns to any
other (the forward pass of a hidden Markov model, Rabiner 1989).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from affect.writers.classes import Classes, Vector

STAYS = 0.85  # chance that the next line is about the same topic
BARE = 0.5  # chance that a line of a talk about something tells nothing of it
NONE = "none"  # the class of such lines


def followed(lines: Iterable[Vector], classes: Classes) -> Mapping[str, float]:
    """Probability of each topic after the vectors of these lines, oldest first."""
    topics = [column for column, name in enumerate(classes.names) if name != NONE]
    bare = classes.names.index(NONE)
    now = np.full(len(topics), 1 / len(topics))
    for line in lines:
        ratios = classes.of(line) / classes.rates
        before = STAYS * now + (1 - STAYS) / len(topics)
        now = before * (BARE * ratios[bare] + (1 - BARE) * ratios[topics])
        now /= now.sum()
    names = (classes.names[column] for column in topics)
    return dict(zip(names, now.tolist(), strict=True))
