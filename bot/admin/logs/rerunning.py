"""A companion that takes a kept turn again: with the models of now and what was witnessed then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from affect.errors import BadInput, Unreachable
from affect.types import Modality
from affect.writers.base import Writer
from affect.writers.llm import LLMWriter
from bot import app
from bot.clock import Clock
from bot.companion import Companion, Taken
from bot.knowing import Known
from bot.llm import open_llm
from bot.perceiving import Perceiver, Witnessed
from bot.senses import Senses
from bot.settings import Settings
from storage import trajectories
from storage.database import Database
from storage.records import TurnView


@asynccontextmanager
async def companion(
    database: Database, settings: Settings, clock: Clock, view: TurnView
) -> AsyncIterator[Companion]:
    """Everything as the bot puts it together; raise as `app.build` does."""
    reader, scripted = await asyncio.to_thread(app.load_models, settings)
    llm = await open_llm(settings)
    writer: Writer = LLMWriter(llm.model, scripted, reader) if llm.model else scripted
    recalled = Recalled(reader, Senses(settings), _gone)
    recalled.view = view
    try:
        yield Rerunning(database, settings, recalled, writer, clock)
    finally:
        if llm.model is not None:
            await llm.model.aclose()


OWN = frozenset({"text", "writer"})  # problems that come out anew


class Rerunning(Companion):
    """Answers a turn, and does nothing that it may have done."""

    async def _know(self, person_id: int, *told: Any) -> Known:
        """What was known then; of the line also what is kept of the newest turn alone."""
        known = await super()._know(person_id, *told)
        if known.line is None or known.line.memory:
            return known
        line = await trajectories.rebuild(self._database, person_id, upto=known.profile.turns)
        # Otherwise some of its readings are erased, or somebody else has joined this person.
        whole = line is not None and line.count == known.line.count
        return replace(known, line=line) if whole else known

    async def _command(self, *_: object) -> Taken:
        raise BadInput("command", "An answer to a question for leave is not run again.")


class Recalled(Perceiver):
    """Reads the words anew; what was heard and seen is what was kept of it."""

    view: TurnView

    async def witness(self, *_: object, **_how: object) -> Witnessed:
        """What was witnessed in the turn when it was taken."""
        notes, reading = self.view.notes, self.view.reading
        estimates = reading.estimates if reading else ()
        heard = notes.heard or (reading.transcript if reading else None) or ""
        words = [one for one in estimates if one.modality is Modality.TEXT]
        return Witnessed(
            words=heard,
            confidence=words[0].quality if heard and words else 1.0,
            estimates=tuple(one for one in estimates if one.modality is not Modality.TEXT),
            problems=tuple(one for one in notes.problems if one.part not in OWN),
            unasked=frozenset({Modality(notes.asked)}) if notes.asked else frozenset(),
        )


async def _gone(*_: object) -> bytes:
    raise Unreachable("What came along with a message is not kept.")
