"""y = M(face): a picture becomes an `Estimate` of what a face shows to those who look at it.

MTCNN finds faces and five points; the face is laid on the points of FER2013's tiles; a small
network of our own (`face.onnx`) says what FER+'s raters would. Whoever the picture shows is not
recognised, measured or kept. A face is a weak witness of a feeling: its card says how weak.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from affect.errors import MediaRejected, ModelUnavailable
from affect.labels import coordinates
from affect.perception import face_quality
from affect.perception.calibration import softmax
from affect.perception.face_detection import Face, FaceDetector, load_session
from affect.perception.face_network import VOTE_FOR, VOTES
from affect.perception.images import Picture, shrunk
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Probabilities, Variance

if TYPE_CHECKING:
    from PIL import Image

GRAPH, CARD = "face.onnx", "face.json"
SIDE = 48  # pixels of the network's tiles
# Where FER2013's tiles have eyes and corners of the mouth, on average (2,000 PublicTest tiles, by
# the detector's own third network): x, y.
ANCHORS = np.array([[15.1, 18.2], [33.1, 18.2], [16.7, 37.6], [31.8, 37.6]])
ANCHORED = [0, 1, 3, 4]  # of a face's points: all but the nose, which moves when a head turns
LIKE_SIZE = 0.65  # a second face from this share of the first's side on is of like size
SECOND_LOOK = 20  # pixels: faces that are only looked for to say that they are too small
DARK_PICTURE = 50.0  # grey of 255 that all but the brightest parts of a dark picture stay under
NO_DETAIL = 0.0045  # `sharpness` of a whole picture; unblurred ones had .012 and more

# (7, 3): what each emotion's own name stands for in affect space
COORDINATES = coordinates([emotion.value for emotion in EMOTIONS])

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Constants fitted on PublicTest: `temperature` and `bias` (7,) make the votes' logits into
    probabilities, `rates` (7,) are the base rates these stand on, and `variance` (3,) is what the
    mixture of coordinates leaves open.
    """

    temperature: float
    bias: Floats
    rates: Floats
    variance: Floats

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Calibration:
        """Read what `to_json` wrote."""
        return cls(
            temperature=float(told["temperature"]),
            bias=_vector(told["bias"], len(EMOTIONS)),
            rates=_vector(told["rates"], len(EMOTIONS)),
            variance=_vector(told["variance"], 3),
        )

    def to_json(self) -> dict[str, Any]:
        """For the card."""
        return {
            "temperature": round(self.temperature, 5),
            **{
                name: [round(float(x), 5) for x in getattr(self, name)]
                for name in ("bias", "rates", "variance")
            },
        }

    def emotions(self, votes: NDArray[np.floating]) -> Floats:
        """(n, 9) logits of FER+'s columns -> (n, 7); contempt and `unknown` are left out."""
        heard = [VOTES.index(VOTE_FOR[emotion]) for emotion in EMOTIONS]
        return softmax(votes[:, heard] / self.temperature + self.bias)

    def affect(self, emotions: Floats) -> tuple[Floats, Floats]:
        """(n, 3) valence, arousal, dominance, and (n, 3) variances: of the mixture, and beyond."""
        point = emotions @ COORDINATES
        within = np.maximum(emotions @ COORDINATES**2 - point**2, 0)
        return point, within + self.variance


@dataclass(frozen=True, slots=True)
class RawOutputs:
    """Logits before calibration: `votes` (n, 9) of FER+'s columns, `labels` (n, 7) of FER2013's."""

    votes: NDArray[np.float32]
    labels: NDArray[np.float32]


class FaceModel:
    """The face model as it ships, or one from another folder (graph and card), behind the shipped
    detector.

    A loaded model may be used by many threads.
    """

    def __init__(
        self, detector: FaceDetector, session: onnxruntime.InferenceSession, card: dict[str, Any]
    ) -> None:
        self._detector = detector
        self._session = session
        self._calibration = Calibration.from_json(card["calibration"])
        self.name: str = f"{card['model']}-{card['version']}"

    @classmethod
    def load(cls, folder: Path | None = None) -> FaceModel:
        """Load from a folder (default: what ships); raises `ModelUnavailable`."""
        place: Traversable = folder or resources.files("affect") / "weights"
        detector, session = FaceDetector.load(), load_session(place, GRAPH)
        try:
            return cls(detector, session, json.loads((place / CARD).read_text("utf-8")))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelUnavailable(f"The face model's {CARD} cannot be used.") from error

    @property
    def calibration(self) -> Calibration:
        """The constants fitted on PublicTest."""
        return self._calibration

    @property
    def base_rates(self) -> Probabilities:
        """The base rates that the seven probabilities stand on."""
        return _by_emotion(self._calibration.rates)

    def read(self, picture: Picture) -> Estimate:
        """Read the one face of a picture.

        Raises `MediaRejected`: no_face, several_faces, small_face, dark, blurred, covered, drawing.
        """
        small = shrunk(picture)
        face = only_face(self._detector, small)
        grey = aligned(small, face)
        signal = face_quality.measure(face, grey, small.pixels)
        face_quality.refuse(signal)
        seven = self._calibration.emotions(self.raw(grey[None]).votes)
        point, variance = self._calibration.affect(seven)
        return Estimate(
            modality=Modality.FACE,
            probabilities=_by_emotion(seven[0]),
            affect=Affect(*(float(x) for x in point[0])),
            variance=Variance(*(float(x) for x in variance[0])),
            quality=signal.quality,
            model=self.name,
        )

    def raw(self, tiles: NDArray[np.generic]) -> RawOutputs:
        """Logits of (n, 48, 48) grey tiles; for training and evaluation."""
        return read_tiles(self._session, tiles)


def read_tiles(
    session: onnxruntime.InferenceSession, tiles: NDArray[np.generic], rows: int = 64
) -> RawOutputs:
    """Run (n, 48, 48) grey tiles, at least one, through the network, `rows` at a time."""
    parts = [
        session.run(
            ["votes", "labels"],
            {"tiles": np.asarray(tiles[at : at + rows], dtype=np.float32)[:, None]},
        )
        for at in range(0, len(tiles), rows)
    ]
    votes, labels = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    return RawOutputs(votes, labels)


def only_face(detector: FaceDetector, picture: Picture) -> Face:
    """The face that a picture is of; raises `MediaRejected` where there is none or no one."""
    faces = detector.find(picture)
    if not faces:
        raise _nobody(detector, picture)
    if len(faces) > 1 and faces[1].side >= LIKE_SIZE * faces[0].side:
        raise MediaRejected(
            "several_faces", "There are several faces in the picture; send one with yours alone."
        )
    return faces[0]


def aligned(picture: Picture, face: Face) -> NDArray[np.float32]:
    """(48, 48) grey: the face turned, scaled and shifted onto the points of FER2013's tiles."""
    from PIL import Image

    grey = Image.fromarray(picture.pixels).convert("L")
    return np.asarray(_laid(grey, face, SIDE), dtype=np.float32)


def cut_out(picture: Picture, face: Face, side: int) -> Image.Image:
    """The face in colour, laid as `aligned` lays it, on a square of `side` pixels."""
    from PIL import Image

    return _laid(Image.fromarray(picture.pixels), face, side)


def _laid(image: Image.Image, face: Face, side: int) -> Image.Image:
    from PIL import Image

    matrix = _similarity(ANCHORS * side / SIDE, face.points[ANCHORED])
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))  # pixels of the picture to one of the tile
    fine = int(np.clip(np.ceil(scale), 1, 8))  # first sampled finely, so that nothing is skipped
    linear = matrix[:, :2] / fine
    shift = matrix[:, 2]
    cut = image.transform(
        (side * fine, side * fine),
        Image.Transform.AFFINE,
        (*linear[0], float(shift[0]), *linear[1], float(shift[1])),
        Image.Resampling.BILINEAR,
    )
    return cut.reduce(fine) if fine > 1 else cut


def _similarity(source: Floats, target: Floats) -> Floats:
    """(2, 3): the turn, scale and shift that best bring (n, 2) points onto others (Umeyama)."""
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    x, y = (source - middle).T
    u, v = (target - goal).T
    size = float((x**2 + y**2).sum())
    cos, sin = float((x * u + y * v).sum()) / size, float((x * v - y * u).sum()) / size
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.concatenate([linear, (goal - linear @ middle)[:, None]], axis=1)


def _nobody(detector: FaceDetector, picture: Picture) -> MediaRejected:
    """Why no face was found, as far as it can be told."""
    grey = picture.pixels.mean(axis=2, dtype=np.float32)
    if float(np.percentile(grey, 95)) < DARK_PICTURE:
        return MediaRejected("dark", "The picture is too dark to see a face in it.")
    if detector.find(picture, SECOND_LOOK):
        return MediaRejected("small_face", "The face is too small in the picture to be read.")
    if min(grey.shape) > 2 and face_quality.sharpness(grey) < NO_DETAIL:
        return MediaRejected("blurred", "The picture is too blurred to see a face in it.")
    return MediaRejected("no_face", "There is no face to be seen in the picture.")


def _vector(values: list[float], length: int) -> Floats:
    vector = np.array(values, dtype=np.float64)
    if vector.shape != (length,) or not np.isfinite(vector).all():
        raise ValueError("The face model's constants do not fit.")
    return vector


def _by_emotion(values: Floats) -> dict[Emotion, float]:
    return {emotion: float(value) for emotion, value in zip(EMOTIONS, values, strict=True)}
