"""The two corpora of acted voices, as log-mel pictures with soft targets.

CREMA-D comes as stored log-mels (its audio is not at hand), RAVDESS as Ogg Opus, which goes through
the front end that runs later. No person is in two splits. Everything is kept in one array of
frames, in memory: about 250 MB.
"""

from __future__ import annotations

import csv
import io
import lzma
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.errors import NotFound
from affect.labels import centroids
from affect.perception import mel
from affect.perception.speaker import Speaker
from affect.perception.voice_calibration import CALM, CLASSES
from affect.types import EMOTIONS

Floats = NDArray[np.float32]

FOLDS = 6
VOTES = 0.3  # how much of a CREMA-D target is what listeners heard; the rest is what was acted
SILENT = "1076_MTI_SAD_XX"  # a clip without sound
STRENGTH = {"normal": 0.8, "strong": 1.2}  # of RAVDESS's affect against the emotion's centre
AT_REST = (0.15, -0.35)  # valence and arousal of calm: relief's arousal, a little pleasant
LEVEL = 50.0  # CREMA-D listeners' mean level that counts as strength 1 (0..100)


@dataclass(frozen=True, slots=True, eq=False)
class Clips:
    """Some clips of one or more corpora.

    `targets` (n, 8) shares of the classes; `acted` (n,) class numbers; `affect` (n, 2) valence and
    arousal; `people` names, unique over corpora; `split` train, dev, test; `fold` 0..5 or -1.
    """

    pictures: tuple[Floats, ...]
    targets: Floats
    acted: NDArray[np.int64]
    affect: Floats
    people: NDArray[np.str_]
    split: NDArray[np.str_]
    fold: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, rows: NDArray[np.bool_]) -> Clips:
        """Those where `rows` holds."""
        return Clips(
            tuple(picture for picture, keep in zip(self.pictures, rows, strict=True) if keep),
            self.targets[rows],
            self.acted[rows],
            self.affect[rows],
            self.people[rows],
            self.split[rows],
            self.fold[rows],
        )


def join(parts: list[Clips]) -> Clips:
    """One after another."""
    return Clips(
        tuple(picture for part in parts for picture in part.pictures),
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.acted for part in parts]),
        np.concatenate([part.affect for part in parts]),
        np.concatenate([part.people for part in parts]),
        np.concatenate([part.split for part in parts]),
        np.concatenate([part.fold for part in parts]),
    )


def speakers(summaries: NDArray[np.float64], clips: Clips, known: bool) -> list[Speaker]:
    """Who speaks before each clip: a stranger, or one whose every other clip was heard."""
    if not known:
        return [Speaker()] * len(clips)
    found = []
    for row, name in enumerate(clips.people):
        others = clips.people == name
        others[row] = False
        heard = summaries[others]
        if not len(heard):
            found.append(Speaker())
            continue
        first, second = heard.mean(axis=0), (heard**2).mean(axis=0)
        found.append(Speaker(float(len(heard)), tuple(first.tolist()), tuple(second.tolist())))
    return found


def crema_d(data: Path, splits: tuple[str, ...] = ("train", "dev", "test")) -> Clips:
    """CREMA-D: six classes; targets mix what was acted with the votes of voice-only listeners."""
    folder = data / "voice"
    labels = {row["clip"]: row for row in _table(folder / "crema_d_clips.csv")}
    places = _table(folder / "crema_d_mel_index.csv")
    pictures, rows = [], []
    for split in splits:
        with lzma.open(_there(folder / f"crema_d_mel_{split}.npy.xz")) as file:
            stored = np.load(io.BytesIO(file.read()))
        for place in places:
            if place["split"] != split or place["clip"] == SILENT:
                continue
            start, frames = int(place["start"]), int(place["frames"])
            told = stored[start : start + frames].astype(np.float32) * 0.625 - mel.RANGE
            pictures.append(mel.picture(told))
            rows.append(labels[place["clip"]])
    acted = np.array([CLASSES.index(row["emotion"]) for row in rows])
    votes = np.array([[float(row.get(f"p_{name}") or 0) for name in CLASSES] for row in rows])
    targets = (1 - VOTES) * np.eye(len(CLASSES))[acted] + VOTES * votes
    strength = np.array([float(row["mean_level"] or LEVEL) for row in rows]) / LEVEL
    return Clips(
        tuple(pictures),
        targets.astype(np.float32),
        acted,
        _affect(targets, np.clip(strength, 0.3, 1.6)),
        np.array([f"crema-{row['actor']}" for row in rows]),
        np.array([row["split"] for row in rows]),
        np.full(len(rows), -1),
    )


def ravdess(
    data: Path,
    splits: tuple[str, ...] = ("train", "dev", "test"),
    bits: int | None = None,
) -> Clips:
    """RAVDESS: eight classes, from sound; with `bits` after one more Opus round trip at about so
    many bits a second.
    """
    folder = data / "voice"
    rows = [row for row in _table(folder / "ravdess.csv") if row["split"] in splits]
    sounds: dict[str, Floats] = {}
    for split in splits:
        with tarfile.open(_there(folder / f"ravdess_{split}.tar")) as tar:
            for member in tar.getmembers():
                file = tar.extractfile(member)
                if file is not None:
                    sound = samples(file.read())
                    sounds[member.name] = sound if bits is None else round_trip(sound, bits)
    acted = np.array([CLASSES.index(row["emotion"]) for row in rows])
    targets = np.eye(len(CLASSES))[acted]
    strength = np.array([STRENGTH[row["intensity"]] for row in rows])
    return Clips(
        tuple(mel.picture(mel.log_mel(sounds[row["file"]])) for row in rows),
        targets.astype(np.float32),
        acted,
        _affect(targets, strength),
        np.array([f"ravdess-{row['actor']}" for row in rows]),
        np.array([row["split"] for row in rows]),
        np.array([int(row["fold"]) for row in rows]),
    )


def samples(data: bytes) -> Floats:
    """A corpus file (16 kHz mono) as samples."""
    import soundfile

    found, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    if rate != mel.RATE:
        raise ValueError(f"corpus files must be at {mel.RATE} Hz, not {rate}")
    return np.asarray(found, dtype=np.float32)


def round_trip(sound: Floats, bits: int) -> Floats:
    """Samples at 16 kHz, coded as Opus at about `bits` (6,000 to 256,000) a second, and decoded."""
    import soundfile

    coded = io.BytesIO()
    # libsndfile's level is the share of the way from 256,000 bits a second down to 6,000.
    soundfile.write(
        coded,
        sound,
        mel.RATE,
        format="OGG",
        subtype="OPUS",
        compression_level=(256_000 - bits) / 250_000,
    )
    return samples(coded.getvalue())


def _affect(targets: NDArray[np.float64], strength: NDArray[np.float64]) -> Floats:
    """(n, 2) valence and arousal: the centres of the classes, further out where it was strong."""
    centres = np.zeros((len(CLASSES), 2))
    centres[: len(EMOTIONS)] = centroids()[:, :2]
    centres[CLASSES.index(CALM)] = AT_REST
    return np.clip((targets @ centres) * strength[:, None], -1, 1).astype(np.float32)


def _table(path: Path) -> list[dict[str, str]]:
    with _there(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _there(path: Path) -> Path:
    if not path.is_file():
        raise NotFound(f"{path} is not there: the data folder is incomplete.")
    return path
