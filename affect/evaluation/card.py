"""Measured figures go into the card by machine: never typed by hand, never stale in part."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from affect.errors import NotFound
from affect.evaluation.figures import Figure, as_json, as_markdown

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def write_figures(
    folder: Path, figures: list[Figure], today: date, what: str = "text", command: str = ""
) -> None:
    """Put figures into the JSON card and between the marks of the Markdown card of a model.

    `command`: what printed them, where it is not `python -m affect evaluate`.
    """
    card, text_card = f"{what}.json", f"{what}.md"
    for name in (card, text_card):
        if not (folder / name).is_file():
            raise NotFound(f"There is no {name} in {folder} to write figures into.")
    told = json.loads((folder / card).read_text("utf-8"))
    told["figures"] = as_json(figures)
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    (folder / card).write_text(text, "utf-8")
    before, _, rest = (folder / text_card).read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    command = command or f"python -m affect evaluate {what} --card"
    note = f"Printed by `{command}` on {today.isoformat()}."
    table = as_markdown(figures)
    (folder / text_card).write_text(f"{before}{BEGIN}\n{note}\n\n{table}\n{END}{after}", "utf-8")
