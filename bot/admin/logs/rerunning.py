"""A companion that takes a kept turn again: with the models of now and what was witnessed then."""

from __future__ import annotations

from affect.errors import BadInput, Unreachable
from affect.types import Modality
from bot import app
from bot.clock import Clock
from bot.companion import Companion, Taken
from bot.perceiving import Perceiver, Witnessed
from bot.senses import Senses
from bot.settings import Settings
from storage.database import Database
from storage.records import TurnView


def companion(database: Database, settings: Settings, clock: Clock, view: TurnView) -> Rerunning:
    """Everything as the bot puts it together; raise as `app.load_models` does."""
    model, writer = app.load_models(settings)
    recalled = Recalled(model, Senses(settings), _gone)
    recalled.view = view
    return Rerunning(database, settings, recalled, writer, clock)


class Rerunning(Companion):
    """Answers a turn, and does nothing that it may have done."""

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
            problems=tuple(one for one in notes.problems if one.part != "text"),
            unasked=frozenset({Modality(notes.asked)}) if notes.asked else frozenset(),
        )


async def _gone(*_: object) -> bytes:
    raise Unreachable("What came along with a message is not kept.")
