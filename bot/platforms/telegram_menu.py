"""Telegram's command menu: one list for everybody and one for each other language we speak."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import Bot, BotCommand

from bot.platforms.base import CommandInfo

DEFAULT_LANGUAGE = "en"
LONGEST_DESCRIPTION = 256


async def offer(bot: Bot, commands: Sequence[CommandInfo]) -> int:
    """Make the menus say `commands`; give how many had to be changed."""
    changed = 0
    languages = {language for info in commands for language in info.description}
    for language in sorted(languages | {DEFAULT_LANGUAGE}) if commands else ():
        code = None if language == DEFAULT_LANGUAGE else language
        wanted = tuple(_entry(info, language) for info in commands)
        if await bot.get_my_commands(language_code=code) != wanted:
            await bot.set_my_commands(wanted, language_code=code)
            changed += 1
    return changed


def _entry(info: CommandInfo, language: str) -> BotCommand:
    told = info.description.get(language) or info.description.get(DEFAULT_LANGUAGE) or info.name
    return BotCommand(info.name, told[:LONGEST_DESCRIPTION])
