"""Models made elsewhere, by folder or by id on the Hugging Face hub, through transformers.

Light until something is loaded: torch and transformers come with the extra `llm` and are imported
then. Nothing of a model but its numbers is used: code that lies beside one is never run. What such
a model says is not calibrated here, and whoever names one answers for its licence and its quality.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect.errors import ModelUnavailable
from affect.labels import centroids
from affect.perception import label_maps
from affect.perception.calibration import softmax
from affect.types import EMOTIONS, Affect, Emotion, Estimate, Modality, Variance

CONFIG = "config.json"
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
# Of each coordinate, beyond the mixture: a deviation of half the way from neutral to the end, for
# nobody has measured these models here. About twice what people differ by (weights/fusion.json).
WIDE = 0.25
MULTI_LABEL = "multi_label_classification"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a model is for: transformers' classes for its network and what prepares its input.

    `classifies` tells that its labels must be emotions.
    """

    what: str
    network: str
    readers: tuple[str, ...]
    classifies: bool = True


TEXT = Kind("text classifier", "AutoModelForSequenceClassification", ("AutoTokenizer",))
VOICE = Kind("audio classifier", "AutoModelForAudioClassification", ("AutoFeatureExtractor",))
FACE = Kind("image classifier", "AutoModelForImageClassification", ("AutoImageProcessor",))
SPEECH = Kind(
    "speech recogniser",
    "AutoModelForSpeechSeq2Seq",
    ("AutoFeatureExtractor", "AutoTokenizer"),
    classifies=False,
)


def own(name: str, card: str) -> Path | None:
    """The folder, if it holds a model of the house's own making (its JSON card)."""
    folder = _folder(name)
    return folder if (folder / card).is_file() else None


def check(name: str) -> None:
    """See that a model can be meant and the extra is there, without loading or asking anybody.

    Raises `ModelUnavailable`.
    """
    place(name)
    missing = [module for module in ("torch", "transformers") if find_spec(module) is None]
    if missing:
        raise ModelUnavailable(
            f"{name} needs {' and '.join(missing)}: pip install 'attune-companion[llm]'."
        )


def place(name: str) -> str:
    """What transformers is to load from: a folder that is there, or a hub id.

    Raises `ModelUnavailable`.
    """
    folder = _folder(name)
    if folder.is_dir():
        if not (folder / CONFIG).is_file():
            raise ModelUnavailable(f"The folder {name} holds no model: there is no {CONFIG}.")
        return str(folder)
    if not HUB_ID.fullmatch(name):
        raise ModelUnavailable(f"{name} is neither a folder nor a hub id such as owner/name.")
    return name


def load(name: str, kind: Kind) -> tuple[Any, list[Any]]:
    """The network, ready to run on the processor, and its readers; raises `ModelUnavailable`.

    Labels are looked at before any weight is fetched. A network with a part that its file does
    not hold is refused: transformers would fill it with chance.
    """
    check(name)
    where = place(name)
    try:
        library = _transformers()
        config = library.AutoConfig.from_pretrained(where, trust_remote_code=False)
        if kind.classifies:
            _refuse(config)
        readers = [
            getattr(library, reader).from_pretrained(where, trust_remote_code=False)
            for reader in kind.readers
        ]
        network, report = getattr(library, kind.network).from_pretrained(
            where,
            config=config,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=import_module("torch").float32,
        )
    except ModelUnavailable as error:
        raise ModelUnavailable(f"{name} cannot be used: {_lower(str(error))}") from error
    except Exception as error:  # the libraries raise classes of their own
        raise ModelUnavailable(
            f"{name} does not load as a {kind.what} ({type(error).__name__})."
        ) from error
    if report["missing_keys"] or report.get("mismatched_keys"):
        raise ModelUnavailable(f"{name} lacks weights that a {kind.what} needs.")
    return network.eval(), readers


def short(name: str) -> str:
    """How a model is called in estimates: a hub id as it is, a folder by its last part."""
    folder = _folder(name)
    return folder.resolve().name if folder.is_dir() else name


class Classifier:
    """A network with classes that are emotions. May be used by many threads."""

    def __init__(self, network: Any, name: str) -> None:
        self._network = network
        self._multi = network.config.problem_type == MULTI_LABEL
        self.labels = _labels(network.config)
        self._shares = label_maps.shares(self.labels)
        self.silent = label_maps.silent(self._shares)
        self.name = short(name)

    def scores(self, features: Mapping[str, Any]) -> Floats:
        """(labels,) probabilities of one input: of several labels at once where it was so trained.

        Raises `ModelUnavailable` where the network gives no numbers.
        """
        with import_module("torch").inference_mode():
            logits: Floats = self._network(**features).logits[0].double().numpy()
        if not np.isfinite(logits).all():
            raise ModelUnavailable(f"{self.name} gave no numbers.")
        told: Floats = softmax(logits[None])[0]
        if self._multi:
            told = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
        return told

    def estimate(self, scores: Floats, modality: Modality, quality: float, **more: Any) -> Estimate:
        """What label scores (labels,) say; `silent` emotions get no probability."""
        seven = scores @ self._shares
        seven = seven / seven.sum()
        points = centroids()
        point = seven @ points
        variance = np.maximum(seven @ points**2 - point**2, 0) + WIDE
        return Estimate(
            modality=modality,
            probabilities=_by_emotion(seven),
            affect=Affect(*(float(x) for x in point)),
            variance=Variance(*(float(x) for x in variance)),
            quality=quality,
            model=self.name,
            silent=self.silent,
            **more,
        )


def _refuse(config: Any) -> None:
    if config.problem_type == "regression":
        raise ModelUnavailable("It gives numbers and no classes.")
    label_maps.shares(_labels(config))


def _labels(config: Any) -> list[str]:
    """The names of the classes, in the order of the network's outputs."""
    named = {int(number): str(label) for number, label in config.id2label.items()}
    return [named[number] for number in sorted(named)]


def _transformers() -> Any:
    # Nothing but the files that were asked for goes over the line.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    library = import_module("transformers")
    library.logging.set_verbosity_error()
    library.logging.disable_progress_bar()
    return library


def _folder(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # ~ of somebody who is not there
        return Path(name)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _by_emotion(values: Floats) -> dict[Emotion, float]:
    return {emotion: float(value) for emotion, value in zip(EMOTIONS, values, strict=True)}
