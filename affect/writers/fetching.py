"""The files of a model: from a folder as it is, or brought from the hub, telling how far it is."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from affect.errors import ModelUnavailable
from affect.perception import hub

SMALL_FILES = ("*.json", "*.jinja", "*.model", "*.txt")
WEIGHTS = ("*.safetensors",)
AT_ONCE = 4  # files fetched side by side


def folder(model: str, patterns: Sequence[str], told: Callable[[float], None]) -> Path:
    """The folder of a model with its files that fit the patterns; `told` hears shares, 0 to 1.

    Raises `ModelUnavailable`. Without a network what was fetched before is used.
    """
    place = hub.place(model)
    if Path(place).is_dir():
        return Path(place)
    import huggingface_hub

    wanted: dict[str, Any] = {"allow_patterns": list(patterns), "max_workers": AT_ONCE}
    try:
        total = _bytes_to_come(place, wanted)
        bars = {"tqdm_class": _counting(total, told)} if total else {}
        return Path(huggingface_hub.snapshot_download(place, **wanted, **bars))
    except Exception as error:  # the library raises classes of its own
        raise ModelUnavailable(
            f"{model} could not be fetched from the hub ({type(error).__name__}): see that the id "
            "is right and may be read, or give a folder."
        ) from error


def _bytes_to_come(place: str, wanted: dict[str, Any]) -> int:
    import huggingface_hub
    from huggingface_hub.errors import DryRunError

    try:
        files = huggingface_hub.snapshot_download(place, dry_run=True, **wanted)
    except DryRunError:  # the hub does not answer; what was fetched before may do
        return 0
    return sum(file.file_size or 0 for file in files if file.will_download)


def _counting(total: int, told: Callable[[float], None]) -> type:
    """A bar that draws nothing and tells what share of the bytes has come.

    The hub counts the same bytes on several bars, as they come and as they are written.
    """
    from tqdm import tqdm

    lock = threading.Lock()
    most = 0.0

    class Counting(tqdm):  # type: ignore[misc]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **(named | {"file": io.StringIO()}))

        def update(self, n: float | None = 1) -> Any:
            nonlocal most
            drawn = super().update(n)
            with lock:
                if self.unit == "B" and self.n > most:
                    most = self.n
                    told(min(1.0, most / total))
            return drawn

    return Counting
