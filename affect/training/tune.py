"""`--tune N`: search a few settings of a trainer in short runs, by what it tells of dev.

Optuna draws them (TPE, seeded, the trainer's own settings first); a run that is below the median of
the others at the same share of its way is stopped. All that is known lies in RUN/tune/study.log, so
a search that was stopped goes on as if it had not been. Test splits are never looked at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from affect.errors import BadInput

Report = Callable[[str], None]
Watch = Callable[[float, Mapping[str, float]], None]
"""Hears the figures on dev at a share of a run, in (0, 1]; may end the run by raising."""

Run = Callable[[Any, Watch], object]
"""One training with some `Settings`."""

FOLDER, STUDY, BEST = "tune", "study.log", "best.json"
FIRST = 4  # runs before the sampler goes by their figures, and before one is stopped
SHARES = (0.5, 0.75, 1.0)  # of the epochs
NO_MATTER = frozenset({"run", "resume", "threads", "device"})  # to whether a search is the same
DIGITS = 3  # of a drawn rate, so that what is printed is what was used


def unwatched(done: float, figures: Mapping[str, float]) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is varied of a trainer's `Settings`, and what is gone by.

    `rates` gives lowest and highest of the fields drawn on a logarithmic scale, `epochs` the fields
    that hold epochs, `figures` those on dev whose mean is sought. `open` reads the data once, from
    the trainer's own settings and the data folder, and gives the run that is repeated.
    """

    rates: Mapping[str, tuple[float, float]]
    epochs: tuple[str, ...]
    figures: tuple[str, ...]
    open: Callable[[Any, Path, Report], Run]


@dataclass(frozen=True, slots=True)
class Found:
    """The best of a search: settings for the whole training, its mean figure in the short run,
    and how many runs there were, of which `stopped` were stopped early.
    """

    settings: Any
    varied: Mapping[str, float]
    dev: float
    runs: int
    stopped: int

    def to_json(self) -> dict[str, Any]:
        """What the command prints."""
        told = {"dev": round(self.dev, 4), "runs": self.runs, "stopped": self.stopped}
        return {"settings": dict(self.varied)} | told


def search(
    how: Search, own: Any, data: Path, count: int, epochs: float | None, report: Report
) -> Found:
    """Runs until there are `count` of them, each of at most `epochs` (else the trainer's own).

    Goes on from an earlier search where `own.resume` says so; raises `BadInput`: `other_search`
    where that one was another, `too_short` where no run came as far as a figure.
    """
    import optuna
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = own.run / FOLDER
    study = _study(how, own, epochs, folder)
    done = len(study.get_trials(False, _ended()))
    if done < count:
        run = how.open(own, data, report)
    for number in range(done, count):
        # A sampler for each draw, blind to runs that were broken off ("liar" would count them as
        # still running): a search that was stopped draws what it would have.
        study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=FIRST, seed=own.seed * 10_000 + number, constant_liar=False
        )
        trial = study.ask()
        drawn = {
            name: trial.suggest_float(name, *ends, log=True) for name, ends in how.rates.items()
        }
        share = trial.suggest_categorical("share", SHARES)
        settings = _with(how, own, drawn, share * _factor(how, own, epochs))
        settings = replace(settings, run=folder / f"{number:03}", resume=False)
        report(f"search {number + 1}/{count}: {json.dumps(_varied(how, settings))}")
        value = _try(how, trial, run, settings)
        if value is None:
            study.tell(trial, state=TrialState.PRUNED)
        elif math.isfinite(value):
            study.tell(trial, value)
        else:
            study.tell(trial, state=TrialState.FAIL)
        said = "stopped early" if value is None else f"dev {value:.4f}"
        report(f"search {number + 1}/{count}: {said}")
        for checkpoint in settings.run.glob("*.pt"):  # several times the network's size
            checkpoint.unlink()
    return _found(how, own, study, folder)


def _study(how: Search, own: Any, epochs: float | None, folder: Path) -> Any:
    """The study in `folder`, begun anew unless it is to be gone on with."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    folder.mkdir(parents=True, exist_ok=True)
    if not own.resume:
        (folder / STUDY).unlink(missing_ok=True)
        (folder / BEST).unlink(missing_ok=True)
    study = optuna.create_study(
        study_name=FOLDER,
        storage=JournalStorage(JournalFileBackend(str(folder / STUDY))),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST),
        direction="maximize",
        load_if_exists=True,
    )
    kept = {name: value for name, value in asdict(own).items() if name not in NO_MATTER}
    kept |= {"bound": epochs, "rates": how.rates, "figures": how.figures}
    of = json.loads(json.dumps(kept))
    if study.user_attrs.get("of", of) != of:
        raise BadInput(
            "other_search",
            f"The search in {folder} is of other settings; without --resume it begins anew.",
        )
    study.set_user_attr("of", of)
    if not study.get_trials(False, (*_ended(), optuna.trial.TrialState.WAITING)):
        study.enqueue_trial({name: getattr(own, name) for name in how.rates} | {"share": 1.0})
    return study


def _ended() -> tuple[Any, ...]:
    from optuna.trial import TrialState

    return TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL


class _StoppedEarly(Exception):
    """A run that is not worth its end."""


def _try(how: Search, trial: Any, run: Run, settings: Any) -> float | None:
    """The mean figure at a run's end; NaN where it told none, None where it was stopped."""
    last = math.nan

    def watch(done: float, figures: Mapping[str, float]) -> None:
        nonlocal last
        last = sum(figures[name] for name in how.figures) / len(how.figures)
        if done < 1 and math.isfinite(last):
            trial.report(last, round(100 * done))
            if trial.should_prune():
                raise _StoppedEarly

    try:
        run(settings, watch)
    except _StoppedEarly:
        return None
    return last


def _found(how: Search, own: Any, study: Any, folder: Path) -> Found:
    """The best run's settings with the trainer's own length, to go on with where it is the same."""
    from optuna.trial import TrialState

    trials = study.get_trials()
    whole = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    if not whole:
        raise BadInput("too_short", "No run of the search told a figure: give more --epochs.")
    best = max(whole, key=lambda trial: trial.value)
    drawn = dict(best.params)
    settings = _with(how, own, drawn, drawn.pop("share"))
    varied = _varied(how, settings)
    # A checkpoint of the whole training is gone on from only if it is one with these settings.
    told = json.dumps(varied, indent=1) + "\n"
    path = folder / BEST
    same = path.is_file() and path.read_text("utf-8") == told
    path.write_text(told, "utf-8")
    stopped = sum(trial.state is TrialState.PRUNED for trial in trials)
    settings = replace(settings, resume=own.resume and same)
    return Found(settings, varied, best.value, len(whole) + stopped, stopped)


def _with(how: Search, own: Any, drawn: Mapping[str, float], factor: float) -> Any:
    """The trainer's own settings with drawn rates and its epochs times `factor`."""
    rates = {name: float(f"{drawn[name]:.{DIGITS}g}") for name in how.rates}
    lengths: dict[str, float] = {}
    for name in how.epochs:
        length = getattr(own, name) * factor
        whole = own.__annotations__[name] == "int"
        lengths[name] = max(1, round(length)) if whole else round(length, DIGITS)
    return replace(own, **rates, **lengths)


def _factor(how: Search, own: Any, epochs: float | None) -> float:
    """How long a run of the search may be, against the trainer's own length."""
    return 1.0 if epochs is None else epochs / sum(getattr(own, name) for name in how.epochs)


def _varied(how: Search, settings: Any) -> dict[str, float]:
    return {name: getattr(settings, name) for name in (*how.rates, *how.epochs)}


def _text(own: Any, data: Path, report: Report) -> Run:
    from affect.training import text

    rows, dev = text.read(own, data)
    # The frozen layers say the same in every run: one cache serves the search and what follows it.
    return lambda settings, watch: text.fit(
        replace(settings, again=0), rows, dev, report, watch, own.run
    )


def _voice(_: Any, data: Path, report: Report) -> Run:
    from affect.training import voice, voice_data

    crema, ravd = voice_data.crema_d(data), voice_data.ravdess(data)
    return lambda settings, watch: voice.watched(crema, ravd, settings, report, watch)


def _face(_: Any, data: Path, report: Report) -> Run:
    from affect.training import face, face_data

    faces = face_data.read(data)
    return lambda settings, watch: face.train(settings, faces, report, watch)


SEARCHES: Mapping[str, Search] = {
    "text": Search(
        {"rate": (5e-5, 5e-4), "head_rate": (5e-4, 8e-3)},
        ("epochs",),
        ("f1_28", "r_V", "f1_chinese"),
        _text,
    ),
    "voice": Search(
        {"rate": (5e-4, 8e-3), "second_rate": (2.5e-4, 4e-3)}, ("first", "second"), ("dev",), _voice
    ),
    "face": Search({"rate": (0.005, 0.2)}, ("epochs",), ("ferplus_8",), _face),
}
"""By model. Fusion has none: `train fusion` weighs its whole grid."""
