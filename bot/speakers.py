"""What is usual for a person's voice, between the store and the voice model.

Kept where the person agreed that its tone is read; it makes the next reading sharper.
"""

from __future__ import annotations

import json

from affect.perception.speaker import Speaker
from bot.messages import MediaKind
from storage.records import UsualVoice

SPOKEN = frozenset({MediaKind.VOICE, MediaKind.VIDEO})


def known(usual: UsualVoice | None) -> Speaker | None:
    """The speaker that was kept; None where there is none, or it is of another voice model."""
    try:
        return Speaker.from_json(json.loads(usual.body)) if usual else None
    except ValueError:
        return None


def learned(speaker: Speaker | None, before: UsualVoice | None) -> UsualVoice | None:
    """What to keep after a turn; None where it taught nothing of the voice."""
    if speaker is None:
        return None
    body = json.dumps(speaker.to_json()).encode()
    return UsualVoice(body, before.since if before else None)
