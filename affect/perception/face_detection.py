"""Find faces: MTCNN's cascade (Zhang et al. 2016) in numpy around its three published networks.

A first small network slides over a pyramid of shrunken pictures, a second weeds out, a third
decides and finds five points. It says where faces are; it does not know whose.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from affect.errors import ModelUnavailable
from affect.perception.images import Picture

GRAPHS = ("face_detection_p.onnx", "face_detection_r.onnx", "face_detection_o.onnx")
SMALLEST = 40  # pixels of the smallest face looked for
SHRINK = 0.709  # from one picture of the pyramid to the next: half the area
CELL, STRIDE = 12, 2  # pixels that the first network sees, and by how many it moves
THRESHOLDS = (0.6, 0.7, 0.9)
MOST_CANDIDATES = 300  # into the second network: bounds the time that a wild picture takes

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face: `box` (left, top, right, bottom) and `points` (5, 2) as x, y, both in pixels: eyes
    (the left one in the picture first), nose, corners of the mouth. `score` is the detector's.
    """

    box: tuple[float, float, float, float]
    points: NDArray[np.float64]
    score: float

    @property
    def side(self) -> float:
        """The geometric mean of width and height, in pixels."""
        left, top, right, bottom = self.box
        return float(np.sqrt(max(right - left, 0) * max(bottom - top, 0)))


class FaceDetector:
    """The three networks. May be used by many threads."""

    def __init__(self, sessions: list[onnxruntime.InferenceSession]) -> None:
        self._first, self._second, self._third = sessions

    @classmethod
    def load(cls, folder: Path | None = None) -> FaceDetector:
        """Load from a folder (default: what ships); raises `ModelUnavailable`."""
        place: Traversable = folder or resources.files("affect") / "weights"
        return cls([load_session(place, name) for name in GRAPHS])

    def find(self, picture: Picture, smallest: int = SMALLEST) -> list[Face]:
        """All faces of at least about `smallest` pixels, the largest first."""
        candidates = self._propose(picture.pixels, smallest)
        candidates = self._weed(picture.pixels, candidates)
        faces = self._decide(picture.pixels, candidates)
        return sorted(faces, key=lambda face: -face.side)

    def _propose(self, pixels: NDArray[np.uint8], smallest: int) -> Floats:
        from PIL import Image

        image = Image.fromarray(pixels)
        scale = CELL / smallest
        found = [np.zeros((0, 5), np.float32)]
        while min(image.size) * scale >= CELL:
            size = (int(np.ceil(image.width * scale)), int(np.ceil(image.height * scale)))
            small = _centred(np.asarray(image.resize(size, Image.Resampling.BOX)))
            # The networks were converted with width before height.
            moves, scores = self._first.run(None, {_input(self._first): small.swapaxes(0, 1)[None]})
            found.append(_cells(scores[0, :, :, 1], moves[0], scale))
            scale *= SHRINK
        rows = np.concatenate(found)
        rows = rows[_apart(rows, 0.7)]
        return _square(rows[:MOST_CANDIDATES])

    def _weed(self, pixels: NDArray[np.uint8], rows: Floats) -> Floats:
        if not len(rows):
            return rows
        crops = _crops(pixels, rows, 24)
        moves, scores = self._second.run(None, {_input(self._second): crops})
        kept = scores[:, 1] > THRESHOLDS[1]
        rows, moves = _scored(rows, scores)[kept], moves[kept]
        order = _apart(rows, 0.7)
        return _square(_moved(rows[order], moves[order]))

    def _decide(self, pixels: NDArray[np.uint8], rows: Floats) -> list[Face]:
        if not len(rows):
            return []
        crops = _crops(pixels, rows, 48)
        moves, points, scores = self._third.run(None, {_input(self._third): crops})
        kept = scores[:, 1] > THRESHOLDS[2]
        rows, moves, points = _scored(rows, scores)[kept], moves[kept], points[kept]
        sides = rows[:, 2:4] - rows[:, :2]
        places = points.reshape(-1, 2, 5).swapaxes(1, 2) * sides[:, None] + rows[:, None, :2]
        rows = _moved(rows, moves)
        return [
            Face(
                (float(rows[k, 0]), float(rows[k, 1]), float(rows[k, 2]), float(rows[k, 3])),
                places[k].astype(np.float64),
                float(rows[k, 4]),
            )
            for k in _apart(rows, 0.7, of_smaller=True)
        ]


def load_session(place: Traversable, name: str) -> onnxruntime.InferenceSession:
    """One network of a folder on one core, without spinning; raises `ModelUnavailable`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        with resources.as_file(place / name) as path:
            return onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
    except Exception as error:  # onnxruntime raises classes of its own
        raise ModelUnavailable(f"The network {name} in {place} cannot be used.") from error


def _input(session: onnxruntime.InferenceSession) -> str:
    return str(session.get_inputs()[0].name)


def _centred(pixels: NDArray[np.uint8]) -> Floats:
    return (pixels.astype(np.float32) - np.float32(127.5)) / np.float32(128)


def _cells(scores: Floats, moves: Floats, scale: float) -> Floats:
    """(n, 5) boxes and scores of the cells, x by y, where the first network sees a face."""
    x, y = np.nonzero(scores >= THRESHOLDS[0])
    corner = np.stack([x, y], axis=1).astype(np.float32) * STRIDE
    first, last = corner / scale, (corner + CELL) / scale
    rows = np.concatenate([first, last, scores[x, y, None]], axis=1).astype(np.float32)
    order = _apart(rows, 0.5)
    rows, move = rows[order], moves[x, y][order]
    rows[:, :4] += move * (CELL / scale)
    return rows


def _apart(rows: Floats, most: float, *, of_smaller: bool = False) -> list[int]:
    """Places of the best rows of which no two overlap by more than `most`, best first.

    Overlap is the shared area over the joined one, or over that of the smaller box.
    """
    left, top, right, bottom = rows[:, :4].T
    area = np.maximum(right - left, 0) * np.maximum(bottom - top, 0)
    order = np.argsort(-rows[:, 4], kind="stable")
    kept: list[int] = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(int(best))
        wide = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest])
        high = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest])
        shared = np.maximum(wide, 0) * np.maximum(high, 0)
        whole = (
            np.minimum(area[best], area[rest]) if of_smaller else area[best] + area[rest] - shared
        )
        order = rest[shared <= most * np.maximum(whole, 1e-6)]
    return kept


def _scored(rows: Floats, scores: Floats) -> Floats:
    return np.concatenate([rows[:, :4], scores[:, 1:]], axis=1)


def _moved(rows: Floats, moves: Floats) -> Floats:
    """Boxes corrected by shares of their own sides."""
    sides = np.tile(rows[:, 2:4] - rows[:, :2], 2)
    return np.concatenate([rows[:, :4] + moves * sides, rows[:, 4:]], axis=1)


def _square(rows: Floats) -> Floats:
    """The square around each box's middle with its longer side."""
    sides = rows[:, 2:4] - rows[:, :2]
    half = sides.max(axis=1, keepdims=True) / 2 if len(rows) else sides[:, :1]
    middle = rows[:, :2] + sides / 2
    return np.concatenate([middle - half, middle + half, rows[:, 4:]], axis=1)


def _crops(pixels: NDArray[np.uint8], rows: Floats, side: int) -> Floats:
    """(n, side, side, 3) cut out and shrunk, width first; black where a box leaves the picture."""
    from PIL import Image

    image = Image.fromarray(pixels)
    crops = np.empty((len(rows), side, side, 3), np.float32)
    for row, (left, top, right, bottom) in enumerate(rows[:, :4].round().astype(int).tolist()):
        crop = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
        small = crop.resize((side, side), Image.Resampling.BOX)
        crops[row] = _centred(np.asarray(small)).swapaxes(0, 1)
    return crops
