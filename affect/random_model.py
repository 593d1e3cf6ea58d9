"""A chat model with random weights, made on the spot: for timing and for tests.

Speed does not depend on what weights hold, and the paths through loading and generating are those
of a real model. Its tokenizer is trained on a few lines, so it reads anything and says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from affect.perception import hub

# Sizes of Qwen3: `tiny` is made in a second and `8b` is the shape of Qwen/Qwen3-8B.
SHAPES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "tiny": {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4,
                 "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64},
        "small": {"hidden_size": 512, "intermediate_size": 1536, "num_hidden_layers": 8,
                  "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64},
        "8b": {"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36,
               "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
               "vocab_size": 151_936, "max_position_embeddings": 40_960},
    }
)  # fmt: skip
LINES = (
    "I got the job, can you believe it? I am so happy and a little afraid.",
    "My sister has not called me back in three weeks and I do not know why.",
    "Are you there? It is late, I cannot sleep, and my head just will not stop.",
    "今天好累，什么都不想做。老板又当着所有人的面骂我。",
    "终于考完试了，开心！谢谢你一直陪着我。",
)
PIECES = 600
BEGIN, END, NOTHING = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}"
)


def make(folder: Path, shape: str = "tiny", **more: Any) -> Path:
    """Write the model to a folder and give it back; `more` changes its configuration."""
    import torch

    library = hub._transformers()  # noqa: SLF001 - quiet
    words = tokenizer()
    given = {
        "vocab_size": len(words),  # more would be ids that no text has
        "max_position_embeddings": 2048,
        "tie_word_embeddings": False,  # a tied random network repeats the last word for ever
        "initializer_range": 0.3,
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.eos_token_id,
        **SHAPES[shape],
        **more,
    }
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.device(device):
        network = library.Qwen3ForCausalLM(library.Qwen3Config(**given))
    if shape == "8b":
        network = network.bfloat16()
    network.generation_config.do_sample = True
    network.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def tokenizer() -> Any:
    """Byte pieces learned from `LINES`, with a chat template of its own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        special_tokens=[NOTHING, BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator(LINES, trainer)
    words = PreTrainedTokenizerFast(tokenizer_object=pieces, eos_token=END, pad_token=NOTHING)
    words.chat_template = TEMPLATE
    return words
