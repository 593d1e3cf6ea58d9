"""The offline writer: written entries found by meaning, filled with the person's own words.

An entry is weighed by how near one of its cues is to what was said, by how well it fits the plan
and the reading, by the words it takes up, and against what was said before in this talk. Every
weight is a named reason on the candidate. The same scene always gives the same candidates. Rules
that exclude entries are relaxed one after another, so that something always fits.
"""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from affect import kinds
from affect.errors import ModelUnavailable
from affect.matters import NEWS
from affect.pauses import lately
from affect.turning import crossed
from affect.types import Emotion
from affect.writers import drafts, forms, guard, missed, plainly, situations, words
from affect.writers.addressed import sentences
from affect.writers.already import unasked
from affect.writers.base import Candidate
from affect.writers.cues import Cues
from affect.writers.entry import Entry
from affect.writers.fitting import BARE, fitting
from affect.writers.following import ASIDE, answers_of, follows, greeted
from affect.writers.ground import Ground, ground, taken
from affect.writers.hearing import Hearing
from affect.writers.joining import (
    SCRIPTED,
    answering,
    candidate,
    echo,
    mirrored,
    two_parts,
)
from affect.writers.judge import Judge
from affect.writers.kindred import feelings
from affect.writers.leading import led
from affect.writers.leaving import ends
from affect.writers.owning import owned
from affect.writers.parts import parts
from affect.writers.reacting import heard
from affect.writers.relevance import ANSWERS, Relevance
from affect.writers.shorthand import spelt_out
from affect.writers.slots import fill
from affect.writers.weighing import FELT, MIRROR, NAMED, NEAR, Weigher, Worded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from affect.perception.text import TextReader
    from affect.writers.bank import Bank
    from affect.writers.base import Draft, Exchange, Scene
    from affect.writers.chat import Queued
    from affect.writers.vectors import Encoder

CANDIDATES = 5
SENTENCES = 4  # of a line that are searched each by itself
MIRROR_MEANING = 0.72  # saying the event back: better than a general entry
PART = 0.97  # what likeness to a part of a long line counts
FEW_WORDS = 9  # a line shorter than this is read together with the line before
JOINED = 0.88  # what likeness to both lines counts, beside likeness to the last alone
NEAREST = 400  # entries whose likeness is looked at closely, of which most fit no ordinary turn
WEIGHED = 100  # entries about something that are weighed: those beyond are about something else
LAUGHED = 9  # words of a line beyond which its laugh is not what it is about
_ADVISES = frozenset({"asked_advice", "ideas"})
FILLED = frozenset(
    {
        "remember",
        "corrected",
        "answer_when",
        "answer_who",
        "answer_name",
        "answer_how",
        "answer_what",
        "plan_help",
    }
)  # answered with what was told, where it is known

# Asked in one sentence of several: the others say what about.
SENTENCE_BY_SENTENCE = frozenset(
    {"asked_advice", "self_blame", "loved", "like_me", "comfort", "about_me", "fact"}
    | {"word_it", "ideas", "choose", "should_i"}
)
# Turns that lines are often misheard as: on graded talks an ordinary reply was better there.
_MISHEARD = frozenset(
    {"greeting", "goodbye", "acknowledged", "corrected", "wrong_guess", "anger_at_bot", "task"}
    | {"did_it", "you_said", "teasing", "change_topic", "relief", "open_question", "your_view"}
    | {"loved", "leaning", "unclear"}
)
# Turns whose answers all fit alike, so that chance may choose, and not the same each day.
_ALIKE = frozenset({"pick", "something", "story"})
# Advice is about what was told before; a bare "yes" is taken as the question that it answers.
ASKED = {"en": "what should I do? any advice?", "zh": "我该怎么办？有什么建议吗？"}
ASKED_MORE = {"en": "any ideas?", "zh": "有什么主意吗？"}
ADVISED = 0.8  # likeness to what was told from which advice is about it
ON_TOPIC = 0.55  # the same where it is of the topic of the matter at hand
ASKED_ALONE = 0.65  # what likeness to the bare question counts


class ScriptedWriter:
    """Words replies from the bank; `encoder` finds entries by meaning, without it by words.

    `reader` reads what people would send to somebody; without it no wording is called calm.
    """

    name = SCRIPTED

    def __init__(
        self, bank: Bank, encoder: Encoder | None = None, reader: TextReader | None = None
    ) -> None:
        self._bank = bank
        self._reader = reader
        self._cues = Cues(bank.entries, encoder)
        self._hearing = Hearing(self._cues.vectors)
        own = {entry.id: entry.topic for entry in bank.entries if entry.topic}
        self._about = {**self._hearing.about(self._cues), **own}
        self.judge = Judge(self._cues, self._hearing, self._about)

    def situation(
        self,
        said: str,
        embedding: Sequence[float] | None = None,
        history: Sequence[Exchange] = (),
    ) -> str | None:
        """The special turn that the words are, for `strategy.plan`; None for an ordinary one."""
        plain = heard(spelt_out(said))
        found = situations.find(plain, self._cues, self._bank, self._hearing, history, embedding)
        if found != drafts.HELD_UP:
            return found
        lines = (plain, missed.anew(plain, history))
        draft = next(each for line in lines if (each := drafts.held_up(line, history)))
        return drafts.reads(draft, self._reader)

    async def write(
        self,
        scene: Scene,
        draft: Draft | None = None,  # noqa: ARG002 - it is done at once
        queued: Queued | None = None,  # noqa: ARG002
    ) -> list[Candidate]:
        """At most `CANDIDATES`, best first; raise `ModelUnavailable` where the bank is empty."""
        return await asyncio.to_thread(self.candidates, scene)

    def candidates(self, scene: Scene) -> list[Candidate]:
        """What `write` gives, computed here and now."""
        told = tuple(replace(each, said=heard(spelt_out(each.said))) for each in scene.history)
        scene = replace(scene, history=told)
        whole = heard(spelt_out(scene.said))
        sober = _unamused(whole, scene)
        greeting, said = self._opened(sober, scene)
        # It was of the whole line.
        embedding = None if greeting or sober != whole else scene.embedding
        scene = replace(scene, said=said, embedding=embedding)
        known = ground(scene, self.topics(scene))
        scene, ranked = self._heard(scene, known)
        if ranked and _empty_handed(ranked[0], scene):
            ranked = self._ranked(_asking(scene), known)
        about = self._no_guesses(ranked, scene, known)
        if about[:1] != ranked[:1]:
            ranked = about or self._ranked(_modest(scene), known) or ranked
        little = greeting and kinds.kind(said) == kinds.DETAIL
        if little:  # so few words are near to much: they are said back and asked about
            ranked = [each for each in ranked if each.entry.kinds] or ranked
        if not ranked:
            raise ModelUnavailable(f"The bank has no entries in {scene.language!r}.")
        if scene.persona == "support":
            joined = self._both_answered(ranked, scene)
        elif scene.plan.situation in BARE:
            joined = answering(ranked, scene)
            ranked = [each for each in ranked if each.entry.situation == scene.plan.situation]
        else:
            joined = None if little else two_parts(ranked, scene)
        echoed = echo(ranked[0], scene) if ranked and not joined else None
        earlier = {exchange.reply for exchange in scene.history}
        together = [one for one in (joined, echoed) if one]
        # In Chinese the line said back and nothing more is a parrot's.
        speaking = ranked if scene.language != "zh" else [e for e in ranked if e.entry.id != MIRROR]
        found: list[Candidate | Worded] = [*together, *(speaking or ranked)]
        fresh = [each for each in found if each.text not in earlier] or found
        best = _leaving(fresh, scene, greeting)
        # Where nothing that answers the turn may leave, it is answered as any other.
        best = best or _leaving(self._ranked(_ordinary(scene), known), scene, greeting)
        said_so = [candidate(each) if isinstance(each, Worded) else each for each in best]
        return [replace(each, text=greeting + each.text) for each in said_so]

    def _opened(self, said: str, scene: Scene) -> tuple[str, str]:
        """What is said before the answer, and what is answered: a greeting is returned, what a line
        holds against our last reply is owned, and the rest of it is the line."""
        if scene.plan.situation in drafts.READ:
            return "", said  # a greeting in it is said to somebody else
        to_us = None
        if scene.persona != "support" and scene.history:
            to_us = situations.parts(said, self._hearing, scene.history, scene.embedding)
        if to_us is None or not to_us.rest:
            return greeted(said, scene)
        owning = replace(scene, said=said, plan=replace(scene.plan, situation="owned"))
        return owned(owning, self._bank.of(scene.language), taken(owning)), to_us.rest

    def topics(self, scene: Scene) -> Mapping[str, float]:
        """How probable it is that the talk is about each topic; none where none was learned."""
        before = [exchange.said for exchange in scene.history]
        return self._hearing.topics(scene.said, before, scene.embedding)

    def worded(self, scene: Scene) -> list[Worded]:
        """All replies that are weighed for a scene, best first, before any are put together."""
        told = tuple(replace(each, said=heard(spelt_out(each.said))) for each in scene.history)
        scene = replace(scene, history=told, said=heard(spelt_out(scene.said)))
        return self._ranked(scene, ground(scene, self.topics(scene)))

    def _ranked(self, scene: Scene, known: Ground) -> list[Worded]:
        likeness = self._likeness(scene)
        felt = feelings(scene, likeness, self._bank.told(scene.language))
        relevance = Relevance(scene, likeness, known, self._about)
        weigher = Weigher(scene, felt, known)
        own = taken(scene, known.offered)
        joyful = felt.probabilities[Emotion.JOY] >= FELT or scene.plan.situation in NEWS
        goes_on = answers_of if scene.plan.situation in BARE else follows
        fit = fitting(
            self._bank,
            scene,
            known,
            _far(likeness) if scene.plan.situation is None else frozenset(),
            joyful=joyful,
            follows=known.matter is not None and goes_on(scene, known.matter),
        )
        near = [(meaning, e) for e in fit if (meaning := relevance.of(e)) is not None]
        worded: list[Worded] = []
        # Something is always said: where nothing is relevant, what fits any line.
        worth = _worth_weighing(near or [(0.0, each) for each in fit])
        for meaning, entry in ((like, unasked(each, scene.said)) for like, each in worth):
            if entry is None:
                continue
            general = entry.situation == "fallback"
            filled = fill(entry.text, own, scene.language, general=general) if entry.slots else None
            if filled is None and entry.slots and (NAMED & set(entry.slots) or entry.kinds):
                continue  # written for what stands in the slot
            worded.append(weigher.weigh(entry, filled or entry.plain, meaning))
        if worded and (said_back := mirrored(scene, small=felt.everyday)):
            worded.append(weigher.weigh(said_back, said_back.text, MIRROR_MEANING))
        if scene.plan.situation in FILLED:
            worded = [each for each in worded if each.text != each.entry.plain] or worded
        # A death, a parting, an illness that was not told of is not spoken of, however apt it is.
        worded = [each for each in worded if "grave" not in each.reasons] or worded
        if scene.plan.situation not in _ALIKE:
            worded = self.judge.weighed(scene, known.topics, worded)
        worded.sort(key=lambda each: (-each.score, each.entry.id))
        return worded

    def _heard(self, scene: Scene, known: Ground) -> tuple[Scene, list[Worded]]:
        """The scene and its replies; as an ordinary one where the turn has none, or where it may
        have been misheard: what an ordinary turn would be answered is apter.
        """
        ranked = self._ranked(scene, known)
        bids = scene.plan.situation == "goodbye" and ends(scene.said)
        sure = bids or missed.named(scene.said)
        asked = scene.plan.situation is not None and plainly.asked(scene.said, scene.history)
        sure = sure or asked == scene.plan.situation
        sure = sure or forms.courtesy(scene.said) == scene.plan.situation
        if ranked and (sure or scene.plan.situation not in _MISHEARD):
            return scene, ranked
        plain = _ordinary(scene)
        ordinary = self._ranked(plain, known)
        if not ranked or (ordinary and ordinary[0].apt > ranked[0].apt):
            return plain, ordinary
        return scene, ranked

    def _both_answered(self, ranked: Sequence[Worded], scene: Scene) -> Candidate | None:
        """Two questions of a customer's line answered in one reply: "who? and how long?"."""
        found: list[Worded] = []
        for part in sentences(scene.said)[:SENTENCES]:
            near = self._cues.likeness(part, scene.language)
            best = max(ranked, key=lambda each: near.get(each.entry.id, 0.0))
            if near.get(best.entry.id, 0.0) >= ANSWERS and best not in found:
                found.append(best)
        if len(found) < 2:
            return None
        one, other = found[:2]
        text = ("" if scene.language == "zh" else " ").join([one.text, other.text])
        if not guard.check(text, scene.plan).ok:
            return None
        return replace(candidate(one), text=text, entry=f"{one.entry.id}+{other.entry.id}")

    def _no_guesses(self, ranked: list[Worded], scene: Scene, known: Ground) -> list[Worded]:
        """Without advice drawn at random: bound to no matter or topic, near to nothing told."""
        if scene.plan.situation not in _ADVISES or scene.persona == "support":
            return ranked
        if scene.history and scene.history[-1].situation == "permission":
            return ranked  # who said yes to an idea is given one
        told = [*(exchange.said for exchange in scene.history[-2:]), scene.said]
        lines = [told, *([part] for part in sentences(scene.said)[:SENTENCES])]
        near = [self._cues.together(each, scene.language) for each in lines]
        asks = (ASKED[scene.language], ASKED_MORE[scene.language])
        bare = [self._cues.together([each], scene.language) for each in asks]

        def guesses(name: str) -> bool:
            nearest = max(each.get(name, 0.0) for each in near)
            on_topic = bool(known.matter and known.topic) and self._about.get(name) == known.topic
            told_of = nearest >= ADVISED or (on_topic and nearest >= ON_TOPIC)
            return not told_of or max(each.get(name, 0.0) for each in bare) >= NEAR

        return [
            each
            for each in ranked
            if each.entry.matter
            or each.entry.situation == "ideas"  # true of any such request, or near to this one
            or not guesses(each.entry.id)
        ]

    def _likeness(self, scene: Scene) -> dict[str, float]:
        """Likeness to what was said; a short line also with that before it, a long one by parts."""
        before = [exchange.said for exchange in scene.history]
        also: list[tuple[float, list[str]]] = []
        if scene.plan.situation == "asked_advice":
            ask = ASKED.get(scene.language, "")
            also = [(ASKED_ALONE, [ask]), (JOINED, [*before[-2:], scene.said, ask])]
        elif before and words.count(scene.said) < FEW_WORDS and scene.persona != "support":
            also = [(JOINED, [before[-1], scene.said])]
        also += [(PART, [part]) for part in parts(scene.said)]
        if scene.persona == "support" or scene.plan.situation in SENTENCE_BY_SENTENCE:
            also += [(1.0, [part]) for part in sentences(scene.said)[:SENTENCES]]
        found = self._cues.likeness(scene.said, scene.language, scene.embedding, also)
        tells = scene.plan.situation in {None, *NEWS} and kinds.kind(scene.said) not in ASIDE
        if scene.language != "zh" or not tells:
            return found
        alone = self._cues.likeness(scene.said, scene.language, scene.embedding)
        return led(found, alone, self._bank.told("zh"))


def _unamused(said: str, scene: Scene) -> str:
    """The line without its laugh, where the talk is dark or more is told than what is funny."""
    plain = kinds.sober(said)
    dark = crossed(lately(scene.history, scene.moment.at))
    return plain if dark or words.count(plain) > LAUGHED else said


def _far(likeness: Mapping[str, float]) -> frozenset[str]:
    """The entries that are not among the `NEAREST`."""
    ordered = sorted(likeness.values(), reverse=True)
    if len(ordered) <= NEAREST:
        return frozenset()
    return frozenset(name for name, like in likeness.items() if like <= ordered[NEAREST])


def _leaving(
    found: Iterable[Candidate | Worded], scene: Scene, greeting: str
) -> list[Candidate | Worded]:
    """The first `CANDIDATES` that break no rule of the guard."""
    told = scene.told
    may = (each for each in found if guard.check(greeting + each.text, told=told).ok)
    return list(islice(may, CANDIDATES))


def _worth_weighing(fitting: Sequence[tuple[float, Entry]]) -> Iterable[tuple[float, Entry]]:
    """Entries that may come first: what fits anything, and the `WEIGHED` nearest of the rest."""
    general = [pair for pair in fitting if pair[1].situation == "fallback"]
    about = [pair for pair in fitting if pair[1].situation != "fallback"]
    return [*general, *heapq.nlargest(WEIGHED, about, key=lambda pair: pair[0])]


def _empty_handed(first: Worded, scene: Scene) -> bool:
    """Whether there is nothing to say of what was told: then it is better asked about."""
    just_asked = [exchange.asked for exchange in scene.history[-2:]] == [True, True]
    ordinary = scene.plan.situation is None and not scene.gentle
    return first.bare and ordinary and not scene.plan.ask and not just_asked


def _ordinary(scene: Scene) -> Scene:
    """A special turn for which no entry can be filled, answered as any other."""
    return replace(scene, plan=replace(scene.plan, situation=None))


def _asking(scene: Scene) -> Scene:
    avoid = tuple(what for what in scene.plan.avoid if what != "question")
    return replace(scene, plan=replace(scene.plan, ask=True, avoid=avoid))


def _modest(scene: Scene) -> Scene:
    """The question for advice as one to which only what is true of any matter is known."""
    return replace(scene, plan=replace(scene.plan, situation="advice_any"))
