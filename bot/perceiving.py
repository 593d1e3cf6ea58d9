"""x, y, z side by side on worker threads: what came in becomes estimates, or a named problem.

Bytes of voices and faces are fetched here, used here and exist nowhere else. A modality that was
not consented to, or that no model serves yet, is not even fetched.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from affect.errors import BadInput
from affect.perception.text import TextModel, TextReading
from affect.types import Estimate
from bot.messages import Incoming, Media, MediaKind
from bot.texts import say
from storage.records import Problem

MOST_CHARACTERS = 4_000  # beyond this a person is told that only both ends were read

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Perceived:
    """What was perceived in a turn. `embedding` is the text model's vector of the words."""

    estimates: tuple[Estimate, ...] = ()
    problems: tuple[Problem, ...] = ()
    embedding: tuple[float, ...] | None = None


def both_ends(text: str) -> str:
    """The beginning and the end of a long text; a shorter one is whole."""
    half = MOST_CHARACTERS // 2
    return text if len(text) <= MOST_CHARACTERS else text[:half] + text[-half:]


async def perceive(
    text: str,
    messages: Sequence[Incoming],
    model: TextModel,
    language: str,
    consents: Mapping[str, bool],
) -> Perceived:
    """Perceive what one turn holds; never raises for what people send."""
    media = [item for message in messages for item in message.media]
    problems = list(dict.fromkeys(_media_problem(item, language) for item in media))
    if len(text) > MOST_CHARACTERS:
        problems.append(_problem("text", "long", language))
    if not text and not media:
        problems.append(_problem("text", "empty", language))
    if not text or consents.get("text") is False:
        return Perceived(problems=tuple(problems))
    try:
        read: TextReading = await asyncio.to_thread(model.read, both_ends(text), language)
    except BadInput:
        problems.append(_problem("text", "empty", language))  # marks and blanks, but no words
        return Perceived(problems=tuple(problems))
    except Exception as error:  # noqa: BLE001 - a perceiver that fails is a named problem
        log.warning("text_unread", extra={"error": type(error).__name__})
        problems.append(_problem("text", "text_unread", language))
        return Perceived(problems=tuple(problems))
    return Perceived((read.estimate,), tuple(problems), read.embedding)


def _media_problem(media: Media, language: str) -> Problem:
    match media.kind:
        case MediaKind.VOICE | MediaKind.PHOTO | MediaKind.VIDEO:
            part = media.kind.value
            return Problem(part, "not_yet", say(f"problem_{part}_not_yet", language))
        case MediaKind.OTHER:
            thing = media.name or say("problem_thing", language)
            return Problem("media", "not_usable", say("problem_other", language, thing=thing))


def _problem(part: str, kind: str, language: str) -> Problem:
    return Problem(part, kind, say(f"problem_{kind}", language))
