"""One face read from a picture, or one sentence why not.

Most tests draw or generate what they need; photographs of people are looked at where the data
folder is there, since none ship with the code.
"""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from affect.errors import MediaRejected, ModelUnavailable
from affect.perception import face as faces
from affect.perception import face_quality
from affect.perception.face import ANCHORS, Calibration, FaceModel, aligned
from affect.perception.face_detection import Face, FaceDetector
from affect.perception.images import Picture, decode
from affect.types import EMOTIONS, Emotion, Modality

PHOTOS = Path(os.environ.get("ATTUNE_DATA") or "../shared/data") / "face" / "photos"
ALONE = ("obama.jpg", "luciano.jpg", "neutral.jpg")

photographs = pytest.mark.skipif(
    not (PHOTOS / "photos.csv").is_file(), reason="photographs of people are not in the repository"
)


@lru_cache(maxsize=1)
def model() -> FaceModel:
    return FaceModel.load()


def kind_of(picture: Picture) -> str:
    with pytest.raises(MediaRejected) as caught:
        model().read(picture)
    assert str(caught.value).endswith(".")
    return caught.value.kind


def photograph(name: str) -> Picture:
    return decode((PHOTOS / name).read_bytes())


def changed(picture: Picture, image: Image.Image) -> Picture:
    assert image.size == picture.pixels.shape[1::-1]
    return Picture(np.asarray(image.convert("RGB")))


def filled(value: int, side: int = 300) -> Picture:
    return Picture(np.full((side, side, 3), value, np.uint8))


def cartoon() -> Picture:
    image = Image.new("RGB", (400, 400), (120, 170, 230))
    draw = ImageDraw.Draw(image)
    draw.ellipse((80, 60, 320, 340), fill=(250, 220, 90))
    for x in (150, 250):
        draw.ellipse((x - 15, 150, x + 15, 180), fill=(20, 20, 20))
    draw.arc((140, 200, 260, 290), 20, 160, fill=(20, 20, 20), width=8)
    return Picture(np.asarray(image))


def listed() -> list[tuple[str, int, int]]:
    if not (PHOTOS / "photos.csv").is_file():
        return []
    with (PHOTOS / "photos.csv").open(encoding="utf-8") as file:
        return [
            (row["file"], int(row["faces_min"]), int(row["faces_max"]))
            for row in csv.DictReader(file)
        ]


@photographs
@pytest.mark.parametrize(("name", "least", "most"), listed())
def test_every_photograph_is_read_or_refused_for_the_right_reason(
    name: str, least: int, most: int
) -> None:
    picture = photograph(name)
    if most == 0:
        assert kind_of(picture) == "no_face"
    elif least > 1:
        assert kind_of(picture) == "several_faces"
    else:
        estimate = model().read(picture)
        assert estimate.modality is Modality.FACE
        assert estimate.model == model().name
        assert set(estimate.probabilities) == set(EMOTIONS)
        assert sum(estimate.probabilities.values()) == pytest.approx(1)
        assert 0 < estimate.quality <= 1
        assert max(map(abs, (estimate.affect.valence, estimate.affect.arousal))) <= 1
        assert min(estimate.variance.valence, estimate.variance.arousal) > 0


@photographs
def test_a_laughing_face_is_joy_and_pleasant() -> None:
    estimate = model().read(photograph("obama.jpg"))
    assert max(estimate.probabilities, key=lambda e: estimate.probabilities[e]) is Emotion.JOY
    assert estimate.affect.valence > 0.3


@photographs
@pytest.mark.parametrize("name", ALONE)
def test_a_mirrored_face_says_the_same(name: str) -> None:
    picture = photograph(name)
    plain = model().read(picture).probabilities
    mirrored = model().read(Picture(picture.pixels[:, ::-1].copy())).probabilities
    assert all(abs(plain[e] - mirrored[e]) < 0.2 for e in EMOTIONS)


@photographs
@pytest.mark.parametrize("name", ALONE)
def test_a_dark_photograph_is_called_dark(name: str) -> None:
    picture = photograph(name)
    image = ImageEnhance.Brightness(Image.fromarray(picture.pixels)).enhance(0.1)
    assert kind_of(changed(picture, image)) == "dark"


@photographs
@pytest.mark.parametrize("name", ALONE)
def test_a_blurred_photograph_is_called_blurred(name: str) -> None:
    picture = photograph(name)
    image = Image.fromarray(picture.pixels)
    for share in (0.05, 0.3):
        side = FaceDetector.load().find(picture)[0].side
        blurred = image.filter(ImageFilter.GaussianBlur(side * share))
        assert kind_of(changed(picture, blurred)) == "blurred"


@photographs
@pytest.mark.parametrize("name", ALONE)
def test_a_covered_mouth_is_called_covered(name: str) -> None:
    picture = photograph(name)
    image = Image.fromarray(picture.pixels)
    left, top, right, bottom = FaceDetector.load().find(picture)[0].box
    middle = top + 0.55 * (bottom - top)
    ImageDraw.Draw(image).rectangle((left, middle, right, bottom), fill=(190, 200, 215))
    assert kind_of(changed(picture, image)) == "covered"


@photographs
@pytest.mark.parametrize("name", ALONE)
def test_flat_colours_are_called_a_drawing(name: str) -> None:
    picture = photograph(name)
    image = Image.fromarray(picture.pixels).quantize(8).convert("RGB")
    assert kind_of(changed(picture, image.filter(ImageFilter.ModeFilter(7)))) == "drawing"


@photographs
def test_a_face_far_away_is_called_small() -> None:
    near = Image.fromarray(photograph("obama.jpg").pixels)
    far = Image.new("RGB", (800, 800), (128, 128, 128))
    far.paste(near.resize((near.width // 7, near.height // 7)), (300, 300))
    assert kind_of(Picture(np.asarray(far))) == "small_face"


@photographs
def test_two_like_faces_are_several_but_a_bystander_is_not() -> None:
    one = Image.fromarray(photograph("luciano.jpg").pixels)
    for size, several in ((400, True), (160, False)):
        both = Image.new("RGB", (800, 400), (128, 128, 128))
        both.paste(one, (0, 0))
        both.paste(one.resize((size, size)), (400, 0))
        if several:
            assert kind_of(Picture(np.asarray(both))) == "several_faces"
        else:
            assert model().read(Picture(np.asarray(both))).quality > 0


@pytest.mark.parametrize(
    "picture",
    [
        cartoon(),
        Picture(np.random.default_rng(0).integers(60, 200, (240, 320, 3), dtype=np.uint8)),
        Picture(np.tile(np.arange(0, 250, 5, dtype=np.uint8)[:, None, None], (6, 200, 3))),
    ],
    ids=["cartoon", "noise", "stripes"],
)
def test_where_there_is_no_face_none_is_guessed(picture: Picture) -> None:
    assert kind_of(picture) in {"no_face", "drawing", "blurred"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 800), (800, 1), (7, 13), (2, 2)])
def test_the_smallest_pictures_hold_no_face(shape: tuple[int, int]) -> None:
    picture = Picture(np.full((*shape, 3), 150, np.uint8))
    assert kind_of(picture) in {"no_face", "blurred"}


def test_a_black_picture_is_dark_and_a_plain_one_blurred() -> None:
    assert kind_of(filled(4)) == "dark"
    assert kind_of(filled(180)) in {"blurred", "no_face"}


def test_alignment_brings_the_points_to_their_anchors() -> None:
    """A face turned by 30 degrees, three times as large and elsewhere, comes back upright."""
    turn, scale, shift = np.radians(30), 3.0, np.array([160.0, 90.0])
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    eyes_mouth = ANCHORS @ linear.T + shift
    nose = np.array([[24.0, 28.5]]) @ linear.T + shift
    points = np.concatenate([eyes_mouth[:2], nose, eyes_mouth[2:]])
    image = Image.new("L", (400, 400), 90)
    draw = ImageDraw.Draw(image)
    for x, y in eyes_mouth:
        draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=255)
    picture = Picture(np.asarray(image.convert("RGB")))
    grey = aligned(picture, Face((100.0, 100.0, 250.0, 250.0), points, 1.0))
    assert grey.shape == (48, 48)
    for x, y in ANCHORS:
        assert grey[round(y), round(x)] > 200
    assert grey[28, 24] < 120


def frontal(side: float = 120.0) -> Face:
    return Face((0.0, 0.0, side, side), np.concatenate([ANCHORS[:2], [[24.0, 28]], ANCHORS[2:]]), 1)


def good() -> face_quality.Signal:
    rng = np.random.default_rng(1)
    grey = rng.normal(128, 40, (48, 48)).astype(np.float32)
    pixels = rng.integers(0, 255, (130, 130, 3), dtype=np.uint8)
    return face_quality.measure(frontal(), grey, pixels)


def test_a_good_signal_is_not_refused_and_its_quality_is_high() -> None:
    face_quality.refuse(good())
    assert good().quality == 1


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"side": 20.0}, "small_face"),
        ({"light": 12.0}, "dark"),
        ({"contrast": 3.0}, "dark"),
        ({"sharpness": 0.01}, "blurred"),
        ({"parts": (0.8, 0.8, 0.02)}, "covered"),
        ({"parts": (0.02, 0.03, 0.8)}, "covered"),
        ({"equal": 0.9}, "drawing"),
    ],
)
def test_each_fault_has_its_own_name(change: dict[str, object], kind: str) -> None:
    with pytest.raises(MediaRejected) as caught:
        face_quality.refuse(replace(good(), **change))  # type: ignore[arg-type]
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "change", [{"side": 48.0}, {"light": 40.0}, {"sharpness": 0.05}, {"turned": 0.4}]
)
def test_quality_falls_with_each_fault(change: dict[str, float]) -> None:
    assert 0 < replace(good(), **change).quality < good().quality  # type: ignore[arg-type]


def test_a_turned_head_shows_in_the_place_of_the_nose() -> None:
    assert face_quality.turned(frontal()) < 0.05
    points = frontal().points.copy()
    points[2, 0] += 9
    assert face_quality.turned(replace(frontal(), points=points)) > 0.4


def constants() -> Calibration:
    return Calibration(1.5, np.zeros(7), np.full(7, 1 / 7), np.full(3, 0.05))


def test_probabilities_follow_the_votes_and_leave_contempt_out() -> None:
    votes = np.zeros((9, 9), np.float32)
    np.fill_diagonal(votes, 12)
    told = constants().emotions(votes)
    assert told.sum(axis=1) == pytest.approx(np.ones(9))
    best = [EMOTIONS[k] for k in told[:7].argmax(axis=1)]
    assert best == [
        Emotion.NEUTRAL,
        Emotion.JOY,
        Emotion.SURPRISE,
        Emotion.SADNESS,
        Emotion.ANGER,
        Emotion.DISGUST,
        Emotion.FEAR,
    ]
    assert told[7] == pytest.approx(np.full(7, 1 / 7))  # contempt says nothing of the seven


def test_affect_is_the_mixture_of_the_emotions_coordinates() -> None:
    point, variance = constants().affect(np.eye(7))
    assert point[EMOTIONS.index(Emotion.JOY)] == pytest.approx([0.8, 0.5, 0.4])
    assert variance == pytest.approx(np.full((7, 3), 0.05))
    torn = np.zeros((1, 7))
    torn[0, [EMOTIONS.index(Emotion.JOY), EMOTIONS.index(Emotion.SADNESS)]] = 0.5
    assert constants().affect(torn)[1][0, 0] > 0.5


def test_constants_survive_the_card() -> None:
    told = json.loads(json.dumps(constants().to_json()))
    assert Calibration.from_json(told).rates == pytest.approx(constants().rates, abs=1e-4)


def test_the_network_reads_many_tiles_as_it_reads_one() -> None:
    tiles = np.random.default_rng(2).integers(0, 255, (70, 48, 48), dtype=np.uint8)
    many, one = model().raw(tiles), model().raw(tiles[66:67])
    assert many.votes.shape == (70, 9)
    assert many.labels.shape == (70, 7)
    assert many.votes[66] == pytest.approx(one.votes[0], abs=1e-3)


def test_a_tile_and_its_mirror_are_one_to_the_network() -> None:
    tiles = np.random.default_rng(3).integers(0, 255, (2, 48, 48), dtype=np.uint8)
    plain, mirrored = model().raw(tiles), model().raw(tiles[:, :, ::-1])
    assert plain.votes == pytest.approx(mirrored.votes, abs=1e-3)


def test_base_rates_are_probabilities() -> None:
    assert sum(model().base_rates.values()) == pytest.approx(1, abs=1e-3)


def test_a_folder_without_networks_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        FaceModel.load(tmp_path)


def test_a_folder_with_a_damaged_card_is_unavailable(tmp_path: Path) -> None:
    shipped = Path(faces.__file__).parent.parent / "weights"
    for file in shipped.glob("face*.onnx"):
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / faces.CARD).write_text("{}")
    with pytest.raises(ModelUnavailable):
        FaceModel.load(tmp_path)
