"""/stop: end the answer under way. The ending itself is done where the message comes in."""

from __future__ import annotations

from bot.commands.base import Answer, Ask


async def stop(ask: Ask) -> Answer:
    """Say whether there was an answer to end."""
    problems = ask.recent[-1].notes.problems if ask.recent else ()
    stopped = any(problem.kind == "stopped" for problem in problems)
    return Answer(ask.say("stopped" if stopped else "stop_nothing"))
