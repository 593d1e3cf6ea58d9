"""A chat model's replies on the script: as the whole writer gives them, and with less and less.

`whole` is the writer as people meet it: plan, several answers, choosing, guard, and the written
reply where none may leave. `unplanned` has Attune's manner in its prompt, no plan, and says the
first answer as it comes. `bare` has a line of prompt. `scripted` needs no model. Each answers the
same lines with its own earlier replies, and the same text model reads what they say.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from affect.evaluation import panel, replies
from affect.evaluation.panel import Turn
from affect.writers import guard, prompt, showing
from affect.writers.base import Candidate
from affect.writers.chat import Message, Sampling
from affect.writers.llm import LLMWriter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from affect.evaluation.panel import Difference, Figure, Told
    from affect.perception.text import TextModel
    from affect.writers.base import Exchange, Scene, Writer
    from affect.writers.chat import ChatModel
    from affect.writers.scripted import ScriptedWriter

    Reply = Callable[[Scene], Awaitable[Candidate]]
    Talks = Mapping[int, tuple[str, list[Told]]]

Half = Literal["even", "odd"]  # every other talk: to try on one half and report on the other
SCRIPTED, BARE, UNPLANNED, WHOLE = "scripted", "bare", "unplanned", "whole"
TOGETHER = 32  # talks at once: a model answers many in one step
SECONDS = 3_600.0  # nothing here is judged by its speed
TOKENS = 70
STEP = 10  # lines between two words on progress
BARE_PROMPT = {
    "en": "You are a kind companion. Answer the person in one to three sentences.",
    "zh": "你是一个善解人意的伙伴。用一到三句话回答对方。",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What was measured: `figures` by way, `differences` of the whole writer to the other ways.

    `own` is the share of the whole writer's replies that the model worded, for each language.
    """

    model: str
    own: Mapping[str, float]
    figures: Mapping[str, list[Figure]]
    differences: Mapping[str, list[Difference]]
    turns: Mapping[str, list[Turn]]


async def compare(
    model: ChatModel,
    scripted: ScriptedWriter,
    reader: TextModel,
    talks: Talks,
    report: Callable[[str], None],
) -> Compared:
    """Answer every talk in the four ways."""
    writer = LLMWriter(model, scripted, reader, seconds=SECONDS)
    ways: dict[str, Reply] = {
        SCRIPTED: lambda scene: _first(scripted, scene),
        BARE: lambda scene: _said(model, _bare(scene), scene, BARE),
        WHOLE: lambda scene: _first(writer, scene),
        UNPLANNED: lambda scene: _said(model, _unplanned(model, scene), scene, UNPLANNED),
    }
    turns = {}
    for way, reply in ways.items():
        turns[way] = await _all(talks, reply, scripted, reader, Progress(way, talks, report))
        if way is WHOLE:  # what is waited for most, and the next way may take an hour
            report(_told(BARE, panel.compare(turns[WHOLE], turns[BARE])))
    whole = turns[WHOLE]
    own: dict[str, list[bool]] = {}
    for turn in whole:
        own.setdefault(turn.language, []).append(turn.reply.writer == model.name)
    return Compared(
        model=model.name,
        own={language: sum(flags) / len(flags) for language, flags in sorted(own.items())},
        figures={way: panel.figures(given) for way, given in turns.items()},
        differences={way: panel.compare(whole, turns[way]) for way in (UNPLANNED, BARE)},
        turns=turns,
    )


def drawn(
    sample: int | None = None,
    seed: int = 0,
    half: Half | None = None,
    language: str | None = None,
) -> Talks:
    """The talks of the script by their numbers: all or every other, or by lot about `sample` lines
    of those; of what was drawn, one language's.

    Talks are drawn whole: the last may bring a few lines more.
    """
    talks = dict(enumerate(replies.script()))
    numbers = [n for n in talks if half is None or n % 2 == (half == "odd")]
    if sample is not None:
        np.random.default_rng(seed).shuffle(numbers)
        lines = np.cumsum([len(talks[number][1]) for number in numbers])
        numbers = sorted(numbers[: 1 + int(np.searchsorted(lines, sample))])
    return {n: talks[n] for n in numbers if language in (None, talks[n][0])}


class Progress:
    """Says now and then how many lines were answered."""

    def __init__(self, way: str, talks: Talks, report: Callable[[str], None]) -> None:
        self._way, self._report = way, report
        self._all = sum(len(lines) for _, lines in talks.values())
        self._done = 0

    def step(self) -> None:
        """One more was answered."""
        self._done += 1
        if self._done % STEP == 0 or self._done == self._all:
            self._report(f"{self._way}: {self._done} of {self._all} lines answered")


async def _all(
    talks: Talks, reply: Reply, scripted: ScriptedWriter, reader: TextModel, progress: Progress
) -> list[Turn]:
    room = asyncio.Semaphore(TOGETHER)

    async def one(number: int, language: str, lines: Sequence[Told]) -> list[Turn]:
        async with room:
            return await _converse(number, language, lines, reply, scripted, reader, progress)

    asked = [one(number, language, lines) for number, (language, lines) in talks.items()]
    # The first alone: what all prompts begin with is then read once.
    answered = [*await asyncio.gather(*asked[:1]), *await asyncio.gather(*asked[1:])]
    return [turn for talk in answered for turn in talk]


async def _converse(
    talk: int,
    language: str,
    lines: Sequence[Told],
    reply: Reply,
    scripted: ScriptedWriter,
    reader: TextModel,
    progress: Progress,
) -> list[Turn]:
    history: list[Exchange] = []
    turns = []
    for told in lines:
        scene = await asyncio.to_thread(
            replies.scene_of, scripted, language, told, history, talk, reader
        )
        said = await reply(scene)
        earlier = tuple(exchange.reply for exchange in history)
        read = await asyncio.to_thread(reader.read, said.text or ".", language)
        # What an entry is was said by who wrote it; the cues are for words that nobody wrote.
        shown = () if said.writer == scripted.name else showing.shown(said.text, told.said)
        turns.append(
            Turn(talk, len(history) + 1, language, told, scene.plan, said, earlier,
                 read.estimate.affect, shown)
        )  # fmt: skip
        history.append(replies.remembered(scene, said))
        progress.step()
    return turns


async def _first(writer: Writer, scene: Scene) -> Candidate:
    """The best candidate that may leave, as the bot lets it out."""
    found = await writer.write(scene)
    allowed = [one for one in found if guard.check(one.text, scene.plan).ok]
    return (allowed or found)[0]


async def _said(model: ChatModel, messages: Sequence[Message], scene: Scene, way: str) -> Candidate:
    """The first answer as it comes."""
    pieces = [piece async for piece in model.stream(messages, Sampling(TOKENS, seconds=SECONDS))]
    text = "".join(pieces).strip()
    return Candidate(text, way, showing.main(text, scene.said, scene.plan.strategy))


def _bare(scene: Scene) -> list[Message]:
    messages = [Message("system", BARE_PROMPT[scene.language])]
    for exchange in scene.history:
        messages += [Message("user", exchange.said), Message("assistant", exchange.reply)]
    return [*messages, Message("user", scene.said)]


def _unplanned(model: ChatModel, scene: Scene) -> list[Message]:
    system, *talk = prompt.build(scene, model.count, model.context - TOKENS)
    return [system, *talk[:-1], Message("user", scene.said)]


def show(found: Compared) -> None:
    """Print the table and, as the last line, one JSON object."""
    for language, share in found.own.items():
        print(f"{found.model} worded {share:.0%} of the whole writer's replies in {language}")
    ways = tuple(found.figures)
    print(f"{'':28}{'gate':>13}" + "".join(f"{way:>10}" for way in ways))
    marks = {"better": "+", "worse": "-"}
    verdicts = {(d.language, d.measure): marks.get(d.verdict, "") for d in found.differences[BARE]}
    for row in zip(*(found.figures[way] for way in ways), strict=True):
        first = row[0]
        low, high = ("" if end is None else f"{end:g}" for end in (first.low, first.high))
        values = "".join(f"{f.value:>9.3f}{' ' if f.holds else '*'}" for f in row)
        verdict = verdicts.get((first.language, first.measure), "")
        told = f"{first.language} {first.measure:25}{f'{low} .. {high}':>13}{values}{verdict}"
        print(told.rstrip())
    print("* misses its gate; + and -: the whole writer is better or worse there than bare")
    for way, differences in found.differences.items():
        print(_told(way, differences))
    print(jsonlib.dumps(as_json(found), ensure_ascii=False))


def counted(differences: Sequence[Difference], verdict: str) -> int:
    """On how many gates, languages apart, the whole writer is `better` or `worse`."""
    return sum(each.verdict == verdict for each in differences)


def _told(way: str, differences: Sequence[Difference]) -> str:
    better, worse = (counted(differences, verdict) for verdict in ("better", "worse"))
    return f"whole against {way}: better on {better}, worse on {worse}"


def as_json(found: Compared) -> dict[str, object]:
    """Figures by way, and each gate's difference with its interval."""
    return {
        "model": found.model,
        "own": {language: round(share, 3) for language, share in found.own.items()},
        "figures": {way: [asdict(f) for f in rows] for way, rows in found.figures.items()},
        "differences": {
            way: [{**asdict(d), "verdict": d.verdict} for d in rows]
            for way, rows in found.differences.items()
        },
    }
