from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from affect.errors import BadInput
from affect.writers import bank, cues
from affect.writers.__main__ import main
from affect.writers.bank import Bank, load
from affect.writers.entry import parse
from affect.writers.rules import problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RAW: dict[str, object] = {
    "id": "en-anger-work-01",
    "text": "{topic} again, and nobody asked you first.",
    "plain": "Again, and nobody asked you first.",
    "cues": ["my boss changed my shift again", "they moved my shift"],
    "strategy": "restatement",
    "stages": ["explore"],
    "emotions": ["anger"],
    "intensity": ["middle"],
    "situation": None,
    "question": False,
    "aim": {"valence": -0.1, "arousal": 0.1},
}


def raw(**changes: object) -> dict[str, object]:
    return {**RAW, **changes}


class Letters:
    """An encoder of letter counts: cheap, and alike texts lie near."""

    name = "letters-1"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for first, second in pairwise(text):
                row[(ord(first) * 7 + ord(second)) % 64] += 1
        rows += 1e-3
        result: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return result


@pytest.fixture(scope="module")
def shipped() -> Bank:
    return load()


def test_the_bank_that_ships_keeps_every_rule(shipped: Bank) -> None:
    found = [f"{problem.entry}: {problem.what}" for problem in problems(shipped)]
    assert not found, "\n".join(found)


def test_the_vectors_that_ship_are_of_these_entries(shipped: Bank) -> None:
    if not cues.FILE.exists():
        pytest.skip("no vectors of the cues are stored: they are computed at start")
    lines = [cue for entry in shipped.entries for cue in entry.cues]
    kept = cues.stored(lines, cues.known(None))
    assert kept is not None, "the bank changed: run python -m affect.writers index"
    assert np.isfinite(kept).all()


def test_what_is_read_at_start_is_what_the_files_say() -> None:
    assert bank.is_pressed(), "the bank changed: run python -m affect.writers index"


def test_a_changed_file_is_read_itself(tmp_path: Path) -> None:
    file, pressed = tmp_path / "bank" / "en" / "new.yaml", tmp_path / "bank.json.gz"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump([RAW]), encoding="utf-8")
    bank.press(tmp_path / "bank", pressed)
    assert bank.is_pressed(tmp_path / "bank", pressed)
    assert load(tmp_path / "bank", pressed) == Bank((parse(RAW),))
    other = raw(id="en-other-01")
    file.write_text(yaml.safe_dump([RAW, other]), encoding="utf-8")
    assert not bank.is_pressed(tmp_path / "bank", pressed)
    assert load(tmp_path / "bank", pressed) == Bank((parse(RAW), parse(other)))


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"no json")])
def test_what_cannot_be_unpacked_is_read_from_the_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "new.yaml").write_text(yaml.safe_dump([RAW]), encoding="utf-8")
    pressed = tmp_path / "bank.json.gz"
    pressed.write_bytes(content)
    assert load(tmp_path, pressed) == Bank((parse(RAW),))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"plain": None}, "plain"),
        ({"text": "{nick} again."}, "slot"),
        ({"strategy": "hug"}, "hug"),
        ({"stages": []}, "stages"),
        ({"emotions": ["love"]}, "love"),
        ({"intensity": ["huge"]}, "intensity"),
        ({"situation": "party"}, "situation"),
        ({"question": "no"}, "question"),
        ({"aim": {"valence": 3, "arousal": 0}}, "aim"),
        ({"aim": {"valence": 0}}, "arousal"),
        ({"id": "Anger 1"}, "id"),
        ({"mood": 1}, "mood"),
        ({"cues": [""]}, "cues"),
    ],
)
def test_a_wrong_entry_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse(raw(**change))


def test_check_tells_what_is_wrong_and_index_needs_the_model(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "odd.yaml").write_text("- 3", encoding="utf-8")
    monkeypatch.setattr(bank, "FOLDER", tmp_path)
    assert main(["check"]) == 2
    assert "mapping" in capsys.readouterr().err
    (tmp_path / "en" / "odd.yaml").write_text(yaml.safe_dump([RAW]), encoding="utf-8")
    assert main(["check"]) == 1
    assert "needs 200" in capsys.readouterr().out


def test_an_entry_must_be_a_mapping() -> None:
    with pytest.raises(BadInput, match="mapping"):
        parse("just words")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"text": "I hear you.", "plain": None}, "banned_phrase"),
        ({"text": "Why? What happened?", "plain": None, "question": True}, "two_questions"),
        ({"text": "What happened?", "plain": None}, "question must be true"),
        ({"text": "What? Tell me.", "plain": None}, "must stand last"),
        ({"text": "You should rest now.", "plain": None}, "advice"),
        ({"cues": ["one"]}, "cues"),
        ({"text": "又是这样。", "plain": None}, "language"),
        ({"text": "{topic} and {topic}."}, "twice"),
    ],
)
def test_a_broken_rule_is_told(change: dict[str, object], what: str) -> None:
    found = problems(Bank((parse(raw(**change)),)), complete=False)
    assert any(what in problem.what for problem in found), found


def test_a_good_entry_has_no_problem() -> None:
    assert problems(Bank((parse(RAW),)), complete=False) == []


def test_long_runs_may_not_be_shared_and_openings_must_vary() -> None:
    entries = [parse(raw(id=f"en-anger-work-0{n}")) for n in range(1, 4)]
    found = [problem.what for problem in problems(Bank(tuple(entries)), complete=False)]
    assert any("shares" in what for what in found)
    assert any("opening" in what for what in found)


def test_an_incomplete_bank_says_what_lacks() -> None:
    found = [problem.what for problem in problems(Bank((parse(RAW),)))]
    assert any("needs 200" in what for what in found)
    assert any("greeting" in what for what in found)


def test_files_are_read_in_the_folder_of_their_language(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "zh").mkdir()
    (tmp_path / "en" / "work.yaml").write_text(yaml.safe_dump([RAW]), encoding="utf-8")
    assert [entry.id for entry in load(tmp_path).of("en")] == ["en-anger-work-01"]
    (tmp_path / "en" / "more.yaml").write_text(yaml.safe_dump([RAW]), encoding="utf-8")
    with pytest.raises(BadInput, match="twice"):
        load(tmp_path)
    (tmp_path / "en" / "more.yaml").unlink()
    (tmp_path / "zh" / "work.yaml").write_text(yaml.safe_dump([RAW]), encoding="utf-8")
    with pytest.raises(BadInput, match="another language"):
        load(tmp_path)


@pytest.mark.parametrize("content", ["a: 1", "- [", "- 3"])
def test_a_file_that_is_no_list_of_entries_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "odd.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(BadInput):
        load(tmp_path)


def test_vectors_are_kept_until_cues_or_model_change(tmp_path: Path) -> None:
    file, entry = tmp_path / "bank.npz", parse(RAW)
    assert not cues.known("letters-1", file)
    cues.save([entry], Letters(), file)
    known, lines = cues.known("letters-1", file), [*entry.cues, entry.plain]
    kept = cues.stored(lines, known)
    assert kept is not None
    np.testing.assert_allclose(kept, Letters().embed(lines), atol=5e-3)
    assert not cues.known("another model", file)
    assert cues.stored(["a", "b"], known) is None


def test_only_cues_that_are_new_are_embedded(tmp_path: Path) -> None:
    class Heard(Letters):
        def __init__(self) -> None:
            self.lines: list[str] = []

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.lines.extend(texts)
            return super().embed(texts)

    class Other(Heard):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.roll(super().embed(texts), 1, axis=1)

    file, first, longer = tmp_path / "bank.npz", raw(cues=["a b", "c d"]), ["e f", "a b", "c d"]
    assert cues.save([parse(first)], Heard(), file) == 3, "two cues and the reply"
    encoder = Heard()
    assert cues.save([parse(raw(cues=longer))], encoder, file) == 1
    assert encoder.lines == ["a b", "e f"], "one again, to see that the weights are the same"
    kept = cues.stored(longer, cues.known("letters-1", file))
    assert kept is not None
    np.testing.assert_allclose(kept, Letters().embed(longer), atol=5e-3)
    assert cues.save([parse(raw(cues=longer))], Other(), file) == 4, "other weights of that name"


@pytest.mark.parametrize("kept", [0, 0.5, 0.99])
def test_stale_vectors_are_computed_anew_with_a_note(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kept: float
) -> None:
    file, entries = tmp_path / "bank.npz", [parse(RAW)]
    cues.save(entries, Letters(), file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole))] or b"not a zip")
    found = cues.Cues(entries, Letters(), file)
    assert "bank_cues_recomputed" in caplog.text
    assert found.likeness("my boss changed my shift again", "en")


def test_the_nearest_cue_counts() -> None:
    other = parse(raw(id="en-fear-exam-01", cues=["the exam is on monday", "afraid of the exam"]))
    entries = [parse(RAW), other]
    for encoder in (Letters(), None):
        likeness = cues.Cues(entries, encoder, None).likeness("the exam is near", "en")
        assert likeness["en-fear-exam-01"] > likeness["en-anger-work-01"]


def test_a_line_may_be_searched_with_others_beside_it() -> None:
    other = parse(raw(id="en-fear-exam-01", cues=["the exam is on monday", "afraid of the exam"]))
    for encoder in (Letters(), None):
        found = cues.Cues([parse(RAW), other], encoder, None)
        alone = found.likeness("the exam is near", "en")
        beside = found.together(["they moved", "my shift"], "en")
        assert found.likeness(
            "the exam is near", "en", also=[(0.5, ["they moved", "my shift"])]
        ) == {name: max(alone[name], 0.5 * beside[name]) for name in alone}


def test_a_language_without_entries_has_no_likeness() -> None:
    found = cues.Cues([parse(RAW)], None)
    assert found.likeness("你好", "zh", also=[(1.0, ["你好"])]) == {}


def test_loading_twice_gives_the_same(shipped: Bank) -> None:
    assert load() == shipped
