"""What was learned on the vectors of one text model: with another's it is left out, unseen.

Entries are chosen and lines heard less well then, so whoever looks at an installation is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from affect.writers import aptness, classes, cues

FILES = (classes.FILE, aptness.FILE, cues.FILE)


def left_out(model: str, files: Sequence[Path] = FILES) -> Mapping[str, str | None]:
    """The names of the files that are not of this model, with the one that they are of.

    None for a file that is not there or cannot be read.
    """
    return {file.name: of for file in files if (of := _model(file)) != model}


def _model(file: Path) -> str | None:
    try:
        with file.open("rb") as opened, np.load(opened) as kept:
            return str(kept["model"])
    except (OSError, KeyError, ValueError, BadZipFile):
        return None
