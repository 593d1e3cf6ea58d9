"""The writer that asks an LLM: several answers at once, cleaned, weighed, and let out or not.

Small models begin well and end badly, and say more easily what they heard than what they would
ask. So each beginning of an answer is weighed beside the whole, and where the plan asks and the
model did not, once more with what the written reply asks.

What is true about the program itself, what follows danger, and what is said in a language that the
model has no words for, is written and never generated.
Where the model is late, fails, or gives nothing that may leave, the scripted writer's words are
there: a person gets an answer either way, and a reason is logged.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from affect.errors import AttuneError
from affect.perception.language import detect
from affect.types import Strategy
from affect.writers import choosing, guard, leaks, prompt, showing, spoken, words
from affect.writers.base import Candidate
from affect.writers.chat import Sampling
from affect.writers.cleaning import clean, goes_round, joined, sentences

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from affect.perception.text import TextReader
    from affect.writers.base import Draft, Exchange, Scene
    from affect.writers.chat import ChatModel, Message, Queued
    from affect.writers.scripted import ScriptedWriter

log = logging.getLogger(__name__)

CANDIDATES = 3
SECONDS = 30.0  # for all candidates together
TOKENS_PER_WORD = 1.7  # English takes about 1.4, Chinese 1.7 for what counts as a word
SPARE_TOKENS = 24  # to come to the end of a sentence
WARMTH = {Strategy.INFORMATION: 0.2, Strategy.SUGGESTION: 0.3}  # facts want fewer flights
USUAL_WARMTH = 0.4
STEP = 0.2  # by which each further candidate is drawn more freely
SHOWN = 0.15  # what the wording that was seen as a draft has ahead
ANSWERING = frozenset(
    {Strategy.REFLECTION_OF_FEELINGS, Strategy.RESTATEMENT, Strategy.AFFIRMATION}
    | {Strategy.COMMON_HUMANITY}
)
"""What a reply must show before it may ask: "Sure." alone answers nobody."""
WRITTEN = frozenset(
    {"are_you_real", "love_me", "how_do_you_know", "what_do_you_keep", "cannot_serve", "about_me"}
    | {"my_feeling", "my_voice", "memory", "understand_me", "after_card", "after_crisis"}
    | {"unclear", "silence", "able"}
)
"""Special turns whose answers are facts about the program, or safety: never generated."""


class LLMWriter:
    """Words replies with `model`; `reader` is the text model that judges them, if there is one."""

    def __init__(
        self,
        model: ChatModel,
        scripted: ScriptedWriter,
        reader: TextReader | None,
        candidates: int = CANDIDATES,
        seconds: float = SECONDS,
    ) -> None:
        self._model = model
        self._scripted = scripted
        self._reader = reader
        self._candidates = candidates
        self._seconds = seconds
        self._languages: dict[str, bool] = {}

    @property
    def name(self) -> str:
        """Whose words they are."""
        return self._model.name

    def situation(
        self,
        said: str,
        embedding: Sequence[float] | None = None,
        history: Sequence[Exchange] = (),
    ) -> str | None:
        """The special turn that the words are; recognised as the scripted writer does."""
        return self._scripted.situation(said, embedding, history)

    async def write(
        self, scene: Scene, draft: Draft | None = None, queued: Queued | None = None
    ) -> list[Candidate]:
        """The generated candidates that may leave, best first, then the scripted ones.

        `draft` is called with what may be shown while the first candidate is being generated: a
        growing text of whole sentences, each of which may leave. `queued` hears the place in the
        line before that.
        """
        written = asyncio.create_task(self._scripted.write(scene))
        try:
            never = scene.plan.situation in WRITTEN or not self._writes(scene.language)
            chosen = [] if never else await self._chosen(scene, written, draft, queued)
        except BaseException:
            written.cancel()
            raise
        return [*chosen, *await written]

    def _writes(self, language: str) -> bool:
        if language not in self._languages:
            self._languages[language] = spoken.writes(self._model.count, language)
        return self._languages[language]

    async def _chosen(
        self,
        scene: Scene,
        written: asyncio.Task[list[Candidate]],
        draft: Draft | None,
        queued: Queued | None,
    ) -> list[Candidate]:
        sampling = _sampling(scene, self._seconds)
        budget = self._model.context - sampling.tokens
        messages = await asyncio.to_thread(prompt.build, scene, self._model.count, budget)
        drafts = _Drafts(scene, draft)
        answers = [
            self._answer(messages, _freer(sampling, number), queued, None if number else drafts)
            for number in range(self._candidates)
        ]
        raw = await self._within_time(answers)
        spare = (await written)[0]
        texts = dict.fromkeys(text for one in raw if (text := clean(one, scene.plan)))
        offered = {one.text: one for text in texts for one in self._offers(text, scene, spare)}
        candidates = [
            replace(one, reasons={"shown": SHOWN}) if drafts.began(one.text) else one
            for one in offered.values()
        ]
        weighed = await asyncio.to_thread(choosing.choose, candidates, scene, self._reader)
        fit = (one for one in weighed if one.score >= choosing.LEAST)
        allowed = [one for one in fit if refusal(one.text, scene) is None]
        if not allowed or len(texts) < len(raw):
            told = {"of": len(raw), "cleaned": len(texts), "allowed": len(allowed)}
            log.info("candidates_refused", extra=told)
        return allowed

    def _offers(self, text: str, scene: Scene, spare: Candidate) -> Iterator[Candidate]:
        """The whole text and each beginning of it; those that answer and ask nothing, with a
        question too.
        """
        parts = sentences(text)
        asked = next((one for one in sentences(spare.text) if words.questions(one)), None)
        for end in range(len(parts), 0, -1):
            begun = joined(parts[:end])
            yield Candidate(begun, self.name)
            answers = not ANSWERING.isdisjoint(showing.shown(begun, scene.said))
            if asked and answers and scene.plan.ask and not words.questions(begun):
                yield Candidate(joined([begun, asked]), self.name, entry=spare.entry)

    async def _answer(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        queued: Queued | None,
        drafts: _Drafts | None,
    ) -> str:
        text = ""
        # Closed at once where the wait ends: an answer that nobody waits for costs as much.
        async with aclosing(self._model.stream(messages, sampling, queued)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                text += piece
                if drafts:
                    await drafts.show(text)
                if goes_round(text):
                    break
        return text

    async def _within_time(self, answers: Sequence[Awaitable[str]]) -> list[str]:
        """The answers that came in time; each that failed is logged."""
        tasks = [asyncio.ensure_future(answer) for answer in answers]
        try:
            await asyncio.wait(tasks, timeout=self._seconds)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for one in ended:
            if isinstance(one, AttuneError | asyncio.CancelledError):
                log.warning("candidate_failed", extra={"error": type(one).__name__})
            elif isinstance(one, BaseException):
                raise one
        return [one for one in ended if isinstance(one, str)]


class _Drafts:
    """What of the first candidate may be seen before it is chosen."""

    def __init__(self, scene: Scene, draft: Draft | None) -> None:
        self._scene = scene
        self._draft = draft
        self._seen = ""
        self._whole = 0  # sentences so far

    async def show(self, raw: str) -> None:
        """Show more of it, if a whole sentence more may leave."""
        if self._draft is None or (whole := len(sentences(raw))) == self._whole:
            return
        self._whole = whole
        text = clean(raw, self._scene.plan)
        more = text and text != self._seen and text.startswith(self._seen)
        if text and more and refusal(text, self._scene) is None:
            self._seen = text
            await self._draft(text)

    def began(self, text: str) -> bool:
        """Whether the beginning of this text was shown."""
        return bool(self._seen) and text.startswith(self._seen)


def refusal(text: str, scene: Scene) -> str | None:
    """Why a generated text may not leave in this scene; None where it may."""
    verdict = guard.check(text, scene.plan)
    if not verdict.ok:
        return verdict.reason
    given_away = leaks.find(text, scene)
    if given_away is None and detect(text, scene.language) != scene.language:
        return "language"
    return given_away


def _sampling(scene: Scene, seconds: float) -> Sampling:
    """How an answer to this plan is drawn."""
    tokens = round(scene.plan.length * TOKENS_PER_WORD) + SPARE_TOKENS
    warmth = WARMTH.get(scene.plan.strategy, USUAL_WARMTH)
    return Sampling(tokens=tokens, temperature=warmth, seconds=seconds)


def _freer(sampling: Sampling, number: int) -> Sampling:
    return replace(sampling, temperature=round(sampling.temperature + STEP * number, 2))
