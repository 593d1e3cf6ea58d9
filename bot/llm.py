"""Which writer words the replies, and the LLM behind it: chosen by settings, opened at the start.

An LLM that cannot be used stops nobody: the scripted writer answers, and the operator reads one
sentence in the log, in `--check` and in `doctor`. A server that is away is asked again at the next
turn; a model of this process is loaded once, at the start.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from affect.errors import AttuneError, ModelUnavailable, SettingsError
from affect.writers import spoken
from affect.writers.chat import ChatModel
from affect.writers.remote_llm import RemoteModel
from bot.settings import Settings

EXTRA = ("torch", "transformers", "accelerate", "bitsandbytes")  # what the extra `llm` brings
SERVER_SECONDS = 10.0  # for a first answer at the start; a server may still be loading its model

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """An LLM as it was found: `told` says it for an operator, `fault` what is wrong with it.

    Without `model` the scripted writer answers alone.
    """

    model: ChatModel | None = None
    told: str = "scripted"
    fault: str | None = None


def wanted(settings: Settings) -> Literal["scripted", "local", "openai"]:
    """The writer that the settings ask for; raise `SettingsError` where something is missing."""
    match settings.writer:
        case "auto" if settings.llm_base_url:
            return "openai"
        case "auto":
            return "local" if settings.llm_model and not _missing() else "scripted"
        case "openai" if not settings.llm_base_url:
            raise SettingsError("ATTUNE_WRITER=openai needs ATTUNE_LLM_BASE_URL.")
        case "local" if not settings.llm_model:
            raise SettingsError("ATTUNE_WRITER=local needs ATTUNE_LLM_MODEL.")
        case "local" if missing := _missing():
            raise SettingsError(
                f"ATTUNE_WRITER=local needs {' and '.join(missing)}: "
                "pip install 'attune-companion[llm]'."
            )
        case chosen:
            return chosen


async def open_llm(settings: Settings) -> Opened:
    """Open the LLM of the settings and see that it answers; raise `SettingsError` alone."""
    match wanted(settings):
        case "scripted":
            opened = _none(settings)
        case "openai":
            opened = await _server(settings)
        case "local":
            opened = await _local(settings)
    if opened.fault:
        log.warning("llm_unavailable", extra={"reason": opened.fault})
    return opened


def _none(settings: Settings) -> Opened:
    if settings.writer == "auto" and settings.llm_model:
        unusable = ModelUnavailable(
            f"{settings.llm_model} needs {' and '.join(_missing())}: "
            "pip install 'attune-companion[llm]'."
        )
        return Opened(None, _instead(unusable), str(unusable))
    return Opened()


async def _server(settings: Settings) -> Opened:
    key = settings.llm_api_key
    model = RemoteModel(
        settings.llm_base_url or "",
        settings.llm_model,
        key.get_secret_value() if key else None,
    )
    try:
        return Opened(model, await model.ready(SERVER_SECONDS))
    except AttuneError as error:
        return Opened(model, _instead(error), str(error))


async def _local(settings: Settings) -> Opened:
    from affect.writers import local_llm

    try:
        model = await asyncio.to_thread(
            local_llm.load, settings.llm_model or "", settings.llm_quantization, _reporting()
        )
    except ModelUnavailable as error:
        return Opened(None, _instead(error), str(error))
    slower = "" if model.batched else "; its layers cannot be batched, so a crowd waits longer"
    foreign = "" if spoken.writes(model.count, "zh") else "; it has no words for Chinese"
    return Opened(model, f"{model.name} in this process{slower}{foreign}")


def _instead(error: AttuneError) -> str:
    return f"scripted, for the LLM cannot be used: {error}"


def _missing() -> list[str]:
    return [module for module in EXTRA if find_spec(module) is None]


def _reporting() -> Callable[[str, float], None]:
    """Tells how far the loading is: on a terminal a line that is written over, else one a stage."""
    stages: set[str] = set()

    def report(stage: str, share: float) -> None:
        if sys.stderr.isatty():
            end = "\r" if share < 1 else "\n"
            print(f"LLM: {stage} {share:4.0%}", end=end, file=sys.stderr, flush=True)  # noqa: T201
        elif stage not in stages:
            stages.add(stage)
            log.info("llm_loading", extra={"stage": stage})

    return report
