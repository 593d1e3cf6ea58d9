"""Models as others make them, tiny and with chance weights, written by transformers itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WORDS = ("i", "am", "so", "happy", "sad", "today", "and", "then", "nothing", "else", "!", ".")
SURE = 6.0  # logits between the favoured class and the others


def named(labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }


def favouring(head: Any, *classes: int) -> None:
    """Make a linear head give SURE for some classes, and 0 for the others, whatever comes in."""
    with torch.no_grad():
        head.weight.zero_()
        head.bias.zero_()
        for number in classes:
            head.bias[number] = SURE


def text_classifier(
    folder: Path, labels: tuple[str, ...], favoured: tuple[int, ...] = (), **config: Any
) -> Path:
    """BERT over a WordPiece of a dozen words; 32 places."""
    torch.manual_seed(0)
    network = transformers.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=5 + len(WORDS),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=32,
            **named(labels),
            **config,
        )
    )
    if favoured:
        favouring(network.classifier, *favoured)
    network.save_pretrained(folder)
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    vocabulary = {word: number for number, word in enumerate((*special, *WORDS))}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    return folder


def audio_classifier(
    folder: Path, labels: tuple[str, ...], favoured: tuple[int, ...] = (), rate: int = 16_000
) -> Path:
    torch.manual_seed(0)
    network = transformers.Wav2Vec2ForSequenceClassification(
        transformers.Wav2Vec2Config(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            conv_dim=(8, 8, 8),
            conv_kernel=(10, 8, 4),
            conv_stride=(10, 8, 4),
            num_feat_extract_layers=3,
            num_conv_pos_embeddings=8,
            num_conv_pos_embedding_groups=2,
            classifier_proj_size=8,
            **named(labels),
        )
    )
    if favoured:
        favouring(network.classifier, *favoured)
    network.save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=rate).save_pretrained(folder)
    return folder


def image_classifier(folder: Path, labels: tuple[str, ...], favoured: tuple[int, ...] = ()) -> Path:
    torch.manual_seed(0)
    network = transformers.ViTForImageClassification(
        transformers.ViTConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            image_size=32,
            patch_size=8,
            **named(labels),
        )
    )
    if favoured:
        favouring(network.classifier, *favoured)
    network.save_pretrained(folder)
    processor = {
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 32, "width": 32},
        **{f"do_{step}": True for step in ("resize", "rescale", "normalize")},
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


WHISPER_MARKS = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|transcribe|>"),
    *("<|translate|>", "<|nospeech|>", "<|notimestamps|>"),
)


def recogniser(folder: Path, language: str = "en", *, multilingual: bool = True) -> Path:
    """Whisper that says "happy today" of any sound, in the language that it holds to be likely.

    With one width for each piece of its vocabulary it is made to count: a table of what follows.
    """
    vocabulary = ("happy", "today", *WHISPER_MARKS)  # what stands behind the marks would be times
    number = {word: at for at, word in enumerate(vocabulary)}
    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        vocab_size=len(vocabulary),
        num_mel_bins=80,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_target_positions=448,
        tie_word_embeddings=False,
        decoder_start_token_id=number["<|startoftranscript|>"],
        **{f"{mark}_token_id": number["<|endoftext|>"] for mark in ("bos", "eos", "pad")},
    )
    network = transformers.WhisperForConditionalGeneration(config)
    _follow(
        network,
        {
            number["<|startoftranscript|>"]: number[f"<|{language}|>" if multilingual else "happy"],
            number["<|notimestamps|>"]: number["happy"],
            number["happy"]: number["today"],
            number["today"]: number["<|endoftext|>"],
        },
    )
    known: dict[str, Any] = {
        "is_multilingual": True,
        "lang_to_id": {mark: number[mark] for mark in ("<|en|>", "<|zh|>")},
        "task_to_id": {task: number[f"<|{task}|>"] for task in ("transcribe", "translate")},
    }
    network.generation_config = transformers.GenerationConfig(
        **{f"{mark}_token_id": number["<|endoftext|>"] for mark in ("bos", "eos", "pad")},
        decoder_start_token_id=number["<|startoftranscript|>"],
        no_timestamps_token_id=number["<|notimestamps|>"],
        max_length=448,
        **(known if multilingual else {}),
    )
    network.save_pretrained(folder)
    transformers.WhisperFeatureExtractor(feature_size=80).save_pretrained(folder)
    made = Tokenizer(models.WordLevel(number, unk_token="<|endoftext|>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made,
        eos_token="<|endoftext|>",
        additional_special_tokens=list(WHISPER_MARKS),
    ).save_pretrained(folder)
    return folder


def _follow(network: Any, after: dict[int, int]) -> None:
    """Let the last piece alone decide what comes next: everything between adds nothing."""
    decoder = network.model.decoder
    with torch.no_grad():
        for layer in decoder.layers:
            for block in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
                block.weight.zero_()
                block.bias.zero_()
        decoder.embed_positions.weight.zero_()
        decoder.embed_tokens.weight.copy_(torch.eye(*decoder.embed_tokens.weight.shape))
        network.proj_out.weight.zero_()
        for last, then in after.items():
            network.proj_out.weight[then, last] = 5.0
