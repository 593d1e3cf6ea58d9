"""docs/analyze.ipynb runs from top to bottom, in a folder of its own, and its outputs are kept."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "docs" / "analyze.ipynb"
LIMIT = 120  # seconds for one cell, far above what it takes


def kept() -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(NOTEBOOK, 4)  # type: ignore[no-untyped-call]
    return notebook


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = kept()
    nbformat.validate(notebook)
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    here = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(here))
    NotebookClient(
        notebook,
        timeout=LIMIT,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()


def test_kept_outputs_are_whole_and_of_no_machine() -> None:
    notebook = kept()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        # Printed words alone: no warning, no error, no object with an address.
        assert [(told.output_type, told.name) for told in cell.outputs] == [("stream", "stdout")]
        assert not any(sign in cell.outputs[0].text for sign in ("/", "\\", "0x"))
