"""How fast what ships reads: a line, a voice note of 5 s, a selfie of 12 megapixels; one core each.

Lines are ordinary chat messages in English and Chinese. The note is a made-up buzz, which costs
what speech costs; its words are not transcribed. The selfie is a free photograph of the data
folder, enlarged; without that folder it is a picture without a face, of which only decoding and
detection are timed. Every timing is of this machine, after a warm-up.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType

from affect import tables
from affect.analysis import Analyst
from affect.errors import MediaRejected, ModelUnavailable
from affect.perception.text import TextModel

LINES: tuple[str, ...] = (
    "ok",
    "I got the job!! 🎉",
    "can't sleep again, my head just won't stop",
    "thanks, that actually helps a lot",
    "my sister hasn't called me back in three weeks and I don't know what I did wrong",
    "今天好累，什么都不想做",
    "终于考完试了，开心！",
    "老板今天又当着所有人的面骂我，我真的不知道还能撑多久",
)
WARM_UP, CALLS, MANY = 3, 160, 256
MEDIA_CALLS = 20
NOTE_SECONDS, RATE = 5, 16_000
MEGAPIXELS = 12
PHOTO = Path("face", "photos", "obama_nasa_hq_photo.jpg")  # a US government work
TOKENS = 16  # of a peer's line: about as many as ours have
TEXT, VOICE, FACE, EXPRESSION, SPEECH = (
    "a line",
    "a voice note of 5 s, without transcription",
    "a selfie of 12 megapixels, with decoding",
    "the expression network alone",
    "speech to text, loaded only",
)
SHORT = {
    VOICE: "voice",
    FACE: "selfie",
    EXPRESSION: "expression",
    SPEECH: "speech",
}
"""What is timed, as it stands in a row of the table."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one `what`, seconds to load, peak memory of the process so far in MB.

    `cpu_ms` is the median of processor time, which other programs disturb less than the clock;
    `ratio` is a peer's over ours. `texts_per_second` is of many lines read together. What was
    loaded only has no milliseconds.
    """

    what: str
    model: str
    load_seconds: float
    p50_ms: float | None
    p95_ms: float | None
    cpu_ms: float | None
    peak_megabytes: float | None
    texts_per_second: float | None = None
    ratio: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Rounded for a report."""
        return {k: round(v, 2) if isinstance(v, float) else v for k, v in asdict(self).items()}


def time_text(folder: Path | None) -> Timing:
    """Time the text model in `folder` (default: what ships)."""
    began = time.perf_counter()
    model = TextModel.load(folder)
    model.read(LINES[0])
    load = time.perf_counter() - began
    for _ in range(WARM_UP):
        model.read_many(LINES)
    single = [_spent(partial(model.read, LINES[number % len(LINES)])) for number in range(CALLS)]
    texts = [LINES[number % len(LINES)] for number in range(MANY)]
    took = _seconds(lambda: model.read_many(texts))
    return _timing(TEXT, model.name, load, single, MANY / took)


def time_voice(analyst: Analyst) -> list[Timing]:
    """From the bytes of a voice note to its estimate; raises `ModelUnavailable`."""
    from affect.perception import audio
    from affect.perception.activity import VoiceActivity

    began = time.perf_counter()
    model, activity = analyst.voice, VoiceActivity.load()
    load = time.perf_counter() - began
    note = _note()

    def read() -> None:
        sound = audio.decode(note)
        heard = replace(activity.listen(sound), spans=((0.0, sound.seconds),), quality=1.0)
        model.read(sound, heard)

    return [_timing(VOICE, model.name, load, _calls(read))]


def time_face(analyst: Analyst, data: Path | None) -> list[Timing]:
    """From the bytes of a selfie to its estimate, and the network alone."""
    began = time.perf_counter()
    model = analyst.face
    load = time.perf_counter() - began
    selfie = _selfie(data)

    def read() -> bool:
        try:
            analyst.see(selfie)
        except MediaRejected:
            return False
        return True

    what = FACE if read() else f"{FACE} (no face in it: no expression read)"
    tile = np.full((1, 48, 48), 128, dtype=np.uint8)
    return [
        _timing(what, model.name, load, _calls(read)),
        _timing(EXPRESSION, model.name, load, _calls(lambda: model.raw(tile))),
    ]


def time_all(data: Path | None) -> list[Timing]:
    """Everything, in one process: the last peak memory is that of all models loaded."""
    analyst = Analyst()
    timings = [time_text(None), *time_voice(analyst), *time_face(analyst, data)]
    try:
        from affect.perception.speech import SpeechModel

        began = time.perf_counter()
        speech = SpeechModel.load()
        timings.append(_timing(SPEECH, speech.name, _since(began), []))
    except ModelUnavailable:
        pass
    return timings


def startup() -> float:
    """Seconds from nothing to the first line read, in a process of its own."""
    code = "from affect import analyze; analyze('hello')"
    return _seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True))  # noqa: S603


def time_peers(timings: list[Timing]) -> list[Timing]:
    """The usual architectures beside ours, random weights, float32 on one thread.

    RoBERTa-base on a line, wav2vec2-base on a note, ViT-base on a face. Raises `ModelUnavailable`
    where torch or transformers is missing.
    """
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        raise ModelUnavailable(
            f"The peers are not timed: {error.name} is not installed (extra train)."
        ) from error
    torch.set_num_threads(1)
    random = torch.Generator().manual_seed(0)
    given = {
        TEXT: torch.randint(5, 50_000, (1, TOKENS), generator=random),
        VOICE: torch.randn(1, NOTE_SECONDS * RATE, generator=random),
        EXPRESSION: torch.randn(1, 3, 224, 224, generator=random),
    }
    made = {
        TEXT: ("RoBERTa-base", transformers.RobertaModel, transformers.RobertaConfig),
        VOICE: ("wav2vec2-base", transformers.Wav2Vec2Model, transformers.Wav2Vec2Config),
        EXPRESSION: ("ViT-base", transformers.ViTModel, transformers.ViTConfig),
    }
    found = []
    for ours in timings:
        if ours.what not in made:
            continue
        name, model_class, config = made[ours.what]
        began = time.perf_counter()
        options = {"vocab_size": 50_265} if ours.what == TEXT else {}
        model = model_class(config(**options)).eval()
        load = time.perf_counter() - began
        with torch.inference_mode():
            spent = _calls(partial(model, given[ours.what]))
        peer = _timing(ours.what, f"{name} (random weights)", load, spent)
        if peer.cpu_ms and ours.cpu_ms:
            found.append(replace(peer, ratio=peer.cpu_ms / ours.cpu_ms))
    return found


def as_table(timings: list[Timing]) -> RenderableType:
    """One row a timing, then what the rows are of; a column that nothing fills is left out."""
    columns: dict[str, list[float | None]] = {
        "p50\nms": [timing.p50_ms for timing in timings],
        "p95\nms": [timing.p95_ms for timing in timings],
        "cpu\nms": [timing.cpu_ms for timing in timings],
        "a\nsecond": [timing.texts_per_second for timing in timings],
        "load\nms": [timing.load_seconds * 1000 for timing in timings],
        "peak\nMB": [timing.peak_megabytes for timing in timings],
        "x\nours": [timing.ratio for timing in timings],
    }
    filled = {head: told for head, told in columns.items() if told != [None] * len(timings)}
    table = tables.plain("what", "model", *filled, right=tuple(filled))
    for number, timing in enumerate(timings):
        cells = (_cell(told[number]) for told in filled.values())
        table.add_row(_short(timing.what), timing.model, *cells)
    told = dict.fromkeys(timing.what for timing in timings)
    legend = [f"{_short(what)}: {what}" for what in told if _short(what) != what]
    return Group(table, *(["", *legend] if legend else []))


def _cell(number: float | None) -> str:
    return "" if number is None else f"{number:.1f}"


def _short(what: str) -> str:
    """A selfie may have had no face: that is in the legend."""
    return next((short for full, short in SHORT.items() if what.startswith(full)), what)


def _timing(
    what: str,
    model: str,
    load: float,
    spent: list[tuple[float, float]],
    per_second: float | None = None,
) -> Timing:
    if not spent:
        return Timing(what, model, load, None, None, None, _peak(), per_second)
    wall, cpu = (np.array(part) * 1000 for part in zip(*spent, strict=True))
    p50, p95 = (float(q) for q in np.percentile(wall, [50, 95]))
    return Timing(what, model, load, p50, p95, float(np.median(cpu)), _peak(), per_second)


def _calls(read: Callable[[], object]) -> list[tuple[float, float]]:
    """What each of `MEDIA_CALLS` calls took, after a warm-up."""
    for _ in range(WARM_UP):
        read()
    return [_spent(read) for _ in range(MEDIA_CALLS)]


def _spent(read: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of processor time."""
    began, worked = time.perf_counter(), time.process_time()
    read()
    return time.perf_counter() - began, time.process_time() - worked


def _seconds(read: Callable[[], object]) -> float:
    began = time.perf_counter()
    read()
    return _since(began)


def _since(began: float) -> float:
    return time.perf_counter() - began


def _note() -> bytes:
    """A buzz of 5 s with the rhythm of syllables, as Ogg Opus."""
    import soundfile

    at = np.arange(NOTE_SECONDS * RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * at) / k for k in range(1, 20))
    sound = 0.1 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * at))
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format="OGG", subtype="OPUS")
    return file.getvalue()


def _selfie(data: Path | None) -> bytes:
    """A JPEG of 12 megapixels: the photograph of the data folder, else a made-up picture."""
    from PIL import Image

    photo = data / PHOTO if data else None
    if photo and photo.is_file():
        with Image.open(photo) as opened:
            picture = opened.convert("RGB")
    else:
        picture = Image.fromarray(_pattern())
    scale = (MEGAPIXELS * 1e6 / (picture.width * picture.height)) ** 0.5
    large = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    file = io.BytesIO()
    large.save(file, "JPEG", quality=90)
    return file.getvalue()


def _pattern() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).integers(0, 60, (300, 400, 3))
    slope = np.linspace(40, 180, 400)[None, :, None]
    return (noise + slope).astype(np.uint8)


def _peak() -> float | None:
    """Peak resident memory of this process in MB; None where the system does not tell (Windows)."""
    try:
        import resource
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kB, macOS in bytes.
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
