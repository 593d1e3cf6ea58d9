"""A chat model from a folder or the hub: looked at first, loaded whole or refused in one sentence.

Nothing large is read before it is known that the model talks, has a chat template, can be
quantized as asked and fits into memory. torch and transformers come with the extra `llm` and are
imported when a model is loaded, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from affect.errors import ModelUnavailable
from affect.perception import hub
from affect.writers import fetching, model_size
from affect.writers.weight_files import check_whole

Report = Callable[[str, float], None]  # a stage and the share of it that is done, 0 to 1

FETCHING, LOADING, WARMING = "fetching", "loading", "warming"
QUANTIZATIONS = ("nf4", "int8", "none")
USUAL_CONTEXT = 4096
TALKS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A network and its tokenizer, ready to answer.

    `stops` are the token ids that end an answer; `context` is how many tokens the network was
    made for.
    """

    name: str
    network: Any
    tokenizer: Any
    stops: tuple[int, ...]
    context: int

    def ids(self, text: str) -> list[int]:
        """The ids of a text as it stands. By the tokenizer itself: what transformers wraps it in
        is set up anew by each call, and fails when two threads do so at once.
        """
        found: list[int] = self.tokenizer.backend_tokenizer.encode(
            text, add_special_tokens=False
        ).ids
        return found

    def plain(self, text: str) -> str:
        """A person's words without what the template writes around turns: no text opens one."""
        marks = self._marks()
        while any(mark in text for mark in marks):  # again: what is left may make up a mark
            for mark in marks:
                text = text.replace(mark, "")
        return text

    def _marks(self) -> list[str]:
        added = self.tokenizer.added_tokens_decoder.values()
        return [one.content for one in added if one.special and one.content.strip()]


def load(model: str, quantization: str | None, report: Report) -> Loaded:
    """Load by folder or hub id; raises `ModelUnavailable` with a sentence that says what to do.

    `quantization` is one of `QUANTIZATIONS`; None is nf4 on CUDA and none elsewhere.
    """
    _check_extra(model)
    if quantization not in (None, *QUANTIZATIONS):
        raise ModelUnavailable(
            f"A model is quantized to {', '.join(QUANTIZATIONS)}, not {quantization}."
        )
    with _one_sentence(model):
        folder = fetching.folder(model, fetching.SMALL_FILES, lambda _: None)
        library = hub._transformers()  # noqa: SLF001 - quiet, and private about what it fetches
        config = library.AutoConfig.from_pretrained(folder, trust_remote_code=False)
        _check_talks(model, config, library)
        tokenizer = library.AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        _check_template(model, tokenizer)
        chosen = _quantization(quantization, config)
        shape = model_size.shape(config)
        _check_kind(model, shape, chosen)
        model_size.check(model, shape, config, chosen, folder)
        wanted = fetching.SMALL_FILES + fetching.WEIGHTS
        folder = fetching.folder(model, wanted, lambda share: report(FETCHING, share))
        check_whole(model, folder)
        network = _network(folder, config, chosen, report)
    rows = network.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise ModelUnavailable(
            f"{model} has a tokenizer of {len(tokenizer)} pieces and a network of {rows}: they do "
            "not belong together."
        )
    return Loaded(
        name=hub.short(model),
        network=network,
        tokenizer=tokenizer,
        stops=_stops(network, tokenizer),
        context=_context(config, tokenizer),
    )


def on_cuda() -> bool:
    """Whether the model goes to a GPU."""
    import torch

    return bool(torch.cuda.is_available())


def _check_extra(model: str) -> None:
    needed = ("torch", "transformers", "accelerate", "bitsandbytes")
    missing = [module for module in needed if find_spec(module) is None]
    if missing:
        raise ModelUnavailable(
            f"{model} needs {' and '.join(missing)}: pip install 'attune-companion[llm]'."
        )


@contextmanager
def _one_sentence(model: str) -> Iterator[None]:
    try:
        yield
    except ModelUnavailable:
        raise
    except Exception as error:  # the libraries raise classes of their own
        raise ModelUnavailable(
            f"{model} does not load as a chat model ({type(error).__name__})."
        ) from error


def _check_talks(model: str, config: Any, library: Any) -> None:
    named = config.architectures or ()
    talks = (
        type(config) in library.MODEL_FOR_CAUSAL_LM_MAPPING
        and not config.is_encoder_decoder
        and any(name.endswith(TALKS) for name in named)
    )
    if not talks:
        kind = ", ".join(named) or config.model_type
        raise ModelUnavailable(f"{model} is no language model that writes ({kind}).")


def _check_template(model: str, tokenizer: Any) -> None:
    if not tokenizer.chat_template:
        raise ModelUnavailable(
            f"{model} has no chat template: take the version of it that is made for chatting "
            "(often called instruct or it)."
        )
    if not tokenizer.is_fast:
        raise ModelUnavailable(f"{model} has no fast tokenizer (tokenizer.json).")


def _quantization(asked: str | None, config: Any) -> str | None:
    """What to quantize to; None where the weights are kept as they lie (none, or done already)."""
    if getattr(config, "quantization_config", None):
        return None
    chosen = asked or ("nf4" if on_cuda() else "none")
    return None if chosen == "none" else chosen


def _check_kind(model: str, shape: Any, quantization: str | None) -> None:
    """Experts are one block of weights, which bitsandbytes leaves as it is."""
    if quantization and model_size.has_experts(shape):
        raise ModelUnavailable(
            f"{model} is a mixture of experts, which cannot be quantized to {quantization} here: "
            "take a dense model, or serve this one with vLLM (ATTUNE_WRITER=openai)."
        )


def _network(folder: Path, config: Any, quantization: str | None, report: Report) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    with _told(report):
        network, found = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=model_size.dtype(quantization),
            device_map={"": 0} if on_cuda() else "cpu",  # never spilled: slow, and int8 alone can
            quantization_config=_bits(quantization, torch),
            attn_implementation=_attention(),
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    if found["missing_keys"] or found.get("mismatched_keys"):
        raise ModelUnavailable(f"{folder.name} lacks weights that its configuration names.")
    return network.eval().requires_grad_(False)


def _bits(quantization: str | None, torch: Any) -> Any:
    from transformers import BitsAndBytesConfig

    match quantization:
        case "nf4":
            return BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=torch.bfloat16,
            )
        case "int8":
            return BitsAndBytesConfig(load_in_8bit=True)
        case _:
            return None


def _attention() -> str:
    """Flash attention where it is installed: without it a batch pays for everybody's past."""
    if on_cuda() and find_spec("flash_attn_interface"):
        return "flash_attention_3"
    if on_cuda() and find_spec("flash_attn"):
        return "flash_attention_2"
    return "sdpa"


@contextmanager
def _told(report: Report) -> Iterator[None]:
    """Hear the bar that transformers would draw while weights are loaded."""
    from transformers.utils import logging

    def hook(factory: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        bar = factory(*given, **named)
        if named.get("desc") == "Loading weights":
            return _Steps(bar, report)
        return bar

    before = logging.set_tqdm_hook(hook)
    try:
        report(LOADING, 0.0)
        yield
        report(LOADING, 1.0)
    finally:
        logging.set_tqdm_hook(before)


class _Steps:
    """Steps through a bar and tells how far it is."""

    def __init__(self, bar: Any, report: Report) -> None:
        self._bar = bar
        self._report = report

    def __iter__(self) -> Iterator[Any]:
        steps = list(self._bar)
        for number, step in enumerate(steps, 1):
            yield step
            self._report(LOADING, number / len(steps))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bar, name)


def _context(config: Any, tokenizer: Any) -> int:
    """Tokens that the network was made for; what its tokenizer says where it does not tell."""
    told = getattr(config.get_text_config(), "max_position_embeddings", None)
    return int(told or min(tokenizer.model_max_length, USUAL_CONTEXT))


def _stops(network: Any, tokenizer: Any) -> tuple[int, ...]:
    """What ends an answer: as generation is set up, and what the template writes after a turn."""
    named = getattr(network.generation_config, "eos_token_id", None)
    found = set(named if isinstance(named, list | tuple) else [named])
    found.add(tokenizer.eos_token_id)
    found.add(_after_a_turn(tokenizer))
    return tuple(sorted(int(one) for one in found if one is not None))


def _after_a_turn(tokenizer: Any) -> int | None:
    told = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    text: str = tokenizer.apply_chat_template(told, tokenize=False)
    rest = tokenizer(text[text.rindex("b") + 1 :], add_special_tokens=False)["input_ids"]
    special = set(tokenizer.all_special_ids)
    return rest[0] if rest and rest[0] in special else None
