"""`--json`: the format of docs/json.md, field by field, through a real process."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from affect.safety import cards
from affect.safety.screening import screen
from affect.types import EMOTIONS, Risk, Stage, Strategy
from bot.texts import say
from tests.bot.process import run, run_json

KEYS = ["turn", "person", "reply", "language", "writer", "reading", "moment", "plan", "risk"]
KEYS += ["notices"]
READING = ["emotions", "labels", "valence", "arousal", "dominance", "confidence", "conflict"]
READING += ["modalities", "transcript"]
MOMENT = ["valence", "arousal", "dominance", "valence_sd", "arousal_sd", "dominance_sd"]
MOMENT += ["home", "count"]
PLAN = ["stage", "strategy", "tone", "target", "length", "ask", "avoid", "situation", "question"]
GRAVE = "I want to kill myself"


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What one process says to a talk of several people, line by line."""
    home = str(tmp_path_factory.mktemp("talk") / "home")
    lines = [
        {"text": "I am sad", "person": "ana", "at": "2026-05-01T21:04:00+02:00"},
        {"text": "我今天很难过", "person": "ben"},
        {"text": "I am sad again", "person": "ana", "at": "2026-05-02T21:04:00Z"},
        {"text": "/mood 365", "person": "ana", "at": "2026-05-03T08:00:00Z"},
        {"text": GRAVE, "person": "cleo"},
        "I am glad",
        {"text": "/forget yes", "person": "ben"},
        {},
    ]
    return run_json(lines, ATTUNE_HOME=home)


def test_there_is_one_object_a_line_in_order(talk: list[dict[str, Any]]) -> None:
    people = [one["person"] for one in talk]
    assert people == ["ana", "ben", "ana", "ana", "cleo", "you", "ben", "you"]
    assert all(list(one)[: len(KEYS)] == KEYS for one in talk)
    turns = [one["turn"] for one in talk if one["turn"]]
    assert len(set(turns)) == len(turns)
    assert all(isinstance(one["reply"], str) and one["reply"] for one in talk)


def test_a_reading_holds_every_field(talk: list[dict[str, Any]]) -> None:
    reading = talk[0]["reading"]
    assert list(reading) == READING
    assert list(reading["emotions"]) == [emotion.value for emotion in EMOTIONS]
    assert sum(reading["emotions"].values()) == pytest.approx(1, abs=0.001)
    assert max(reading["emotions"], key=reading["emotions"].get) == "sadness"
    assert reading["labels"] == {"sadness": 0.8}
    assert reading["valence"] < 0
    assert 0 <= reading["confidence"] <= 1
    assert 0 <= reading["conflict"] <= 1
    assert list(reading["modalities"]) == ["text"]
    assert list(reading["modalities"]["text"]) == ["weight", "quality", "emotions"]
    assert reading["transcript"] is None


def test_a_moment_holds_every_field_and_belongs_to_its_person(talk: list[dict[str, Any]]) -> None:
    moments = [one["moment"] for one in talk]
    assert list(moments[0]) == MOMENT
    assert list(moments[0]["home"]) == ["valence", "arousal", "dominance"]
    assert moments[0]["valence_sd"] > 0
    assert [moment and moment["count"] for moment in moments] == [
        1, 1, 2, None, None, 1, None, None,
    ]  # fmt: skip


def test_a_plan_holds_every_field(talk: list[dict[str, Any]]) -> None:
    plan = talk[0]["plan"]
    assert list(plan) == PLAN
    assert plan["stage"] in set(Stage)
    assert plan["strategy"] in set(Strategy)
    assert list(plan["target"]) == ["valence", "arousal", "dominance"]
    assert isinstance(plan["length"], int)
    assert isinstance(plan["ask"], bool)
    assert isinstance(plan["avoid"], list)


def test_language_writer_and_notices(talk: list[dict[str, Any]]) -> None:
    assert [one["language"] for one in talk[:2]] == ["en", "zh"]
    assert [one["writer"] for one in talk[:5]] == [
        "scripted", "scripted", "scripted", "fixed", "fixed",
    ]  # fmt: skip
    assert talk[0]["notices"] == [say("notice_first", "en")]
    assert talk[1]["notices"] == [say("notice_first", "zh")]
    assert talk[2]["notices"] == []
    assert say("notice_first", "en") not in talk[0]["reply"]


def test_the_time_told_is_the_time_of_the_turn(talk: list[dict[str, Any]]) -> None:
    assert "2026-05-01" in talk[3]["reply"]
    assert "2026-05-02" in talk[3]["reply"]
    assert (talk[3]["reading"], talk[3]["moment"], talk[3]["plan"]) == (None, None, None)


def test_danger_leaves_the_path(talk: list[dict[str, Any]]) -> None:
    assert talk[4]["risk"] == Risk.CRISIS
    assert talk[4]["reply"] == cards.card(screen(GRAVE), "en", None)
    assert (talk[4]["reading"], talk[4]["moment"], talk[4]["plan"]) == (None, None, None)
    assert {one["risk"] for one in [*talk[:4], *talk[5:]]} == {"none"}


def test_of_what_is_forgotten_nothing_is_told(talk: list[dict[str, Any]]) -> None:
    assert talk[6]["turn"] is None
    first, left = talk[6]["reply"].splitlines()
    assert first == say("forget_done", "zh")
    assert "exports" in left  # the picture that /mood saved is the person's own
    assert talk[6]["language"] == "zh"


def test_an_empty_line_has_a_problem(talk: list[dict[str, Any]]) -> None:
    assert talk[7]["problems"] == [
        {"part": "text", "kind": "empty", "message": say("problem_empty", "en")}
    ]
    assert all("problems" not in one for one in talk[:7])


def test_a_line_that_cannot_be_used_is_named_and_a_bare_one_is_text() -> None:
    wrong = [
        ('{"text": "half', "bad_json"),
        ('{"text": "a"} {"text": "b"}', "bad_json"),
        ("{" * 50_000, "bad_json"),
        ({"text": 5}, "bad_field"),
        ({"text": ["a"]}, "bad_field"),
        ({"person": {}}, "bad_field"),
        ({"photo": True}, "bad_field"),
        ({"txet": "a"}, "unknown_field"),
        ({"text": "a", "face": "me.jpg"}, "unknown_field"),
        ({"at": "yesterday"}, "bad_time"),
        ({"at": ""}, "bad_time"),
        ({"at": "2026-05-01T21:04:00"}, "bad_time"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "bad_time"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "bad_time"),
        ({"at": "1000000-01-01T00:00:00Z"}, "bad_time"),
    ]
    bare: list[object] = ['"I am sad"', "42", "[1, 2]", "null", "true", "I am {sad}"]
    lines: list[object] = [line for pair in wrong for line in (pair[0], "/stop")]
    told = run_json(lines + bare)
    assert len(told) == 2 * len(wrong) + len(bare)
    told, as_text = told[: -len(bare)], told[-len(bare) :]
    assert all(one["reply"] and one["person"] == "you" for one in as_text)
    assert [list(one) for one in told[::2]] == [["error"]] * len(wrong)
    assert [one["error"]["kind"] for one in told[::2]] == [kind for _, kind in wrong]
    assert all(list(one["error"]) == ["kind", "message"] for one in told[::2])
    assert {one["reply"] for one in told[1::2]} == {say("stop_nothing", "en")}


def test_strange_words_and_times_are_answered() -> None:
    lines = [
        {"text": "\ud83d I am sad"},
        {"text": "\0"},
        {"text": "a" * 200_000},
        {"text": "I am sad", "person": "\ud83d\0"},
        {"text": "I am sad", "person": "n" * 5_000},
        {"text": "I am sad", "person": None, "at": None, "voice": None},
        {"text": "I am sad", "at": "1970-01-02T00:00:00Z", "person": "old"},
        {"text": "/mood 365", "at": "1970-01-02T00:00:00Z", "person": "old"},
        {"text": "I am sad", "at": "2199-12-30T00:00:00Z", "person": "old"},
        {"text": "I am sad", "at": "1999-01-01T00:00:00Z", "person": "old"},
        {"text": "/mood", "at": "1999-01-01T00:00:00Z", "person": "old"},
        {"text": "/why", "person": "old"},
    ]
    told = run_json(lines)
    assert [one["reply"] for one in told if one["reply"] == say("failed", "en")] == []
    assert len(told) == len(lines)
    assert told[2]["problems"][0]["kind"] == "long"


def test_files_that_cannot_be_used_are_problems(tmp_path: Path) -> None:
    (tmp_path / "note.ogg").write_bytes(b"OggS" + bytes(60))
    (tmp_path / "me.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    (tmp_path / "x.txt").write_bytes(b"some words")
    note, photo, text = (str(tmp_path / name) for name in ("note.ogg", "me.png", "x.txt"))
    told = run_json(
        [
            {"voice": note},
            {"photo": photo, "text": "I am sad"},
            {"voice": text, "photo": text, "text": "I am sad"},
            {"voice": str(tmp_path / "none.ogg")},
            {"photo": str(tmp_path), "text": "我今天很难过"},
        ]
    )
    problems = [[(one["part"], one["kind"]) for one in each["problems"]] for each in told]
    assert problems == [
        [("voice", "broken")],
        [("photo", "no_leave")],
        [("voice", "not_audio"), ("photo", "not_image")],
        [("text", "empty"), ("voice", "unreadable")],
        [("photo", "unreadable")],
    ]
    assert told[1]["reading"] is not None
    assert told[2]["reading"] is not None
    assert told[4]["problems"][0]["message"] == say("problem_unreadable", "zh")
    assert all(say("failed", "en") not in one["reply"] for one in told)


def test_what_no_one_says_anything_in_is_heard_as_that(tmp_path: Path) -> None:
    """A real sound through the real decoder and the real detector of speech."""
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16_000))
    (told,) = run_json([{"voice": str(tmp_path / "silence.wav")}])
    assert [(one["part"], one["kind"]) for one in told["problems"]] == [("voice", "no_speech")]
    assert told["reply"] == say("problem_no_speech", "en")


def test_a_picture_without_a_face_is_seen_as_that(tmp_path: Path) -> None:
    """A real picture through the real decoder and finder of faces, once that is allowed."""
    wall = Image.new("RGB", (320, 240), "white")
    for at in range(0, 320, 40):  # tiles: without any detail it would be called blurred
        ImageDraw.Draw(wall).line(((at, 0), (at, 240)), fill="black", width=3)
        ImageDraw.Draw(wall).line(((0, at), (320, at)), fill="black", width=3)
    wall.save(tmp_path / "wall.png")
    *_, told = run_json(["/face on", {"photo": str(tmp_path / "wall.png")}])
    assert [(one["part"], one["kind"]) for one in told["problems"]] == [("photo", "no_face")]
    assert told["reply"] == say("problem_no_face", "en")


def test_nothing_but_json_is_written_whatever_the_log_level() -> None:
    said = b'{"text": "Quillon makes me sad"}\n\n{"text": "/export"}\nno end' + b" \xff\xe4"
    done = run("--json", "--log-level", "debug", "--person", "dora", said=said)
    assert done.returncode == 0
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 3
    assert "Quillon" not in done.stderr
    (saved,) = (Path(os.environ["ATTUNE_HOME"]) / "exports").iterdir()
    assert "Quillon" in saved.read_text("utf-8")
    assert str(saved) not in done.stderr
    assert {one["person"] for one in told} == {"dora"}
    again = run_json([{"text": "I am sad", "person": person} for person in ("ben", "dora")])
    assert [one["moment"]["count"] for one in again] == [1, 3]  # the same people are known
