"""A tiny chat model with random weights, made once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from affect import random_model
from affect.writers import local_llm


@pytest.fixture(scope="session")
def one_thread() -> None:
    """Threads that spin for each other make a busy machine crawl."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    return random_model.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def model(tiny: Path) -> Iterator[local_llm.LocalModel]:
    loaded = local_llm.load(str(tiny), "none", lambda *_: None)
    yield loaded
    loaded.close()
