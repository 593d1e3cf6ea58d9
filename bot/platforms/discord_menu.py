"""Our commands as Discord's slash commands: described here, offered when the set has changed.

The library's tree only describes and registers them. What is called arrives as any interaction
does (see discord_listening): a command of an older menu is then still answered by the house.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

from bot.platforms.base import CommandInfo

LONGEST_DESCRIPTION = 100
LOCALES = {
    "zh": (discord.Locale.chinese, discord.Locale.taiwan_chinese),
}


class Menu(app_commands.CommandTree[discord.Client]):
    """The commands, in guilds and DMs, for whole guilds and for single people."""

    def __init__(self, client: discord.Client, commands: Sequence[CommandInfo]) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        for info in commands:
            self.add_command(_command(info))

    async def interaction_check(self, _: discord.Interaction, /) -> bool:
        """Never run anything from here."""
        return False

    async def offer(self) -> bool:
        """Register the commands if the server has others; say whether that was needed.

        Registering is strictly limited (200 creations a day), asking is not.
        """
        await self.set_translator(_Translations())
        translator = self.translator
        assert translator is not None  # noqa: S101 - set in the line above
        ours = [await c.get_translated_payload(self, translator) for c in self.get_commands()]
        theirs = await self.client.http.request(
            Route(
                "GET",
                "/applications/{application_id}/commands?with_localizations=true",
                application_id=self.client.application_id,
            )
        )
        if sorted(map(_shape, ours)) == sorted(map(_shape, theirs)):
            return False
        await self.sync()
        return True


class _Translations(app_commands.Translator):
    """Takes each language from what the description brought along."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 - the library's signature
    ) -> str | None:
        return string.extras.get(locale.value)


def _command(info: CommandInfo) -> app_commands.Command[Any, ..., Any]:
    command: app_commands.Command[Any, ..., Any]
    described = _description(info)
    if info.argument is None:
        return app_commands.Command(name=info.name, description=described, callback=_plain)
    command = app_commands.Command(name=info.name, description=described, callback=_with_argument)
    named = app_commands.rename(argument=info.argument)(command)
    return app_commands.describe(argument=info.argument)(named)


def _description(info: CommandInfo) -> app_commands.locale_str:
    english = info.description.get("en") or next(iter(info.description.values()))
    others = {
        locale.value: info.description[language][:LONGEST_DESCRIPTION]
        for language, locales in LOCALES.items()
        if language in info.description
        for locale in locales
    }
    return app_commands.locale_str(english[:LONGEST_DESCRIPTION], **others)


async def _plain(interaction: discord.Interaction) -> None:
    """Stand for a command without argument; never called."""


async def _with_argument(interaction: discord.Interaction, argument: str | None = None) -> None:
    """Stand for a command with an optional argument; never called."""


def _shape(command: Mapping[str, Any]) -> str:
    """What of a command matters, in a form that compares: servers add ids and drop empties."""
    options = [
        (o["name"], o["type"], o["description"], bool(o.get("required")))
        for o in command.get("options") or ()
    ]
    translations = sorted((command.get("description_localizations") or {}).items())
    return repr(
        (
            command["name"],
            command.get("type", 1),
            command["description"],
            translations,
            sorted(command.get("contexts") or ()),
            sorted(command.get("integration_types") or ()),
            options,
        )
    )
