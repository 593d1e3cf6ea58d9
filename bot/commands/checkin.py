"""/checkin: how a person says they are, in two taps, and when they want to be asked.

/checkin                       asks how it is
/checkin good                  asks for the energy
/checkin good high             is kept
/checkin 9:00 20:30 [PLACE]    asks at these times of every day
/checkin times, /checkin stop  shows them, ends them
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import checkins
from bot.commands import times
from bot.commands.base import Answer, Ask
from bot.commands.numbers import plain
from bot.messages import Button
from bot.texts import LANGUAGES, say
from storage import checkins as stored
from storage import people
from storage.records import Report

TIMES = ("times", "time", "when", "时间", "钟点", "几点")
STOP = ("stop", "off", "end", "停", "停止", "停下", "取消", "别问了", "别再问了", "不用问了")
OFFERED = (("09:00",), ("20:00",), ("09:00", "20:00"))
ZONES = {
    "en": ("Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Kolkata"),
    "zh": ("Asia/Shanghai", "Asia/Taipei", "Asia/Singapore"),
}


async def checkin(ask: Ask) -> Answer:
    """Ask how it is, keep what is said, or set when to ask."""
    wanted = plain(ask.rest)
    if not wanted:
        text, buttons = checkins.question(ask.language)
        own = Button(ask.say("checkin_own_times"), "/checkin times")
        return Answer(text, buttons=(*buttons, own))
    if wanted in TIMES:
        return await _times(ask)
    if wanted in STOP:
        stopped = await stored.stop(ask.database, ask.profile.id)
        return Answer(ask.say("checkin_stopped" if stopped else "checkin_none"))
    said = times.said(wanted)
    if said is not None and not said.bare:
        return await _plan(ask, said)
    if times.led(wanted):
        return Answer(ask.say("checkin_bad_times"))
    return _told(ask, wanted)


def _told(ask: Ask, said: str) -> Answer:
    """The second tap, or what is kept after it."""
    valence, rest = _choice("valence", said)
    energy, more = _choice("energy", rest)
    if valence and not rest:
        return _energy(ask, valence)
    if valence and energy and not more:
        return _kept(ask, valence, energy)
    return Answer(ask.say("checkin_unknown"))


def _energy(ask: Ask, valence: str) -> Answer:
    """The second tap."""
    return Answer(
        ask.say("checkin_ask_energy"),
        buttons=tuple(
            Button(ask.say(f"checkin_energy_{name}"), f"/checkin {valence} {name}")
            for name in checkins.ENERGIES
        ),
    )


def _kept(ask: Ask, valence: str, energy: str) -> Answer:
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
    offered = tuple(Button(ask.say("checkin_and").join(clocks), _at(clocks)) for clocks in OFFERED)
    if not planned:
        return Answer(ask.say("checkin_times_none"), buttons=offered)
    clocks = ask.say("checkin_and").join(at for at, _ in planned)
    stop = Button(ask.say("checkin_stop"), "/checkin stop")
    told = ask.say("checkin_times", times=clocks, zone=planned[0][1])
    return Answer(told, buttons=(*offered, stop))


async def _plan(ask: Ask, said: times.Said) -> Answer:
    """Keep the times; the zone is asked once, and a zone that there is not is said so."""
    if not ask.address.private or ask.address.platform == "terminal":
        return Answer(ask.say("checkin_not_here"))
    if len(said.times) > checkins.MOST:
        return Answer(ask.say("checkin_bad_times"))
    if any(checkins.quiet(at) for at in said.times):
        return Answer(ask.say("checkin_quiet"))
    clocks = [f"{at:%H:%M}" for at in sorted(said.times)]
    zone = checkins.zone_named(said.place) if said.place else ask.profile.zone
    if zone is None:
        key = "checkin_zone_unknown" if said.place else "checkin_zone"
        return Answer(
            ask.say(key, times=" ".join(clocks)),
            buttons=tuple(
                Button(name.rpartition("/")[2].replace("_", " "), f"{_at(clocks)} {name}")
                for name in ZONES[ask.language]
            ),
        )
    await people.settle_in(ask.database, ask.profile.id, zone=zone)
    runs = {at: checkins.next_time(at, zone, ask.now) for at in clocks}
    await stored.plan(ask.database, ask.profile.id, ask.talk_id, zone, runs)
    told = ask.say("checkin_planned", times=ask.say("checkin_and").join(clocks), zone=zone)
    return Answer(told, buttons=(Button(ask.say("checkin_stop"), "/checkin stop"),))


def _at(clocks: Sequence[str]) -> str:
    return f"/checkin at {' '.join(clocks)}"


def _choice(kind: str, said: str) -> tuple[str | None, str]:
    """The choice that stands first, by its name, its number from 1 or its label, and the rest."""
    names = checkins.VALENCES if kind == "valence" else checkins.ENERGIES
    for number, name in enumerate(names, start=1):
        labels = {plain(say(f"checkin_{kind}_{name}", language)) for language in LANGUAGES}
        for one in (name, str(number), *labels):
            rest = said.removeprefix(one)
            if rest != said and (not one.isascii() or not rest[:1].isalnum()):
                return name, rest.strip(" ,、")
    return None, said
