"""The words of a reply: asked of the writer, replaced where it fails, let out by the guard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import cache, partial

from affect.errors import NotFound
from affect.writers import bank, guard, words
from affect.writers.base import Candidate, Exchange, Scene, Writer
from affect.writers.llm import WRITTEN
from affect.writers.scripted import ScriptedWriter
from bot.answering import Answering, Stopped
from bot.logs import where
from bot.perceiving import NO_LEAVE, Perceived
from bot.texts import say
from storage.records import Considered, Problem, Wording

CONSIDERED = 4  # candidates beside the chosen one that are kept, for those who ask why

log = logging.getLogger(__name__)


class Replying:
    """The writer of this house; whatever it does, there is an answer."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def situation(
        self, text: str, embedding: Sequence[float] | None, history: Sequence[Exchange]
    ) -> str | None:
        """The special turn that the words are; None for an ordinary one."""
        try:
            return await asyncio.to_thread(self._writer.situation, text, embedding, history)
        except Exception as error:  # noqa: BLE001 - nobody stays without an answer
            _failed(error)
            spare = await asyncio.to_thread(_spare_writer)
            return await asyncio.to_thread(spare.situation, text, None, history)

    async def candidates(
        self, scene: Scene, answering: Answering | None
    ) -> Sequence[Candidate] | None:
        """What might be said, best first; None where the person stopped the answer."""
        try:
            if answering is None or not scene.said:  # nothing said: its words are not used
                return await self._writer.write(scene)
            queued = partial(answering.queued, scene.language)
            writing = self._writer.write(scene, answering.draft, queued)
            return await answering.unless_stopped(writing)
        except Stopped:
            return None
        except Exception as error:  # noqa: BLE001 - nobody stays without an answer
            _failed(error)
            return await (await asyncio.to_thread(_spare_writer)).write(scene)

    def missing(self, candidates: Sequence[Candidate] | None, scene: Scene) -> tuple[Problem, ...]:
        """What is kept, never told: no answer was wanted, or an LLM found no words for it."""
        if candidates is None:
            return (Problem("reply", "stopped", say("stopped", scene.language)),)
        own = {candidate.writer for candidate in candidates}
        if self._writer.name in own or scene.plan.situation in WRITTEN:
            return ()
        return (Problem("writer", "stood_in", say("problem_stood_in", scene.language)),)


def wording(
    candidates: Sequence[Candidate],
    scene: Scene,
    perceived: Perceived,
    text: str,
    seen: str,
    question: str,
) -> Wording:
    """The best words that may leave, what could not be used said first, what is asked of them last.

    Where nothing came but files without words, what was `seen` in a face is the answer.
    """
    chosen = _allowed(candidates, scene)
    # A question for leave says already that nobody looked.
    hidden = NO_LEAVE if question else None
    told = [problem.message for problem in perceived.problems if problem.kind != hidden]
    lines = [*told, chosen.text if text else seen, question]
    whole = "\n".join(line for line in lines if line)
    considered = _considered(candidates, chosen)
    if not text:
        return Wording(whole, writer="fixed", considered=considered)
    return Wording(
        text=whole,
        writer=chosen.writer,
        strategy=chosen.strategy,
        entry=chosen.entry,
        reasons=chosen.reasons,
        asked=bool(scene.plan.question) or words.questions(chosen.text) > 0,
        considered=considered,
    )


def _allowed(candidates: Sequence[Candidate], scene: Scene) -> Candidate:
    """The best candidate that may leave, and if none fits the plan, the best that is harmless."""
    told = scene.told
    for wanted in (scene.plan, None):
        for candidate in candidates:
            if guard.check(candidate.text, wanted, told).ok:
                return candidate
    raise NotFound("No candidate may leave.")


def _considered(candidates: Sequence[Candidate], chosen: Candidate) -> tuple[Considered, ...]:
    """What stood beside the chosen reply, best first, without its words."""
    others = [one for one in candidates if one is not chosen][:CONSIDERED]
    return tuple(Considered(one.writer, one.entry, one.reasons) for one in others)


@cache
def _spare_writer() -> ScriptedWriter:
    """What answers where a writer fails: the bank, searched by words alone."""
    return ScriptedWriter(bank.load())


def _failed(error: Exception) -> None:
    log.warning("writer_failed", extra={"error": type(error).__name__, "where": where(error)})
