"""/crisis: people who help, at any time; /crisis GB keeps the person's country."""

from __future__ import annotations

from affect.safety import cards, helplines
from bot.commands.base import Answer, Ask
from storage import people


async def crisis(ask: Ask) -> Answer:
    """Show the line of the person's country, or the directory and the emergency number."""
    own = ask.profile.country if ask.alone else None
    country = own or ask.settings.country
    if ask.words:
        wanted = ask.words[0].upper()
        if not helplines.is_country(wanted):
            unknown = ask.say("crisis_country_unknown")
            return Answer(f"{unknown}\n\n{cards.crisis_card(ask.language, country)}")
        await people.settle_in(ask.database, ask.profile.id, country=wanted)
        country = wanted
    return Answer(cards.crisis_card(ask.language, country))
