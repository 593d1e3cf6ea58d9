"""The chart of a line: what is in it, in both lights and languages, and what never is."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import groupby
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from affect.expression import chart as charts
from affect.expression.chart import Chart, Sample, draw
from affect.expression.colours import DARK, LIGHT, Colours
from bot.charts import words
from bot.texts import LANGUAGES, sentences

START, END = date(2026, 5, 1), date(2026, 5, 30)
ENGLISH = words("en", (START, END), "30 messages")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

both_lights = pytest.mark.parametrize(("dark", "colours"), [(False, LIGHT), (True, DARK)])


def a_chart(valences: Sequence[float | None], **changes: object) -> Chart:
    """A chart with one reading a day; None is a day without."""
    told = [(START + timedelta(days=n), v) for n, v in enumerate(valences)]
    stretches = [
        [Sample(datetime(d.year, d.month, d.day, 12, tzinfo=UTC), v or 0.0, 0.15) for d, v in ones]
        for known, ones in groupby(told, lambda one: one[1] is not None)
        if known
    ]
    base = Chart(
        start=START,
        end=END,
        words=ENGLISH,
        line=stretches,
        days={day: valence for day, valence in told if valence is not None},
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name any field


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def near(picture: Image.Image, colour: str, box: tuple[int, int, int, int]) -> int:
    """How many pixels of a box are about this colour."""
    wanted = rgb(colour)
    found: list[tuple[int, tuple[int, ...]]] = picture.crop(box).getcolors(2**24) or []  # type: ignore[assignment]
    return sum(
        count
        for count, seen in found
        if max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) < 14
    )


@both_lights
def test_it_is_a_picture_for_a_phone(*, dark: bool, colours: Colours) -> None:
    png = draw(a_chart([0.3, -0.2, None, 0.1]), dark=dark)
    picture = opened(png)
    assert picture.size == (1080, 1350)
    assert picture.getpixel((3, 3)) == rgb(colours.ground)
    assert len(png) < 200_000


@both_lights
def test_the_line_its_band_days_home_and_reports_are_drawn(*, dark: bool, colours: Colours) -> None:
    field = (charts.LEFT, charts.TOP, charts.RIGHT, charts.BOTTOM)
    bare = opened(draw(a_chart([]), dark=dark))
    said = [(NOON + timedelta(days=9), 0.8)]
    full = a_chart([0.3] * 30, days={START: -0.2}, home=-0.4, reports=said)
    drawn = opened(draw(full, dark=dark))
    for colour in (colours.line, colours.band, colours.dot, colours.home, colours.report):
        assert near(drawn, colour, field) > near(bare, colour, field) + 40


def test_a_gap_stays_a_gap() -> None:
    picture = opened(draw(a_chart([0.2] * 8 + [None] * 10 + [0.2] * 12)))
    share = (charts.RIGHT - charts.LEFT) / 30
    inside = (
        int(charts.LEFT + 9 * share),
        charts.TOP,
        int(charts.LEFT + 16 * share),
        charts.BOTTOM,
    )
    assert near(picture, LIGHT.band, inside) == 0
    assert near(picture, LIGHT.line, inside) == 0


@both_lights
def test_heavy_and_bright_days_differ_without_seeing_red_or_green(
    *, dark: bool, colours: Colours
) -> None:
    def lightness(colour: str) -> float:
        red, green, blue = rgb(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert lightness(colours.of(0.8)) - lightness(colours.of(-0.8)) > 40
    for value in (-1.0, -0.5, 0.0):
        red, _, blue = rgb(colours.of(value))
        assert red - blue < 30  # a heavy day is never warm, let alone red


@both_lights
def test_writing_has_contrast(*, dark: bool, colours: Colours) -> None:
    def luminance(colour: str) -> float:
        parts = (part / 255 for part in rgb(colour))
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    ground = luminance(colours.ground)
    for written in (colours.text, colours.quiet):
        lighter, darker = sorted((luminance(written), ground), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_font_that_travels_along_has_every_character(language: str) -> None:
    data = files("affect.expression").joinpath("fonts/NotoSansSC-subset.otf").read_bytes()
    assert len(data) <= 300_000
    font = ImageFont.truetype(io.BytesIO(data), 30)
    missing = bytes(font.getmask("\ue000"))
    written = {
        character
        for key, text in sentences(language).items()
        if key.startswith(("chart_", "mood_count", "mood_own", "why_and"))
        for character in text
    } | set("0123456789")
    assert {c for c in written - {" ", "\n"} if bytes(font.getmask(c)) == missing} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_writing_fits(language: str) -> None:
    told = words(language, (date(2026, 12, 28), date(2026, 12, 31)), "10000 messages")
    font, large = charts._font(charts.SMALL), charts._font(charts.NORMAL)
    half = (charts.WIDTH - 2 * charts.MARGIN) / 2
    legend = (told.line, told.days, told.home, told.report, told.colours)
    assert max(font.getlength(text) for text in legend) < half - 82
    beside = (told.bright, told.even, told.heavy)
    assert max(font.getlength(text) for text in beside) < charts.LEFT - charts.MARGIN
    assert max(large.getlength(told.span), font.getlength(told.foot)) < 2 * half
    assert all(asdict(told).values())
    assert {field.name for field in fields(told)} == set(asdict(told))


@settings(max_examples=15, deadline=None)
@given(
    days=st.integers(1, 400),
    told=st.lists(st.tuples(st.integers(0, 399), st.floats(-1, 1), st.floats(0, 2)), max_size=12),
    home=st.none() | st.floats(-1, 1),
)
def test_anything_that_can_be_kept_can_be_drawn(
    days: int, told: list[tuple[int, float, float]], home: float | None
) -> None:
    within = sorted((n % days, v, sd) for n, v, sd in told)
    drawn = draw(
        Chart(
            start=START,
            end=START + timedelta(days=days - 1),
            words=ENGLISH,
            line=[[Sample(NOON + timedelta(days=n), v, sd)] for n, v, sd in within],
            days={START + timedelta(days=n): v for n, v, _ in within},
            reports=[(NOON + timedelta(days=n), v) for n, v, _ in within[:2]],
            home=home,
        )
    )
    assert opened(drawn).size == (charts.WIDTH, charts.HEIGHT)


def test_the_days_of_a_zone_whose_clock_is_put_back() -> None:
    sydney = ZoneInfo("Australia/Sydney")
    autumn = replace(
        a_chart([]),
        start=date(2026, 4, 1),
        end=date(2026, 4, 7),
        days={date(2026, 4, 5): 0.5},
        zone=sydney,
    )
    assert near(opened(draw(autumn)), LIGHT.of(0.5), (188, 922, 1020, 982)) > 500
