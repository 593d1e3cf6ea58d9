"""From the two corpora to the voice files that ship, and the figures that a shipped file cannot
give again: folds over RAVDESS actors, and CREMA-D alone heard against RAVDESS.

The first stage (CREMA-D alone) has met no RAVDESS person: it is run once and serves the shipped
network and every fold. The second stage mixes both corpora; RAVDESS, which has a fifth of the
clips, counts three times: as it is, and after each Opus round trip of `ROUND_TRIPS`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from affect.errors import BadInput
from affect.evaluation.figures import Figure, as_json, measured
from affect.evaluation.metrics import unweighted_recall
from affect.perception.voice import CARD, GRAPH, HEAD, VoiceModel
from affect.perception.voice_calibration import CLASSES, VoiceCalibration
from affect.training import voice_calibrate, voice_start
from affect.training.tune import Watch, unwatched
from affect.training.voice_data import FOLDS, Clips, crema_d, ravdess
from affect.training.voice_fit import Check, Settings, Stage, fit, outputs
from affect.training.voice_network import Lower, VoiceNetwork, export
from affect.training.voice_states import Heard, both, hear

__all__ = ["Settings", "build"]

MODEL, VERSION = "attune-voice", "2"
WHISPER = {"name": "convolutions and first layer of openai/whisper-base", "licence": "MIT"}
ROUND_TRIPS = (32_000, 9_000)  # bits a second: a voice note, and the least that one understands
LICENCE = (
    "CC BY-NC-SA 4.0: non-commercial (trained on RAVDESS, CC BY-NC-SA 4.0, and CREMA-D, ODbL 1.0)"
)
MUST = {"shared": 0.40, "folds": 0.58}

Report = Callable[[str], None]


def build(settings: Settings, data: Path, out: Path, today: date, report: Report) -> None:
    """The whole way; `out` holds the three files of the model afterwards. Raises `BadInput`."""
    settings.run.mkdir(parents=True, exist_ok=True)
    lower, network = begun(settings)
    report("Reading the corpora ...")
    crema, ravd = crema_d(data), ravdess(data)
    heard, plain = hear_parts(lower, crema, settings, report)
    first = first_stage(network, heard, plain, settings, report)
    report("RAVDESS, as it is and after Opus ...")
    forms = [ravd, *(ravdess(data, bits=bits) for bits in ROUND_TRIPS)]
    coded = [hear(lower, form, settings.rooms, settings.seed, report) for form in forms]
    figures = cross_corpus(first, coded[0])
    more = [form.take(ravd.split == "train") for form in coded]
    network = second_stage(first, "second", heard, more, settings, report)
    report("Exporting, calibrating on dev ...")
    out.mkdir(parents=True, exist_ok=True)
    export(lower, network, out)
    write_json(out, VoiceCalibration.fresh(), settings, today, figures)
    model = VoiceModel.load(out)
    fitted = voice_calibrate.fit(model, [c.take(c.split == "dev") for c in (crema, ravd)])
    write_json(out, fitted, settings, today, figures)
    report("Folds over RAVDESS actors ...")
    figures += folds(first, heard, coded, settings, report)
    write_json(out, fitted, settings, today, figures)
    report(f"Written: {out / GRAPH}, {out / HEAD}, {out / CARD}.")


def watched(crema: Clips, ravd: Clips, settings: Settings, report: Report, watch: Watch) -> None:
    """Both stages, measured on dev of both corpora: what a search for settings repeats."""
    settings.run.mkdir(parents=True, exist_ok=True)
    lower, network = begun(settings)
    heard, plain = hear_parts(lower, crema, settings, report)
    half = settings.first / (settings.first + settings.second)
    first = first_stage(
        network, heard, plain, settings, report, lambda at, told: watch(half * at, told)
    )
    more, dev = hear_parts(lower, ravd, settings, report)
    second_stage(
        first,
        "second",
        heard,
        [more] * (1 + len(ROUND_TRIPS)),
        settings,
        report,
        _check(both([plain, dev])),
        lambda at, told: watch(half + (1 - half) * at, told),
    )


def begun(settings: Settings) -> tuple[Lower, VoiceNetwork]:
    """The lower part of the Whisper that the settings name, and a network to learn on it."""
    if settings.base is None:
        raise BadInput("base", "A voice model begins from Whisper base: give its folder as --base.")
    torch.manual_seed(settings.seed)
    lower, network = Lower(), VoiceNetwork()
    voice_start.begin(lower, Path(settings.base))
    return lower, network


def hear_parts(
    lower: Lower, clips: Clips, settings: Settings, report: Report
) -> tuple[Heard, Heard]:
    """The train split in all rooms, and the dev split as it is."""
    train, dev = (clips.take(clips.split == name) for name in ("train", "dev"))
    rooms = hear(lower, train, settings.rooms, settings.seed, report)
    return rooms, hear(lower, dev, 0, settings.seed, report)


def first_stage(
    network: VoiceNetwork,
    heard: Heard,
    dev: Heard,
    settings: Settings,
    report: Report,
    watch: Watch = unwatched,
) -> VoiceNetwork:
    """Train on CREMA-D's train split alone."""
    stage = Stage("first", heard, settings.first, settings.rate)
    return fit(network, stage, settings, _check(dev), report, watch)


def second_stage(
    first: VoiceNetwork,
    name: str,
    crema: Heard,
    ravd: list[Heard],
    settings: Settings,
    report: Report,
    check: Check = lambda _: {},
    watch: Watch = unwatched,
) -> VoiceNetwork:
    """Go on from the first stage with every form of RAVDESS's clips among CREMA-D's."""
    heard = both([crema, *ravd])
    stage = Stage(name, heard, settings.second, settings.second_rate, settings.drawn)
    return fit(copy.deepcopy(first), stage, settings, check, report, watch)


def cross_corpus(first: VoiceNetwork, ravd: Heard) -> list[Figure]:
    """CREMA-D's network on every RAVDESS clip of the six shared classes."""
    six = [k for k, name in enumerate(CLASSES) if name not in ("surprise", "calm")]
    heard = ravd.take(np.isin(ravd.clips.acted, six))
    return [
        _figure(
            "CREMA-D to RAVDESS", f"6 classes UAR, {name}", logits, heard.clips.acted, six, needed
        )
        for name, logits, needed in (
            ("strangers", outputs(first, heard)[0], MUST["shared"]),
            ("known voices", outputs(first, heard, known=True)[0], None),
        )
    ]


def folds(
    first: VoiceNetwork, crema: Heard, forms: list[Heard], settings: Settings, report: Report
) -> list[Figure]:
    """Six second stages, each without the actors whom it is tested on; no dev is looked at.

    The first of RAVDESS's `forms` is what is tested.
    """
    ravd, classes = forms[0].clips, list(range(len(CLASSES)))
    told = {known: np.zeros((len(ravd), len(CLASSES))) for known in (False, True)}
    for fold in range(FOLDS):
        held = ravd.fold == fold
        more = [form.take(~held) for form in forms]
        network = second_stage(first, f"fold{fold}", crema, more, settings, report)
        for known, logits in told.items():
            logits[held] = outputs(network, forms[0].take(held), known)[0]
        uar = unweighted_recall(told[False][held], ravd.acted[held], classes)
        report(f"fold {fold}: {uar:.3f}")
    name = "8 classes UAR, 6 folds by actor"
    return [
        _figure("RAVDESS", f"{name}, strangers", told[False], ravd.acted, classes, MUST["folds"]),
        _figure("RAVDESS", f"{name}, known voices", told[True], ravd.acted, classes),
    ]


def write_json(
    out: Path,
    fitted: VoiceCalibration,
    settings: Settings,
    today: date,
    figures: list[Figure],
) -> None:
    """`voice.json`: constants, provenance, and under `folds` what only training can measure."""
    told: dict[str, Any] = {
        "model": MODEL,
        "version": VERSION,
        "made": today.isoformat(),
        "base": WHISPER,
        "training": {
            "epochs": [settings.first, settings.second],
            "batch": settings.batch,
            "rooms": settings.rooms,
            "drawn": settings.drawn,
            "rate": [settings.rate, settings.second_rate],
            "seed": settings.seed,
        },
        "data": [
            {"name": "RAVDESS", "licence": "CC BY-NC-SA 4.0"},
            {"name": "CREMA-D", "licence": "ODbL 1.0"},
        ],
        "licence": LICENCE,
        "calibration": fitted.to_json(),
        "folds": as_json(figures),
        "figures": {},
    }
    path = out / CARD
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _check(dev: Heard) -> Check:
    acted = dev.clips.acted
    classes = sorted(set(acted.tolist()))

    def check(network: VoiceNetwork) -> dict[str, float]:
        """Of strangers, and of known voices."""
        told = {"dev": False, "known": True}
        return {
            name: unweighted_recall(outputs(network, dev, known)[0], acted, classes)
            for name, known in told.items()
        }

    return check


def _figure(
    corpus: str,
    name: str,
    logits: NDArray[np.float64],
    acted: NDArray[np.int64],
    classes: list[int],
    needed: float | None = None,
) -> Figure:
    def measure(rows: NDArray[np.int64]) -> float:
        return unweighted_recall(logits[rows], acted[rows], classes)

    return measured(corpus, name, measure, len(acted), needed)
