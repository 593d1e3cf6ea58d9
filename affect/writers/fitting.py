"""Which entries may be said in a scene at all: situation, matter, tone, and nothing twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect import kinds
from affect.matters import NEWS, is_weak
from affect.pauses import lately
from affect.special import ASKS
from affect.turning import DIM, crossed, is_wish
from affect.types import Emotion, Strategy
from affect.writers.entry import DARK
from affect.writers.following import ASIDE
from affect.writers.lexicon import contrast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from affect.writers.bank import Bank
    from affect.writers.base import Scene
    from affect.writers.entry import Entry
    from affect.writers.ground import Ground

    Level = tuple[Sequence[Entry], tuple[Callable[[Entry], bool], ...]]

ANGER = 0.35  # by which anger outweighs sadness and fear where it may be spoken to
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
_CROSS = frozenset({Emotion.ANGER, Emotion.DISGUST})
_EVEN = frozenset({Emotion.NEUTRAL, Emotion.SADNESS})  # stock lines for even words in such a time
_WRYLY = re.compile(r"\b(i guess|i suppose|of course|as usual|naturally)\W*$|呗\W*$", re.IGNORECASE)
# Probability of the topic from which its stock lines are said; Chinese lines are misheard oftener.
OF_TOPIC = {"en": 0.6, "zh": 0.85}
HURTS = -0.05  # valence of a line above which no stock line for pain is said
BRIGHTENS = 0.15  # valence of a line below which no stock line for joy is said
_NOT = re.compile(r"\bnot\b|n'?t\b|不|没", re.IGNORECASE)  # "im not sad" tells of no joy


def fitting(
    bank: Bank, scene: Scene, known: Ground, far: AbstractSet[str], *, joyful: bool, follows: bool
) -> list[Entry]:
    """The entries that may be said here; where none is left, rules are given up one by one.

    What `follows` the matter may be said to any line of it. What is `far` from the line by its
    cues answers no ordinary one.
    """
    used = {part for exchange in scene.history for part in (exchange.entry or "").split("+")}
    plan = scene.plan
    wanted = plan.situation
    unhurt = _is_no_pain(scene, known)
    doubtful, unshared = _is_doubtful(scene, known), _is_no_joy(scene, known)
    angry, even = _angry(scene), scene.reading.affect.valence > DIM
    invited = any(_INVITES.search(exchange.reply) for exchange in scene.history)

    line = kinds.kind(scene.said, scene.reading.affect.valence)

    slight = line in _SLIGHT and wanted is None
    tells = line not in ASIDE and not kinds.asks(scene.said)
    matter = known.matter.name if known.matter else None
    topic = known.topic if tells and _sure_topic(known, scene.language) else None
    no_cheer, no_advice = "cheer" in plan.avoid or not joyful, "advice" in plan.avoid

    def fresh(entry: Entry) -> bool:
        # To be told again and again that one may go on is not to be listened to.
        again = invited and entry.situation == "fallback" and bool(_INVITES.search(entry.plain))
        return entry.id not in used and not again

    def here(entry: Entry) -> bool:
        if wanted is not None and not _of_situation(entry, wanted):
            return False
        asked = wanted is not None and entry.situation == wanted
        if entry.matter is not None and not (follows or asked or entry.cues):
            return False
        of_kind = line in entry.kinds if entry.kinds else not (slight and general(entry))
        too_cross = not angry and entry.stock and entry.emotions <= _CROSS
        if (wanted or "").startswith("answer_") and (entry.emotions <= DARK) == (
            even and not known.grave
        ):
            return False
        return of_kind and in_time(entry) and not too_cross

    def quiet(entry: Entry) -> bool:
        return plan.ask or not entry.question

    def allowed(entry: Entry) -> bool:
        cheers = (no_cheer and entry.valence > BRIGHT) or (doubtful and entry.glad)
        cheers = cheers or (unshared and entry.stock and _for_joy(entry))
        pities = unhurt and entry.situation == "fallback" and entry.emotions <= DARK
        return not cheers and not pities and not (no_advice and entry.advises)

    def in_time(entry: Entry) -> bool:
        return not entry.stock or _in_time(entry, grave=known.grave, even=even)

    def general(entry: Entry) -> bool:
        of_kind = not entry.kinds or line in entry.kinds
        return entry.situation == "fallback" and of_kind and in_time(entry)

    # A special turn is rather answered twice alike than with something else.
    likely = bank.placed(scene.language, matter, topic, asking=plan.ask, ordinary=wanted is None)
    fit = [entry for entry in likely if entry.id not in far and here(entry)]
    entries = bank.worded(scene.language, asking=plan.ask)
    levels: Sequence[Level] = (
        (fit, (fresh, allowed, quiet)),
        (fit, (fresh, allowed)),
        (fit, (allowed, quiet)),
        (fit, ()),
        (entries, (general, fresh)),
        (entries, ()),
    )
    return _left(levels)


def _left(levels: Sequence[Level]) -> list[Entry]:
    """What the rules of the first level leave, or where they leave nothing of the next."""
    for pool, rules in levels:
        found = list(pool)
        for rule in rules:
            found = [entry for entry in found if rule(entry)]
        if found:
            return found
    return []


def _sure_topic(known: Ground, language: str) -> bool:
    """Whether the talk is so surely about its topic that what fits any line of it may be said."""
    return known.topic is not None and known.topics[known.topic] >= OF_TOPIC[language]


def _in_time(entry: Entry, *, grave: bool, even: bool) -> bool:
    """Whether a stock line may be said now, to a line that is `even` in itself or not."""
    return _in_grave_time(entry, even=even) if grave else not _for_grave_time(entry)


def _in_grave_time(entry: Entry, *, even: bool) -> bool:
    """Whether a stock line may stand beside a death, a parting or an illness: nothing light may,
    and nothing sad to a line that is `even` in itself.
    """
    if entry.topic:
        return bool(entry.emotions & DARK) and Emotion.JOY not in entry.emotions
    return entry.emotions == _EVEN if even else entry.emotions <= DARK


def _for_grave_time(entry: Entry) -> bool:
    """Whether it was written for even words in such a time, and for no other."""
    return entry.situation == "fallback" and not entry.kinds and entry.emotions == _EVEN


def _angry(scene: Scene) -> bool:
    """Whether the words themselves say anger: whoever is ashamed or mourns is told of none."""
    felt = scene.reading.probabilities
    cross = sum(felt.get(emotion, 0.0) for emotion in _CROSS)
    return cross >= ANGER + felt.get(Emotion.SADNESS, 0.0) + felt.get(Emotion.FEAR, 0.0)


def _is_doubtful(scene: Scene, known: Ground) -> bool:
    """Whether it is not to be taken for granted that something is good."""
    bitter = crossed(lately(scene.history, scene.moment.at))
    doubted = known.wary or bitter or bool(_NOT.search(scene.said))
    return doubted and scene.plan.situation not in NEWS


def _is_no_joy(scene: Scene, known: Ground) -> bool:
    """Whether joy that nothing in the words tells is not to be spoken of: an even line, one that
    turns ("she's lovely but i'm so tired"), or what is said politely in the middle of a trouble.
    """
    if scene.plan.situation in NEWS:
        return False
    kind = kinds.kind(scene.said, scene.reading.affect.valence)
    trouble = known.matter is not None and known.matter.dark and not is_weak(known.matter.name)
    if is_wish(scene.said):
        return True
    turned = bool(contrast().search(scene.said) or _WRYLY.search(scene.said))
    return scene.reading.affect.valence < BRIGHTENS or turned or (trouble and kind != kinds.EXCITED)


def _is_no_pain(scene: Scene, known: Ground) -> bool:
    """Whether pain that nothing in the words tells is not to be spoken of: an even line, in no
    trouble that was told of.
    """
    trouble = known.grave or (known.matter is not None and known.matter.dark)
    return scene.reading.affect.valence > HURTS and not trouble


def _for_joy(entry: Entry) -> bool:
    return entry.emotions <= {Emotion.JOY, Emotion.SURPRISE}


def _of_situation(entry: Entry, wanted: str) -> bool:
    """Whether an entry may answer this special turn."""
    if wanted in NEWS and entry.situation in {None, "fallback"}:
        return Emotion.JOY in entry.emotions and not (entry.emotions & DARK and entry.kinds)
    if wanted in {"success", "relief"} and entry.situation in {"good_news", "success"}:
        return True
    if wanted in BARE and entry.situation is None:
        return entry.matter is not None  # what may follow the yes or no
    if wanted == "asked_advice" and entry.situation is None:
        return entry.strategy in {Strategy.SUGGESTION, Strategy.INFORMATION}
    other_ask = wanted in ASKS and entry.situation in ASKS and bool(entry.cues)
    return entry.situation == wanted or other_ask
