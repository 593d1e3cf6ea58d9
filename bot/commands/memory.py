"""/memory: what is kept of a person's life, in their own words; shown, changed, deleted.

/memory                    lists it
/memory show 2             shows where it comes from
/memory edit 2 NEW WORDS   puts it otherwise
/memory delete 2           erases it; /memory delete all erases everything of the kind
"""

from __future__ import annotations

from dataclasses import replace

from bot.charts import zone_of
from bot.commands.base import Answer, Ask
from bot.messages import Button, Incoming
from storage import facts, talks
from storage.records import KnownFact
from storage.values import load

SHOWN = 8  # facts that get a button, the newest
LONGEST = 120  # characters of one


async def memory(ask: Ask) -> Answer:
    """List what is kept, or show, change or delete one of it."""
    known = tuple(reversed(await facts.known(ask.database, ask.profile.id)))
    match ask.words:
        case ():
            return _listed(ask, known)
        case ("delete", "all"):
            await facts.erase(ask.database, ask.profile.id, [one.id for one in known])
            return Answer(ask.say("facts_all_gone"))
        case (("show" | "delete" | "edit") as what, which, *_):
            one = _chosen(known, which)
            if one is None:
                return Answer(ask.say("facts_gone"))
            return await {"show": _shown, "delete": _deleted, "edit": _edited}[what](ask, one)
        case _:
            return Answer(ask.say("facts_unknown"))


def _listed(ask: Ask, known: tuple[KnownFact, ...]) -> Answer:
    if not ask.profile.consents.get("remember"):
        yes = Button(ask.say("consent_yes"), "/consent remember yes")
        return Answer(ask.say("facts_off"), buttons=(yes,))
    if not known:
        return Answer(ask.say("facts_none"))
    lines = [
        ask.say("facts_line", number=number, words=one.fact.words)
        for number, one in enumerate(known, 1)
    ]
    buttons = [
        Button(ask.say("facts_open", words=one.fact.words), f"/memory show {one.id}")
        for one in known[:SHOWN]
    ]
    buttons.append(Button(ask.say("facts_delete_all"), "/memory delete all"))
    return Answer(ask.say("facts", lines="\n".join(lines)), buttons=tuple(buttons))


def _chosen(known: tuple[KnownFact, ...], which: str) -> KnownFact | None:
    """The fact of that number in the list, or of that id."""
    if which.isdecimal() and which.isascii() and len(which) < 4:
        number = int(which)
        return known[number - 1] if 1 <= number <= len(known) else None
    return next((one for one in known if one.id == which.upper()), None)


async def _shown(ask: Ask, one: KnownFact) -> Answer:
    turn = await talks.turn(ask.database, ask.profile.id, one.turn_id)
    said = "\n".join(load(Incoming, body).text for body in turn.said) if turn else ""
    said = said or (turn.notes.heard if turn else "")
    day = turn.at.astimezone(zone_of(ask.profile.zone)).date().isoformat() if turn else ""
    buttons = (Button(ask.say("facts_delete"), f"/memory delete {one.id}"),)
    told = ask.say("facts_shown", words=one.fact.words, date=day, said=said, id=one.id)
    return Answer(told, buttons=buttons)


async def _deleted(ask: Ask, one: KnownFact) -> Answer:
    await facts.erase(ask.database, ask.profile.id, [one.id])
    return Answer(ask.say("facts_deleted", words=one.fact.words))


async def _edited(ask: Ask, one: KnownFact) -> Answer:
    """Keep it in other words; it is asked after no more, since what it was of may have changed."""
    words = " ".join(ask.text.split()[3:])[:LONGEST]
    if not words:
        return Answer(ask.say("facts_unknown"))
    changed = replace(one, fact=replace(one.fact, words=words), asked=True)
    await facts.rewrite(ask.database, ask.profile.id, changed)
    return Answer(ask.say("facts_edited", words=words))
