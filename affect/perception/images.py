"""Hostile bytes in, an upright picture of bounded size out; everything else in the file is dropped.

Only four formats are ever handed to Pillow, sizes are checked before a pixel is decoded, and a
JPEG is decoded at a fraction of its size where that is enough. Names, places and times that a
camera wrote into a file are read by nobody and kept nowhere.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from affect.errors import MediaRejected

if TYPE_CHECKING:
    from PIL import Image

MOST_BYTES = 20 * 1024 * 1024  # what Telegram lets a bot fetch
MOST_PIXELS = 50_000_000  # decoded: 150 MB
LONGEST_SIDE = 800  # pixels of a decoded picture; more helps no detector
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
ORIENTATION = 0x0112  # EXIF tag; 1 to 8


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An upright picture: `pixels` (h, w, 3), RGB."""

    pixels: NDArray[np.uint8]


def container(data: bytes) -> str:
    """The format of a picture: jpeg, png, gif or webp; raise `MediaRejected`."""
    if len(data) > MOST_BYTES:
        raise MediaRejected("too_big", "The picture is larger than 20 MB.")
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    raise MediaRejected("not_image", "The file is not a picture of a known kind.")


def decode(data: bytes) -> Picture:
    """Decode one still picture, turned upright, its longest side at most `LONGEST_SIDE`.

    Raises `MediaRejected`: empty, too_big, not_image, broken, too_many_pixels, animated.
    """
    from PIL import Image

    if not data:
        raise MediaRejected("empty", "The file is empty.")
    container(data)
    # A second bound behind our own, and one that raises instead of writing to the log.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check(image)
            return Picture(_pixels(image))
    except MediaRejected:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many() from None
    except Exception:  # noqa: BLE001  # decoders raise whatever hostile bytes lead them to
        raise MediaRejected("broken", "The picture is damaged and cannot be opened.") from None


def shrunk(picture: Picture, side: int = LONGEST_SIDE) -> Picture:
    """The same picture with its longest side at most `side` pixels."""
    if max(picture.pixels.shape[:2]) <= side:
        return picture
    from PIL import Image

    return Picture(np.asarray(_smaller(Image.fromarray(picture.pixels), side)))


def _check(image: Image.Image) -> None:
    """What the header tells, before anything is decoded."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _too_many()
    if getattr(image, "is_animated", False):
        raise MediaRejected("animated", "The picture moves; only still ones can be read.")


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    from PIL import Image

    turn = _turn(image)
    scale = LONGEST_SIDE / max(image.size)
    if scale < 1:
        # Only JPEG's decoder knows how; never smaller than what is asked for.
        image.draft("RGB", (int(image.width * scale), int(image.height * scale)))
    small = _smaller(_in_colour(image), LONGEST_SIDE)
    upright = small.transpose(Image.Transpose(turn)) if turn is not None else small
    return np.array(upright, dtype=np.uint8)


def _turn(image: Image.Image) -> int | None:
    """How to transpose the picture so that it stands upright; None where it does."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        return turns.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001  # a picture with a damaged note on it is still a picture
        return None


def _in_colour(image: Image.Image) -> Image.Image:
    """RGB; 16-bit grey keeps its range, transparency is laid on white."""
    from PIL import Image

    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.int64) >> 8
        return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")


def _smaller(image: Image.Image, side: int) -> Image.Image:
    from PIL import Image

    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _too_many() -> MediaRejected:
    return MediaRejected("too_many_pixels", "The picture has more than 50 million pixels.")
