"""How well words in a voice are heard: word errors, time and memory, on clips with known words.

`python -m affect.evaluation.speech CLIPS [--card]`. CLIPS holds sounds and their words
in `transcription`, a line each: `<s> words </s> (file name without .wav)`, as Debian's
pocketsphinx-testdata has them under `librivox/`. Nothing is fitted here.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.errors import NotFound
from affect.evaluation.card import write_figures
from affect.evaluation.figures import Figure, as_markdown
from affect.evaluation.metrics import bootstrap
from affect.perception import audio
from affect.perception.activity import VoiceActivity
from affect.perception.speech import SpeechModel

WORDS, LINE = "transcription", re.compile(r"<s>(.*)</s>\s*\((.+)\)")
COMMAND = "python -m affect.evaluation.speech CLIPS --card"
CORPUS = "LibriVox"
TIMES = 3  # all clips so often make the long note


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound and what is said in it."""

    path: Path
    words: str


def evaluate(model: SpeechModel, data: Path, report: Callable[[str], None]) -> list[Figure]:
    """Word errors (share of the words said) clip by clip and with all clips in one note of more
    than a window, CPU seconds per second of sound, and the peak memory of this process in MB;
    raises `NotFound` where there are no clips.
    """
    listener = VoiceActivity.load()
    found = clips(data)
    sounds = [audio.decode(clip.path.read_bytes()) for clip in found]
    wrong, count, spent = [], [], []
    for clip, sound in zip(found, sounds, strict=True):
        began = time.process_time()
        said = model.transcribe(sound, listener.listen(sound)).text
        spent.append(time.process_time() - began)
        wrong.append(errors(normal(clip.words), normal(said)))
        count.append(len(normal(clip.words)))
        report(f"{clip.path.name}: {wrong[-1]} wrong of {count[-1]} words.")
    note = audio.Sound(np.concatenate([sound.samples for sound in sounds] * TIMES))
    said = model.transcribe(note, listener.listen(note)).text
    joined = word_error(" ".join([clip.words for clip in found] * TIMES), said)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak * (1 if sys.platform == "darwin" else 1024) / 1e6  # bytes there, KiB here
    return [
        _ratio("word errors", wrong, count),
        _one("word errors in one long note", joined, len(found)),
        _ratio("real-time factor on one core", spent, [sound.seconds for sound in sounds]),
        _one("peak memory in MB", megabytes, len(found)),
    ]


def clips(folder: Path) -> list[Clip]:
    """The clips of a folder, in the order of its `transcription`."""
    try:
        lines = (folder / WORDS).read_text("utf-8").splitlines()
    except OSError as error:
        raise NotFound(
            f"There are no clips in {folder}: it needs {WORDS} and WAV files."
        ) from error
    found = [LINE.match(line.strip()) for line in lines]
    return [Clip(folder / f"{hit[2]}.wav", hit[1].strip()) for hit in found if hit]


def word_error(reference: str, said: str) -> float:
    """Words put in, left out or changed, per word of `reference`; case and marks do not count."""
    words = normal(reference)
    return errors(words, normal(said)) / max(1, len(words))


def normal(text: str) -> list[str]:
    """The words of a text in lower case without marks; "cold-hearted" is two."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.lower())


def errors(words: Sequence[str], said: Sequence[str]) -> int:
    """Levenshtein's distance between two rows of words."""
    row = list(range(len(said) + 1))
    for place, word in enumerate(words, 1):
        before, row[0] = row[0], place
        for k, other in enumerate(said, 1):
            changed = before + (word != other)
            before = row[k]
            row[k] = min(row[k] + 1, row[k - 1] + 1, changed)
    return row[-1]


def _one(name: str, value: float, count: int) -> Figure:
    """A figure that was measured once: no interval."""
    return Figure(CORPUS, name, value, value, value, count)


def _ratio(name: str, parts: Sequence[float], wholes: Sequence[float]) -> Figure:
    part, whole = np.array(parts, dtype=np.float64), np.array(wholes, dtype=np.float64)

    def of(rows: NDArray[np.int64]) -> float:
        return float(part[rows].sum() / whole[rows].sum())

    low, high = bootstrap(of, len(part))
    return Figure(CORPUS, name, of(np.arange(len(part))), low, high, len(part))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m affect.evaluation.speech", description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--weights", type=Path, help="a folder instead of what ships")
    parser.add_argument("--card", action="store_true", help="write the figures into the card")
    given = parser.parse_args()
    figures = evaluate(SpeechModel.load(given.weights), given.clips, print)
    print(as_markdown(figures))
    if given.card:
        folder = given.weights or Path(str(resources.files("affect") / "weights"))
        write_figures(folder, figures, datetime.now(UTC).date(), "speech", COMMAND)


if __name__ == "__main__":
    main()
