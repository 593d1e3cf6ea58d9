"""Numbers, times of the day, days and light, as people type them in either language."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import spans, times
from bot.commands.spans import DAYS, MOST_DAYS, Span

DIGITS = "零一二三四五六七八九"


def chinese(number: int) -> str:
    """A number below a hundred as it is said."""
    tens, ones = divmod(number, 10)
    front = ("" if tens == 1 else DIGITS[tens]) + "十" if tens else ""
    return front + (DIGITS[ones] if ones or not tens else "")


def wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def read(typed: str) -> list[str]:
    found = times.said(typed)
    return [f"{at:%H:%M}" for at in found.times] if found else []


@given(st.times())
def test_every_time_is_understood_however_it_is_written(at: time) -> None:
    at = at.replace(second=0, microsecond=0, tzinfo=None)
    hour, minute, half = at.hour % 12 or 12, at.minute, "am" if at.hour < 12 else "pm"
    ways = [
        f"{at:%H:%M}", f"{at.hour}:{minute:02}", f"{at.hour}.{minute:02}", f"{at.hour}h{minute:02}",
        f"at {at:%H:%M}", f"  {at:%H:%M} ", wide(f"{at:%H:%M}"),
        f"{hour}:{minute:02}{half}", f"{hour}:{minute:02} {half.upper()}",
        f"{hour}:{minute:02} {half[0]}.m.", f"{at.hour}点{minute}分", f"每天{at.hour}点{minute:02}",
        f"{chinese(at.hour)}点{chinese(minute)}分", f"{at:%H:%M} every day, please",
    ]  # fmt: skip
    if not minute:
        ways += [f"{at.hour}点", f"{chinese(at.hour)}点钟", f"{hour}{half}", f"{hour} {half}"]
        ways += [f"at {at.hour}", f"在{at.hour}点"]
    if minute == 30:
        ways += [f"{at.hour}点半", f"{chinese(at.hour)}点半"]
    if 6 <= at.hour < 12:
        ways += [f"早上{at.hour}点{minute}分", f"上午{chinese(at.hour)}点{minute}分"]
    if 13 <= at.hour < 18:
        ways += [f"下午{at.hour - 12}点{minute}分", f"下午{at.hour}点{minute}分"]
    if 18 <= at.hour < 24:
        ways += [f"晚上{at.hour - 12}点{minute}分", f"晚上{chinese(at.hour - 12)}点{minute}分"]
    for way in ways:
        found = times.said(way)
        assert found is not None, way
        assert (way, found.times, found.place, found.bare) == (way, (at,), "", False)


@given(st.lists(st.times(), min_size=2, max_size=3), st.sampled_from([" ", ", ", " and ", "、"]))
def test_several_stand_in_their_order_each_once(several: list[time], between: str) -> None:
    clocks = [f"{at:%H:%M}" for at in several]
    assert read(between.join(clocks)) == list(dict.fromkeys(clocks))
    assert read(between.join([*clocks, "Berlin"])) == list(dict.fromkeys(clocks))


@pytest.mark.parametrize(
    ("typed", "clocks"),
    [
        ("早上九点", "09:00"), ("早8点晚8点", "08:00 20:00"), ("晚上八点半", "20:30"),
        ("下午三点一刻", "15:15"), ("八点 二十点", "08:00 20:00"), ("九点二十点", "09:00 20:00"),
        ("8点9点", "08:00 09:00"), ("中午", "12:00"), ("中午12点", "12:00"), ("中午一点", "13:00"),
        ("晚上12点", "00:00"), ("晚上两点", "02:00"), ("凌晨1点", "01:00"), ("零点", "00:00"),
        ("每天早上九点提醒我", "09:00"), ("九点零五分", "09:05"), ("二十点三十", "20:30"),
        ("9am", "09:00"), ("12am", "00:00"), ("12 pm", "12:00"), ("noon", "12:00"),
        ("midnight", "00:00"), ("half past nine", "09:30"), ("quarter to nine pm", "20:45"),
        ("nine in the evening", "21:00"), ("9 o'clock", "09:00"), ("nine thirty am", "09:30"),
        ("9 at night", "21:00"), ("ask me at 8", "08:00"), ("9 / 10pm", "09:00 22:00"),
    ],
)  # fmt: skip
def test_times_as_they_are_said(typed: str, clocks: str) -> None:
    assert read(typed) == clocks.split()


@pytest.mark.parametrize(
    "typed",
    ["", "x", "早上", "morning", "25:00", "9:75", "9:7", "13pm", "0am", "早上21点", "at", "-9:00"],
)
def test_what_no_clock_shows_is_no_time(typed: str) -> None:
    assert times.said(typed) is None


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("9:00 Berlin", "berlin"), ("9am New York", "new york"), ("早上九点 北京", "北京"),
        ("9:00 America/New_York", "america/new_york"), ("9:00 ../etc", "../etc"),
    ],
)  # fmt: skip
def test_what_stands_behind_is_the_place(typed: str, place: str) -> None:
    found = times.said(typed)
    assert found is not None
    assert found.place == place


@pytest.mark.parametrize(("typed", "bare"), [("4 2", True), ("9", True), ("at 9", False)])
def test_numbers_alone_may_mean_something_else(typed: str, bare: bool) -> None:
    found = times.said(typed)
    assert found is not None
    assert found.bare is bare


@given(
    st.integers(1, 99),
    st.sampled_from([("days", "天", 1), ("weeks", "周", 7), ("months", "个月", 30)]),
    st.booleans(),
)
def test_every_span_is_understood_in_either_light(
    count: int, unit: tuple[str, str, int], dark: bool
) -> None:
    english, zh, days = unit
    wanted = Span(min(count * days, MOST_DAYS), dark)
    shade, tint = ("dark mode", "深色模式") if dark else ("light", "浅色")
    for way in (
        f"{count} {english} {shade}", f"the last {count} {english}, in {shade}",
        f"{count}{zh}{tint}", f"最近{chinese(count)}{zh} {tint}", f"{tint} {chinese(count)}{zh}",
        wide(f"{count} {english} {shade}"),
    ):  # fmt: skip
        assert (way, spans.span(way)) == (way, wanted)


@pytest.mark.parametrize(
    ("typed", "days", "dark"),
    [
        ("", DAYS, False), ("30", 30, False), ("30 dark", 30, True), ("dark", DAYS, True),
        ("7天", 7, False), ("两周", 14, False), ("week", 7, False), ("last month", 30, False),
        ("半年", 182, False), ("half a year", 182, False), ("半个月", 15, False),
        ("today", 1, False), ("今天 夜间", 1, True), ("上个月", 30, False), ("0", 1, False),
        ("9999", MOST_DAYS, False),
        ("２ ｗｅｅｋｓ", 14, False), ("30 dark please", 30, True),
    ],
)  # fmt: skip
def test_spans_as_they_are_said(typed: str, days: int, dark: bool) -> None:
    assert spans.span(typed) == Span(days, dark)


@given(st.text(max_size=60))
def test_nothing_typed_breaks_it(typed: str) -> None:
    found, span = times.said(typed), spans.span(typed)
    assert found is None or found.times
    assert span is None or 1 <= span.days <= MOST_DAYS
