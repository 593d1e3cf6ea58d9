"""What a person can ask for, defined once and offered on every platform."""

from __future__ import annotations

from bot.commands.base import Command
from bot.commands.checkin import checkin
from bot.commands.crisis import crisis
from bot.commands.language import language
from bot.commands.link import link
from bot.commands.memory import memory
from bot.commands.mood import mood
from bot.commands.privacy import consent, export, forget, privacy
from bot.commands.senses import sense
from bot.commands.start import new, show_help, start
from bot.commands.stop import stop
from bot.commands.why import why

COMMANDS: tuple[Command, ...] = (
    Command("start", start),
    Command("help", show_help),
    Command("new", new),
    Command("mood", mood, argument="days", private=True),
    Command("why", why, private=True),
    Command("checkin", checkin, argument="answer", private=True),
    Command("memory", memory, argument="change", private=True),
    Command("link", link, argument="code", private=True),
    Command("consent", consent, argument="change", private=True),
    Command("voice", sense, argument="change", private=True),
    Command("face", sense, argument="change", private=True),
    Command("privacy", privacy),
    Command("export", export, private=True),
    Command("forget", forget, argument="yes", private=True),
    Command("language", language, argument="code"),
    Command("crisis", crisis, argument="country"),
    Command("stop", stop),
)
