"""Which entries may be said in a scene at all: situation, matter, tone, and nothing twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect import kinds, matters
from affect.matters import NEWS
from affect.pauses import lately
from affect.turning import crossed
from affect.types import Emotion, Stage, Strategy
from affect.writers.following import ASIDE
from affect.writers.kindred import DARK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from affect.matters import Matter
    from affect.writers.base import Scene
    from affect.writers.entry import Entry

BRIGHT = 0.3  # a reply that carries more valence than this is not for the sad
BARE = frozenset({"said_yes", "said_no", "unsure"})
# Leave to go on, said in whatever way: once a talk.
_INVITES = re.compile(
    r"\b(start|begin) (anywhere|with either|wherever)|\bany (order|part|corner)\b|\bno (right"
    r"|set|wrong) way"
    r"|\bgo on\b|\bgo ahead\b|\bcarry on\b|\bno (rush|hurry)\b|\bnext bit\b|\bin crumbs\b"
    r"|\btell it again"
    r"|\bwherever (you|it)\b|\broom for more\b|\bit if it helps\b|\bgo on from\b"
    r"|\bin its own order\b"
    r"|\bleft in\b|\bfirst thing to know\b|\bhappened next\b|\btake your time\b"
    r"|\bas loud as\b|接着|想到哪|从中间|不急|往下|慢慢说|先说哪|排顺序|哪一头|写到哪",
    re.IGNORECASE,
)

# Lines to which words for a feeling are too much, whatever is felt.
_SLIGHT = ASIDE | {kinds.DETAIL}
_NOT = re.compile(r"\bnot\b|n'?t\b|不|没", re.IGNORECASE)  # "im not sad" tells of no joy


def fitting(
    entries: Sequence[Entry],
    scene: Scene,
    matter: Matter | None,
    topic: str | None = None,
    *,
    joyful: bool,
    follows: bool,
) -> list[Entry]:
    """The entries that may be said here; where none is left, rules are given up one by one.

    `matter` and `topic` are what the talk is about, as far as it is known; what `follows` the
    matter may be said to any line of it.
    """
    used = {part for exchange in scene.history for part in (exchange.entry or "").split("+")}
    avoid = scene.plan.avoid
    if not scene.plan.ask:
        entries = [entry.stated for entry in entries]

    doubtful = scene.plan.situation not in NEWS and (
        matters.wary(scene.history)
        or crossed(lately(scene.history, scene.moment.at))
        or bool(_NOT.search(scene.said))
    )
    invited = any(_INVITES.search(exchange.reply) for exchange in scene.history)

    line = kinds.kind(scene.said, scene.reading.affect.valence)

    slight = line in _SLIGHT and scene.plan.situation is None
    tells = line not in ASIDE and not kinds.asks(scene.said)

    def fresh(entry: Entry) -> bool:
        # To be told again and again that one may go on is not to be listened to.
        again = invited and entry.situation == "fallback" and bool(_INVITES.search(entry.plain))
        return entry.id not in used and not again

    def here(entry: Entry) -> bool:
        about = entry.matter is None or _goes_on(entry, matter, follows=follows)
        about = about and (bool(entry.cues) or entry.topic in {None, topic if tells else None})
        of_kind = line in entry.kinds if entry.kinds else not (slight and general(entry))
        return about and of_kind and _of_situation(entry, scene)

    def quiet(entry: Entry) -> bool:
        return scene.plan.ask or not entry.question

    def allowed(entry: Entry) -> bool:
        cheers = entry.valence > BRIGHT and ("cheer" in avoid or not joyful)
        cheers = cheers or (doubtful and _glad(entry))
        return not cheers and not ("advice" in avoid and _advises(entry))

    def general(entry: Entry) -> bool:
        return entry.situation == "fallback" and (not entry.kinds or line in entry.kinds)

    # A special turn is rather answered twice alike than with something else.
    fit = [entry for entry in _likely(entries, scene, matter) if here(entry)]
    levels: tuple[tuple[Sequence[Entry], tuple[Callable[[Entry], bool], ...]], ...] = (
        (fit, (fresh, allowed, quiet)),
        (fit, (fresh, allowed)),
        (fit, (allowed, quiet)),
        (fit, ()),
        (entries, (general, fresh)),
        (entries, ()),
    )
    for pool, rules in levels:
        found = list(pool)
        for rule in rules:
            found = [entry for entry in found if rule(entry)]
        if found:
            return found
    return []


def _likely(entries: Sequence[Entry], scene: Scene, matter: Matter | None) -> list[Entry]:
    """What is left without most entries of other matters and turns: told without asking each."""
    name = matter.name if matter else None
    mine = [entry for entry in entries if entry.matter is None or entry.matter == name]
    if scene.plan.situation is not None:
        return mine
    return [entry for entry in mine if entry.situation is None or entry.situation == "fallback"]


def _goes_on(entry: Entry, matter: Matter | None, *, follows: bool) -> bool:
    """Whether an entry for a matter may be said in this one."""
    return matter is not None and matter.name == entry.matter and (follows or bool(entry.cues))


def _glad(entry: Entry) -> bool:
    """Whether it takes for granted that something is good."""
    if entry.situation == "wrong_guess":
        return Emotion.JOY in entry.emotions and not entry.emotions & DARK
    return entry.emotions == {Emotion.JOY}


def _of_situation(entry: Entry, scene: Scene) -> bool:
    wanted = scene.plan.situation
    if wanted is None:
        return entry.situation in {None, "fallback"}
    if wanted in NEWS and entry.situation in {None, "fallback"}:
        return Emotion.JOY in entry.emotions and not (entry.emotions & DARK and entry.kinds)
    if wanted in {"success", "relief"} and entry.situation in {"good_news", "success"}:
        return True
    if wanted in BARE and entry.situation is None:
        return entry.matter is not None  # what may follow the yes or no
    if wanted == "asked_advice" and entry.situation is None:
        return entry.strategy in {Strategy.SUGGESTION, Strategy.INFORMATION}
    return entry.situation == wanted


def _advises(entry: Entry) -> bool:
    only_act = entry.stages == {Stage.ACT}
    return entry.situation is None and (only_act or entry.strategy is Strategy.SUGGESTION)
