"""Tables of figures, as they stand in a terminal of 80 columns."""

from __future__ import annotations

import pytest
from rich.console import Console

from affect import tables


def test_a_part_stands_above_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    table = tables.plain("figure", "value", right=("value",))
    rows = [
        ("home base, words alone", ("mean error", "-0.005")),
        ("home base, words alone", ("median distance", "0.080")),
        ("shifts", ("one SD down in valence alone noticed within 8 days, [clairvoyant]", "0.6")),
    ]
    Console(width=50).print(tables.by_part(table, rows))
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "figure                                       value",
        "home base, words alone",
        "  mean error                                -0.005",
        "  median distance                            0.080",
        "shifts",
        "  one SD down in valence alone noticed         0.6",
        "  within 8 days, [clairvoyant]",
    ]
