"""Export Whisper for the CPU: a folder or hub id becomes the files of `affect/weights/speech*`.

Nothing is trained. `python -m affect.training.speech MODEL -o FOLDER`; needs the extra `train`.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from affect.perception.speech import CARD, DECODER, ENCODER, TOKENIZER
from affect.training import speech_graph

MODEL, VERSION = "whisper-base", "1"
LAST_KEPT = "<|notimestamps|>"  # behind it are times, which we never ask for


def build(base: str, out: Path, today: date, report: Callable[[str], None]) -> None:
    """Write encoder, decoder, tokenizer and constants of `base` into `out`."""
    from transformers import GenerationConfig, WhisperForConditionalGeneration

    report(f"Loading {base} ...")
    network = WhisperForConditionalGeneration.from_pretrained(base)
    weights = {
        name: value.detach().float().numpy() for name, value in network.model.state_dict().items()
    }
    tokens = _tokenizer_of(base)
    numbers = {entry["content"]: entry["id"] for entry in tokens["added_tokens"]}
    config = network.config
    shape = speech_graph.Shape(
        encoder_layers=config.encoder_layers,
        decoder_layers=config.decoder_layers,
        heads=config.decoder_attention_heads,
        width=config.d_model,
        mels=config.num_mel_bins,
        kept=numbers[LAST_KEPT] + 1,
    )
    out.mkdir(parents=True, exist_ok=True)
    report("Writing the graphs ...")
    speech_graph.write(weights, shape, out / ENCODER, out / DECODER)
    packed = gzip.compress(_text(_trimmed(tokens, shape.kept)).encode(), mtime=0)
    (out / TOKENIZER).write_bytes(packed)
    card = _card(GenerationConfig.from_pretrained(base), shape, today)
    (out / CARD).write_text(_text(card, indent=1), "utf-8")
    report(f"Written into {out}.")


def _tokenizer_of(base: str) -> dict[str, Any]:
    from transformers import AutoTokenizer

    told: dict[str, Any] = json.loads(
        AutoTokenizer.from_pretrained(base).backend_tokenizer.to_str()
    )
    return told


def _trimmed(tokens: dict[str, Any], kept: int) -> dict[str, Any]:
    """What turning numbers into text needs: no merges, no times."""
    model = {**tokens["model"], "merges": []}
    added = [entry for entry in tokens["added_tokens"] if entry["id"] < kept]
    trimmed = {"normalizer": None, "pre_tokenizer": None, "post_processor": None}
    return {**tokens, **trimmed, "model": model, "added_tokens": added}


def _card(generation: Any, shape: speech_graph.Shape, today: date) -> dict[str, Any]:
    """`speech.json`: provenance, and the constants that decoding needs."""
    languages = {key.strip("<|>"): number for key, number in generation.lang_to_id.items()}
    return {
        "model": MODEL,
        "version": VERSION,
        "made": today.isoformat(),
        "base": {"name": "openai/whisper-base", "licence": "MIT"},
        "data": [{"name": "OpenAI Whisper base, exported only", "licence": "MIT"}],
        "licence": "MIT (OpenAI)",
        "shape": {
            "layers": shape.decoder_layers,
            "heads": shape.heads,
            "head_width": shape.width // shape.heads,
        },
        "tokens": {
            "start": generation.decoder_start_token_id,
            "end": generation.eos_token_id,
            "transcribe": generation.task_to_id["transcribe"],
            "no_speech": generation.no_timestamps_token_id - 1,
            "no_times": generation.no_timestamps_token_id,
            "blank": list(generation.begin_suppress_tokens),
            "never": list(generation.suppress_tokens),
            "languages": languages,
        },
        "figures": {},
    }


def _text(told: dict[str, Any], indent: int | None = None) -> str:
    separators = (",", ":") if indent is None else None
    return json.dumps(told, indent=indent, ensure_ascii=False, separators=separators) + "\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m affect.training.speech", description=__doc__)
    parser.add_argument("model", help="a folder or hub id of a Whisper model")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the folder to write into")
    given = parser.parse_args()
    build(given.model, given.out, datetime.now(UTC).date(), print)


if __name__ == "__main__":
    main()
