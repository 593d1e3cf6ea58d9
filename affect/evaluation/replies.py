"""How the scripted writer's replies measure up: the judge-free panel on a fixed script of talks.

Readings are the script's own, so the figures tell about plan, entries and choice; the text model
only retrieves. With `reader` it reads too, as in life, and takes much of what is told as neutral.
Numbers can be gamed: `read` prints the replies for a reader.
"""

from __future__ import annotations

import argparse
import json as jsonlib
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from affect import written
from affect.errors import ModelUnavailable
from affect.evaluation.panel import Told, Turn, figures
from affect.fusion import fuse
from affect.light import in_light
from affect.perception.text import TextModel
from affect.strategy import plan
from affect.types import EMOTIONS, Affect, Emotion, Moment, Parts, Reading, Variance
from affect.writers import bank, guard, words
from affect.writers.base import Candidate, Exchange, Scene
from affect.writers.scripted import ScriptedWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCRIPT = Path(__file__).parent / "replies.yaml"
START = datetime(2026, 1, 5, 19, tzinfo=UTC)


def script(file: Path = SCRIPT) -> Iterator[tuple[str, list[Told]]]:
    """Every talk of the script with its language; single lines are talks of one turn."""
    content = written.read(file)
    for language, parts in content.items():
        for line in parts["singles"]:
            yield language, [_told(line)]
        for talk in parts["talks"]:
            yield language, [_told(line) for line in talk]


def _told(line: str) -> Told:
    felt, said = line.split(" | ", 1)
    emotion, valence, arousal = felt.split()
    return Told(Emotion(emotion), float(valence), float(arousal), said)


def reading_of(told: Told, probability: float = 0.7) -> Reading:
    """A reading that is fairly sure of the script's own emotion."""
    rest = (1 - probability) / (len(EMOTIONS) - 1)
    return Reading(
        emotion=told.emotion,
        probabilities={e: probability if e is told.emotion else rest for e in EMOTIONS},
        affect=Affect(told.valence, told.arousal, 0.0),
        variance=Variance(0.05, 0.05, 0.05),
        confidence=0.7,
        conflict=0.0,
        weights={},
    )


def moment_of(told: Told, number: int) -> Moment:
    """A person whose line has just begun."""
    covariance = (0.1, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.1)
    still = Parts((0.0, 0.0, 0.0), covariance)
    return Moment(
        at=START + timedelta(minutes=number),
        valence=Parts((0.3 * told.valence, 0.2 * told.valence, 0.0), covariance),
        arousal=still,
        dominance=still,
        count=number,
        version=1,
    )


def converse(
    writer: ScriptedWriter,
    language: str,
    lines: Sequence[Told],
    talk: int = 0,
    reader: TextModel | None = None,
) -> list[Turn]:
    """Answer the lines one after another, as in one talk; `reader` reads them, if given."""
    history: list[Exchange] = []
    turns = []
    for number, told in enumerate(lines, start=1):
        scene = scene_of(writer, language, told, history, talk, reader)
        allowed = [
            c for c in writer.candidates(scene) if guard.check(c.text, scene.plan, scene.told).ok
        ]
        reply = allowed[0] if allowed else writer.candidates(scene)[0]
        earlier = tuple(exchange.reply for exchange in history)
        turns.append(Turn(talk, number, language, told, scene.plan, reply, earlier))
        history.append(remembered(scene, reply))
    return turns


def scene_of(
    writer: ScriptedWriter,
    language: str,
    told: Told,
    history: Sequence[Exchange],
    talk: int,
    reader: TextModel | None,
) -> Scene:
    """The scene of a line of the script, planned as in life."""
    found = writer.situation(told.said, history=history)
    return planned(language, told, history, talk, reader, found)


def planned(
    language: str,
    told: Told,
    history: Sequence[Exchange],
    talk: int,
    reader: TextModel | None,
    situation: str | None,
) -> Scene:
    """The scene of a line, taken for this special turn of the talk."""
    number = len(history) + 1
    read = fuse([reader.read(told.said).estimate]) if reader else reading_of(told)
    reading = in_light(read, history, told.said)
    moment = moment_of(told, number)
    return Scene(
        said=told.said,
        language=language,
        reading=reading,
        moment=moment,
        plan=plan(reading, moment, history, told.said, language, situation=situation),
        history=tuple(history),
        seed=talk,
    )


def remembered(scene: Scene, reply: Candidate) -> Exchange:
    """An answered line as the next one looks back on it."""
    return Exchange(
        said=scene.said,
        reply=reply.text,
        strategy=reply.strategy,
        entry=reply.entry,
        asked=words.questions(reply.text) > 0,
        situation=scene.plan.situation,
        reading=scene.reading,
    )


def run(writer: ScriptedWriter, reader: TextModel | None = None) -> list[Turn]:
    """The whole script."""
    return [
        turn
        for number, (language, told) in enumerate(script())
        for turn in converse(writer, language, told, number, reader)
    ]


def read(turns: Sequence[Turn]) -> None:
    """Print the talks for a reader."""
    for turn in turns:
        if turn.number == 1:
            print()
        special = turn.plan.situation or turn.plan.stage
        why = f"{special}/{turn.plan.strategy}/{'ask' if turn.plan.ask else '-'}"
        print(f"  {turn.told.said}\n    > {turn.reply.text}   [{why}; {turn.reply.entry}]")


def main(json: bool = False, show: bool = False, read_too: bool = False) -> None:
    """Print the table of gates, or one JSON object; `show` prints the replies first.

    With `read_too` the text model's readings take the place of the script's.
    """
    encoder = _text_model()
    entries = bank.load()
    turns = run(ScriptedWriter(entries, encoder, encoder), encoder if read_too else None)
    if show:
        read(turns)
    retrieval = encoder.name if encoder else "words only (no text model)"
    table = figures(turns, entries.entries)
    rows = [{**asdict(figure), "holds": figure.holds} for figure in table]
    as_json = jsonlib.dumps({"retrieval": retrieval, "figures": rows}, ensure_ascii=False)
    if json:
        print(as_json)
        return
    print(f"retrieval by {retrieval}")
    for figure in table:
        bounds = f"{'' if figure.low is None else figure.low} .. "
        bounds += "" if figure.high is None else str(figure.high)
        mark = "" if figure.holds else "  MISSED"
        print(f"{figure.language}  {figure.measure:28} {figure.value:8.3f}  [{bounds}]{mark}")
    print(as_json)


def _text_model() -> TextModel | None:
    try:
        return TextModel.load()
    except ModelUnavailable:
        return None


def try_out(arguments: Sequence[str] | None = None) -> None:
    """`python -m affect.evaluation.replies LINE ...`: answer lines; without any, the script."""
    parser = argparse.ArgumentParser(prog="python -m affect.evaluation.replies")
    parser.add_argument("lines", nargs="*", help="what is said; none: the fixed script")
    parser.add_argument("--talk", action="store_true", help="answer the lines as one talk")
    parser.add_argument("--emotion", type=Emotion, default=Emotion.NEUTRAL)
    parser.add_argument("--valence", type=float, default=0.0)
    parser.add_argument("--arousal", type=float, default=0.0)
    parser.add_argument("--read", action="store_true", help="let the text model read the lines")
    given = parser.parse_args(arguments)
    if not given.lines:
        main(show=True, read_too=given.read)
        return
    model = _text_model()
    writer = ScriptedWriter(bank.load(), model, model)
    told = [Told(given.emotion, given.valence, given.arousal, line) for line in given.lines]
    for talk in [told] if given.talk else [[one] for one in told]:
        language = "zh" if words.is_chinese(talk[0].said) else "en"
        read(converse(writer, language, talk, reader=model if given.read else None))


if __name__ == "__main__":
    try_out()
