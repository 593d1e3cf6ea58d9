"""/start, /help and /new: what this is, what can be asked, a fresh page."""

from __future__ import annotations

from bot.commands.base import Answer, Ask
from bot.messages import Button
from storage import talks


async def start(ask: Ask) -> Answer:
    """Say what this is and what it keeps, and ask to remember."""
    if not ask.alone:  # what somebody agreed to is nobody else's business
        return Answer(ask.say("start"))
    remembered = ask.profile.consents.get("remember")
    if remembered is not None:
        memory = ask.say("memory_on" if remembered else "memory_off")
        return Answer(ask.say("start_again", memory=memory))
    return Answer(
        ask.say("start"),
        buttons=(
            Button(ask.say("consent_yes"), "/consent remember yes"),
            Button(ask.say("consent_no"), "/consent remember no"),
        ),
    )


async def show_help(ask: Ask) -> Answer:
    """List what can be asked for."""
    from bot.commands import COMMANDS  # the list holds this very function

    lines = [
        ask.say(
            "help_line",
            name=command.name,
            argument=f" [{ask.say(f'argument_{command.argument}')}]" if command.argument else "",
            description=ask.say(f"command_{command.name}"),
        )
        for command in COMMANDS
    ]
    if ask.address.platform == "terminal":  # what only a terminal needs a line for
        lines.append(ask.say("help_terminal"))
    return Answer(ask.say("help", commands="\n".join(lines)))


async def new(ask: Ask) -> Answer:
    """Close this talk; the next message opens another."""
    await talks.close(ask.database, ask.profile.id, ask.talk_id, ask.now)
    return Answer(ask.say("new"))
