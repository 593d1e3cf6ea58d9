"""The judge-free panel: what can be counted about replies, each with its gate.

Gates from the science notes, 6.4 (docs/decisions.md); human figures are those of ESConv's talks.
Nothing here reads for sense: a panel that holds is a reason to read, not a reason to stop.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from affect.types import Affect, Emotion, Strategy
from affect.writers import guard, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from affect.types import Plan
    from affect.writers.base import Candidate
    from affect.writers.entry import Entry

BRIGHT = 0.3  # valence of a reply that is too bright for somebody below -.4
BLOCK = 300  # runs of words among which different ones are counted: more of them repeat more
# Of the 421 talks' supporters (ESConv, dev and test; utterances in random order) 97.5 % of such
# blocks hold at least these shares of different words and of different pairs.
VARIED = {1: 0.52, 2: 0.913}
DRAWS = 400  # of the bootstrap, each of whole talks
_STOCK = re.compile(r"it sounds like|听起来", re.IGNORECASE)
# Turns that tell something: greetings and questions to the program have nothing to take up.
_TELLING = frozenset({None, "good_news", "mixed_news", "harsh_on_self", "take_sides"})
_REFLECTING = {Strategy.REFLECTION_OF_FEELINGS, Strategy.RESTATEMENT}
_CLAIMS = frozenset(
    {"claims_feeling", "claims_human", "claims_clinician", "diagnosis", "medicine", "promise"}
)
_ORNAMENTS = frozenset({"list", "markdown", "emoji", "link", "ping", "template", "hidden"})


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the script."""

    emotion: Emotion
    valence: float
    arousal: float
    said: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One answered line: `number` counts from 1 within its talk.

    `carried` is what our own text model reads in the reply, where it was asked; `shown` are the
    strategies that its sentences show, where they were looked at: else the reply's own counts.
    """

    talk: int
    number: int
    language: str
    told: Told
    plan: Plan
    reply: Candidate
    earlier: tuple[str, ...]
    carried: Affect | None = None
    shown: tuple[Strategy, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure with its gate: `low` <= `value` <= `high`, as far as given."""

    language: str
    measure: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the gate holds."""
        return self.missed <= 0.0

    @property
    def missed(self) -> float:
        """By how much the gate is missed; 0 where it holds."""
        below = 0.0 if self.low is None else self.low - self.value
        above = 0.0 if self.high is None else self.value - self.high
        return max(0.0, below, above)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two writers miss one gate, and the 95 % interval of the difference over talks."""

    language: str
    measure: str
    ours: float
    theirs: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """`better` where less is missed than by the other, beyond chance; `worse`; or `equal`."""
        if self.high < 0.0:
            return "better"
        return "worse" if self.low > 0.0 else "equal"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is counted of one turn, once."""

    words: float
    units: tuple[str, ...]
    questions: int
    early: bool
    advises: bool
    uptake: float | None
    opening: tuple[str, ...]
    echo: float | None
    strategies: frozenset[Strategy | None]
    stock: bool
    exclaims: bool
    in_language: bool
    refused: frozenset[str]
    bright: tuple[bool, ...]
    stirred: tuple[bool, ...]
    away: tuple[float, ...]
    hooked: bool | None


def figures(turns: Sequence[Turn], entries: Sequence[Entry] = ()) -> list[Figure]:
    """The panel for each language; `entries` tell what affect the replies carry."""
    known = {entry.id: entry for entry in entries}
    return [
        figure
        for language in sorted({turn.language for turn in turns})
        for figure in _panel(language, [_facts(t, known) for t in turns if t.language == language])
    ]


def compare(ours: Sequence[Turn], theirs: Sequence[Turn]) -> list[Difference]:
    """Two writers on the same script, gate by gate: by how much each misses it.

    Talks are drawn whole and the same for both, `DRAWS` times.
    """
    found = []
    for language in sorted({turn.language for turn in ours}):
        one, other = (_by_talk(turns, language) for turns in (ours, theirs))
        talks = sorted(set(one) & set(other))
        random = np.random.default_rng(0)
        drawn = [
            [talks[i] for i in random.integers(0, len(talks), len(talks))] for _ in range(DRAWS)
        ]
        first, second = _missed(language, one, talks), _missed(language, other, talks)
        gaps: dict[str, list[float]] = {measure: [] for measure in first}
        for draw in drawn:
            a, b = _missed(language, one, draw), _missed(language, other, draw)
            for measure, gap in gaps.items():
                gap.append(a[measure] - b[measure])
        for measure, gap in gaps.items():
            low, high = np.percentile(gap, [2.5, 97.5])
            found.append(
                Difference(
                    language, measure, first[measure], second[measure], float(low), float(high)
                )
            )
    return found


def _by_talk(turns: Sequence[Turn], language: str) -> dict[int, list[_Facts]]:
    talks: dict[int, list[_Facts]] = {}
    for turn in turns:
        if turn.language == language:
            talks.setdefault(turn.talk, []).append(_facts(turn, {}))
    return talks


def _missed(
    language: str, talks: Mapping[int, list[_Facts]], drawn: Iterable[int]
) -> dict[str, float]:
    """How far each gate is missed by the turns of some talks; measures without a gate left out."""
    facts = [fact for talk in drawn for fact in talks[talk]]
    gated = (f for f in _panel(language, facts) if (f.low, f.high) != (None, None))
    return {figure.measure: figure.missed for figure in gated}


def _facts(turn: Turn, entries: Mapping[str, Entry]) -> _Facts:
    text = turn.reply.text
    told = turn.plan.situation in _TELLING and words.stems(turn.told.said)
    carried = [Affect(e.valence, e.arousal, 0.0) for e in _said(turn, entries)]
    carried = carried or ([turn.carried] if turn.carried else [])
    return _Facts(
        words=words.count(text),
        units=tuple(words.units(text)),
        questions=words.questions(text),
        early=turn.number <= 3 and turn.plan.situation != "asked_advice",
        advises=_advises(turn),
        uptake=_uptake(turn) if told else None,
        opening=words.opening(text),
        echo=_echo(turn) if turn.earlier else None,
        strategies=frozenset(turn.shown or (turn.reply.strategy,)),
        stock=bool(_STOCK.search(text)),
        exclaims="!" in text or "！" in text,
        in_language=_in(turn.language, text),
        refused=guard.reasons(text),
        bright=tuple(one.valence > BRIGHT for one in carried if turn.told.valence < -0.4),
        stirred=tuple(
            one.arousal > turn.told.arousal for one in carried if turn.told.arousal > 0.4
        ),
        away=tuple(abs(one.valence - turn.plan.target.valence) for one in carried),
        hooked=words.questions(text) > 0 if turn.plan.situation == "goodbye" else None,
    )


def _panel(language: str, facts: Sequence[_Facts]) -> Iterator[Figure]:
    lengths = [fact.words for fact in facts]
    uptake = [fact.uptake for fact in facts if fact.uptake is not None]
    once = list({id(fact): fact for fact in facts}.values())  # drawn twice is not said twice
    openings = Counter(fact.opening for fact in once)
    varied = VARIED if language == "en" else dict.fromkeys(VARIED)
    echoes = [fact.echo for fact in facts if fact.echo is not None]
    reflecting = sum(bool(fact.strategies & _REFLECTING) for fact in facts)
    # A reply that reflects and then asks counts on both sides, as MITI counts it.
    questioning = sum(fact.questions > 0 for fact in facts)
    away = [each for fact in facts for each in fact.away]
    refused = [fact.refused for fact in facts]
    most = max(0.03, 2 / len(once))  # twice is no habit, however few the replies
    gates: list[tuple[str, float, float | None, float | None]] = [
        ("replies", len(facts), None, None),
        ("words, median", float(np.median(lengths)), 15, 35),
        ("words, p95", float(np.percentile(lengths, 95)), None, 70),
        ("with a question", _share([f.questions for f in facts]), 0.35, 0.60),
        ("two questions", _share([f.questions > 1 for f in facts]), None, 0.02),
        ("advice in replies 1-3", _share([f.advises for f in facts if f.early]), None, 0.02),
        ("advice", _share([f.advises for f in facts]), None, 0.15),
        ("content taken up", float(np.mean(uptake)) if uptake else 0.0, 0.12, None),
        ("replies that take up", _share([u > 0 for u in uptake]), 0.50, None),
        ("reflections : questions", reflecting / max(questioning, 1), 1.0, None),
        ("3-grams repeated, mean", float(np.mean(echoes)) if echoes else 0.0, None, 0.03),
        ("3-grams repeated, p90", float(np.percentile([*echoes, 0.0], 90)), None, 0.10),
        ("distinct openings", len(openings) / len(once), 0.60, None),
        ("commonest opening", max(openings.values()) / len(once), None, most),
        ("distinct words", _distinct(once, 1), varied[1], None),
        ("distinct pairs of words", _distinct(once, 2), varied[2], None),
        ("'it sounds like'", _share([f.stock for f in facts]), None, 0.02),
        ("exclamation marks", _share([f.exclaims for f in facts]), None, 0.05),
        ("in the language", _share([f.in_language for f in facts]), 0.995, None),
        ("banned phrases", _share(["banned_phrase" in r for r in refused]), None, 0.0),
        ("forbidden claims", _share([r & _CLAIMS for r in refused]), None, 0.0),
        ("lists, links, emoji", _share([r & _ORNAMENTS for r in refused]), None, 0.0),
        ("refused by the guard", _share(refused), None, 0.0),
        ("bright to the sad", _share([b for f in facts for b in f.bright]), None, 0.0),
        ("valence away from plan", float(np.mean(away)) if away else 0.0, None, 0.35),
        ("stirring the stirred", _share([s for f in facts for s in f.stirred]), None, 0.0),
        (
            "questions at goodbye",
            _share([f.hooked for f in facts if f.hooked is not None]),
            None,
            0.0,
        ),
    ]
    for measure, value, low, high in gates:
        yield Figure(language, measure, round(float(value), 3), low, high)


def _distinct(facts: Sequence[_Facts], size: int) -> float:
    """The share of different ones among runs of `size` words, a block of `BLOCK` at a time."""
    runs = [
        fact.units[at : at + size] for fact in facts for at in range(len(fact.units) - size + 1)
    ]
    starts = range(0, max(len(runs) - BLOCK, 0) + 1, BLOCK)  # what is left over makes no block
    blocks = [runs[start : start + BLOCK] for start in starts]
    return float(np.mean([len(set(block)) / max(len(block), 1) for block in blocks]))


def _share(flags: Sequence[object]) -> float:
    return sum(map(bool, flags)) / max(len(flags), 1)


def _advises(turn: Turn) -> bool:
    suggests = turn.reply.strategy is Strategy.SUGGESTION and turn.plan.situation != "permission"
    return suggests or guard.gives_advice(turn.reply.text)


def _uptake(turn: Turn) -> float:
    own = words.stems(turn.told.said)
    return len(own & words.stems(turn.reply.text)) / len(own)


def _echo(turn: Turn) -> float:
    own = words.grams(turn.reply.text, 3)
    before = {gram for reply in turn.earlier for gram in words.grams(reply, 3)}
    return len(own & before) / max(len(own), 1)


def _said(turn: Turn, entries: Mapping[str, Entry]) -> list[Entry]:
    """The entries that the reply was put together from."""
    return [entries[part] for part in (turn.reply.entry or "").split("+") if part in entries]


def _in(language: str, text: str) -> bool:
    return words.is_chinese(text) == (language == "zh")
