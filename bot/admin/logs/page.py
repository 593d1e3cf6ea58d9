"""One person's turns as a page of HTML that needs nothing else: no script, no network, no font.

The mood line stands first on the page and last in the file (the order is turned by style), so
that turns are written as they come. It is drawn from at most `POINTS` points: neighbours are
averaged when there are more, so a page of a million turns takes no more memory than one of ten.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import TextIO
from zoneinfo import ZoneInfo

from affect.looking import affect_of, home_of, spread_of
from affect.types import EMOTIONS
from bot.admin.disclosure import Words
from bot.admin.logs import turns
from storage.records import TurnView

POINTS = 800
WIDTH, HEIGHT, LEFT, FOOT = 860, 220, 44, 28  # of the drawing, in its own units

SIGNS = {1: "+1", 0: "0", -1: "-1"}  # the axis of valence

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6475; --paper: #fbfbf9;
  --rule: #d9dce3;
  --line: #2f6f8f; --band: #2f6f8f2e; --said: #eef1f5; --reply: #e8f1ee; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ee; --soft: #a3abba; --paper: #171a21;
  --rule: #353b47; --line: #7cc0e0; --band: #7cc0e033; --said: #222732; --reply: #1f2c2a; } }
body { margin: 0 auto; max-width: 56rem; padding: 1.5rem 1rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; display: flex; flex-direction: column; }
header { order: -2 } figure { order: -1; margin: 0 0 1rem }
h1 { font-size: 1.3rem; margin: 0 } figcaption, .how, time { color: var(--soft); font-size: .85rem }
svg { width: 100%; height: auto } text { fill: var(--soft); font: 12px system-ui, sans-serif }
.axis { stroke: var(--rule); fill: none } .line { stroke: var(--line); stroke-width: 2; fill: none }
.band { fill: var(--band) } .home { stroke: var(--soft); stroke-dasharray: 4 4; fill: none }
.dot { fill: var(--line) }
article { border-top: 1px solid var(--rule); padding: .8rem 0 }
p { margin: .3rem 0; padding: .4rem .7rem; border-radius: .6rem; white-space: pre-wrap;
  overflow-wrap: anywhere; unicode-bidi: isolate }
.said { background: var(--said) } .reply { background: var(--reply); margin-left: 2rem }
meter { width: 6rem; height: .7rem } label { display: inline-block; margin-right: .8rem }
"""


@dataclass(slots=True)
class Point:
    """Where a line was: time in seconds, valence and its SD, and the home base."""

    at: float
    valence: float
    sd: float
    home: float

    def merged(self, other: Point) -> Point:
        """Halfway between two neighbours."""
        return Point(
            (self.at + other.at) / 2,
            (self.valence + other.valence) / 2,
            (self.sd + other.sd) / 2,
            (self.home + other.home) / 2,
        )


@dataclass(slots=True)
class Trace:
    """The points of a line, thinned as they come; `every` of them make one."""

    points: list[Point] = field(default_factory=list)
    every: int = 1
    _waiting: list[Point] = field(default_factory=list)

    def add(self, point: Point) -> None:
        """Take up one more."""
        self._waiting.append(point)
        if len(self._waiting) < self.every:
            return
        self.points.append(_mean(self._waiting))
        self._waiting = []
        if len(self.points) >= 2 * POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=True)
            self.points = [one.merged(other) for one, other in pairs]
            self.every *= 2


class Page:
    """The page, written turn by turn."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._trace = Trace()
        self._about = ""
        self._turns = 0
        self._hidden = False

    def begin(self, file: TextIO) -> None:
        """Everything above the turns."""
        file.write(
            '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>Attune: a talk</title>\n<style>{STYLE}</style></head>\n<body>\n"
        )

    def turn(self, file: TextIO, view: TurnView, words: Words | None) -> None:
        """One turn: what was said, how it was read, what was answered."""
        told = turns.flat(view, words, self._zone)
        self._follow(view)
        self._turns += 1
        self._about = f"Person {turns.short('person', view.person_uid)}"
        self._hidden = self._hidden or words is None
        at = escape(told["at"][:19].replace("T", " "))
        said = "\n".join(told["said"]) if words else turns.HIDDEN
        if told.get("transcript"):
            said += f"\n(heard) {told['transcript']}"
        file.write(
            f'<article id="{view.id}"><time datetime="{escape(told["at"])}">{at}</time> '
            f'<span class="how">{escape(told["platform"])}</span>\n'
            f'<p class="said" dir="auto">{escape(said)}</p>\n<div class="how">'
            f"{escape(turns.read_as(told))}</div>\n{_bars(view)}"
            f'<p class="reply" dir="auto">{escape(told.get("reply", turns.HIDDEN) or "")}</p>'
            "</article>\n"
        )

    def end(self, file: TextIO) -> None:
        """The line, which style puts above the turns."""
        points = self._trace.points
        hidden = "; what was written is hidden" if self._hidden else ""
        about = escape(f"{self._about}, {self._turns} turn(s), times in {self._zone}{hidden}.")
        file.write(f'<header><h1>Attune: a talk</h1><div class="how">{about}</div></header>\n')
        if len(points) > 1:
            line, told = _drawn(points, self._zone), _told(points, self._zone)
            file.write(f"<figure>{line}<figcaption>{told}</figcaption></figure>\n")
        file.write("</body>\n</html>\n")

    def _follow(self, view: TurnView) -> None:
        if view.moment is None:
            return
        valence = affect_of(view.moment).valence
        sd = math.sqrt(spread_of(view.moment).valence)
        home = home_of(view.moment).valence
        self._trace.add(Point(view.at.timestamp(), valence, sd, home))


def _mean(points: list[Point]) -> Point:
    count = len(points)
    return Point(
        sum(one.at for one in points) / count,
        sum(one.valence for one in points) / count,
        sum(one.sd for one in points) / count,
        sum(one.home for one in points) / count,
    )


def _bars(view: TurnView) -> str:
    """The likeliest emotions of a reading, as meters with their names."""
    if view.reading is None:
        return ""
    shares = view.reading.probabilities
    likely = sorted(EMOTIONS, key=lambda emotion: -shares.get(emotion, 0.0))[:3]
    return '<div class="how">{}</div>\n'.format(
        "".join(
            f'<label>{one.value} <meter min="0" max="1" value="{shares.get(one, 0.0):.2f}">'
            f"{shares.get(one, 0.0):.2f}</meter></label>"
            for one in likely
        )
    )


def _drawn(points: list[Point], zone: ZoneInfo) -> str:
    """The line with its band and the home base, as SVG."""
    first, last = points[0].at, points[-1].at
    span = (last - first) or 1.0
    begun, ended = _ends(points, zone)

    def x(at: float) -> float:
        return LEFT + (WIDTH - LEFT - 8) * (at - first) / span

    def y(valence: float) -> float:
        cut = max(-1.0, min(1.0, valence))
        return 8 + (HEIGHT - FOOT - 8) * (1 - cut) / 2

    def path(values: list[tuple[float, float]]) -> str:
        return " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in values)

    upper = [(one.at, one.valence + one.sd) for one in points]
    lower = [(one.at, one.valence - one.sd) for one in reversed(points)]
    axes = "".join(
        f'<path class="axis" d="M{LEFT} {y(level):.1f}H{WIDTH - 8}"/>'
        f'<text x="{LEFT - 8}" y="{y(level) + 4:.1f}" text-anchor="end">{SIGNS[level]}</text>'
        for level in SIGNS
    )
    ends = (
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{begun}</text>'
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 8}" text-anchor="end">{ended}</text>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{_told(points, zone)}">{axes}'
        f'<polygon class="band" points="{path([*upper, *lower])}"/>'
        f'<polyline class="home" points="{path([(one.at, one.home) for one in points])}"/>'
        f'<polyline class="line" points="{path([(one.at, one.valence) for one in points])}"/>'
        f'<circle class="dot" cx="{x(last):.1f}" cy="{y(points[-1].valence):.1f}" r="3.5"/>'
        f"{ends}</svg>"
    )


def _told(points: list[Point], zone: ZoneInfo) -> str:
    """The line in words, for those who do not see it."""
    values = [one.valence for one in points]
    begun, ended = _ends(points, zone)
    return (
        f"Valence of the line from {begun} to {ended}: "
        f"lowest {min(values):+.2f}, highest {max(values):+.2f}, last {values[-1]:+.2f}; "
        f"the band is one SD, the broken line the home base ({points[-1].home:+.2f})."
    )


def _ends(points: list[Point], zone: ZoneInfo) -> tuple[str, str]:
    """The first and the last day; the times of it where it is one day."""
    first, last = (datetime.fromtimestamp(one.at, zone) for one in (points[0], points[-1]))
    if first.date() == last.date():
        return f"{first:%Y-%m-%d %H:%M}", f"{last:%H:%M}"
    return f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"
