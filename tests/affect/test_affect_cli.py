"""`python -m affect`, as somebody at a terminal meets it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from affect import batch, bench, catalogue
from affect.__main__ import main
from affect.analysis import Analyst
from affect.batch import Columns
from affect.cli import app
from affect.errors import BadInput
from affect.examples import ending
from affect.safety.screening import screen
from tests.affect.examples import shown

TOO_MUCH = (
    "day long is too much here: put a text of several words in quotes; "
    "see python -m affect bench --help."
)
ADDED = [
    "emotion", "confidence", "anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral",
    "valence", "arousal", "dominance", "conflict", "language", "labels", "transcript", "problems",
]  # fmt: skip


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=given)


def test_one_text_as_json() -> None:
    result = run("analyze", "I got the job, I am so happy!", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["emotion"] == "joy"
    assert sum(told["emotions"].values()) == pytest.approx(1, abs=0.001)
    assert told["valence"] > 0
    assert told["language"] == "en"
    assert set(told["modalities"]) == {"text"}
    assert told["transcript"] is None


def test_one_text_from_standard_input_as_a_table() -> None:
    result = run("analyze", given="今天好难过，想哭\n")
    assert result.exit_code == 0
    assert "sadness" in result.stdout
    assert "language: zh" in result.stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("bench writer --tokens many", "--tokens must be a whole number."),
        ("bench writer --tokens 1", "--tokens must be at least 2."),
        ("train text --tune 0", "--tune must be at least 1."),
        ("bench all day long", TOO_MUCH),
        ("models --markdwn", "No such option: --markdwn (Possible options: --markdown)."),
    ],
)
def test_what_is_typed_wrong_is_one_plain_sentence(
    command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 2
    assert capsys.readouterr() == ("", f"{said}\n")


def test_a_choice_that_there_is_not_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["evaluate", "moods"], ["evaluate"]):
        assert main(command) == 2
        told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)
        assert "fairness" in told.err
        assert "Value error" not in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("analyze", "   "), 2, "no words"),
        (("analyze", "--voice", "no-such.ogg"), 3, "no file"),
        (("analyze", "--face", "no-such.jpg"), 3, "no file"),
        (("analyze", "hello", "--batch", "in.csv", "-o", "out.csv"), 2, "not both"),
        (("analyze", "--batch", "in.csv"), 2, "-o"),
        (("analyze", "--batch", "no-such.csv", "-o", "out.csv"), 3, "no file"),
        (("train", "replies"), 1, "nothing to train"),
        (("train", "fusion", "--tune", "3"), 2, "whole grid"),
        (("evaluate", "strategy", "--data", "no-such-folder"), 3, "No data folder"),
        (("evaluate", "replies", "--writer", "local"), 2, "--model"),
        (("evaluate", "replies", "--writer", "openai"), 2, "--base-url"),
        (("evaluate", "text", "--data", "no-such-folder"), 3, "No data folder"),
        (("evaluate", "text", "--weights", "no-such-folder"), 5, "No text model"),
        (("bench", "voice", "--against", "no-such-folder"), 2, "text alone"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    arguments: tuple[str, ...], code: int, word: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert word in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout


@pytest.mark.parametrize("command", ["analyze", "train", "evaluate", "bench", "models"])
def test_every_command_has_help_with_examples(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = run(command, "--help")
    assert result.exit_code == 0
    examples = shown(result.stdout)
    assert examples
    for example in examples:
        assert example[:4] == ["python", "-m", "affect", command]
        again = run(*example[3:], "--help")  # it knows every option
        assert (again.exit_code, again.stdout) == (0, result.stdout)


def test_models_names_data_and_licences() -> None:
    found = {model["model"]: model for model in json.loads(run("models", "--json").stdout)}
    text = found["attune-text"]
    assert 10 < text["megabytes"] <= 80
    assert any("EmoBank (CC BY-SA 4.0)" in name for name in text["data"])
    assert text["figures"]
    assert run("models").exit_code == 0


def test_every_file_of_a_model_is_counted_once(tmp_path: Path) -> None:
    for stem in ("face", "face_detection"):
        card = {"model": f"our-{stem}", "version": "1", "licence": "MIT"}
        (tmp_path / f"{stem}.json").write_text(json.dumps(card), encoding="utf-8")
    for name in ("face.onnx", "face_detection_short.onnx", "face_detection_long.onnx", "bank.npz"):
        (tmp_path / name).write_bytes(bytes(1_000_000))
    found = {model.name: model for model in catalogue.shipped(tmp_path)}
    assert [name for name, _ in found["our-face"].files] == ["face.json", "face.onnx"]
    assert found["our-face_detection"].megabytes == pytest.approx(2, abs=0.001)
    assert "| our-face |" in catalogue.markdown(list(found.values()))


def test_the_document_of_the_models_is_up_to_date() -> None:
    result = run("models", "--markdown")
    assert result.exit_code == 0
    told = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    assert told == result.stdout, "run: python -m affect models --markdown > docs/models.md"


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    texts = [
        "I love this, thank you!",
        'so "angry",\nI could scream',
        "",
        "今天好难过",
        "nobody replied and I feel so lonely",
    ]
    rows = [[str(k), texts[k % 5], f"2026-05-{1 + k % 3:02d}T10:00:00Z"] for k in range(70)]
    path = tmp_path / "in.csv"
    _write(path, [["id", "body", "at"], *rows])
    return path


def test_a_file_is_read_row_by_row_with_a_summary(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = run(
        "analyze", "--batch", str(source), "--column", "body", "--time-column", "at",
        "-o", str(out), "--json",
    )  # fmt: skip
    assert result.exit_code == 0
    rows = _rows(out)
    assert list(rows[0]) == ["id", "body", "at", *ADDED]
    assert [row["id"] for row in rows] == [str(k) for k in range(70)]
    assert [row["body"] for row in rows] == [row["body"] for row in _rows(source)]
    assert rows[2]["problems"] == "empty_text"
    assert rows[2]["valence"] == ""
    assert rows[3]["language"] == "zh"
    seven = ADDED[2:9]
    for row in rows:
        if row["valence"]:
            assert sum(float(row[name]) for name in seven) == pytest.approx(1, abs=0.001)
    told = json.loads(result.stdout)
    assert told["rows"] == 70
    assert told["read"] == 56
    assert told["problems"] == {"empty_text": 14}
    assert set(told["valence_by_day"]) == {"2026-05-01", "2026-05-02", "2026-05-03"}
    assert sum(told["emotions"].values()) == 56
    assert told["typical"]["joy"]["text"].startswith("I love this")
    assert not list(tmp_path.glob("*.partial*"))


def test_the_summary_is_a_table_for_people(source: Path, tmp_path: Path) -> None:
    result = run(
        "analyze", "--batch", str(source), "--column", "body", "-o", str(tmp_path / "o.csv")
    )
    assert result.exit_code == 0
    assert "56 of 70 rows read" in " ".join(result.stdout.split())
    assert "joy" in result.stdout


def test_danger_in_a_file_is_counted_and_named(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    texts = ["I will kill myself tonight", "lunch was good", "i wish i was dead", "我不想活了"]
    _write(source, [["text"], *([text] for text in texts)])
    out = str(tmp_path / "o.csv")
    told = json.loads(run("analyze", "--batch", str(source), "-o", out, "--json").stdout)
    levels = [str(screen(text).risk) for text in texts]
    rows = [number for number, risk in enumerate(levels, start=1) if risk == "crisis"]
    assert told["danger"]["rows"] == rows
    assert told["danger"]["crisis"] + told["danger"]["concern"] == 3
    said = " ".join(run("analyze", "--batch", str(source), "-o", out).stdout.split())
    assert said.endswith("Somebody should read them.")
    assert "kill myself" not in said.rpartition("Danger in words")[2]


def test_an_interrupted_run_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, analyst = tmp_path / "out.csv", Analyst()

    class Stop(Exception):
        pass

    calls = 0

    def stop(share: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Stop

    monkeypatch.setattr(batch, "CHUNK", 16)
    with pytest.raises(Stop):
        batch.read_file(analyst, source, out, Columns("body"), stop)
    partial = tmp_path / "out.csv.partial"
    # Torn in the middle of a quoted cell, as by a power cut.
    partial.write_bytes(partial.read_bytes()[:-150])
    assert not out.exists()
    summary = batch.read_file(analyst, source, out, Columns("body"), lambda share: None)
    whole = tmp_path / "whole.csv"
    assert summary == batch.read_file(analyst, source, whole, Columns("body"), lambda share: None)
    assert _rows(out) == _rows(whole)
    assert not partial.exists()


def test_a_run_of_another_file_is_not_continued(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    partial = tmp_path / "out.csv.partial"
    _write(partial, [["other", *ADDED], ["x", *ADDED]])
    before = partial.read_bytes()
    with pytest.raises(BadInput, match="another input"):
        batch.read_file(Analyst(), source, out, Columns("body"), lambda share: None)
    assert partial.read_bytes() == before


@pytest.mark.parametrize(
    ("header", "column", "word"),
    [("id,body", "text", "no column"), ("text,joy", "text", "already"), ("", "text", "is empty")],
)
def test_columns_that_do_not_fit_are_refused(
    tmp_path: Path, header: str, column: str, word: str
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f"{header}\na,b\n", encoding="utf-8")
    result = run("analyze", "--batch", str(path), "--column", column, "-o", str(tmp_path / "o.csv"))
    assert result.exit_code == 2
    assert word in result.stderr


def test_bench_ends_with_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affect.bench.CALLS", 8)
    result = run("bench", "text")
    assert result.exit_code == 0
    timing = json.loads(result.stdout.strip().splitlines()[-1])["timings"][0]
    assert timing["p50_ms"] > 0
    assert timing["texts_per_second"] > 0


@pytest.mark.parametrize("what", ["voice", "face"])
def test_media_are_timed_without_a_data_folder(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affect.bench.MEDIA_CALLS", 2)
    monkeypatch.setattr("affect.bench.WARM_UP", 1)
    monkeypatch.setattr("affect.bench.MEGAPIXELS", 0.5)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATTUNE_DATA", raising=False)
    result = run("bench", what, "--json")
    assert result.exit_code == 0, result.stderr
    timings = json.loads(result.stdout)["timings"]
    assert all(timing["p50_ms"] > 0 for timing in timings)
    # Nobody is in the made-up picture, and the table says so.
    assert ("no face in it" in timings[0]["what"]) == (what == "face")


def test_a_long_example_is_broken_with_a_backslash() -> None:
    assert ending("affect a \\\n  --long b", "affect c").splitlines()[1:] == [
        "Examples:", "  affect a \\", "    --long b", "  affect c",
    ]  # fmt: skip
    assert shown(ending("affect a \\\n  --long b")) == [["affect", "a", "--long", "b"]]


def test_timings_are_of_one_core(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "affect", "bench", "voice", "--data", str(tmp_path), "--json"],
        env={name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"},
        capture_output=True,
        check=True,
    )
    (timing,) = json.loads(done.stdout)["timings"]
    # One thread cannot work for longer than the clock runs; a second one doubled it.
    assert timing["cpu_ms"] <= 1.05 * timing["p50_ms"]


def test_the_table_of_timings_has_a_row_a_timing(capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        bench.Timing(bench.TEXT, "attune-text-4", 0.3, 4.2, 6.4, 4.2, 354.6, 306.3),
        bench.Timing(bench.VOICE, "attune-voice-2", 0.06, 138.9, 139.4, 138.6, 354.7),
        bench.Timing(bench.FACE, "attune-face-4", 0.1, 162.1, 163.1, 162.1, 354.7),
        bench.Timing(bench.EXPRESSION, "attune-face-4", 0.1, 5.2, 5.3, 5.2, 354.7),
        bench.Timing(bench.SPEECH, "whisper-base-1", 0.2, None, None, None, 364.5),
        bench.Timing(bench.TEXT, "a peer", 1.5, 140.1, 150.0, 140.1, 900.0, None, 33.4),
    ]
    Console(width=80).print(bench.as_table(told))
    table, legend = capsys.readouterr().out.split("\n\n")
    assert len(table.splitlines()) == 2 + len(told)  # the head has two lines
    assert "voice: a voice note of 5 s, without transcription" in legend.splitlines()


def test_models_fit_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("models").stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("attune-face 4, ")
    assert len(lines) < 60  # a figure a line, hardly any of which wraps


def test_what_people_wrote_is_shown_as_it_is_and_steers_nothing(tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = ["[/bold] I am so happy :smile: [red]today", "\x1b[31mI am so sad, I cried all day"]
    _write(path, [["text"], *([row] for row in rows)])
    result = run("analyze", "--batch", str(path), "-o", str(out))
    assert (result.exit_code, result.stderr) == (0, "")
    told = " ".join(result.stdout.split())
    assert "[/bold] I am so happy :smile: [red]today" in told
    assert "\x1b" not in told
    assert [row["text"] for row in _rows(out)] == rows


def test_who_interrupts_a_file_is_told_how_it_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "read_file", interrupted)
    result = run("analyze", "--batch", str(source), "-o", str(tmp_path / "out.csv"))
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "Interrupted: the same command goes on from there.\n"
