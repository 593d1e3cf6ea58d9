"""What is known when a turn begins: the person, their turns before it, the line, the language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from affect.perception import language as languages
from affect.types import Moment
from bot.messages import Incoming, Kind
from bot.recalling import said_before
from bot.settings import Settings
from bot.texts import LANGUAGES
from storage import people, talks, trajectories
from storage.database import Database
from storage.records import Care, Profile, TurnView

REMEMBERED = 20  # turns looked back on, over all talks of the person


@dataclass(frozen=True)
class Known:
    """What is known when a turn begins.

    `here` are the turns of this talk, oldest first; `line` is the person's line so far.
    """

    profile: Profile
    recent: tuple[TurnView, ...]
    here: tuple[TurnView, ...]
    language: str
    line: Moment | None

    @cached_property
    def before(self) -> tuple[str, ...]:
        """What the person said just before, as screening reads it beside a message."""
        return said_before(self.here)

    @property
    def care(self) -> Care:
        """What care remembers; a turn that failed kept nothing of it."""
        noted = (turn.notes.care for turn in reversed(self.recent) if turn.notes.care != Care())
        return next(noted, Care())


async def know(
    database: Database,
    settings: Settings,
    person_id: int,
    talk_id: str,
    messages: Sequence[Incoming],
    text: str,
    upto: int | None = None,
) -> Known:
    """What is known of a person as these messages come; with `upto` as if after so many turns."""
    async with database.read() as connection:
        profile = await people.found(connection, person_id)
        if upto is not None:
            profile = replace(profile, turns=upto)
        upto = profile.turns
        recent = await talks.latest(database, connection, person_id, REMEMBERED, upto=upto)
        line = await trajectories.newest(database, connection, person_id, upto=upto)
    here = tuple(turn for turn in recent if turn.talk_id == talk_id and turn.kind == "talk")
    language = _language(settings, profile, recent, messages, text)
    return Known(profile, recent, here, language, line)


def spoken_to(known: Known, settings: Settings, messages: Sequence[Incoming], text: str) -> Known:
    """What is known, once it was heard which language is spoken."""
    return replace(known, language=_language(settings, known.profile, known.recent, messages, text))


def _language(
    settings: Settings,
    profile: Profile,
    recent: Sequence[TurnView],
    messages: Sequence[Incoming],
    text: str,
) -> str:
    """The language to answer in: chosen, else of the words, else of the talk or the app."""
    if profile.language:
        return profile.language
    if settings.language != "auto":
        return settings.language
    hint = messages[-1].language or ""
    last = recent[-1].notes.language if recent else None
    before = last or ("zh" if hint.startswith("zh") else "en")
    if messages[-1].kind is Kind.COMMAND or not text:
        return before
    heard = languages.detect(text, before)
    return heard if heard in LANGUAGES else "en"
