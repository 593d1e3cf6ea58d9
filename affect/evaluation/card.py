"""Measured figures go into the card by machine: never typed by hand, never stale in part."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from affect.errors import NotFound
from affect.evaluation.text import Figure, as_json, as_markdown

JSON, MARKDOWN = "text.json", "text.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def write_figures(folder: Path, figures: list[Figure], today: date) -> None:
    """Put figures into `text.json` and between the marks of `text.md` of a weights folder."""
    for name in (JSON, MARKDOWN):
        if not (folder / name).is_file():
            raise NotFound(f"There is no {name} in {folder} to write figures into.")
    told = json.loads((folder / JSON).read_text("utf-8"))
    told["figures"] = as_json(figures)
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    (folder / JSON).write_text(text, "utf-8")
    before, _, rest = (folder / MARKDOWN).read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    note = f"Printed by `python -m affect evaluate text --card` on {today.isoformat()}."
    table = as_markdown(figures)
    (folder / MARKDOWN).write_text(f"{before}{BEGIN}\n{note}\n\n{table}\n{END}{after}", "utf-8")
