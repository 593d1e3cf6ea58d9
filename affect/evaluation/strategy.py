"""How the planner compares with people who comfort: ESConv's talks, split by conversation.

At each reply of a human supporter the planner is asked what it would do, given the talk as it
really went, and its three likeliest strategies are held against those that the supporter's reply
shows. Beside it stand two rankings that read nothing: the commonest strategies, and the commonest
at that place of a talk, both counted on the dev talks. All figures are of the test talks.
"""

from __future__ import annotations

import gzip
import json as jsonlib
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from affect import strategy, trajectory
from affect.errors import NotFound
from affect.evaluation.metrics import bootstrap
from affect.fusion import fuse
from affect.shares import weights
from affect.types import Plan, Stage, Strategy
from affect.writers.base import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from affect.perception.text import TextModel
    from affect.types import Moment, Reading
    from affect.writers.scripted import ScriptedWriter

# Turns in which something to do is asked for.
ASKED = frozenset({"asked_advice", "asked_again", "ideas", "comfort"})
TOP = 3
NEEDED = 0.65  # of the replies whose strategy must be among the `TOP` likeliest
LAST_PLACE = 10  # from here on all places of a talk are one
START = datetime(2026, 1, 5, 19, tzinfo=UTC)
NAMES: Mapping[str, Strategy] = {
    "Questions": Strategy.QUESTION,
    "Other": Strategy.OTHER,
    "Affirmation and Reassurance": Strategy.AFFIRMATION,
    "Providing Suggestions": Strategy.SUGGESTION,
    "Self-disclosure": Strategy.COMMON_HUMANITY,
    "Reflection of feelings": Strategy.REFLECTION_OF_FEELINGS,
    "Information": Strategy.INFORMATION,
    "Restatement or Paraphrasing": Strategy.RESTATEMENT,
}
"""ESConv's names; what the supporter tells of themselves is what Attune says of many people."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a human supporter: all they said between two turns of the seeker."""

    said: str
    text: str
    shown: tuple[Strategy, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What the planner would do where a human replied; `place` counts from 1 in each talk."""

    talk: int
    place: int
    human: tuple[Strategy, ...]
    plan: Plan
    ranking: tuple[Strategy, ...]
    drawn_from: tuple[Strategy, ...]
    asked_advice: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One figure with its 95 % interval over talks, where it has one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    needed: str = ""
    holds: bool = True


def talks(data: Path, split: str) -> list[list[Reply]]:
    """The talks of a split, as replies to what the seeker said; raises `NotFound`."""
    path = data / "text" / "esconv" / f"{split}.jsonl.gz"
    if not path.is_file():
        raise NotFound(f"{path} is not there: the data folder is incomplete.")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [list(_replies(jsonlib.loads(line)["turns"])) for line in file]


def _replies(turns: Sequence[Mapping[str, Any]]) -> Iterator[Reply]:
    """Replies to something: what a supporter opens a talk with answers nobody."""
    said: list[str] = []
    answer: list[tuple[Strategy, str]] = []
    for turn in [*turns, {"speaker": "seeker", "text": "", "strategy": None}]:
        if turn["speaker"] == "supporter":
            answer.append((NAMES[turn["strategy"]], turn["text"]))
            continue
        if answer and said:
            shown = tuple(strategy for strategy, _ in answer)
            yield Reply("\n".join(said), "\n".join(text for _, text in answer), shown)
        if answer:
            said, answer = [], []
        said.append(turn["text"])


def plan_all(
    talks: Sequence[Sequence[Reply]], model: TextModel, writer: ScriptedWriter
) -> list[Planned]:
    """The planner's part in every talk, each reply planned after the talk as it really went."""
    return [
        planned
        for number, replies in enumerate(talks)
        for planned in _plan_talk(number, replies, model, writer)
    ]


def _plan_talk(
    number: int, replies: Sequence[Reply], model: TextModel, writer: ScriptedWriter
) -> Iterator[Planned]:
    history: list[Exchange] = []
    moment: Moment | None = None
    asked = False
    read = model.read_many([reply.said for reply in replies], ["en"] * len(replies))
    for place, (reply, words) in enumerate(zip(replies, read, strict=True), start=1):
        reading: Reading = fuse([words.estimate])
        moment = trajectory.follow(moment, reading, START + timedelta(minutes=2 * place))
        found = writer.situation(reply.said, words.embedding, history)
        intent = strategy.plan(reading, moment, history, reply.said, "en", situation=found)
        ranking = strategy.ranking(history, intent.situation)
        # What a plan really draws from: the house's own shares, which leave unasked advice out.
        special = (intent.strategy,) if intent.situation else ()
        drawn = (*special, *weights(reading, history, intent.stage, ask=True))
        asked = asked or intent.situation in ASKED
        yield Planned(
            number, place, reply.shown, intent, ranking, tuple(dict.fromkeys(drawn)), asked
        )
        history.append(
            Exchange(
                said=reply.said,
                reply=reply.text,
                strategy=reply.shown[-1],
                asked="?" in reply.text,
                situation=found,
                reading=reading,
            )
        )


def evaluate(data: Path, model: TextModel, writer: ScriptedWriter) -> list[Row]:
    """All figures of the test talks; what baselines know they know from the dev talks."""
    dev = talks(data, "dev")
    planned = plan_all(talks(data, "test"), model, writer)
    usual = _usual(dev)
    rankings: dict[str, Callable[[Planned], Sequence[Strategy]]] = {
        "planner": lambda one: one.ranking,
        "what a plan draws from": lambda one: one.drawn_from,
        "commonest at this place": lambda one: usual[min(one.place, LAST_PLACE)],
        "commonest": lambda _: usual[0],
    }
    rows = []
    for name, ranking in rankings.items():
        needed = f">= {NEEDED}" if name == "planner" else ""
        rows.append(_share(f"top 3, {name}", planned, _any(ranking), needed=needed))
    for name, ranking in rankings.items():
        rows.append(_share(f"top 3 of each sentence, {name}", planned, _each(ranking)))
    rows += [_distance(stage, planned) for stage in Stage]
    rows.append(_all_distance(planned))
    return [*rows, *_rules(planned)]


def _usual(dev: Sequence[Sequence[Reply]]) -> dict[int, list[Strategy]]:
    """Strategies by how often they come at each place of a talk; at 0 anywhere."""
    counts: dict[int, Counter[Strategy]] = defaultdict(Counter)
    for replies in dev:
        for place, reply in enumerate(replies, start=1):
            for shown in reply.shown:
                counts[0][shown] += 1
                counts[min(place, LAST_PLACE)][shown] += 1
    return {place: [s for s, _ in count.most_common()] for place, count in counts.items()}


def _any(ranking: Callable[[Planned], Sequence[Strategy]]) -> Callable[[Planned], list[float]]:
    return lambda one: [float(bool(set(one.human) & set(ranking(one)[:TOP])))]


def _each(ranking: Callable[[Planned], Sequence[Strategy]]) -> Callable[[Planned], list[float]]:
    return lambda one: [float(shown in ranking(one)[:TOP]) for shown in one.human]


def _share(
    name: str,
    planned: Sequence[Planned],
    hits: Callable[[Planned], list[float]],
    needed: str = "",
) -> Row:
    """A share with its interval over talks, which are drawn whole."""
    count = max(one.talk for one in planned) + 1
    found, of = np.zeros(count), np.zeros(count)
    for one in planned:
        each = hits(one)
        found[one.talk] += sum(each)
        of[one.talk] += len(each)
    low, high = bootstrap(lambda r: float(found[r].sum() / of[r].sum()), count)
    value = float(found.sum() / of.sum())
    return Row(name, value, low, high, needed, not needed or value >= NEEDED)


def _distance(stage: Stage, planned: Sequence[Planned]) -> Row:
    here = [one for one in planned if one.plan.stage is stage]
    name = f"distance of shares, {stage.value} ({len(here)} replies)"
    return Row(name, jensen_shannon(here))


def _all_distance(planned: Sequence[Planned]) -> Row:
    return Row(f"distance of shares, all ({len(planned)} replies)", jensen_shannon(planned))


def jensen_shannon(planned: Sequence[Planned]) -> float:
    """Jensen-Shannon distance (base 2, 0 to 1) of the planned shares to the human ones."""
    ours = Counter(one.plan.strategy for one in planned)
    human = Counter(shown for one in planned for shown in one.human)
    if not ours or not human:
        return 0.0
    p = np.array([ours[each] for each in Strategy]) / ours.total()
    q = np.array([human[each] for each in Strategy]) / human.total()
    middle = (p + q) / 2
    divergence = (_divergence(p, middle) + _divergence(q, middle)) / 2
    return float(np.sqrt(max(0.0, divergence)))


def _divergence(p: Any, q: Any) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())


def _rules(planned: Sequence[Planned]) -> Iterator[Row]:
    """How often a hard rule is broken by a plan; each must be never."""
    early = [one for one in planned if one.place <= strategy.ADVICE_TURNS and not one.asked_advice]
    advised = sum(
        one.plan.strategy is Strategy.SUGGESTION or "advice" not in one.plan.avoid for one in early
    )
    asked = sum(
        one.plan.strategy is Strategy.QUESTION and "question" in one.plan.avoid for one in planned
    )
    yield Row("advice in the first two replies, unasked", advised, needed="0", holds=not advised)
    yield Row("a question planned where none is to be asked", asked, needed="0", holds=not asked)


def main(data: Path, json: bool = False) -> None:
    """Print the table and, as the last line, one JSON object."""
    from affect.perception.text import TextModel
    from affect.writers import bank
    from affect.writers.scripted import ScriptedWriter

    model = TextModel.load()
    rows = evaluate(data, model, ScriptedWriter(bank.load(), model))
    if not json:
        for row in rows:
            interval = "" if row.low is None else f"{row.low:.3f} to {row.high:.3f}"
            mark = ("ok" if row.holds else "NO") if row.needed else ""
            print(f"{row.name:47}{row.value:6.3f}  {interval:14} {row.needed:7} {mark}".rstrip())
    figures = [{**asdict(row), "value": round(row.value, 4)} for row in rows]
    print(jsonlib.dumps({"corpus": "ESConv test", "figures": figures}))
