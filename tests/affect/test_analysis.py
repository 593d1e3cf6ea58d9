"""Words, a voice and a face in one reading, from files or bytes, alone and by the row.

Decoding and the models of voice and face are stood in for: what is tested is how they are joined.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from affect import analysis, analyze, batch
from affect.analysis import Analyst, Heard
from affect.batch import Columns
from affect.cli import app
from affect.errors import BadInput, MediaRejected, ModelUnavailable, NotFound
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Variance


def estimate(modality: Modality, likely: Emotion) -> Estimate:
    return Estimate(
        modality=modality,
        probabilities=dict.fromkeys(EMOTIONS, 0.05) | {likely: 0.7},
        affect=Affect(-0.4, 0.1, -0.2),
        variance=Variance(0.1, 0.1, 0.1),
        quality=0.8,
        model="made up",
    )


SAD_VOICE = estimate(Modality.VOICE, Emotion.SADNESS)
GLAD_FACE = estimate(Modality.FACE, Emotion.JOY)


def hear(self: Analyst, data: bytes, transcribe: bool, language: str | None = None) -> Heard:
    if data == b"hiss":
        raise MediaRejected("no_speech", "Nobody speaks in this recording.")
    if data == b"hum":
        return Heard(SAD_VOICE, "", 0.0)
    return Heard(SAD_VOICE, "I miss my friend so much", 0.5) if transcribe else Heard(SAD_VOICE)


def see(self: Analyst, data: bytes) -> Estimate:
    if data == b"wall":
        raise MediaRejected("no_face", "There is no face in this picture.")
    return GLAD_FACE


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Analyst, "hear", hear)
    monkeypatch.setattr(Analyst, "see", see)
    monkeypatch.setattr(Analyst, "voice", None)
    monkeypatch.setattr(Analyst, "face", None)


def test_a_voice_brings_its_words_and_they_count_by_their_surety() -> None:
    reading = analyze(voice=b"speech")
    assert reading.transcript == "I miss my friend so much"
    words, sound = reading.estimates
    assert (words.modality, sound.modality) == (Modality.TEXT, Modality.VOICE)
    assert words.quality == pytest.approx(0.5 * analyze(reading.transcript).estimates[0].quality)
    assert reading.weights[Modality.TEXT] < 1


def test_words_that_are_given_are_what_was_said() -> None:
    reading = analyze("We won!", voice=b"speech", face=b"portrait")
    assert reading.transcript is None
    assert [e.modality for e in reading.estimates] == list(Modality)
    assert reading.conflict > 0
    assert analyze("  ", voice=b"speech").transcript == "I miss my friend so much"


def test_a_voice_without_words_is_read_for_its_sound() -> None:
    reading = analyze(voice=b"hum")
    assert reading.estimates == (SAD_VOICE,)
    assert reading.transcript == ""


def test_files_are_read_as_their_bytes_are(tmp_path: Path) -> None:
    (tmp_path / "me.jpg").write_bytes(b"portrait")
    for given in (tmp_path / "me.jpg", str(tmp_path / "me.jpg"), b"portrait"):
        assert analyze(face=given) == analyze(face=b"portrait")


def test_what_cannot_be_read_is_an_error_of_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="nothing to read"):
        analyze()
    with pytest.raises(NotFound):
        analyze(voice=tmp_path / "no-such.ogg")
    with pytest.raises(MediaRejected):
        analyze("hello", face=b"wall")
    monkeypatch.setattr(analysis, "MOST_BYTES", 3)
    (tmp_path / "large.jpg").write_bytes(b"portrait")
    with pytest.raises(MediaRejected) as rejected:
        analyze(face=tmp_path / "large.jpg")
    assert rejected.value.kind == "too_big"


def test_the_command_reads_all_three(tmp_path: Path) -> None:
    voice, face = tmp_path / "note.ogg", tmp_path / "me.jpg"
    voice.write_bytes(b"speech")
    face.write_bytes(b"portrait")
    arguments = ["analyze", "--voice", str(voice), "--face", str(face)]
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert set(told["modalities"]) == {"text", "voice", "face"}
    assert told["transcript"] == "I miss my friend so much"
    assert told["problems"] == []
    table = CliRunner().invoke(app, arguments)
    assert table.exit_code == 0
    for word in ("voice", "face", "Conflict", "Heard: I miss my friend"):
        assert word in table.stdout


def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    face = tmp_path / "wall.jpg"
    face.write_bytes(b"wall")
    result = CliRunner().invoke(app, ["analyze", "hello", "--face", str(face), "--json"])
    assert result.exit_code == 1
    assert result.stderr.strip() == "There is no face in this picture."
    assert not result.stdout


def test_media_columns_are_read_row_by_row(tmp_path: Path) -> None:
    for name in ("speech", "hiss", "hum", "portrait", "wall"):
        (tmp_path / name).write_bytes(name.encode())
    rows = [
        ["1", "We won!", "speech", "portrait"],
        ["2", "", "speech", ""],
        ["3", "We won!", "hiss", "wall"],
        ["4", "", "", str(tmp_path / "portrait")],
        ["5", "", "hum", "no-such-file"],
        ["6", "", "hiss", ""],
        ["7", "", "", ""],
        ["8", "=We won!", "", ""],
    ]
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text", "note", "selfie"], *rows])
    result = CliRunner().invoke(
        app,
        ["analyze", "--batch", str(source), "--voice-column", "note", "--face-column", "selfie",
         "-o", str(out), "--json"],
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    with out.open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    assert [[row[k] for k in ("id", "text", "note", "selfie")] for row in told] == rows
    assert [row["problems"] for row in told] == [
        "", "", "voice:no_speech face:no_face", "", "face:not_found", "voice:no_speech",
        "empty_text", "",
    ]  # fmt: skip
    assert [bool(row["valence"]) for row in told] == [True] * 5 + [False] * 2 + [True]
    assert [row["transcript"] for row in told[:3]] == ["", "I miss my friend so much", ""]
    assert float(told[0]["conflict"]) > 0
    assert told[3]["language"] == ""
    assert json.loads(result.stdout)["problems"]["voice:no_speech"] == 2


def test_a_file_needs_no_words_where_it_has_voices(tmp_path: Path) -> None:
    (tmp_path / "speech").write_bytes(b"speech")
    source = tmp_path / "in.csv"
    source.write_text("note\nspeech\n", encoding="utf-8")
    summary = batch.read_file(
        Analyst(), source, tmp_path / "o.csv", Columns(voice="note"), lambda share: None
    )
    assert summary.read == 1


def test_a_missing_model_is_told_before_the_first_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(self: Analyst) -> None:
        raise ModelUnavailable("No voice model.")

    monkeypatch.setattr(Analyst, "voice", property(missing))
    source = tmp_path / "in.csv"
    source.write_text("note\nspeech\n", encoding="utf-8")
    with pytest.raises(ModelUnavailable):
        batch.read_file(
            Analyst(), source, tmp_path / "o.csv", Columns(voice="note"), lambda share: None
        )
    assert not list(tmp_path.glob("o.csv*"))
