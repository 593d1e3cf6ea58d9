"""Commands whose work is not there yet: each says so in one sentence."""

from __future__ import annotations

from bot.commands.base import Answer, Ask


async def not_yet(ask: Ask) -> Answer:
    """Say that this version cannot do it."""
    return Answer(ask.say(f"not_yet_{ask.name}"))
