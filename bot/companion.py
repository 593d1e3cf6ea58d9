"""ONE TURN, first line to last: screen, perceive, follow, plan, write, guard.

Every step is a plain function of values; what comes out is kept by `turns` in one transaction.
Knows no platform: a test runs the whole of it with a made-up message and a fake clock.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from affect import danger, facts, strategy, trajectory
from affect.errors import BadInput
from affect.facts import Fact
from affect.fusion import fuse
from affect.light import in_light
from affect.safety import cards, holding, screening
from affect.safety.places import country_said
from affect.types import Modality, Moment, Plan, Reading
from affect.writers import situations
from affect.writers.base import Exchange, Scene, Writer
from affect.writers.shorthand import simplified
from bot import remembering, reports, speakers, wellbeing
from bot.answering import Answering
from bot.charts import zone_of
from bot.clock import Clock
from bot.commands import COMMANDS
from bot.commands.base import Answer, Ask, answer
from bot.knowing import Known, know, spoken_to
from bot.messages import Attachment, Button, Incoming, Kind
from bot.perceiving import Perceiver, Witnessed, both_ends
from bot.recalling import history, together, words
from bot.remembering import Life
from bot.replying import Replying, wording
from bot.senses import Listening
from bot.settings import Settings
from bot.speakers import SPOKEN
from bot.texts import say
from storage import facts as stored_facts
from storage import talks, trajectories, voices
from storage.database import Database
from storage.records import (
    Care,
    Notes,
    Report,
    UsualVoice,
    Wording,
)

DAY = timedelta(hours=24)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a turn came to. `notices` are worded; `notes` holds their names.

    `voice` is what is usual for the person's voice, where this turn taught more of it.
    """

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
    report: Report | None = None
    facts: tuple[Fact, ...] = ()
    asked_after: str | None = None
    voice: UsualVoice | None = None

    @property
    def writer(self) -> str:
        """Who worded the reply."""
        return self.wording.writer if self.wording else "none"


class Companion:
    """Attune's part in a talk."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        perceiver: Perceiver,
        writer: Writer,
        clock: Clock,
    ) -> None:
        self._database = database
        self._settings = settings
        self._perceiver = perceiver
        self._replying = Replying(writer)
        self._clock = clock

    async def take(
        self,
        person_id: int,
        talk_id: str,
        messages: Sequence[Incoming],
        answering: Answering | None = None,
        *,
        upto: int | None = None,
    ) -> Taken:
        """Answer one turn; with `upto` as if the person had taken so many turns before it.

        `answering` shows what may be seen of the reply meanwhile, and may stop it.
        """
        steps = _Steps()
        last = messages[-1]
        text = words(messages)
        known = await self._know(person_id, talk_id, messages, text, upto)
        steps.done("remember")

        found = screening.screen(text, known.before)
        steps.done("screen")
        if not found.level and (command := _leave_in_words(known, last, text)):
            return await self._command(talk_id, command, known)
        witnessed, voice = Witnessed(), None
        if not found.level and last.kind is not Kind.COMMAND:
            witnessed, voice = await self._witness(known, messages, text)
            if witnessed.words:  # said aloud is screened, answered and kept as if it was typed
                text = together(text, witnessed.words)
                known = spoken_to(known, self._settings, messages, text)
                found = screening.screen(text, known.before)
            steps.done("witness")
        if last.kind is Kind.COMMAND and not found.level:
            return await self._command(talk_id, last, known)
        # Danger told in private is not held up where others read: there each message is by itself.
        alone = last.address.private
        held = holding.hold(
            known.care.marks if alone else (),
            found,
            last.at,
            (*known.before, text),
            new_talk=not known.here,
        )
        care, due = wellbeing.attend(known.care, last.at)
        if alone or found.level:
            care = wellbeing.mark(care, held, last.at)
        notes = Notes(known.language, care, notices=due, heard=witnessed.words)
        notices = wellbeing.worded(due, known.language)
        card = self._card(known, held, text)
        after_card = held.answer is danger.Answer.SAFETY
        if card is not None:
            return _in_danger(card, held.screening, notes, notices)
        if refusal := await self._refusal(known, last.at):
            return Taken(refusal, notes, notices, wording=Wording(refusal, writer="fixed"))

        perceived = await self._perceiver.read(
            text, messages, witnessed, known.language, known.profile.consents
        )
        text = both_ends(text)  # what a writer does with words may take time that grows faster
        steps.done("perceive")
        earlier = history(known.here)
        found_turn = await self._replying.situation(text, perceived.embedding, earlier)
        reading = fuse(situations.weighed(perceived.estimates, text), witnessed.words or None)
        moment = _follow(known.line, reading, last.at)
        steps.done("follow")

        free = alone and not witnessed.unasked and bool(perceived.estimates)
        shift = wellbeing.unasked_shift(moment, care, last.at) if free else None
        lit, plain = _in_light(reading, earlier, text)
        plan = strategy.plan(
            lit,
            moment,
            plain,
            simplified(text),
            known.language,
            situation=situations.under_care(found_turn) if after_card else found_turn,
            gentle=held.gentle,
            persona=self._settings.persona,
            shift=shift,
        )
        life = await self._life(known, last, text, plan, gentle=held.gentle)
        scene = Scene(
            said=text,
            language=known.language,
            reading=lit,
            moment=moment,
            plan=life.plan,
            history=earlier,
            persona=self._settings.persona,
            embedding=perceived.embedding,
            gentle=held.gentle,
            memory=life.lines,
            seed=zlib.crc32(f"{known.profile.uid}:{known.profile.turns}".encode()),
        )
        steps.done("plan")
        candidates = life.asked_first(
            await self._replying.candidates(scene, answering), known.language
        )
        asking = reply = None
        if candidates is not None:  # else it was stopped: read and kept, but nothing is said
            asking = wellbeing.asking(
                witnessed.unasked, known.recent, alone=alone, words=bool(text)
            )
            reply = wording(
                candidates,
                scene,
                perceived,
                text,
                _seen(reading, known.language),
                wellbeing.question(asking, known.language)
                or wellbeing.shift_question(life.plan.question, scene.seed, known.language),
            )
        steps.done("write")
        return Taken(
            text=reply.text if reply else "",
            buttons=wellbeing.choices(asking, known.language),
            notes=replace(
                notes,
                care=wellbeing.shift_asked(notes.care, shift, life.plan, said=reply is not None),
                problems=(*perceived.problems, *self._replying.missing(candidates, scene)),
                asked=asking,
            ),
            notices=notices,
            reading=reading,
            moment=moment if perceived.estimates else None,
            plan=life.plan,
            wording=reply,
            timings=steps.taken(),
            facts=life.told,
            asked_after=life.asked_in(reply),
            voice=voice,
        )

    async def _life(
        self, known: Known, last: Incoming, text: str, plan: Plan, *, gentle: bool
    ) -> Life:
        """What is known of a person's life, in private and after a yes to memory alone."""
        if not (last.address.private and known.profile.consents.get("remember")):
            return Life(plan)
        today = last.at.astimezone(zone_of(known.profile.zone)).date()
        told = facts.found(text, known.language, today)
        kept = await stored_facts.known(self._database, known.profile.id)
        return remembering.recalled(kept, told, plan, today, ask=not gentle)

    def _card(self, known: Known, held: holding.Hold, text: str) -> str | None:
        """The text of danger that is due, with the lines of where they say they are."""
        place = country_said(text)
        told = place or next(filter(None, map(country_said, reversed(known.before))), None)
        country = told or known.profile.country or self._settings.country
        if place and held.asked_where:
            return cards.crisis_card(known.language, country)
        return cards.held_card(held, known.language, country)

    async def _refusal(self, known: Known, at: datetime) -> str | None:
        """What a person is told whom an operator has blocked, or who had their turns of a day."""
        profile = known.profile
        if profile.blocked:
            return say("blocked", known.language)
        if profile.daily is None:
            return None
        taken = await talks.taken_since(self._database, profile.id, at - DAY)
        return say("limited", known.language) if taken >= profile.daily else None

    def apologise(self, messages: Sequence[Incoming]) -> Taken:
        """The answer when a turn failed: nobody stays without one, least of all in danger."""
        hint = messages[-1].language or ""
        language = "zh" if hint.startswith("zh") else "en"
        found = screening.screen(words(messages))
        if found.level:
            card = cards.card(found, language, self._settings.country)
            return _in_danger(card, found, Notes(language), ())
        text = say("failed", language)
        return Taken(text, Notes(language), wording=Wording(text, writer="fixed"))

    async def _witness(
        self, known: Known, messages: Sequence[Incoming], text: str
    ) -> tuple[Witnessed, UsualVoice | None]:
        """Hear and see what came along, as far as the person and the settings allow it.

        Gives also what is usual for the person's voice after it, to be kept.
        """
        before = known.before

        def grave(heard: str) -> bool:
            return bool(screening.screen(together(text, heard), before).level)

        agreed = known.profile.consents
        leave = {
            sense: agreed.get(sense.value)
            for sense in (Modality.VOICE, Modality.FACE)
            if self._settings.offers(sense.value)
        }
        hear = agreed.get("hear", True)
        spoken = any(media.kind in SPOKEN for message in messages for media in message.media)
        tone = hear and spoken and leave.get(Modality.VOICE)
        usual = await voices.usual(self._database, known.profile.id) if tone else None
        how = Listening(speaker=speakers.known(usual), grave=grave)
        found = await self._perceiver.witness(messages, known.language, leave, hear=hear, how=how)
        return found, speakers.learned(found.speaker, usual)

    async def _know(
        self,
        person_id: int,
        talk_id: str,
        messages: Sequence[Incoming],
        text: str,
        upto: int | None,
    ) -> Known:
        return await know(self._database, self._settings, person_id, talk_id, messages, text, upto)

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
        report = given.report
        if report is not None and reports.repeated(report, known.recent):
            report = None
        moment = await self._told(known, report) if report else None
        return Taken(
            text=given.text,
            notes=Notes(given.language or known.language, _introduced(known.care, ask)),
            wording=Wording(given.text, writer="fixed"),
            attachment=given.attachment,
            buttons=given.buttons,
            forget=given.forget,
            moment=moment,
            report=report,
        )

    async def _told(self, known: Known, report: Report) -> Moment | None:
        """The line after a person's own word; None where it leaves the line.

        A word on their newest reading stands in its place, as the next one on it will; one on an
        older reading changes the picture alone: a filter takes nothing back.
        """
        if report.about is None:
            return reports.followed(known.line, report)
        about = reports.newest_reading(known.recent, report)
        if about is None:
            return None
        before = await trajectories.before(self._database, known.profile.id, about)
        return before and reports.followed(before, report, about)


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


def _introduced(care: Care, ask: Ask) -> Care:
    """What care remembers after a command: /start is an introduction of its own."""
    return replace(care, introduced=True, told=ask.at) if ask.name == "start" else care


def _leave_in_words(known: Known, last: Incoming, text: str) -> Incoming | None:
    """A bare yes or no to the question for leave under the last reply, as its button says it."""
    if not known.here or not last.address.private or last.media:
        return None
    command = wellbeing.settled(known.here[-1].notes.asked, text)
    return replace(last, kind=Kind.COMMAND, text=command) if command else None


def _in_danger(
    card: str, found: screening.Screening, notes: Notes, notices: tuple[str, ...]
) -> Taken:
    """Fixed, reviewed text; no writer is asked."""
    topics = tuple(topic.value for topic in found.topics)
    told = replace(notes, risk=found.risk, level=found.level, topics=topics)
    return Taken(card, told, notices, wording=Wording(card, writer="fixed"))


def _follow(before: Moment | None, reading: Reading, at: datetime) -> Moment:
    try:
        return trajectory.follow(before, reading, at)
    except BadInput as wrong:
        if before is None or wrong.kind == "moment_version":
            return trajectory.follow(None, reading, at)
        return before  # out of order by more than the line can take: it goes on from what it was


def _in_light(
    reading: Reading, earlier: Sequence[Exchange], text: str
) -> tuple[Reading, list[Exchange]]:
    """The reading in the light of the talk, and the talk in the simplified characters of rules."""
    plain = [replace(each, said=simplified(each.said)) for each in earlier]
    return in_light(reading, plain, simplified(text)), plain


def _seen(reading: Reading, language: str) -> str:
    """What a face alone tells, said as the guess that it is; empty where none was seen."""
    if not any(estimate.modality is Modality.FACE for estimate in reading.estimates):
        return ""
    return say(f"seen_{reading.emotion.value if reading.emotion else 'unsure'}", language)
