"""`python -m affect bench writer`: a table, and the last line is JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from affect.cli import app

pytest.importorskip("torch", reason="a model in this process needs the extra `llm`")
pytest.importorskip("accelerate", reason="a model in this process needs the extra `llm`")
pytest.importorskip("bitsandbytes", reason="a model in this process needs the extra `llm`")

pytestmark = pytest.mark.torch


def test_both_ways_are_timed_on_the_same_model(one_thread: None) -> None:
    arguments = ["bench", "writer", "--random", "tiny", "--tokens", "3", "--people", "1,3"]
    done = CliRunner().invoke(app, [*arguments, "--against", "generate"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert [(one["way"], one["people"]) for one in told["speeds"]] == [
        ("together", 1),
        ("together", 3),
        ("one by one", 1),
        ("one by one", 3),
    ]
    assert all(one["tokens_per_second"] > 0 < one["first_p50_ms"] for one in told["speeds"])
    assert told["prefix_ms"]["known"] > 0
    assert "random-tiny" in done.stdout


@pytest.mark.parametrize(
    "wrong",
    [["--against", "usual"], ["--people", "many"], ["--people", "0"], ["--model", "/nowhere"]],
)
def test_wrong_use_is_one_sentence(wrong: list[str]) -> None:
    done = CliRunner().invoke(app, ["bench", "writer", *wrong])
    assert done.exit_code in (2, 5)
    assert done.stderr.count("\n") == 1
