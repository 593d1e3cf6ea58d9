"""ONE TURN, first line to last: screen, perceive, follow, plan, write, guard.

Every step is a plain function of values; what comes out is kept by `turns` in one transaction.
Knows no platform: a test runs the whole of it with a made-up message and a fake clock.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from affect.perception.text import TextModel

from affect import strategy, trajectory
from affect.errors import BadInput, NotFound
from affect.fusion import fuse
from affect.perception import language as languages
from affect.safety import cards, screening
from affect.types import Moment, Plan, Reading, Risk
from affect.writers import guard
from affect.writers.base import Candidate, Exchange, Scene
from affect.writers.scripted import ScriptedWriter
from bot import wellbeing
from bot.clock import Clock
from bot.commands import COMMANDS
from bot.commands.base import Answer, Ask, answer
from bot.messages import Attachment, Button, Incoming, Kind
from bot.perceiving import perceive
from bot.settings import Settings
from bot.texts import LANGUAGES, say
from storage import people, talks, trajectories
from storage.database import Database
from storage.records import Notes, Profile, TurnView, Wording
from storage.values import load

REMEMBERED = 40  # turns looked back on, over all talks of the person
GENTLE = timedelta(hours=24)  # after a sign of danger


@dataclass(frozen=True, slots=True)
class Taken:
    """What a turn came to. `notices` are worded; `notes` holds their names."""

    text: str
    notes: Notes
    notices: tuple[str, ...] = ()
    reading: Reading | None = None
    moment: Moment | None = None
    plan: Plan | None = None
    wording: Wording | None = None
    attachment: Attachment | None = None
    buttons: tuple[Button, ...] = ()
    forget: bool = False
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def writer(self) -> str:
        """Who worded the reply."""
        return self.wording.writer if self.wording else "none"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when a turn begins. `here` are the turns of this talk, oldest first."""

    profile: Profile
    recent: tuple[TurnView, ...]
    here: tuple[TurnView, ...]
    language: str


class Companion:
    """Attune's part in a talk."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        model: TextModel,
        writer: ScriptedWriter,
        clock: Clock,
    ) -> None:
        self._database = database
        self._settings = settings
        self._model = model
        self._writer = writer
        self._clock = clock

    async def take(self, person_id: int, talk_id: str, messages: Sequence[Incoming]) -> Taken:
        """Answer one turn."""
        steps = _Steps()
        text = "\n".join(message.text for message in messages if message.text).strip()
        known = await self._know(person_id, talk_id, messages, text)
        steps.done("remember")
        if messages[-1].kind is Kind.COMMAND:
            return await self._command(talk_id, messages[-1], known)

        found = screening.screen(text, _said_before(known.here))
        steps.done("screen")
        if found.risk is not Risk.NONE:
            return self._care(found, known, messages)

        perceived = await perceive(
            text, messages, self._model, known.language, known.profile.consents
        )
        reading = fuse(perceived.estimates)
        steps.done("perceive")
        moment = _follow(await trajectories.latest(self._database, person_id), reading, messages)
        steps.done("follow")

        history = tuple(exchange for turn in known.here if (exchange := _exchange(turn)))
        gentle = self._gentle(known, messages)
        situation = self._writer.situation(text, perceived.embedding, history)
        plan = strategy.plan(
            reading,
            moment,
            history,
            text,
            known.language,
            situation=situation,
            gentle=gentle,
            persona=self._settings.persona,
        )
        scene = Scene(
            said=text,
            language=known.language,
            reading=reading,
            moment=moment,
            plan=plan,
            history=history,
            persona=self._settings.persona,
            embedding=perceived.embedding,
            gentle=gentle,
            seed=zlib.crc32(f"{known.profile.uid}:{known.profile.turns}".encode()),
        )
        steps.done("plan")
        chosen = _allowed(await self._writer.write(scene), plan)
        wording = _wording(chosen, known.language)
        steps.done("write")

        told = wellbeing.notices(known.recent, messages[-1].at)
        problems = perceived.problems
        # Where nothing but an unusable file came, the problem itself is the answer.
        said = wording.text if text else "\n".join(problem.message for problem in problems)
        if not text:
            wording = replace(wording, text=said, writer="fixed", strategy=None, entry=None)
        elif problems:
            said = "\n".join((*(problem.message for problem in problems), said))
        return Taken(
            text=said,
            notes=Notes(known.language, problems=problems, notices=told),
            notices=wellbeing.worded(told, known.language),
            reading=reading,
            moment=moment if perceived.estimates else None,
            plan=plan,
            wording=wording,
            timings=steps.taken(),
        )

    async def apologise(self, messages: Sequence[Incoming]) -> Taken:
        """The answer when a turn failed: nobody stays without one."""
        hint = messages[-1].language or "en"
        language = "zh" if hint.startswith("zh") else "en"
        text = say("failed", language)
        return Taken(text, Notes(language), wording=Wording(text, writer="fixed"))

    async def _know(
        self, person_id: int, talk_id: str, messages: Sequence[Incoming], text: str
    ) -> Known:
        profile = await people.profile(self._database, person_id)
        recent = await talks.recent(self._database, person_id, REMEMBERED)
        here = tuple(turn for turn in recent if turn.talk_id == talk_id and turn.kind == "talk")
        last = recent[-1].notes.language if recent else None
        return Known(profile, recent, here, self._language(profile, messages, text, last))

    def _language(
        self, profile: Profile, messages: Sequence[Incoming], text: str, last: str | None
    ) -> str:
        """The language to answer in: chosen, else of the words, else of the talk or the app."""
        if profile.language:
            return profile.language
        if self._settings.language != "auto":
            return self._settings.language
        hint = messages[-1].language or ""
        before = last or ("zh" if hint.startswith("zh") else "en")
        if messages[-1].kind is Kind.COMMAND or not text:
            return before
        heard = languages.detect(text, before)
        return heard if heard in LANGUAGES else "en"

    async def _command(self, talk_id: str, message: Incoming, known: Known) -> Taken:
        ask = Ask(
            profile=known.profile,
            talk_id=talk_id,
            address=message.address,
            text=message.text,
            language=known.language,
            recent=known.recent,
            at=message.at,
            now=self._clock.now(),
            database=self._database,
            settings=self._settings,
        )
        given: Answer = await answer(COMMANDS, ask)
        return Taken(
            text=given.text,
            notes=Notes(given.language or known.language),
            wording=Wording(given.text, writer="fixed"),
            attachment=given.attachment,
            buttons=given.buttons,
            forget=given.forget,
        )

    def _care(
        self, found: screening.Screening, known: Known, messages: Sequence[Incoming]
    ) -> Taken:
        """Fixed, reviewed text in danger; no writer is asked."""
        country = known.profile.country or self._settings.country
        before = tuple(turn.notes.level for turn in known.here)
        text = cards.card(found, known.language, country, before)
        told = wellbeing.notices(known.recent, messages[-1].at)
        return Taken(
            text=text,
            notes=Notes(
                known.language,
                risk=found.risk,
                level=found.level,
                topics=tuple(found.topics),
                notices=told,
            ),
            notices=wellbeing.worded(told, known.language),
            wording=Wording(text, writer="fixed"),
        )

    def _gentle(self, known: Known, messages: Sequence[Incoming]) -> bool:
        now = messages[-1].at
        return any(
            turn.notes.level > 0 and (turn in known.here or now - turn.at <= GENTLE)
            for turn in known.recent
        )


class _Steps:
    """How long each step took, in milliseconds."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._taken: dict[str, float] = {}

    def done(self, step: str) -> None:
        now = time.perf_counter()
        self._taken[step] = round(1000 * (now - self._last), 2)
        self._last = now

    def taken(self) -> Mapping[str, float]:
        return dict(self._taken)


def words_of(turn: TurnView) -> str:
    """What the person wrote in a turn."""
    return "\n".join(load(Incoming, body).text for body in turn.said).strip()


def _said_before(here: Sequence[TurnView]) -> tuple[str, ...]:
    return tuple(words_of(turn) for turn in here[-3:])


def _exchange(turn: TurnView) -> Exchange | None:
    """A kept turn as a writer remembers it; None where its words are gone."""
    if turn.wording is None or not turn.said:
        return None
    return Exchange(
        said=words_of(turn),
        reply=turn.wording.text,
        strategy=turn.plan.strategy if turn.plan else None,
        entry=turn.wording.entry,
        asked=turn.wording.asked,
        situation=turn.plan.situation if turn.plan else None,
    )


def _follow(before: Moment | None, reading: Reading, messages: Sequence[Incoming]) -> Moment:
    at = messages[-1].at
    try:
        return trajectory.follow(before, reading, at)
    except BadInput:  # out of order, or kept in another form: the line goes on from what it was
        return before or trajectory.begin(at)


def _allowed(candidates: Sequence[Candidate], plan: Plan) -> Candidate:
    """The best candidate that may leave, and if none fits the plan, the best that is harmless."""
    for wanted in (plan, None):
        for candidate in candidates:
            if guard.check(candidate.text, wanted).ok:
                return candidate
    raise NotFound("No candidate may leave.")


def _wording(chosen: Candidate, language: str) -> Wording:
    asks = chosen.text.rstrip().endswith("？" if language == "zh" else "?")
    return Wording(
        text=chosen.text,
        writer=chosen.writer,
        strategy=chosen.strategy,
        entry=chosen.entry,
        reasons=chosen.reasons,
        asked=asks,
    )
