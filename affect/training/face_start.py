"""What the expression network begins from: the lower layers of dlib's face network.

Davis King trained that network (2017) to tell people apart, and gave it to the public domain
(CC0, github.com/davisking/dlib-models). Its lower layers know what a face is made of, which 27,000
tiles cannot teach; what tells people apart lies in the layers above, which are left out. The file,
`dlib_face_recognition_resnet_model_v1.dat`, comes in the package `face_recognition_models`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affect.errors import BadInput, NotFound
from affect.training.face_network import CONTRAST, FaceNetwork


def begin(network: FaceNetwork, file: Path, tiles: Tensor) -> None:
    """Give the network the weights of dlib's `file`; raises `NotFound` and `BadInput`.

    dlib scales and shifts each channel by constants. Here they become those of batch norm, whose
    statistics are taken from `tiles` (n, 1, side, side), so that at first nothing differs.
    """
    if not file.is_file():
        raise NotFound(f"{file} is not there.")
    columns = _Columns(file.read_bytes())
    network.train(mode=False)
    with torch.no_grad():
        _fill(network.stem, network.norm, tiles * CONTRAST, columns)
        x = network.seen(tiles)
        for block in network.blocks:
            padded = block.padded(x)
            _fill(block.first, block.first_norm, padded, columns)
            middle = functional.relu(block.first_norm(block.first(padded)))
            _fill(block.second, block.second_norm, middle, columns)
            x = block(x)


def _fill(conv: nn.Conv2d, norm: nn.BatchNorm2d, x: Tensor, columns: _Columns) -> None:
    """One layer of dlib's: `x` is what it sees."""
    out, grey = conv.out_channels, conv.in_channels == 1
    size = conv.weight.numel() * (3 if grey else 1)  # dlib's first layer sees three colours
    weights, biases = columns.next(size + out).split([size, out])
    scale, shift = columns.next(2 * out).split(out)
    weights = weights.reshape(out, -1, *conv.kernel_size)
    conv.weight.copy_(weights.sum(dim=1, keepdim=True) if grey else weights)
    y = conv(x)
    mean, variance = y.mean(dim=(0, 2, 3)), y.var(dim=(0, 2, 3), correction=0)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(scale * (variance + norm.eps).sqrt())
    norm.bias.copy_(shift + scale * (biases + mean))


class _Columns:
    """The columns of numbers in a file of dlib's, one after another, as its `serialize(tensor)`
    writes them: version 2, four packed lengths, and numbers of 32 bits.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def next(self, size: int) -> Tensor:
        """(size,) the next column of that size."""
        length = size.to_bytes((size.bit_length() + 7) // 8, "little")
        head = b"\x01\x02" + bytes([len(length)]) + length + 3 * b"\x01\x01"
        found = self._data.find(head, self._at)
        begin = found + len(head)
        self._at = begin + 4 * size
        if found < 0 or self._at > len(self._data):
            raise BadInput("base", "This is not the file of dlib's face network.")
        return torch.from_numpy(np.frombuffer(self._data, "<f4", size, begin).copy())
