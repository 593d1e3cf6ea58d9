"""x, y, z side by side on worker threads: what came in becomes estimates, or a named problem.

Bytes of voices and faces are fetched here, used here and exist nowhere else. The words of a voice
note are words of the turn; how it sounds, and what a face shows, is read only where the person
agreed to it: a picture without leave is not even fetched.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from affect.errors import AttuneError, BadInput, MediaRejected, ModelUnavailable, Unreachable
from affect.perception import audio
from affect.perception.speaker import Speaker
from affect.perception.text import TextReader, TextReading
from affect.types import Estimate, Modality
from affect.writers.appraisal import Appraiser, within
from bot.messages import Incoming, Media, MediaKind
from bot.senses import Heard, Listening, Senses
from bot.texts import say, sentences
from storage.records import Problem

MOST_CHARACTERS = 4_000  # beyond this a person is told that only both ends were read
APPRAISAL_SECONDS = 2.0  # that a turn waits for what an LLM reads in the words
NO_LEAVE = "no_leave"  # the problem of a picture that was not looked at
AT_A_TIME = 2  # recordings and pictures worked on, over all people: the rest wait their turn

Fetch = Callable[[str, Media, int], Awaitable[bytes]]
"""Platform, medium, most bytes -> its bytes; raises `MediaRejected` or `Unreachable`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Perceived:
    """What was perceived in a turn. `embedding` is the text model's vector of the words."""

    estimates: tuple[Estimate, ...] = ()
    problems: tuple[Problem, ...] = ()
    embedding: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What recordings and pictures gave.

    `words` were heard, with `confidence` in [0, 1]. `unasked` are the modalities that came along
    although the person was never asked about them. `speaker` is what is usual for the person's
    voice now, where its tone was read.
    """

    words: str = ""
    confidence: float = 1.0
    estimates: tuple[Estimate, ...] = ()
    problems: tuple[Problem, ...] = ()
    unasked: frozenset[Modality] = frozenset()
    speaker: Speaker | None = None


class Perceiver:
    """Words, voices and faces of one turn, for everybody."""

    def __init__(
        self,
        model: TextReader,
        senses: Senses,
        fetch: Fetch,
        appraiser: Appraiser | None = None,
    ) -> None:
        self._model = model
        self._appraiser = appraiser
        self._senses = senses
        self._fetch = fetch
        self._free = asyncio.Semaphore(AT_A_TIME)

    async def read(
        self,
        text: str,
        messages: Sequence[Incoming],
        witnessed: Witnessed,
        language: str,
        consents: Mapping[str, bool],
    ) -> Perceived:
        """Read the words of a turn, beside what was heard and seen in it; never raises."""
        problems = list(witnessed.problems)
        if len(text) > MOST_CHARACTERS:
            problems.append(_problem("text", "long", language))
        if not text and not any(message.media for message in messages):
            problems.append(_problem("text", "empty", language))
        told = Perceived(witnessed.estimates, tuple(problems))
        if not text or consents.get("text") is False:
            return told
        appraising = asyncio.create_task(self._appraise(both_ends(text), language))
        try:
            read: TextReading = await asyncio.to_thread(self._model.read, both_ends(text), language)
            appraised = await appraising
        except BadInput:  # marks and blanks, but no words
            return _with(told, _problem("text", "empty", language))
        except Exception as error:  # noqa: BLE001 - a perceiver that fails is a named problem
            log.warning("text_unread", extra={"error": type(error).__name__})
            return _with(told, _problem("text", "text_unread", language))
        finally:
            appraising.cancel()
        words = [read.estimate, *appraised]
        if witnessed.words:
            words = [replace(one, quality=one.quality * witnessed.confidence) for one in words]
        return replace(told, estimates=(*words, *told.estimates), embedding=read.embedding)

    async def _appraise(self, text: str, language: str) -> list[Estimate]:
        """What an LLM reads in the words, where one does and in time; a turn waits no longer."""
        if self._appraiser is None:
            return []
        try:
            found = await within(self._appraiser, text, language, APPRAISAL_SECONDS)
        except AttuneError as error:
            log.warning("appraisal_failed", extra={"error": type(error).__name__})
            return []
        return [found] if found else []

    async def witness(
        self,
        messages: Sequence[Incoming],
        language: str,
        leave: Mapping[Modality, bool | None],
        *,
        hear: bool = True,
        how: Listening | None = None,
    ) -> Witnessed:
        """Hear and see what came along; never raises for what people send.

        `leave` says which modality may be read: None where the person was never asked, absent
        where it is nobody's to give. Without `hear` no recording is even fetched. `how` they are
        listened to may name the speaker and which words leave no time for the tone.
        """
        how = replace(how or Listening(), tone=bool(leave.get(Modality.VOICE)))
        media = [(message.address.platform, one) for message in messages for one in message.media]
        found = await asyncio.gather(
            *(self._one(platform, one, language, leave, hear, how) for platform, one in media)
        )
        known = [one.speaker for one in found if one.speaker]
        return Witnessed(
            words="\n".join(one.words for one in found if one.words),
            confidence=min((one.confidence for one in found if one.words), default=1.0),
            estimates=tuple(estimate for one in found for estimate in one.estimates),
            problems=tuple(dict.fromkeys(problem for one in found for problem in one.problems)),
            unasked=frozenset(modality for one in found for modality in one.unasked),
            speaker=(how.speaker or Speaker()).joined(known) if known else None,
        )

    async def _one(
        self,
        platform: str,
        media: Media,
        language: str,
        leave: Mapping[Modality, bool | None],
        hear: bool,
        how: Listening,
    ) -> Witnessed:
        part = media.kind.value
        if media.kind is MediaKind.OTHER:
            thing = media.name or say("problem_thing", language)
            return _only(
                Problem("media", "not_usable", say("problem_other", language, thing=thing))
            )
        if media.kind is MediaKind.PHOTO and not leave.get(Modality.FACE):
            kind = NO_LEAVE if Modality.FACE in leave else "not_here"
            return Witnessed(
                problems=(_problem(part, kind, language),), unasked=_unasked(media.kind, leave)
            )
        if media.kind is not MediaKind.PHOTO and not hear:
            return _only(_problem(part, "not_heard", language))
        try:
            async with self._free:
                data = await self._fetch(platform, media, audio.MOST_BYTES)
                return await self._taken_in(media.kind, data, language, leave, how)
        except Exception as error:  # noqa: BLE001 - a perceiver that fails is a named problem
            return _only(_problem(part, _wrong(error, part), language))

    async def _taken_in(
        self,
        kind: MediaKind,
        data: bytes,
        language: str,
        leave: Mapping[Modality, bool | None],
        how: Listening,
    ) -> Witnessed:
        face = bool(leave.get(Modality.FACE))
        seen: tuple[Estimate, ...] = ()
        match kind:
            case MediaKind.PHOTO:
                return Witnessed(estimates=(await asyncio.to_thread(self._senses.see, data),))
            case MediaKind.VIDEO:
                heard, seen = await asyncio.to_thread(self._senses.watch, data, how, face=face)
            case _:
                heard = await asyncio.to_thread(self._senses.hear, data, how)
        return _witnessed(heard, seen, kind.value, language, _unasked(kind, leave))


def both_ends(text: str) -> str:
    """The beginning and the end of a long text; a shorter one is whole."""
    half = MOST_CHARACTERS // 2
    return text if len(text) <= MOST_CHARACTERS else text[:half] + text[-half:]


def _unasked(kind: MediaKind, leave: Mapping[Modality, bool | None]) -> frozenset[Modality]:
    """What a medium could tell and nobody has asked its person for."""
    held = {
        MediaKind.VOICE: {Modality.VOICE},
        MediaKind.PHOTO: {Modality.FACE},
        MediaKind.VIDEO: {Modality.VOICE, Modality.FACE},
    }
    return frozenset(one for one in held[kind] if one in leave and leave[one] is None)


def _witnessed(
    heard: Heard,
    seen: tuple[Estimate, ...],
    part: str,
    language: str,
    unasked: frozenset[Modality],
) -> Witnessed:
    problems = []
    if not heard.words:
        kind = "no_words" if heard.listened else "words_off"
        problems.append(_problem(part, kind, language))
    elif not heard.sure:
        problems.append(Problem(part, "unsure", say("heard_unsure", language, words=heard.words)))
    tone = (heard.tone,) if heard.tone else ()
    return Witnessed(
        heard.words, heard.confidence, (*tone, *seen), tuple(problems), unasked, heard.speaker
    )


def _wrong(error: Exception, part: str) -> str:
    """The kind of problem that an error makes; what is not the person's doing is logged."""
    match error:
        case MediaRejected(kind="empty"):
            return "empty_file"
        case MediaRejected():
            return error.kind
        case Unreachable():
            return "unreachable"
    log.warning("media_unread", extra={"part": part, "error": type(error).__name__})
    return "unavailable" if isinstance(error, ModelUnavailable) else "unread"


def _with(told: Perceived, problem: Problem) -> Perceived:
    return replace(told, problems=(*told.problems, problem))


def _only(problem: Problem) -> Witnessed:
    return Witnessed(problems=(problem,))


def _problem(part: str, kind: str, language: str) -> Problem:
    key = f"problem_{kind}" if f"problem_{kind}" in sentences("en") else "problem_unread"
    return Problem(part, kind, say(key, language, limit=audio.MOST_BYTES // 2**20))
