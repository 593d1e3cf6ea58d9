"""/checkin: how a person says they are, in two taps, and when they want to be asked.

/checkin                       asks how it is
/checkin good                  asks for the energy
/checkin good high             is kept
/checkin at 9:00 20:30 [ZONE]  asks at these times of every day
/checkin times, /checkin stop  shows them, ends them
"""

from __future__ import annotations

import re
from datetime import time
from itertools import takewhile

from bot import checkins
from bot.commands.base import Answer, Ask
from bot.messages import Button
from storage import checkins as stored
from storage import people
from storage.records import Report

CLOCK = re.compile(r"(\d{1,2})(?:[:：.h点](\d{2})?)?(am|pm)?")
OFFERED = (("09:00",), ("20:00",), ("09:00", "20:00"))
ZONES = {
    "en": ("Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Kolkata"),
    "zh": ("Asia/Shanghai", "Asia/Taipei", "Asia/Singapore"),
}


async def checkin(ask: Ask) -> Answer:
    """Ask how it is, keep what is said, or set when to ask."""
    match ask.words:
        case ("times",):
            return await _times(ask)
        case ("stop",):
            stopped = await stored.stop(ask.database, ask.profile.id)
            return Answer(ask.say("checkin_stopped" if stopped else "checkin_none"))
        case ("at", *_):
            return await _plan(ask)
        case said:
            return _told(ask, said)


def _told(ask: Ask, said: tuple[str, ...]) -> Answer:
    """The question, the second tap, or what is kept after it."""
    match said:
        case ():
            text, buttons = checkins.question(ask.language)
            own = Button(ask.say("checkin_own_times"), "/checkin times")
            return Answer(text, buttons=(*buttons, own))
        case (valence,):
            return _energy(ask, valence)
        case (valence, energy):
            return _kept(ask, valence, energy)
        case _:
            return Answer(ask.say("checkin_unknown"))


def _energy(ask: Ask, said: str) -> Answer:
    """The second tap."""
    valence = _choice(ask, "valence", said)
    if valence is None:
        return Answer(ask.say("checkin_unknown"))
    return Answer(
        ask.say("checkin_ask_energy"),
        buttons=tuple(
            Button(ask.say(f"checkin_energy_{name}"), f"/checkin {valence} {name}")
            for name in checkins.ENERGIES
        ),
    )


def _kept(ask: Ask, said: str, tired: str) -> Answer:
    valence, energy = _choice(ask, "valence", said), _choice(ask, "energy", tired)
    if valence is None or energy is None:
        return Answer(ask.say("checkin_unknown"))
    report = Report(ask.at, checkins.VALENCES[valence], checkins.ENERGIES[energy])
    told = ask.say(
        "checkin_kept_heavy" if valence == "awful" else "checkin_kept",
        valence=ask.say(f"checkin_valence_{valence}").lower(),
        energy=ask.say(f"checkin_energy_{energy}").lower(),
    )
    return Answer(told, report=report)


async def _times(ask: Ask) -> Answer:
    """When they are asked, with buttons for other times."""
    planned = await stored.planned(ask.database, ask.profile.id)
    offered = tuple(
        Button(ask.say("checkin_and").join(times), f"/checkin at {' '.join(times)}")
        for times in OFFERED
    )
    if not planned:
        return Answer(ask.say("checkin_times_none"), buttons=offered)
    times = ask.say("checkin_and").join(at for at, _ in planned)
    stop = Button(ask.say("checkin_stop"), "/checkin stop")
    told = ask.say("checkin_times", times=times, zone=planned[0][1])
    return Answer(told, buttons=(*offered, stop))


async def _plan(ask: Ask) -> Answer:
    """Keep the times; the zone is asked once, and a zone that there is not is said so."""
    if not ask.address.private or ask.address.platform == "terminal":
        return Answer(ask.say("checkin_not_here"))
    words = ask.text.split()[2:]
    said = list(takewhile(lambda word: word[:1].isdigit(), words))
    times = sorted({at.strftime("%H:%M") for word in said if (at := _clock(word))})
    if not times or len(times) > checkins.MOST or len(times) < len(set(said)):
        return Answer(ask.say("checkin_bad_times"))
    if any(checkins.quiet(time.fromisoformat(at)) for at in times):
        return Answer(ask.say("checkin_quiet"))
    named = " ".join(words[len(said) :])
    zone = checkins.zone_named(named) if named else ask.profile.zone
    if zone is None:
        return Answer(
            ask.say("checkin_zone_unknown" if named else "checkin_zone", times=" ".join(times)),
            buttons=tuple(
                Button(name.rpartition("/")[2].replace("_", " "), f"{_at(times)} {name}")
                for name in ZONES[ask.language]
            ),
        )
    await people.settle_in(ask.database, ask.profile.id, zone=zone)
    runs = {at: checkins.next_time(at, zone, ask.now) for at in times}
    await stored.plan(ask.database, ask.profile.id, ask.talk_id, zone, runs)
    told = ask.say("checkin_planned", times=ask.say("checkin_and").join(times), zone=zone)
    return Answer(told, buttons=(Button(ask.say("checkin_stop"), "/checkin stop"),))


def _at(times: list[str]) -> str:
    return f"/checkin at {' '.join(times)}"


def _clock(word: str) -> time | None:
    """A time of the day: 9, 9:00, 9am, 20:30, 8点; None for what is none."""
    found = CLOCK.fullmatch(word.lower())
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _choice(ask: Ask, kind: str, said: str) -> str | None:
    names = list(checkins.VALENCES if kind == "valence" else checkins.ENERGIES)
    return checkins.numbered(names, said, [ask.say(f"checkin_{kind}_{name}") for name in names])
