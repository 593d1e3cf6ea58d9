from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from affect.errors import NotFound
from affect.evaluation.strategy import Planned, evaluate, jensen_shannon, talks
from affect.perception.text import TextModel
from affect.types import Affect, Plan, Stage, Strategy
from affect.writers import bank
from affect.writers.scripted import ScriptedWriter

TALK = [
    ("supporter", "Other", "Hello there"),
    ("seeker", None, "my shift was moved again"),
    ("seeker", None, "nobody asked me"),
    ("supporter", "Restatement or Paraphrasing", "So the shift moved again."),
    ("supporter", "Questions", "Who decides that?"),
    ("seeker", None, "my manager does"),
    ("supporter", "Providing Suggestions", "You could ask her for a plan."),
    ("seeker", None, "thank you, bye"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "text" / "esconv"
    folder.mkdir(parents=True)
    turns = [
        {"turn": n, "speaker": who, "strategy": strategy, "text": text}
        for n, (who, strategy, text) in enumerate(TALK)
    ]
    for split in ("dev", "test"):
        with gzip.open(folder / f"{split}.jsonl.gz", "wt", encoding="utf-8") as file:
            for number in range(3):
                file.write(json.dumps({"dialog_id": f"{split}-{number}", "turns": turns}) + "\n")
    return tmp_path


def test_a_talk_is_read_as_replies_to_somebody(data: Path) -> None:
    first, second = talks(data, "dev")[0]
    assert first.said == "my shift was moved again\nnobody asked me"
    assert first.shown == (Strategy.RESTATEMENT, Strategy.QUESTION)
    assert second.shown == (Strategy.SUGGESTION,)


def test_a_missing_corpus_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="incomplete"):
        talks(tmp_path, "dev")


def test_the_table_has_the_planner_beside_its_baselines(data: Path) -> None:
    model = TextModel.load()
    rows = {row.name: row for row in evaluate(data, model, ScriptedWriter(bank.load()))}
    assert rows["top 3, planner"].value == pytest.approx(0.5)
    assert rows["top 3, commonest"].value == pytest.approx(1.0)
    assert rows["advice in the first two replies, unasked"].holds
    assert rows["a question planned where none is to be asked"].holds


def test_a_distance_of_shares_is_between_none_and_one() -> None:
    plan = Plan(Stage.EXPLORE, Strategy.QUESTION, "plain", Affect(0.0, 0.0, 0.0), 30, ask=True)
    same = Planned(0, 1, (Strategy.QUESTION,), plan, (), (), asked_advice=False)
    assert jensen_shannon([same]) == 0.0
    assert jensen_shannon([replace(same, human=(Strategy.OTHER,))]) == pytest.approx(1.0)
