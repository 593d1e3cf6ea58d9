"""/link: one person on two platforms.

/link        gives a code
/link CODE   sent on the other platform, joins what is kept here to that person
/link undo   parts them again
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from bot.commands.base import Answer, Ask
from bot.messages import Button
from storage import links, trajectories

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another
LENGTH = 8
VALID = timedelta(minutes=10)


async def link(ask: Ask) -> Answer:
    """Give a code, take one, or undo it."""
    match ask.words:
        case ():
            code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
            await links.offer(ask.database, ask.profile.id, code, ask.now, ask.now + VALID)
            return Answer(ask.say("link_code", code=f"{code[:4]}-{code[4:]}"))
        case ("undo",):
            return await _undone(ask)
        case (said,):
            return await _joined(ask, said.replace("-", "").upper())
        case _:
            return Answer(ask.say("link_wrong"))


async def _joined(ask: Ask, code: str) -> Answer:
    if ask.recent and ask.recent[-1].notes.care.marks:
        # Who told of danger is not to become somebody of whom that is not known.
        return Answer(ask.say("link_not_now"))
    main = await links.join(ask.database, ask.profile.id, code, ask.now)
    if main is None:
        own = await links.offered(ask.database, ask.profile.id, code, ask.now)
        return Answer(ask.say("link_own" if own else "link_wrong"))
    await trajectories.follow_anew(ask.database, main)
    return Answer(ask.say("link_done"), buttons=(Button(ask.say("link_undo"), "/link undo"),))


async def _undone(ask: Ask) -> Answer:
    if not await links.part(ask.database, ask.profile.id):
        return Answer(ask.say("link_none"))
    await trajectories.follow_anew(ask.database, ask.profile.id)
    return Answer(ask.say("link_undone"))
