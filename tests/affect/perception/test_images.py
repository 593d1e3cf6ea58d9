"""Pictures from strangers: decoded within bounds or refused with one sentence, never a crash."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from affect.errors import MediaRejected
from affect.perception import images
from affect.perception.images import LONGEST_SIDE, Picture, decode, shrunk

MUTANTS = 150  # of each format; the long run was 2,000


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """A ramp with a bright left upper corner, so that its way up can be told."""
    across = np.linspace(0, 120, width)[None, :] + np.linspace(0, 60, height)[:, None]
    pixels = np.repeat(across[:, :, None], 3, axis=2).astype(np.uint8)
    pixels[: height // 4, : width // 4] = 255
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def kind_of(data: bytes) -> str:
    with pytest.raises(MediaRejected) as caught:
        decode(data)
    assert str(caught.value).endswith(".")
    return caught.value.kind


def bright_corner(pixels: np.ndarray) -> tuple[str, str]:
    """Where the bright corner lies."""
    y, x = np.argwhere(pixels[..., 0] > 240).mean(axis=0)
    height, width = pixels.shape[:2]
    return ("top" if y < height / 2 else "bottom", "left" if x < width / 2 else "right")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_still_pictures_of_four_kinds_are_read(kind: str) -> None:
    pixels = decode(saved(picture(), kind)).pixels
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    assert bright_corner(pixels) == ("top", "left")


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (picture().convert("CMYK"), "JPEG"),
        (picture().convert("L"), "JPEG"),
        (picture().convert("P"), "PNG"),
        (picture().convert("LA"), "PNG"),
        (picture().convert("RGBA"), "WEBP"),
    ],
    ids=["cmyk", "grey", "palette", "grey with alpha", "alpha"],
)
def test_every_colour_model_becomes_rgb(image: Image.Image, kind: str) -> None:
    pixels = decode(saved(image, kind)).pixels
    assert pixels.shape == (48, 64, 3)
    assert bright_corner(pixels) == ("top", "left")


def test_sixteen_bits_keep_their_range() -> None:
    deep = np.full((20, 20), 40_000, np.uint16)
    deep[:5, :5] = 65_535
    pixels = decode(saved(Image.fromarray(deep))).pixels
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[19, 19].tolist() == [156, 156, 156]


def test_transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert decode(saved(clear)).pixels.min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_stands_upright(orientation: int) -> None:
    """What a camera wrote and how it held the picture cancel out."""
    held = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = picture()
    turned = image.transpose(held[orientation]) if orientation > 1 else image
    exif = Image.Exif()
    exif[images.ORIENTATION] = orientation
    pixels = decode(saved(turned, "JPEG", exif=exif)).pixels
    assert pixels.shape == (48, 64, 3)
    assert bright_corner(pixels) == ("top", "left")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_note_of_the_camera_is_passed_over() -> None:
    data = saved(picture(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decode(data).pixels.shape == (48, 64, 3)


def test_large_pictures_come_out_small() -> None:
    assert decode(saved(picture(3000, 2000), "JPEG")).pixels.shape == (533, 800, 3)
    assert decode(saved(picture(2000, 10))).pixels.shape == (4, 800, 3)


def test_shrinking_leaves_small_pictures_alone() -> None:
    small = Picture(np.zeros((30, 40, 3), np.uint8))
    assert shrunk(small) is small
    wide = Picture(np.zeros((30, 1600, 3), np.uint8))
    assert shrunk(wide).pixels.shape == (15, LONGEST_SIDE, 3)


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("a.txt", "a")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"\0" * 1000, "not_image"),
        (b"hello", "not_image"),
        (archive(), "not_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_image"),
        (saved(picture(), "BMP"), "not_image"),
        (saved(picture(), "TIFF"), "not_image"),
        (b"\xff\xd8\xff" + b"\0" * images.MOST_BYTES, "too_big"),
        (b"\xff\xd8\xff", "broken"),
        (b"\x89PNG\r\n\x1a\n" + archive(), "broken"),
        (b"RIFF\0\0\0\0WEBP", "broken"),
        (b"GIF89a", "broken"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_cut_off_in_the_middle_is_broken(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    assert kind_of(data[: len(data) // 2]) == "broken"


def test_a_picture_that_ends_in_an_archive_is_only_a_picture() -> None:
    assert decode(saved(picture(), "JPEG") + archive()).pixels.shape == (48, 64, 3)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize("side", [8_000, 30_000, 2**31 - 1])
def test_a_header_that_promises_too_much_is_refused_unread(side: int) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    assert kind_of(b"\x89PNG\r\n\x1a\n" + header + body) == "too_many_pixels"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_moving_pictures_are_refused(kind: str) -> None:
    more = [picture().rotate(90)]
    assert kind_of(saved(picture(), kind, save_all=True, append_images=more)) == "animated"


def _flipped(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 12)):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _doubled(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    data[start:start] = data[start : start + rng.randint(1, 64)]


def _torn(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 64)]


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (_flipped, _cut, _doubled, _torn)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_mutated_pictures_are_read_or_refused(kind: str) -> None:
    rng = random.Random(kind)
    whole = saved(picture(), kind)
    for _ in range(MUTANTS):
        data = bytearray(whole)
        rng.choice(CHANGES)(data, rng)
        try:
            pixels = decode(bytes(data)).pixels
        except MediaRejected:
            continue
        assert pixels.ndim == 3
        assert max(pixels.shape) <= LONGEST_SIDE
