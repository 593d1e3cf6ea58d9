"""A person's line drawn: a picture for a phone, in light and dark, readable without colour.

The scale is always the whole of it, from heavy to bright, so that two pictures can be compared and
a quiet week does not look like a storm. Amber is bright and blue is heavy, which people who mix up
red and green tell apart; lightness says the same, and every mark has a form of its own. Nothing
is red and nothing is a score. Where nobody wrote for days there is no line: a gap stays a gap.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

from affect.expression.colours import DARK, LIGHT, Colours

WIDTH, HEIGHT = 1080, 1350  # 4:5, the tallest that phones show whole in a chat
SHARPER = 2  # drawn larger and brought down, which smooths every edge
MARGIN = 60
LEFT, RIGHT = 188, WIDTH - MARGIN  # of the field that the line is in
TOP, BOTTOM = 232, 844
INSET = 24  # inside the field, so that the brightest dot is whole
TITLE, NORMAL, SMALL = 52, 34, 30  # 30 px of 1080 are 11 points on a phone
STRIP, STRIP_HEIGHT = 922, 60
LEGEND, LEGEND_ROW = 1040, 62
FOOT = 1290
BAND = 1.645  # standard deviations either side: nine times in ten
MOST_DATES = 4
MANY_DAYS, VERY_MANY_DAYS = 45, 120  # from which dots grow smaller


@dataclass(frozen=True, slots=True)
class Sample:
    """The line at a time: valence in [-1, 1] and its standard deviation."""

    at: datetime
    valence: float
    sd: float


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the picture, in the person's language.

    `months` and `day` say how a date is written: `day` has places for {month} and {day}.
    """

    title: str
    span: str
    bright: str
    even: str
    heavy: str
    line: str
    days: str
    report: str
    home: str
    colours: str
    empty: str
    foot: str
    day: str
    months: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: the days from `start` to `end`, both included, as the person's clock has them.

    `line` holds stretches in order of time: between two of them is a gap. `days` hold one valence a
    day, `reports` what the person said of themselves. `home` is where they come back to, where that
    is known.
    """

    start: date
    end: date
    words: Words
    line: Sequence[Sequence[Sample]] = ()
    days: Mapping[date, float] = field(default_factory=dict)
    reports: Sequence[tuple[datetime, float]] = ()
    home: float | None = None
    zone: tzinfo = UTC


def draw(chart: Chart, *, dark: bool = False) -> bytes:
    """The chart as a PNG of 1080 x 1350 pixels."""
    colours = DARK if dark else LIGHT
    picture = _shapes(chart, colours).reduce(SHARPER)
    _texts(ImageDraw.Draw(picture), chart, colours)
    png = io.BytesIO()
    picture.quantize(192, dither=Image.Dither.NONE).save(png, "PNG", optimize=True)
    return png.getvalue()


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a time and a valence stand, in pixels of the finished picture."""

    start: datetime
    seconds: float

    @classmethod
    def of(cls, chart: Chart) -> _Frame:
        start = datetime.combine(chart.start, time(), chart.zone)
        end = datetime.combine(chart.end + timedelta(days=1), time(), chart.zone)
        return cls(
            start.astimezone(UTC), (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()
        )

    def x(self, at: datetime) -> float:
        return LEFT + (RIGHT - LEFT) * (at - self.start).total_seconds() / self.seconds

    def noon(self, day: date, zone: tzinfo) -> float:
        return self.x(datetime.combine(day, time(12), zone))

    @staticmethod
    def y(valence: float) -> float:
        return TOP + INSET + (BOTTOM - TOP - 2 * INSET) * (1 - min(1.0, max(-1.0, valence))) / 2


def _shapes(chart: Chart, colours: Colours) -> Image.Image:
    """All but the writing, in the larger size."""
    picture = Image.new("RGB", (WIDTH * SHARPER, HEIGHT * SHARPER), colours.ground)
    pen = _Pen(ImageDraw.Draw(picture))
    frame = _Frame.of(chart)
    pen.box((LEFT, TOP, RIGHT, BOTTOM), colours.field, radius=18)
    for day in _dates(chart):
        x = frame.noon(day, chart.zone)
        pen.line([(x, TOP), (x, BOTTOM)], colours.grid, 2)
    for valence in (0.5, -0.5):
        pen.line([(LEFT, frame.y(valence)), (RIGHT, frame.y(valence))], colours.grid, 2)
    pen.line([(LEFT, frame.y(0)), (RIGHT, frame.y(0))], colours.axis, 3)
    for stretch in chart.line:
        pen.band(frame, stretch, colours)
    if chart.home is not None:
        pen.dashes(frame.y(chart.home), colours.home)
    for stretch in chart.line:
        pen.line([(frame.x(s.at), frame.y(s.valence)) for s in stretch], colours.line, 7)
    shown = (chart.end - chart.start).days + 1
    radius = 11 if shown <= MANY_DAYS else 7 if shown <= VERY_MANY_DAYS else 4
    for day, valence in chart.days.items():
        pen.dot(frame.noon(day, chart.zone), frame.y(valence), radius, colours)
    for at, valence in chart.reports:
        pen.diamond(frame.x(at), frame.y(valence), colours, 18 if radius > 4 else 11)
    _strip(pen, chart, colours)
    _legend_marks(pen, chart, colours)
    return picture


def _strip(pen: _Pen, chart: Chart, colours: Colours) -> None:
    """One field a day under the line; an empty one where nothing was read."""
    count = (chart.end - chart.start).days + 1
    room = (RIGHT - LEFT) / count
    apart = min(6.0, room / 5)
    for number in range(count):
        day = chart.start + timedelta(days=number)
        left = LEFT + number * room
        box = (left + apart / 2, STRIP, left + room - apart / 2, STRIP + STRIP_HEIGHT)
        valence = chart.days.get(day)
        empty = colours.axis if valence is None and room > 8 else None
        fill = colours.ground if valence is None else colours.of(valence)
        pen.box(box, fill, radius=min(12.0, room / 4), outline=empty)


def _legend_marks(pen: _Pen, chart: Chart, colours: Colours) -> None:
    for kind, x, y in _legend(chart):
        middle = y + 21
        match kind:
            case "line":
                pen.box((x, middle - 16, x + 60, middle + 16), colours.band, radius=6)
                pen.line([(x, middle), (x + 60, middle)], colours.line, 7)
            case "days":
                pen.dot(x + 30, middle, 11, colours)
            case "report":
                pen.diamond(x + 30, middle, colours)
            case "home":
                pen.dashes(middle, colours.home, x, x + 60)
            case _:
                for number, valence in enumerate((-0.7, 0.0, 0.7)):
                    left = x + 21 * number
                    pen.box((left, middle - 16, left + 18, middle + 16), colours.of(valence), 5)


def _legend(chart: Chart) -> list[tuple[str, float, float]]:
    """What the legend names, two a row, and where; only what is there to be seen."""
    there = {
        "line": bool(chart.line),
        "days": bool(chart.days),
        "home": chart.home is not None,
        "report": bool(chart.reports),
        "colours": bool(chart.days),
    }
    shown = [kind for kind, is_there in there.items() if is_there]
    half = (WIDTH - 2 * MARGIN) / 2
    return [
        (kind, MARGIN + half * (number % 2), LEGEND + LEGEND_ROW * (number // 2))
        for number, kind in enumerate(shown)
    ]


def _texts(pen: ImageDraw.ImageDraw, chart: Chart, colours: Colours) -> None:
    words, frame = chart.words, _Frame.of(chart)
    pen.text((MARGIN, 62), words.title, colours.text, _font(TITLE), stroke_width=1)
    pen.text((MARGIN, 142), words.span, colours.quiet, _font(NORMAL))
    for valence, told in ((1.0, words.bright), (0.0, words.even), (-1.0, words.heavy)):
        where = (MARGIN, frame.y(valence))
        pen.text(where, told, colours.quiet, _font(SMALL), anchor="lm")
    for day in _dates(chart):
        written = words.day.format(month=words.months[day.month - 1], day=day.day)
        width = _font(SMALL).getlength(written)
        left = min(max(LEFT, frame.noon(day, chart.zone) - width / 2), RIGHT - width)
        pen.text((left, BOTTOM + 18), written, colours.quiet, _font(SMALL))
    named = {"line": words.line, "days": words.days, "home": words.home, "report": words.report}
    for kind, x, y in _legend(chart):
        told = named.get(kind, words.colours)
        pen.text((x + 82, y + 21), told, colours.text, _font(SMALL), anchor="lm")
    if not chart.days:
        middle = ((LEFT + RIGHT) / 2, frame.y(0.25))
        pen.text(middle, words.empty, colours.text, _font(NORMAL), anchor="mm")
    pen.text((MARGIN, FOOT), words.foot, colours.quiet, _font(SMALL), anchor="ls")


def _dates(chart: Chart) -> list[date]:
    """The days that are named under the field: evenly apart, the last one among them."""
    count = (chart.end - chart.start).days + 1
    step = -(-count // MOST_DATES)
    return [chart.end - timedelta(days=back) for back in range(0, count, step)]


class _Pen:
    """Draws in pixels of the finished picture on one that is larger."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def box(
        self,
        box: tuple[float, float, float, float],
        fill: str,
        radius: float,
        outline: str | None = None,
    ) -> None:
        larger = tuple(SHARPER * edge for edge in box)
        self._draw.rounded_rectangle(
            larger, radius * SHARPER, fill, outline, width=2 * SHARPER if outline else 0
        )

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: int) -> None:
        larger = [(x * SHARPER, y * SHARPER) for x, y in points]
        self._draw.line(larger, colour, width * SHARPER, joint="curve")
        if width > 4:
            for x, y in (points[0], points[-1]):
                self._round(x, y, width / 2, colour)

    def dashes(self, y: float, colour: str, left: float = LEFT, right: float = RIGHT) -> None:
        x = left
        while x < right:
            self.line([(x, y), (min(x + 14, right), y)], colour, 4)
            x += 24

    def band(self, frame: _Frame, stretch: Sequence[Sample], colours: Colours) -> None:
        """The band of a stretch; a single reading has a narrow one of its own."""
        half = 9.0 if len(stretch) == 1 else 0.0
        edges = [(frame.x(s.at) - half, s) for s in stretch]
        edges += [(frame.x(s.at) + half, s) for s in stretch if half]
        upper = [(x, frame.y(s.valence + BAND * s.sd)) for x, s in edges]
        lower = [(x, frame.y(s.valence - BAND * s.sd)) for x, s in reversed(edges)]
        larger = [(x * SHARPER, y * SHARPER) for x, y in (*upper, *lower)]
        self._draw.polygon(larger, colours.band)

    def dot(self, x: float, y: float, radius: float, colours: Colours) -> None:
        self._round(x, y, radius + 3, colours.field)
        self._round(x, y, radius, colours.dot)

    def diamond(self, x: float, y: float, colours: Colours, half: float = 18) -> None:
        rings = ((half + 4, colours.field), (half, colours.report), (0.45 * half, colours.field))
        for size, colour in rings:
            points = [(x, y - size), (x + size, y), (x, y + size), (x - size, y)]
            self._draw.polygon([(a * SHARPER, b * SHARPER) for a, b in points], colour)

    def _round(self, x: float, y: float, radius: float, colour: str) -> None:
        box = (x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(tuple(SHARPER * edge for edge in box), colour)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    data = files("affect.expression").joinpath("fonts/NotoSansSC-subset.otf").read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size)
