"""/privacy, /consent, /export and /forget: what is kept, and a person's say over it."""

from __future__ import annotations

import json

from bot.commands.base import Answer, Ask
from bot.commands.senses import state as allowed
from bot.commands.senses import switched
from bot.messages import Attachment, Button
from storage import people

KINDS = ("remember", "text", "hear")
SENSES = ("voice", "face")


async def privacy(ask: Ask) -> Answer:
    """Say what is kept, where, for how long, and who else sees it."""
    key = "privacy_remembered" if ask.profile.consents.get("remember") else "privacy_unremembered"
    if not ask.alone:
        key = "privacy_depends"
    platform = ask.address.platform
    notes = [ask.say(f"privacy_note_{platform}")]
    if ask.settings.words_go_to:
        told = ask.say("privacy_note_model")
        notes = [told] if platform == "terminal" else [*notes, told]
    return Answer(
        ask.say(
            "privacy",
            platform=platform.capitalize(),
            how_long=ask.say(key, days=ask.settings.retention_days),
            platform_note=("" if ask.language == "zh" else " ").join(notes),
        )
    )


async def consent(ask: Ask) -> Answer:
    """Show what a person allows, or change it: /consent remember yes."""
    match ask.words:
        case ():
            return Answer(_consents(ask))
        case (kind, ("yes" | "no") as said) if kind in KINDS:
            granted = said == "yes"
            await people.consent(ask.database, ask.profile.id, kind, granted=granted, now=ask.now)
            days = ask.settings.retention_days
            return Answer(ask.say(f"consent_{kind}_{said}", days=days))
        case (kind, ("yes" | "no") as said) if kind in SENSES:
            return Answer(await switched(ask, kind, granted=said == "yes"))
        case _:
            return Answer(ask.say("consent_unknown"))


async def export(ask: Ask) -> Answer:
    """Give everything that is kept, as a file."""
    kept = await people.export(ask.database, ask.profile.id)
    content = json.dumps(kept, ensure_ascii=False, indent=2).encode()
    return Answer(ask.say("export"), attachment=Attachment(ask.say("export_name"), content))


async def forget(ask: Ask) -> Answer:
    """Erase everything, once asked again."""
    match ask.words:
        case ("yes",):
            return Answer(ask.say("forget_done") + _exports(ask), forget=True)
        case ("no",):
            return Answer(ask.say("forget_kept"))
        case _:
            return Answer(
                ask.say("forget_ask"),
                buttons=(
                    Button(ask.say("forget_yes"), "/forget yes"),
                    Button(ask.say("forget_no"), "/forget no"),
                ),
            )


def _exports(ask: Ask) -> str:
    """Where files lie that a person saved at this terminal: those are theirs to delete."""
    folder = ask.settings.home / "exports"
    if ask.address.platform != "terminal" or not folder.is_dir():
        return ""
    return "\n" + ask.say("forget_exports", path=folder)


def _consents(ask: Ask) -> str:
    def state(*, on: bool) -> str:
        return ask.say("memory_on" if on else "memory_off")

    return ask.say(
        "consent_now",
        remember=state(on=ask.profile.consents.get("remember", False)),
        text=state(on=ask.profile.consents.get("text", True)),
        hear=state(on=ask.profile.consents.get("hear", True)),
        **{kind: state(on=allowed(ask, kind) == "on") for kind in SENSES},
    )
