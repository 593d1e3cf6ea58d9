"""Danger: seen in words by rules, answered with reviewed texts, held across a talk.

`screen` a message, let `hold` say what holds in the talk, send `held_card` (or `card`).
"""

from affect.danger import About, Answer, Mark, Topic
from affect.safety.cards import card, crisis_card, held_card
from affect.safety.helplines import Helpline, helpline
from affect.safety.holding import Hold, hold
from affect.safety.screening import Denial, Screening, screen

__all__ = [
    "About",
    "Answer",
    "Denial",
    "Helpline",
    "Hold",
    "Mark",
    "Screening",
    "Topic",
    "card",
    "crisis_card",
    "held_card",
    "helpline",
    "hold",
    "screen",
]
