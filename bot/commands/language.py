"""/language: which language is answered in."""

from __future__ import annotations

from bot.commands.base import Answer, Ask
from bot.texts import LANGUAGES, say
from storage import people


async def language(ask: Ask) -> Answer:
    """Show the language, or choose it: /language en, /language zh, /language auto."""
    match ask.words:
        case ():
            chosen = ask.profile.language or "auto"
            return Answer(ask.say("language_now", spoken=ask.say(f"language_name_{chosen}")))
        case (wanted,) if wanted in LANGUAGES:
            await people.settle_in(ask.database, ask.profile.id, language=wanted)
            name = say(f"language_name_{wanted}", wanted)
            return Answer(say("language_set", wanted, spoken=name), language=wanted)
        case ("auto",):
            await people.settle_in(ask.database, ask.profile.id, language="")
            return Answer(ask.say("language_auto_set"))
        case _:
            return Answer(ask.say("language_unknown"))
