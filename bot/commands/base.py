"""A command: what a person asks, what is answered, and the way from one to the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.messages import Address, Attachment, Button
from bot.platforms.base import CommandInfo
from bot.settings import Settings
from bot.texts import LANGUAGES, say
from storage.database import Database
from storage.records import Profile, Report, TurnView


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person asks for, with all that a command may need to answer it.

    `text` is the whole command ("/mood 7"). `recent` are the person's last turns, oldest first.
    """

    profile: Profile
    talk_id: str
    address: Address
    text: str
    language: str
    recent: tuple[TurnView, ...]
    at: datetime
    now: datetime
    database: Database
    settings: Settings

    @property
    def name(self) -> str:
        """The command's name, without slash."""
        return next(iter(self.text.removeprefix("/").lower().split()), "")

    @property
    def rest(self) -> str:
        """What follows the name, as it was typed."""
        return "".join(self.text.split(maxsplit=1)[1:])

    @property
    def words(self) -> tuple[str, ...]:
        """What follows the name, in lower case."""
        return tuple(self.text.lower().split()[1:])

    @property
    def alone(self) -> bool:
        """Whether the answer is for the asker's eyes alone, as every Discord command's is."""
        return self.address.private or self.address.token is not None

    def say(self, key: str, **values: object) -> str:
        """A fixed sentence in the person's language."""
        return say(key, self.language, **values)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered. `forget` asks for the person to be erased once it is said.

    `language` is the language from here on, where the command changed it. `report` is what the
    person said of themselves by it: it is kept, and moves their line.
    """

    text: str
    attachment: Attachment | None = None
    buttons: tuple[Button, ...] = ()
    forget: bool = False
    language: str | None = None
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """Something to ask for. `private` ones are not answered where others read along."""

    name: str
    run: Callable[[Ask], Awaitable[Answer]]
    argument: str | None = None
    private: bool = False

    @property
    def info(self) -> CommandInfo:
        """The command as a platform's menu shows it."""
        told = {language: say(f"command_{self.name}", language) for language in LANGUAGES}
        return CommandInfo(self.name, told, self.argument)


async def answer(commands: Sequence[Command], ask: Ask) -> Answer:
    """Answer what is asked, or say that there is no such thing."""
    for command in commands:
        if command.name == ask.name:
            if command.private and not ask.alone:
                return Answer(ask.say("command_private"))
            return await command.run(ask)
    return Answer(ask.say("command_unknown"))
