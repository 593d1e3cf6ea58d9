"""A file of posts or tickets: one reading a row, in constant memory; an interrupted run goes on.

Rows are written to OUT.partial, which becomes OUT when all are done. A run that finds such a file
of the same input keeps its whole chunks but the last, which may be torn, and continues behind
them: so the same rows are read together again, and the result is the same to the last digit.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from affect.analysis import Analyst, Heard, assembled, content, has_words
from affect.errors import BadInput, MediaRejected, NotFound
from affect.safety.screening import screen
from affect.types import EMOTIONS, Estimate, Reading, Risk

ADDED: tuple[str, ...] = (
    "emotion",
    "confidence",
    *(str(emotion) for emotion in EMOTIONS),
    "valence",
    "arousal",
    "dominance",
    "conflict",
    "language",
    "labels",
    "transcript",
    "problems",
)
CHUNK = 64  # rows read and written at a time
SNIPPET = 90  # characters of a typical row in the summary
NAMED = 20  # rows of danger that are named

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what; the media columns hold paths, from the CSV file's folder or here."""

    text: str = "text"
    voice: str | None = None
    face: str | None = None
    time: str | None = None

    @property
    def named(self) -> list[str]:
        """Those that the file must have; words may be left to the voices."""
        media = [name for name in (self.voice, self.face) if name]
        return [*([] if media else [self.text]), *media, *([self.time] if self.time else [])]


@dataclass(slots=True)
class Day:
    """Sum of valence and count of the rows of one day."""

    total: float = 0.0
    count: int = 0

    @property
    def mean(self) -> float:
        """Mean valence."""
        return self.total / max(1, self.count)


@dataclass(slots=True)
class Summary:
    """What a whole file says, gathered row by row.

    `typical` maps an emotion to (probability, row number from 1, start of the text) of its
    clearest row. `danger` counts the rows whose words speak of danger (`concern`, `crisis`);
    `gravest` are the first crises among them, by their row numbers from 1.
    """

    rows: int = 0
    read: int = 0
    emotions: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    days: dict[str, Day] = field(default_factory=dict)
    typical: dict[str, tuple[float, int, str]] = field(default_factory=dict)
    danger: Counter[str] = field(default_factory=Counter)
    gravest: list[int] = field(default_factory=list)

    def add(self, row: Row, text: str, when: str | None) -> None:
        """Take in one written row; `when` is the cell of the time column."""
        self.rows += 1
        for problem in row["problems"].split():
            self.problems[problem] += 1
        risk = screen(text).risk
        if risk is not Risk.NONE:
            self.danger[str(risk)] += 1
        if risk is Risk.CRISIS and len(self.gravest) < NAMED:
            self.gravest.append(self.rows)
        if not row["valence"]:
            return
        self.read += 1
        self.emotions[row["emotion"] or "(none)"] += 1
        day = _day(when)
        if day:
            entry = self.days.setdefault(day, Day())
            entry.total += float(row["valence"])
            entry.count += 1
        if row["emotion"]:
            sure = float(row["confidence"])
            if sure > self.typical.get(row["emotion"], (0.0, 0, ""))[0]:
                self.typical[row["emotion"]] = (sure, self.rows, text[:SNIPPET])


def read_file(
    analyst: Analyst,
    source: Path,
    target: Path,
    columns: Columns,
    progress: Callable[[float], None],
) -> Summary:
    """Read every row of `source` into `target`; `progress` hears the share done, 0 to 1.

    Raises `NotFound` where there is no such file and `BadInput` (kinds `column`, `file`) where it
    cannot be used.
    """
    if not source.is_file():
        raise NotFound(f"There is no file {source}.")
    if source.resolve() == target.resolve():
        raise BadInput("file", "IN and OUT are the same file; name another OUT with -o.")
    # Models that are missing are told now, and not once a row.
    _ = (columns.voice and analyst.voice, columns.face and analyst.face)
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    partial = target.with_name(target.name + ".partial")
    summary = Summary()
    try:
        with (
            source.open("rb") as raw,
            io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file,
        ):
            reader = csv.DictReader(file, delimiter=_delimiter(source), restval="")
            names = _names(reader, columns)
            _keep_whole_chunks(partial, [*names, *ADDED])
            done = _replay(partial, reader, names, summary, columns)
            size = max(1, source.stat().st_size)
            with partial.open("a", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, [*names, *ADDED], extrasaction="ignore")
                if not done:
                    writer.writeheader()
                for chunk in _chunks(reader):
                    rows = read_rows(analyst, chunk, columns, source.parent)
                    writer.writerows(rows)
                    out.flush()
                    for row in rows:
                        summary.add(row, _words(row, columns), _when(row, columns))
                    progress(min(1.0, raw.tell() / size))
    except UnicodeDecodeError as error:
        raise BadInput("file", f"{source} is not UTF-8 text; save it as UTF-8 first.") from error
    except csv.Error as error:
        raise BadInput("file", f"{source} is not a readable CSV file: {error}.") from error
    partial.replace(target)
    return summary


def read_rows(analyst: Analyst, rows: Sequence[Row], columns: Columns, folder: Path) -> list[Row]:
    """Rows with the added columns filled; where nothing was read they stay empty, but `problems`.

    Words are read together; a voice lends its transcript where a row has no words of its own.
    """
    media = [_media(analyst, row, columns, folder) for row in rows]
    words = [
        row.get(columns.text) or (found.heard.transcript if found.heard else None)
        for row, found in zip(rows, media, strict=True)
    ]
    usable = [text for text in words if text and has_words(text)]
    readings = iter(analyst.text.read_many(usable, embedded=False) if usable else [])
    result = []
    for row, found, text in zip(rows, media, words, strict=True):
        problems = ["extra_cells"] if None in row else []
        problems += found.problems
        added = dict.fromkeys(ADDED, "")
        read = next(readings) if has_words(text) else None
        if read or found.heard or found.seen:
            whole = assembled(read, found.heard, found.seen)
            added |= cells(whole.reading) | {"language": whole.language or ""}
            problems += whole.problems
        elif not found.problems:
            problems.append("empty_text")
        result.append({**row, **added, "problems": " ".join(problems)})
    return result


@dataclass(slots=True)
class _Media:
    """What a row's recording and picture gave, and why not."""

    heard: Heard | None = None
    seen: Estimate | None = None
    problems: list[str] = field(default_factory=list)


def _media(analyst: Analyst, row: Row, columns: Columns, folder: Path) -> _Media:
    found = _Media()
    voice, face = row.get(columns.voice or ""), row.get(columns.face or "")
    if voice:
        with _noted("voice", found.problems):
            transcribe = not has_words(row.get(columns.text))
            found.heard = analyst.hear(content(_path(voice, folder)), transcribe)
    if face:
        with _noted("face", found.problems):
            found.seen = analyst.see(content(_path(face, folder)))
    return found


@contextmanager
def _noted(part: str, problems: list[str]) -> Iterator[None]:
    """A file that cannot be used is a problem of its row, and no more."""
    try:
        yield
    except MediaRejected as rejected:
        problems.append(f"{part}:{rejected.kind}")
    except NotFound:
        problems.append(f"{part}:not_found")


def _path(cell: str, folder: Path) -> Path:
    """A path as the file means it: beside itself, else from where the command runs."""
    beside = folder / cell.strip()
    return beside if beside.exists() else Path(cell.strip())


def _words(row: Row, columns: Columns) -> str:
    return row.get(columns.text) or row["transcript"]


def _when(row: Row, columns: Columns) -> str | None:
    return row[columns.time] if columns.time else None


def cells(reading: Reading) -> Row:
    """The added columns that a reading fills."""
    return {
        "emotion": str(reading.emotion or ""),
        "confidence": f"{reading.confidence:.4f}",
        **{str(emotion): f"{reading.probabilities[emotion]:.4f}" for emotion in EMOTIONS},
        "valence": f"{reading.affect.valence:.4f}",
        "arousal": f"{reading.affect.arousal:.4f}",
        "dominance": f"{reading.affect.dominance:.4f}",
        "conflict": f"{reading.conflict:.4f}",
        "labels": " ".join(reading.labels),
        "transcript": reading.transcript or "",
    }


def _names(reader: csv.DictReader[str], columns: Columns) -> list[str]:
    names = list(reader.fieldnames or [])
    if not names:
        raise BadInput("column", "The file is empty: its first line must name the columns.")
    for needed in columns.named:
        if needed not in names:
            known = ", ".join(names)
            told = f"There is no column {needed!r}: the first line of this CSV file names {known}."
            raise BadInput("column", f"{told} Choose one of those, as with --column.")
    taken = [name for name in names if name in ADDED]
    if taken:
        raise BadInput("column", f"The file has a column {taken[0]!r} already; rename it first.")
    return names


def _keep_whole_chunks(partial: Path, columns: list[str]) -> None:
    """Rewrite an interrupted run's file without its last chunk, which may be torn."""
    if not partial.is_file():
        return
    whole = partial.with_name(partial.name + ".whole")
    with partial.open(encoding="utf-8", errors="replace", newline="") as old:
        rows = csv.reader(old)
        if next(rows, columns) != columns:
            raise BadInput("file", f"{partial} is of another input; delete it and run again.")
        with whole.open("w", encoding="utf-8", newline="") as new:
            writer = csv.writer(new)
            writer.writerow(columns)
            chunk: list[list[str]] = []
            for row in rows:
                if len(chunk) == CHUNK:
                    writer.writerows(chunk)
                    chunk = []
                chunk.append(row)
    whole.replace(partial)


def _replay(
    partial: Path,
    reader: csv.DictReader[str],
    names: list[str],
    summary: Summary,
    columns: Columns,
) -> bool:
    """Take the rows of an interrupted run into the summary, moving `reader` behind them.

    Says whether there is anything to continue; raises `BadInput` where it is of another input.
    """
    if not partial.is_file() or not partial.stat().st_size:
        return False
    with partial.open(encoding="utf-8", newline="") as file:
        for old in csv.DictReader(file):
            row = next(reader, None)
            if row is None or any((row[name] or "") != old[name] for name in names):
                raise BadInput("file", f"{partial} is of another input; delete it and run again.")
            summary.add(old, _words(old, columns), _when(old, columns))
    return True


def _chunks(reader: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in reader:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _delimiter(source: Path) -> str:
    return "\t" if source.suffix.lower() == ".tsv" else ","


def _day(when: str | None) -> str | None:
    """The date of an ISO time, or None where it is none."""
    try:
        return datetime.fromisoformat(when.strip()).date().isoformat() if when else None
    except ValueError:
        return None
