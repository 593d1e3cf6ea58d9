"""The bank: every written reply, read from bank/<language>/*.yaml (docs/writing-entries.md).

What lies in bank/<language>/topics/<topic>.yaml is about that topic. To read 2 MB of YAML takes a
second at every start, so `press` keeps what is in the files as JSON beside the weights; as soon as
one of them is changed, they are read themselves again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import yaml

from affect import written
from affect.errors import BadInput
from affect.types import Emotion
from affect.writers.entry import LANGUAGES, Entry, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    _Places = Mapping[tuple[str | None, str | None], Sequence[Entry]]

FOLDER = Path(__file__).parent / "bank"
PRESSED = Path(__file__).parent.parent / "weights" / "bank.json.gz"
TOPICS = "topics"


@dataclass(frozen=True)
class Bank:
    """All entries, ordered by language and id."""

    entries: tuple[Entry, ...]

    def of(self, language: str) -> tuple[Entry, ...]:
        """The entries of one language."""
        return self._by_language.get(language, ())

    def worded(self, language: str, *, asking: bool) -> tuple[Entry, ...]:
        """The entries of one language, without their questions unless `asking`."""
        return self._worded.get((language, asking), ())

    def placed(
        self, language: str, matter: str | None, topic: str | None, *, asking: bool, ordinary: bool
    ) -> Iterator[Entry]:
        """Those of them that are for no other matter, and by having no cues for no other topic;
        where the turn is `ordinary` without those for special ones.
        """
        places = self._placed.get((language, asking, ordinary), {})
        for place in product(dict.fromkeys((None, matter)), dict.fromkeys((None, topic))):
            yield from places.get(place, ())

    def told(self, language: str) -> tuple[Entry, ...]:
        """The entries of one language that answer lines in which something is told."""
        return self._told.get(language, ())

    def evidence(self, language: str) -> Mapping[str | None, tuple[str, ...]]:
        """The ids of entries with cues by situation: what speaks for it where they lie near."""
        return self._evidence.get(language, {})

    @cached_property
    def _evidence(self) -> dict[str, dict[str | None, tuple[str, ...]]]:
        found: dict[str, dict[str | None, tuple[str, ...]]] = {}
        for entry in self.entries:
            # Ordinary entries for a joy are no evidence against good news.
            joyful = entry.situation is None and Emotion.JOY in entry.emotions
            if entry.cues and not joyful:
                named = found.setdefault(entry.language, {})
                named[entry.situation] = (*named.get(entry.situation, ()), entry.id)
        return found

    @cached_property
    def _worded(self) -> dict[tuple[str, bool], tuple[Entry, ...]]:
        found: dict[tuple[str, bool], tuple[Entry, ...]] = {}
        for language, entries in self._by_language.items():
            found[language, True] = entries
            found[language, False] = tuple(entry.stated for entry in entries)
        return found

    @cached_property
    def _placed(self) -> dict[tuple[str, bool, bool], _Places]:
        return {
            (language, asking, ordinary): _places(entries, ordinary=ordinary)
            for (language, asking), entries in self._worded.items()
            for ordinary in (True, False)
        }

    @cached_property
    def _told(self) -> dict[str, tuple[Entry, ...]]:
        return {
            language: tuple(e for e in entries if e.cues and e.situation in {None, "good_news"})
            for language, entries in self._by_language.items()
        }

    @cached_property
    def _by_language(self) -> dict[str, tuple[Entry, ...]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.language, []).append(entry)
        return {language: tuple(entries) for language, entries in found.items()}


def _places(entries: Sequence[Entry], *, ordinary: bool) -> _Places:
    """The entries by the matter that they are for, and the topic of those without cues."""
    found: dict[tuple[str | None, str | None], list[Entry]] = {}
    for entry in entries:
        if not ordinary or entry.situation in {None, "fallback"}:
            place = (entry.matter, None if entry.cues else entry.topic)
            found.setdefault(place, []).append(entry)
    return found


def load(folder: Path | None = None, pressed: Path = PRESSED) -> Bank:
    """Read all entries; raise `BadInput("entry", ...)` naming the first that cannot be used."""
    found: dict[str, Entry] = {}
    root = folder or FOLDER
    for name, raws in _contents(root, pressed).items():
        file = PurePosixPath(name)
        topic = file.stem if file.parent.name == TOPICS else None
        for raw in raws:
            entry = parse(raw, topic)
            if entry.language != file.parts[0]:
                raise BadInput("entry", f"Entry {entry.id} lies in the folder of another language.")
            if entry.id in found:
                raise BadInput("entry", f"Entry {entry.id} is there twice.")
            found[entry.id] = entry
    return Bank(tuple(found[name] for name in sorted(found)))


def press(folder: Path | None = None, pressed: Path = PRESSED) -> None:
    """Keep what is in the files for a quick start."""
    root = folder or FOLDER
    kept = {"digest": _digest(root), "files": _read_all(root)}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    pressed.write_bytes(gzip.compress(text.encode(), mtime=0))


def is_pressed(folder: Path | None = None, pressed: Path = PRESSED) -> bool:
    """Whether what is kept is what is in the files."""
    return _kept(folder or FOLDER, pressed) is not None


def _contents(root: Path, pressed: Path) -> dict[str, list[object]]:
    """The entries of each file by its path below `root`, as they are written."""
    kept = _kept(root, pressed)
    return _read_all(root) if kept is None else kept


def _kept(root: Path, pressed: Path) -> dict[str, list[object]] | None:
    try:
        kept = json.loads(gzip.decompress(pressed.read_bytes()))
    except (OSError, EOFError, ValueError):
        return None
    files: dict[str, list[object]] = kept["files"]
    return files if kept["digest"] == _digest(root) else None


def _digest(root: Path) -> str:
    """What stands for all the files, their paths and their bytes."""
    found = hashlib.sha256()
    for file in _files(root):
        content = file.read_bytes()
        found.update(f"{_name(file, root)}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def _read_all(root: Path) -> dict[str, list[object]]:
    return {_name(file, root): _read(file) for file in _files(root)}


def _name(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()


def _files(folder: Path) -> Iterator[Path]:
    for language in LANGUAGES:
        yield from sorted((folder / language).rglob("*.yaml"))


def _read(file: Path) -> list[object]:
    try:
        content = written.read(file)
    except yaml.YAMLError as error:
        raise BadInput("entry", f"{file.name} is not YAML: {error}") from error
    if content is None:
        return []
    if not isinstance(content, list):
        raise BadInput("entry", f"{file.name} must hold a list of entries.")
    return content
