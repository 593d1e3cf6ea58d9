"""/voice and /face: whether emotion may be read from how a person sounds and looks."""

from __future__ import annotations

from bot.commands.base import Answer, Ask
from storage import people

SAID = {"on": True, "yes": True, "off": False, "no": False}


async def sense(ask: Ask) -> Answer:
    """Switch a sense on or off, or say how it stands."""
    match ask.words:
        case ():
            return Answer(ask.say(f"{ask.name}_{state(ask, ask.name)}"))
        case (said,) if said in SAID:
            return Answer(await switched(ask, ask.name, granted=SAID[said]))
        case _:
            return Answer(ask.say("sense_unknown", name=ask.name))


async def switched(ask: Ask, kind: str, *, granted: bool) -> str:
    """Keep what a person allows; what is off here stays off, whatever they say."""
    await people.consent(ask.database, ask.profile.id, kind, granted=granted, now=ask.now)
    return ask.say(f"{kind}_{state(ask, kind, granted=granted)}")


def state(ask: Ask, kind: str, *, granted: bool | None = None) -> str:
    """on, off, work (there it is nobody's to allow), or none: it is switched off here."""
    if ask.settings.setting != "personal":
        return "work"
    if not ask.settings.offers(kind):
        return "none"
    agreed = ask.profile.consents.get(kind, False) if granted is None else granted
    return "on" if agreed else "off"
