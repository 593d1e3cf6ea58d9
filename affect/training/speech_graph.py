"""Whisper as two ONNX graphs for the CPU, written node by node from its weights, already quantised.

Linear layers: int8 weights with one scale per output (7 bits used, so that processors without VNNI
neither overflow nor answer differently), activations quantised as they come. The table of tokens is
kept once, int8 with one scale per token: it is gathered from on the way in and multiplied with on
the way out. Convolutions, positions and what is small stay float (kept as float16 where large).
Opset 17; widths below are Whisper base's.

Encoder: `mel` (1, 80, 2 t), `places` (t,) int64 -> `keys`, `values` (layers, heads, t, 64) that the
decoder's layers look at. Decoder: `ids` (1, n), `places` (n,) int64, `bias` (n, past + n) added to
its attention, `past_keys`, `past_values` (layers, heads, past, 64), `keys`, `values` -> `next`
(vocabulary,), the logits of what follows the last token, and `new_keys`, `new_values` (layers,
heads, past + n, 64).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
EPSILON = 1e-5  # torch's default, which Whisper uses
LEVELS = 63  # 7 bits: two products of 255 x 64 fit 16 bits, where processors add them

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the graphs must know beside the weights. `kept` tokens stay in the table."""

    encoder_layers: int
    decoder_layers: int
    heads: int
    width: int
    mels: int
    kept: int


class _Graph:
    """Nodes and constants, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def half(self, name: str, value: NDArray[Any]) -> str:
        """A large constant: float16 in the file, float32 once loaded."""
        stored = self.constant(f"{name}.half", value.astype(np.float16))
        return self.node("Cast", [stored], name, to=TensorProto.FLOAT)

    def node(self, kind: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def split(self, x: str, names: Sequence[str], axis: int) -> list[str]:
        self.nodes.append(
            helper.make_node("Split", [x], list(names), name=f"{names[0]}.split", axis=axis)
        )
        return list(names)

    def multiply(self, x: str, small: str, scale: NDArray[Any], name: str) -> str:
        """`x` times an int8 constant `small` (in, out) with one `scale` per output."""
        parts = [f"{name}.{part}" for part in ("int", "scale", "zero")]
        self.nodes.append(
            helper.make_node("DynamicQuantizeLinear", [x], parts, name=f"{name}.quantise")
        )
        whole = self.node("MatMulInteger", [parts[0], small, parts[2]], f"{name}.whole")
        cast = self.node("Cast", [whole], f"{name}.cast", to=TensorProto.FLOAT)
        own = self.constant(f"{name}.scales", scale.astype(np.float32))
        both = self.node("Mul", [parts[1], own], f"{name}.both")
        return self.node("Mul", [cast, both], f"{name}.product")

    def linear(
        self, x: str, weight: NDArray[Any], bias: NDArray[Any] | None, name: str, factor: float = 1
    ) -> str:
        """`weight` is (out, in), as torch keeps it; `factor` goes into weight and bias."""
        small, scale = quantise(weight)
        product = self.multiply(x, self.constant(f"{name}.w", small.T), scale * factor, name)
        if bias is None:
            return product
        offset = self.constant(f"{name}.b", (bias * factor).astype(np.float32))
        return self.node("Add", [product, offset], f"{name}.sum")

    def norm(self, x: str, weights: Weights, source: str) -> str:
        scale = self.constant(f"{source}.scale", weights[f"{source}.weight"])
        bias = self.constant(f"{source}.bias", weights[f"{source}.bias"])
        return self.node(
            "LayerNormalization", [x, scale, bias], f"{source}.out", epsilon=EPSILON, axis=-1
        )

    def gelu(self, x: str, name: str) -> str:
        """The exact form, in the pattern that onnxruntime fuses into one kernel."""
        root = self.constant(f"{name}.root2", np.array(math.sqrt(2), dtype=np.float32))
        one = self.constant(f"{name}.one", np.array(1, dtype=np.float32))
        half = self.constant(f"{name}.half", np.array(0.5, dtype=np.float32))
        error = self.node("Erf", [self.node("Div", [x, root], f"{name}.div")], f"{name}.erf")
        grown = self.node("Mul", [x, self.node("Add", [error, one], f"{name}.add")], f"{name}.mul")
        return self.node("Mul", [grown, half], f"{name}.gelu")

    def apart(self, x: str, shape: Shape, name: str) -> str:
        """(1, n, width) -> (1, heads, n, width / heads)."""
        form = np.array([1, -1, shape.heads, shape.width // shape.heads])
        shaped = self.node("Reshape", [x, self.constant(f"{name}.form", form)], f"{name}.shaped")
        return self.node("Transpose", [shaped], f"{name}.apart", perm=[0, 2, 1, 3])

    def attend(
        self, query: str, keys: str, values: str, bias: str | None, shape: Shape, name: str
    ) -> str:
        """Attention over (1, heads, n, width / heads); the scale is in the query already."""
        turned = self.node("Transpose", [keys], f"{name}.turned", perm=[0, 1, 3, 2])
        scores = self.node("MatMul", [query, turned], f"{name}.scores")
        if bias is not None:
            scores = self.node("Add", [scores, bias], f"{name}.seen")
        attention = self.node("Softmax", [scores], f"{name}.attention", axis=-1)
        context = self.node("MatMul", [attention, values], f"{name}.context")
        return self.joined(context, shape, name)

    def attend_by_head(self, query: str, keys: str, values: str, shape: Shape, name: str) -> str:
        """The same, a head after the other: where everything sees everything for half a minute,
        all heads' scores together would take 72 MB.
        """
        heads = [f"{name}.head{number}" for number in range(shape.heads)]
        asked = self.split(query, [f"{head}.q" for head in heads], 1)
        known = self.split(keys, [f"{head}.k" for head in heads], 1)
        worth = self.split(values, [f"{head}.v" for head in heads], 1)
        parts = []
        for head, q, k, v in zip(heads, asked, known, worth, strict=True):
            turned = self.node("Transpose", [k], f"{head}.turned", perm=[0, 1, 3, 2])
            scores = self.node("MatMul", [q, turned], f"{head}.scores")
            attention = self.node("Softmax", [scores], f"{head}.attention", axis=-1)
            parts.append(self.node("MatMul", [attention, v], f"{head}.context"))
        return self.joined(self.node("Concat", parts, f"{name}.context", axis=1), shape, name)

    def joined(self, context: str, shape: Shape, name: str) -> str:
        """(1, heads, n, width / heads) -> (1, n, width)."""
        together = self.node("Transpose", [context], f"{name}.together", perm=[0, 2, 1, 3])
        flat = self.constant(f"{name}.flat", np.array([1, -1, shape.width]))
        return self.node("Reshape", [together, flat], f"{name}.joined")

    def feed(self, hidden: str, weights: Weights, source: str) -> str:
        """The two wide layers of a block, with their residual."""
        x = self.norm(hidden, weights, f"{source}.final_layer_norm")
        wide = _linear(self, x, weights, f"{source}.fc1")
        active = self.gelu(wide, f"{source}.active")
        narrow = _linear(self, active, weights, f"{source}.fc2")
        return self.node("Add", [hidden, narrow], f"{source}.done")

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        graph = helper.make_graph(self.nodes, name, list(inputs), list(outputs), self.constants)
        opsets = [helper.make_opsetid("", OPSET)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="attune")
        onnx.checker.check_model(made)
        return made


def quantise(weight: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows of a matrix as whole numbers within +-LEVELS, and one scale a row."""
    scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / LEVELS
    small = np.clip(np.rint(weight / scale[:, None]), -LEVELS, LEVELS).astype(np.int8)
    return small, scale.astype(np.float32)


def encoder(weights: Weights, shape: Shape) -> Any:
    """From the spectrogram to what every layer of the decoder looks at."""
    g = _Graph()
    x = _convolve(g, "mel", weights, "encoder.conv1", 1)
    x = _convolve(g, x, weights, "encoder.conv2", 2)
    hidden = g.node("Transpose", [x], "frames", perm=[0, 2, 1])
    table = g.half("positions", weights["encoder.embed_positions.weight"])
    hidden = g.node("Add", [hidden, g.node("Gather", [table, "places"], "placed")], "embedded")
    for number in range(shape.encoder_layers):
        source = f"encoder.layers.{number}"
        x = g.norm(hidden, weights, f"{source}.self_attn_layer_norm")
        query, keys, values = _three(g, x, weights, f"{source}.self_attn", shape)
        joined = g.attend_by_head(query, keys, values, shape, f"{source}.self")
        mixed = _linear(g, joined, weights, f"{source}.self_attn.out_proj")
        hidden = g.node("Add", [hidden, mixed], f"{source}.mixed")
        hidden = g.feed(hidden, weights, source)
    hidden = g.norm(hidden, weights, "encoder.layer_norm")
    for what, part in (("keys", "k_proj"), ("values", "v_proj")):
        layers = []
        for number in range(shape.decoder_layers):
            source = f"decoder.layers.{number}.encoder_attn.{part}"
            layers.append(g.apart(_linear(g, hidden, weights, source), shape, source))
        g.node("Concat", layers, what, axis=0)
    inputs = [
        helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, shape.mels, "frames"]),
        helper.make_tensor_value_info("places", TensorProto.INT64, ["time"]),
    ]
    return g.model("speech_encoder", inputs, _kept(shape, ("keys", "values"), "time"))


def decoder(weights: Weights, shape: Shape) -> Any:
    """The next token from those so far; only new ones are worked through."""
    g = _Graph()
    small, scale = quantise(weights["decoder.embed_tokens.weight"][: shape.kept])
    table = g.constant("words", small.T)  # (width, vocabulary): columns are tokens
    columns = g.node("Gather", [table, "ids"], "words.columns", axis=1)  # (width, 1, n)
    cast = g.node("Cast", [columns], "words.cast", to=TensorProto.FLOAT)
    scales = g.node("Gather", [g.constant("words.scale", scale), "ids"], "words.scales")
    rows = g.node("Transpose", [cast], "words.rows", perm=[1, 2, 0])
    axis = g.constant("last", np.array([2]))
    wide = g.node("Unsqueeze", [scales, axis], "words.wide")
    words = g.node("Mul", [rows, wide], "words.float")
    places = g.half("positions", weights["decoder.embed_positions.weight"])
    hidden = g.node("Add", [words, g.node("Gather", [places, "places"], "placed")], "embedded")
    number_of = shape.decoder_layers
    past, seen = {}, {}
    for what in ("past_keys", "past_values"):
        past[what] = g.split(what, [f"{what}.{i}" for i in range(number_of)], 0)
    for what in ("keys", "values"):
        seen[what] = g.split(what, [f"{what}.{i}" for i in range(number_of)], 0)
    new: dict[str, list[str]] = {"keys": [], "values": []}
    for number in range(number_of):
        source = f"decoder.layers.{number}"
        x = g.norm(hidden, weights, f"{source}.self_attn_layer_norm")
        query, key, value = _three(g, x, weights, f"{source}.self_attn", shape)
        keys = g.node("Concat", [past["past_keys"][number], key], f"{source}.keys", axis=2)
        values = g.node("Concat", [past["past_values"][number], value], f"{source}.values", axis=2)
        new["keys"].append(keys)
        new["values"].append(values)
        joined = g.attend(query, keys, values, "bias", shape, f"{source}.self")
        mixed = _linear(g, joined, weights, f"{source}.self_attn.out_proj")
        hidden = g.node("Add", [hidden, mixed], f"{source}.mixed")
        x = g.norm(hidden, weights, f"{source}.encoder_attn_layer_norm")
        own = f"{source}.encoder_attn"
        asked = _linear(g, x, weights, f"{own}.q_proj", _query_scale(shape))
        query = g.apart(asked, shape, f"{own}.q")
        joined = g.attend(
            query, seen["keys"][number], seen["values"][number], None, shape, f"{own}.cross"
        )
        mixed = _linear(g, joined, weights, f"{own}.out_proj")
        hidden = g.node("Add", [hidden, mixed], f"{source}.heard")
        hidden = g.feed(hidden, weights, source)
    end = g.constant("end", np.array([-1]))
    last = g.node("Gather", [hidden, end], "hidden.last", axis=1)
    last = g.norm(last, weights, "decoder.layer_norm")
    product = g.multiply(last, table, scale, "logits")
    g.node("Reshape", [product, g.constant("flat", np.array([-1]))], "next")
    for what, parts in new.items():
        g.node("Concat", parts, f"new_{what}", axis=0)
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "n"]),
        helper.make_tensor_value_info("places", TensorProto.INT64, ["n"]),
        helper.make_tensor_value_info("bias", TensorProto.FLOAT, ["n", "all"]),
        *_kept(shape, ("past_keys", "past_values"), "past"),
        *_kept(shape, ("keys", "values"), "time"),
    ]
    outputs = [
        helper.make_tensor_value_info("next", TensorProto.FLOAT, [shape.kept]),
        *_kept(shape, ("new_keys", "new_values"), "all"),
    ]
    return g.model("speech_decoder", inputs, outputs)


def write(weights: Weights, shape: Shape, encoder_path: Path, decoder_path: Path) -> None:
    """Build and save both."""
    onnx.save(encoder(weights, shape), encoder_path)
    onnx.save(decoder(weights, shape), decoder_path)


def _kept(shape: Shape, names: Sequence[str], length: str) -> list[Any]:
    size = [shape.decoder_layers, shape.heads, length, shape.width // shape.heads]
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name in names]


def _query_scale(shape: Shape) -> float:
    return 1 / math.sqrt(shape.width // shape.heads)


def _linear(g: _Graph, x: str, weights: Weights, source: str, factor: float = 1) -> str:
    return g.linear(x, weights[f"{source}.weight"], weights.get(f"{source}.bias"), source, factor)


def _convolve(g: _Graph, x: str, weights: Weights, source: str, stride: int) -> str:
    kernel = g.half(f"{source}.kernel", weights[f"{source}.weight"])
    bias = g.constant(f"{source}.bias", weights[f"{source}.bias"])
    out = g.node(
        "Conv",
        [x, kernel, bias],
        f"{source}.conv",
        kernel_shape=[3],
        pads=[1, 1],
        strides=[stride],
    )
    return g.gelu(out, source)


def _three(g: _Graph, x: str, weights: Weights, source: str, shape: Shape) -> tuple[str, str, str]:
    """Query, key and value of one input, from one product; the score's scale goes in the query."""
    scale = _query_scale(shape)
    nothing = np.zeros(shape.width, dtype=np.float32)
    weight, bias = [], []
    for part, factor in (("q_proj", scale), ("k_proj", 1.0), ("v_proj", 1.0)):
        weight.append(weights[f"{source}.{part}.weight"] * factor)
        bias.append(weights.get(f"{source}.{part}.bias", nothing) * factor)
    joined = g.linear(x, np.concatenate(weight), np.concatenate(bias), f"{source}.qkv")
    query, key, value = g.split(joined, [f"{source}.{p}" for p in "qkv"], -1)
    return (
        g.apart(query, shape, f"{source}.q"),
        g.apart(key, shape, f"{source}.k"),
        g.apart(value, shape, f"{source}.v"),
    )
