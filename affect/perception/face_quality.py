"""Whether a face can be read at all, and how well: size, light, sharpness, pose, what covers it.

All measures are taken on the aligned face, brought to one size, so that they compare. Thresholds
were set by hand on freely licensed photographs, darkened, blurred and covered by machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect.errors import MediaRejected
from affect.perception.face_detection import Face

SMALLEST_SIDE = 32  # pixels of a face that has anything to read
GOOD_SIDE = 96  # from here on size limits nothing
DARKEST, DIM = 28.0, 70.0  # mean grey of 255: below the first refused, from the second on good
FAINTEST = 9.0  # deviation of grey below which there is no contrast to read
BLURRED, SHARP = 0.035, 0.10  # see `sharpness`
FLAT = 0.10  # a part of a face with less than this share of the face's own contrast is covered
DRAWN = 0.55  # share of exactly equal neighbours in a face, which no camera gives
POSE = 0.45  # how far the nose may stand off the middle, in distances between the eyes

# Where the parts lie in an aligned face of 48 pixels: top, bottom, left, right.
EYES = ((13, 24, 9, 22), (13, 24, 26, 39))
MOUTH = (33, 43, 14, 34)

Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Signal:
    """What was measured of a face: `side` in pixels, `light` in grey values, and shares."""

    side: float
    light: float
    contrast: float
    sharpness: float
    turned: float
    parts: tuple[float, float, float]
    equal: float

    @property
    def quality(self) -> float:
        """In [0, 1]: the product of how good size, light, sharpness and pose are."""
        return float(
            np.clip(self.side / GOOD_SIDE, 0.2, 1)
            * np.clip(self.light / DIM, 0.3, 1)
            * np.clip(self.sharpness / SHARP, 0.3, 1)
            * np.clip(1.3 - self.turned / POSE, 0.3, 1)
        )


def measure(face: Face, grey: Grey, pixels: NDArray[np.uint8]) -> Signal:
    """From the aligned `grey` (48, 48) and the whole picture's `pixels`."""
    contrast = float(grey.std())
    parts = tuple(
        float(grey[top:bottom, left:right].std()) / max(contrast, 1e-6)
        for top, bottom, left, right in (*EYES, MOUTH)
    )
    return Signal(
        side=face.side,
        light=float(grey.mean()),
        contrast=contrast,
        sharpness=sharpness(grey),
        turned=turned(face),
        parts=(parts[0], parts[1], parts[2]),
        equal=equal_neighbours(face, pixels),
    )


def refuse(signal: Signal) -> None:
    """Raise `MediaRejected` where a face cannot be read: small_face, dark, blurred, covered,
    drawing.
    """
    if signal.side < SMALLEST_SIDE:
        raise MediaRejected("small_face", "The face is too small in the picture to be read.")
    if signal.light < DARKEST or signal.contrast < FAINTEST:
        raise MediaRejected("dark", "The face is too dark to be read.")
    if signal.equal > DRAWN:
        raise MediaRejected("drawing", "This looks like a drawing, not like a photograph.")
    if signal.sharpness < BLURRED:
        raise MediaRejected("blurred", "The face is too blurred to be read.")
    if min(signal.parts) < FLAT:
        raise MediaRejected("covered", "Too much of the face is covered to read it.")


def sharpness(grey: Grey) -> float:
    """Mean size of the Laplacian over the deviation: fine detail as a share of all contrast."""
    inner = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.abs(around - 4 * inner).mean() / 4 / max(float(grey.std()), 1e-6))


def turned(face: Face) -> float:
    """How far the nose stands off the line through the middles of eyes and mouth, in distances
    between the eyes: about 0 from the front, and beyond .5 toward a profile.
    """
    left, right, nose, *mouth = face.points
    across = right - left
    distance = max(float(np.hypot(*across)), 1e-6)
    middle = (left + right + mouth[0] + mouth[1]) / 4
    return abs(float((nose - middle) @ across)) / distance**2


def equal_neighbours(face: Face, pixels: NDArray[np.uint8]) -> float:
    """Share of pixels of a face that equal their right neighbour in all three colours."""
    left, top, right, bottom = (max(0, round(edge)) for edge in face.box)
    crop = pixels[top:bottom, left:right]
    if crop.shape[0] < 2 or crop.shape[1] < 2:
        return 0.0
    return float((crop[:, 1:] == crop[:, :-1]).all(axis=2).mean())
