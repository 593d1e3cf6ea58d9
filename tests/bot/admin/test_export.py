"""Turns in files: formats, parts, only what is new, going on after a break, a page in a browser."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.admin.logs import exporting, formats
from bot.admin.logs.page import POINTS, Point, Trace
from storage import search
from storage.database import Database
from tests.bot.admin.conftest import SECRETS, Admin, Told, tell
from tests.conftest import ON_SQLITE

LEAVE = ("--reveal", "--reason", "ticket 7")


def turns_in(path: Path) -> list[str]:
    return [json.loads(line)["turn"] for line in path.read_text().splitlines()]


@ON_SQLITE
async def test_a_talk_to_read_in_markdown(admin: Admin, told: Told, tmp_path: Path) -> None:
    await admin("logs", "export", "-o", "out.md", "--format", "md", *LEAVE)
    page = (tmp_path / "out.md").read_text()
    assert page.startswith("# Turns\n\n## 2026-05-04\n")
    assert "> the Oven broke again\n" in page
    assert "sadness (0.76), valence -0.60; answered: restatement, scripted" in page
    hidden = await admin("logs", "export", "-o", "hidden.md", "--format", "md")
    assert hidden.code == 0
    assert [one for one in SECRETS if one in (tmp_path / "hidden.md").read_text().casefold()] == []


class Tags(HTMLParser):
    """Collects the tags of a page and what they name."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@ON_SQLITE
async def test_a_page_of_one_person_needs_nothing_else(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    await tell(database, "zelda", "<script>alert('oven')</script>\u202e", hours=3)
    assert (await admin("logs", "export", "-o", "all.html", "--format", "html")).code == 2
    done = await admin(
        "logs", "export", "-o", "z.html", "--format", "html", "--user", told.zelda, *LEAVE
    )
    assert done.code == 0
    page = (tmp_path / "z.html").read_text()
    tags = Tags()
    tags.feed(page)
    names = [tag for tag, _ in tags.seen]
    assert names.count("article") == 3
    assert {"svg", "polyline", "polygon"} <= set(names)
    assert not {"script", "link", "img", "iframe"} & set(names)
    assert not [attrs for _, attrs in tags.seen if "src" in attrs or "href" in attrs]
    assert "&lt;script&gt;" in page
    assert "lowest" in next(attrs["aria-label"] or "" for tag, attrs in tags.seen if tag == "svg")

    hidden = await admin(
        "logs", "export", "-o", "hidden.html", "--format", "html", "--user", told.zelda
    )
    assert hidden.code == 0
    closed = (tmp_path / "hidden.html").read_text()
    assert "oven" not in closed.casefold()
    about = f"Person {told.zelda[-8:]}, 3 turn(s), times in UTC"
    assert f"{about}." in page
    assert f"{about}; what was written is hidden." in closed
    assert "from 2026-05-04 12:00 to 15:00" in page  # one day: its hours tell more


@ON_SQLITE
async def test_a_page_is_drawn_by_a_browser(admin: Admin, told: Told, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium: apt-get install chromium")
    await admin("logs", "export", "-o", "z.html", "--format", "html", "--user", told.zelda)
    picture = tmp_path / "z.png"
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,700",
         f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}",
         (tmp_path / "z.html").as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with Image.open(picture) as drawn:
        colours = {colour for _, colour in drawn.convert("RGB").getcolors(2**20) or []}
    assert (0x2F, 0x6F, 0x8F) in colours  # the line


def test_a_line_of_any_length_takes_little_memory() -> None:
    trace = Trace()
    for number in range(50_000):
        trace.add(Point(float(number), number / 50_000, 0.1, 0.0))
    assert POINTS <= len(trace.points) < 2 * POINTS
    times = [point.at for point in trace.points]
    assert times == sorted(times)
    assert trace.points[-1].valence > 0.95


async def test_an_export_is_cut_into_parts(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    await tell(database, "omar", "next month", hours=24 * 28, platform="telegram")
    for by, names in (
        ("person", sorted([f"{told.zelda}.jsonl", f"{told.omar}.jsonl"])),
        ("month", ["2026-05.jsonl", "2026-06.jsonl"]),
        ("day", ["2026-05-04.jsonl", "2026-06-01.jsonl"]),
    ):
        done = await admin("logs", "export", "-o", by, "--by", by, "--json")
        assert (done.code, done.json["turns"], done.json["files"]) == (0, 4, len(names))
        folder = tmp_path / by
        assert sorted(path.name for path in folder.iterdir()) == names
        assert sum(len(turns_in(path)) for path in folder.iterdir()) == 4
    talks = await admin("logs", "export", "-o", "talks", "--by", "talk", "--json")
    assert talks.json["files"] == 2
    assert (await admin("logs", "export", "-o", "talks", "--by", "talk")).code == 4
    none = await admin("logs", "export", "-o", "none", "--by", "person", "--emotion", "joy")
    assert (none.code, list(tmp_path.glob("*none*"))) == (3, [])


@ON_SQLITE
async def test_lines_of_a_message_stay_lines_in_markdown(
    admin: Admin, database: Database, tmp_path: Path
) -> None:
    await tell(database, "zelda", "first\nsecond", hours=0)
    await admin("logs", "export", "-o", "out.md", "--format", "md", *LEAVE)
    page = (tmp_path / "out.md").read_text()
    assert "> first\\\n> second" in page
    assert "About first\\\nsecond: I hear you." in page


@ON_SQLITE
async def test_what_no_export_can_be_written_to(admin: Admin, told: Told, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for options, code, sentence in (
        (("-o", "-"), 2, "This is written to a file of its owner alone: name one."),
        (("-o", "folder", "--force"), 2, "folder is a folder: name a file."),
        (("-o", "folder", "--by", "day"), 4, "folder is there already: choose another name."),
        (("-o", "folder"), 4, "folder is there already: choose another name, or add --force."),
    ):
        refused = await admin("logs", "export", *options)
        assert (options, refused.code, refused.err) == (options, code, f"{sentence}\n")
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


@ON_SQLITE
async def test_only_what_is_new_since_the_last_time(
    admin: Admin, told: Told, database: Database, tmp_path: Path
) -> None:
    first = await admin("logs", "export", "-o", "1.jsonl", "--new", "note.json")
    assert (first.code, len(turns_in(tmp_path / "1.jsonl"))) == (0, 3)
    assert (await admin("logs", "export", "-o", "2.jsonl", "--new", "note.json")).code == 3
    note = tmp_path / "note.json"
    note.write_text(json.dumps({"upto": told.turns["zelda"][1]}))
    again = await admin("logs", "export", "-o", "2.jsonl", "--new", "note.json")
    assert (again.code, turns_in(tmp_path / "2.jsonl")) == (0, told.turns["omar"])
    note.write_text("[]")
    assert (await admin("logs", "export", "-o", "3.jsonl", "--new", "note.json")).code == 2


@ON_SQLITE
async def test_what_was_broken_off_goes_on(
    admin: Admin, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PAGE", 1)
    written: list[str] = []
    turn = formats.JsonLines.turn

    def broken(self: Any, file: Any, view: Any, words: Any) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(view.id)
        turn(self, file, view, words)

    monkeypatch.setattr(formats.JsonLines, "turn", broken)
    assert (await admin("logs", "export", "-o", "out.jsonl")).code == 130
    assert not (tmp_path / "out.jsonl").exists()
    monkeypatch.setattr(formats.JsonLines, "turn", turn)
    with (tmp_path / ".out.jsonl.partial").open("a") as draft:
        draft.write('{"turn": "half a li')  # what was written after the last note
    other = await admin("logs", "export", "-o", "out.jsonl", "--resume", "--risk", "none")
    assert other.code == 4
    done = await admin("logs", "export", "-o", "out.jsonl", "--resume", "--json")
    assert (done.code, done.json["turns"]) == (0, 3)
    assert turns_in(tmp_path / "out.jsonl") == [*told.turns["zelda"], *told.turns["omar"]]
    assert sorted(path.name for path in tmp_path.glob(".out*")) == []


@ON_SQLITE
async def test_a_full_disk_is_told_and_the_export_goes_on_once_there_is_room(
    admin: Admin, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = formats.JsonLines.turn

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(formats.JsonLines, "turn", full)
    result = await admin("logs", "export", "-o", "out.jsonl")
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert "no room left on the disk: make some" in result.err
    assert not (tmp_path / "out.jsonl").exists()
    monkeypatch.setattr(formats.JsonLines, "turn", turn)
    done = await admin("logs", "export", "-o", "out.jsonl", "--resume", "--json")
    assert (done.code, done.json["turns"]) == (0, 3)


def test_the_note_of_an_export_waits_for_what_others_commit_late() -> None:
    assert timedelta(seconds=5) <= exporting.SETTLED
