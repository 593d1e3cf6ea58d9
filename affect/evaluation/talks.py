"""What the text model makes of people's talks that it never learned from: EmpatheticDialogues.

An opening tells what happened and seldom how it felt, which is how most talks with Attune begin.
The corpus names the emotion of the whole situation, in 32 words; those that mean one of the seven
are measured, the others (jealous, nostalgic, trusting ...) are left out.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from affect.errors import NotFound
from affect.evaluation.figures import Figure, averaged
from affect.perception.calibration import ENGLISH
from affect.perception.text import TextModel
from affect.types import EMOTIONS, Emotion

CORPUS = "EmpatheticDialogues"
TALKS = 1000  # talks among which an opening must find its own answer
WORDS = {
    Emotion.ANGER: "angry annoyed furious",
    Emotion.DISGUST: "disgusted",
    Emotion.FEAR: "afraid terrified anxious apprehensive",
    Emotion.JOY: "confident content excited grateful hopeful impressed joyful proud",
    Emotion.SADNESS: "ashamed guilty embarrassed devastated disappointed lonely sad",
    Emotion.SURPRISE: "surprised",
}
MEANT = {word: emotion for emotion, words in WORDS.items() for word in words.split()}


def retrieval(model: TextModel, data: Path) -> list[Figure]:
    """How often an opening's own answer is the nearest among those of `TALKS` talks."""
    pairs = [talk["turns"][:2] for talk in _talks(data) if len(talk["turns"]) > 1][:TALKS]
    openings, answers = ([pair[k] for pair in pairs] for k in (0, 1))
    near = model.embed(openings) @ model.embed(answers).T
    rank = (near > np.diag(near)[:, None]).sum(axis=1)
    name = f"own answer among the nearest {{}} of {len(rank)}"
    return [averaged(CORPUS, name.format(k), rank < k) for k in (1, 10)]


def told_events(model: TextModel, data: Path) -> list[Figure]:
    """Emotion and side of openings, most of which tell an event and name no feeling."""
    told = [(t["turns"][0], MEANT[t["emotion"]]) for t in _talks(data) if t["emotion"] in MEANT]
    read = model.judge(ENGLISH, model.raw([line for line, _ in told]))
    truth = np.array([EMOTIONS.index(emotion) for _, emotion in told])
    sided = truth != EMOTIONS.index(Emotion.SURPRISE)
    side = np.where(truth == EMOTIONS.index(Emotion.JOY), 1, -1)
    best = read.seven.argmax(axis=1)
    return [
        averaged(CORPUS, "emotion of an opening, accuracy", best == truth),
        averaged(CORPUS, "openings read as neutral", best == EMOTIONS.index(Emotion.NEUTRAL)),
        averaged(
            CORPUS,
            "valence of an opening on the right side",
            (np.sign(read.affect[:, 0]) == side)[sided],
        ),
    ]


def _talks(data: Path) -> list[dict[str, Any]]:
    path = data / "text" / "empathetic_dialogues" / "test.jsonl.gz"
    if not path.is_file():
        raise NotFound(f"{path} is not there: the data folder is incomplete.")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
