"""What holds of a line however the turn is heard: worked out once, for all rankings of replies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from affect import matters
from affect.corrections import corrects
from affect.writers import naming, plainly, retelling, sides, subjects
from affect.writers.called import called
from affect.writers.slots import Filler, Taken, take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affect.matters import Matter
    from affect.writers.base import Scene

SURE_TOPIC = 0.5  # probability from which the talk is about a topic


@dataclass(frozen=True, slots=True)
class Ground:
    """`grave` tells that this is no time for anything light.

    `topics` are the probabilities of what the talk is about; `topic` and `matter` what it is
    about surely, `wary` whether the program was corrected lately; `offered` are the words of the
    line that slots may take.
    """

    topics: Mapping[str, float]
    topic: str | None
    matter: Matter | None
    wary: bool
    graves: frozenset[str]
    grave: bool
    offered: Taken


def ground(scene: Scene, topics: Mapping[str, float]) -> Ground:
    """What holds of a scene whatever its plan."""
    likeliest = max(topics, key=lambda name: topics[name], default=None)
    topic = likeliest if likeliest and topics[likeliest] >= SURE_TOPIC else None
    opened = matter = matters.current(scene.history, scene.said)
    if matter and topic and not matters.may_be(matter.name, topic):
        matter = None  # words of it came up in a talk about something else
    if matter and matter.name == matters.GOOD and scene.reading.affect.valence < matters.SPOILT:
        matter = None  # "my back is killing me" is no more about the new flat
    wary = matters.wary(scene.history)
    graves = _graves(scene, matter, wary=wary)
    # An ex is named in light talks too; a death or an illness is not.
    grave = bool(graves - {"breakup"}) or (opened is not None and opened.name in matters.grave())
    return Ground(topics, topic, matter, wary, graves, grave, _offered(scene))


def _graves(scene: Scene, matter: Matter | None, *, wary: bool) -> frozenset[str]:
    """The grave matters that the talk is about, or that these lines speak of.

    Words of mourning, parting or illness, where nothing of the kind was told, wound more than any
    blandness: after a correction only the matter itself counts.
    """
    open_matter = {matter.name} & matters.grave() if matter else set()
    last = scene.history[-1] if scene.history else None
    if wary or corrects(scene.said, last):
        return frozenset(open_matter)
    lately = [*(exchange.said for exchange in scene.history[-2:]), scene.said]
    told = {n for n in matters.grave() if any(matters.speaks_of(n, said) for said in lately)}
    return frozenset(open_matter | told)


def taken(scene: Scene, offered: Taken | None = None) -> Taken:
    """All that the person's words offer for slots, where they are heard as the plan has it."""
    offered = offered or _offered(scene)
    remembers = scene.plan.situation == "remember"
    name = called(scene) if remembers else offered.name
    line = None if remembers and name else retelling.quoted(scene)
    return replace(
        offered,
        name=name,
        other=line or offered.other,
        told=None if line or (remembers and name) else retelling.told(scene),
        feeling=retelling.feeling(scene),
    )


def _offered(scene: Scene) -> Taken:
    said, language = scene.said, scene.language
    between = retelling.choice(said, language)
    one, other = between or (retelling.deed(said, language), None)
    if scene.plan.situation == plainly.SUBJECT:
        thing = subjects.named(said, language)
        other = Filler(thing, thing) if thing else None
    if scene.plan.situation == "ideas":
        other = retelling.liked(scene)
    light = sides.light(said, heard=True) if scene.plan.situation == plainly.PICK else None
    pick = sides.picked(light, scene.moment.at.date()) if light else None
    return replace(
        take(said, language),
        deed=retelling.wished(scene) if scene.persona == "support" else one,
        other=other,
        name=naming.name(scene),
        count=naming.count(said, language),
        pick=Filler(pick, pick) if pick else None,
    )
