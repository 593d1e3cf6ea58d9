"""The terminal as a platform: interactive, piped, or JSON Lines.

One line is one message, answered before the next is read. What people see (first screen, prompt)
is here and in the texts; the talk itself goes the same way as on every other platform.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TextIO

from ulid import ULID

from affect.errors import MediaRejected, RetryLater
from affect.perception import audio, images
from bot.messages import Address, Incoming, Kind, Media, MediaKind, Outgoing
from bot.platforms.base import CommandInfo, Place, Receive
from bot.texts import problem_key, say

PLATFORM = "terminal"
AWAY = 60.0  # seconds after which it is looked again whether somebody is here
SWITCHES = frozenset({"on", "off", ""})  # "/voice on" is the command, "/voice FILE" sends a file


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it was typed or piped in, with what is wrong with its files.

    `rejected` holds (part, kind) of a file that cannot be used.
    """

    text: str
    person: str
    at: datetime | None = None
    media: tuple[Media, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Terminal:
    """Talks with whoever sits at the terminal. `home` is where exports are saved.

    `present` is who reads what is shown; what is for somebody else waits until they are.
    """

    person: str
    home: Path
    language: str = "en"
    output: TextIO = field(default_factory=lambda: sys.stdout)
    decorated: bool = False
    name: str = PLATFORM
    heard: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    present: str | None = None
    _receive: Receive | None = None

    async def start(
        self, receive: Receive, _commands: Sequence[CommandInfo], _places: Sequence[Place]
    ) -> None:
        """Nothing to connect; nothing is missed while away."""
        self._receive = receive

    async def stop(self) -> None:
        """Nothing to disconnect."""

    async def send(self, address: Address, outgoing: Outgoing, nonce: str) -> str | None:  # noqa: ARG002
        """Keep a part until the whole answer is there; files are saved at once."""
        if address.chat != self.present:
            raise RetryLater(AWAY)
        self.heard.append(outgoing.text)
        if outgoing.attachment:
            folder = self.home / "exports"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / f"{ULID()}-{outgoing.attachment.name}"
            path.touch(mode=0o600)
            path.write_bytes(outgoing.attachment.content)
            self.heard.append(say("terminal_saved", self.language, path=path))
            self.saved.append(str(path))
        for button in outgoing.buttons:
            self.heard.append(f"  {button.label}: {button.command}")
        return None

    @asynccontextmanager
    async def typing(self, _address: Address) -> AsyncIterator[None]:
        """Show three dots where somebody looks on."""
        if self.decorated:
            self.output.write("...\r")
            self.output.flush()
        yield
        if self.decorated:
            self.output.write("\x1b[K")

    async def draft(self, address: Address, text: str, reply_to: str | None = None) -> None:  # noqa: ARG002
        """Show the end of what there is so far in one line, where somebody looks on."""
        if self.decorated and address.chat == self.present:
            self.output.write(f"\r\x1b[K  {_tail(text)}\r")
            self.output.flush()

    async def fetch(self, media: Media, limit: int) -> bytes:
        """Read a file."""
        return await asyncio.to_thread(_read, Path(media.handle), limit)

    async def say(self, line: Line) -> str:
        """Hand a line to the companion, as `receive` stores it; give its id in the inbox."""
        if self._receive is None:
            raise RuntimeError("The terminal was not started.")
        self.heard.clear()
        self.saved.clear()
        self.present = line.person
        ext_id = str(ULID())
        text = line.text
        await self._receive(
            Incoming(
                kind=Kind.COMMAND if text.startswith("/") else Kind.MESSAGE,
                address=Address(PLATFORM, chat=line.person),
                account=line.person,
                ext_id=ext_id,
                at=line.at or datetime.now(UTC),
                text=text,
                media=line.media,
                message=ext_id,
                name=line.person,
                language=self.language,
            )
        )
        return ext_id

    async def converse(
        self, lines: AsyncIterator[str], quiet: Callable[[], Awaitable[None]]
    ) -> None:
        """Answer what an earlier talk left open, then line by line until the end or /quit."""
        await quiet()
        if self.heard:
            self._show(self.heard)
        async for text in lines:
            if text.strip() in {"/quit", "/exit"}:
                break
            if not text.strip():
                continue
            line, complaint = await asyncio.to_thread(self._typed, text.strip())  # reads files
            if complaint:
                self._show([complaint])
                continue
            await self.say(line)
            with self._interruptible():
                await quiet()
            self._show(self.heard or [say("terminal_busy", self.language)])

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """The first Ctrl-C while somebody waits for an answer is their /stop; a second one ends."""
        if not self.decorated:
            yield
            return
        loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
        stopping: list[asyncio.Task[str]] = []

        def stop() -> None:
            stopping.append(asyncio.create_task(self.say(Line("/stop", self.person))))

        def interrupted(_signal: int, _frame: FrameType | None) -> None:
            signal.signal(signal.SIGINT, before)
            loop.call_soon_threadsafe(stop)

        signal.signal(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _typed(self, text: str) -> tuple[Line, str | None]:
        """A typed line: words, a command, or a file to send."""
        command, _, rest = text.partition(" ")
        kinds = {"/voice": MediaKind.VOICE, "/photo": MediaKind.PHOTO}
        if command not in kinds or rest.strip().lower() in SWITCHES:
            return Line(text, self.person), None
        media, wrong = file_of(kinds[command], rest.strip())
        if wrong:
            key = problem_key(wrong) if wrong != "unreadable" else f"terminal_usage{command}"
            limit = audio.MOST_BYTES // 2**20
            sentence = say(key.replace("/", "_"), self.language, path=rest.strip(), limit=limit)
            return Line("", self.person), sentence
        return Line("", self.person, media=media), None

    def _show(self, block: Sequence[str]) -> None:
        shown = "\n".join(block)
        if self.decorated:
            shown = "\n".join(f"  {line}".rstrip() for line in _wrapped(shown))
        self.output.write(f"{shown}\n\n")
        self.output.flush()


def _wrapped(text: str) -> list[str]:
    """The lines of a text broken at words to the width of the screen."""
    from rich.console import Console  # knows how wide a Chinese character is
    from rich.text import Text

    console = Console()
    return [line.plain for line in Text(text).wrap(console, max(20, console.width - 3))]


def _tail(text: str) -> str:
    """As much of the end of a text as fits into one line of the screen."""
    lines = _wrapped(" ".join(text.split()))
    return lines[-1] if lines else ""


def file_of(kind: MediaKind, path: str) -> tuple[tuple[Media, ...], str | None]:
    """A file to send, or what is wrong with it: unreadable, too_big, not_audio, not_image."""
    door = audio if kind is MediaKind.VOICE else images
    try:
        data = _read(Path(path).expanduser(), door.MOST_BYTES)
        door.container(data)
    except MediaRejected as wrong:
        return (), wrong.kind
    return (Media(kind, handle=path, size=len(data)),), None


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise MediaRejected("unreadable", "The file cannot be read.") from None
    if len(data) > limit:
        raise MediaRejected("too_big", "The file is too big.")
    return data


async def typed_lines(prompt: str | None, source: TextIO | None = None) -> AsyncIterator[str]:
    """Lines of standard input, read in a thread of their own so that waiting stops nobody.

    The next line is asked for only when the one before was dealt with. The thread is a daemon:
    an unfinished `input()` must not hold up the end of the program.
    """
    loop = asyncio.get_running_loop()
    wanted = threading.Semaphore(0)
    arrived: asyncio.Queue[str | None] = asyncio.Queue()
    stream = source or sys.stdin

    def read() -> None:
        while True:
            wanted.acquire()
            try:
                line: str | None = input(prompt) if prompt else (stream.readline() or None)
            except (EOFError, KeyboardInterrupt):
                line = None
            loop.call_soon_threadsafe(arrived.put_nowait, line)
            if line is None:
                return

    threading.Thread(target=read, name="terminal", daemon=True).start()
    while True:
        wanted.release()
        line = await arrived.get()
        if line is None:
            return
        yield line
