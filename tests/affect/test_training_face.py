"""What expression networks begin from, a file as dlib writes it with other numbers in it; and what
ships of them.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch (extra `train`)")

import torch
from torch.nn import functional

from affect.errors import BadInput, NotFound
from affect.perception.face import GRAPH, read_tiles
from affect.perception.face_detection import load_session
from affect.training import face_network
from affect.training.face import outputs
from affect.training.face_export import export
from affect.training.face_network import CONTRAST, FaceNetwork, pasted, standardise
from affect.training.face_start import begin

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # torch's own warnings


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_network, "STEM", 4)
    monkeypatch.setattr(face_network, "BLOCKS", ((4, False), (6, True)))


def packed(number: int) -> bytes:
    """A whole number as dlib serialises it: how many bytes follow, and these."""
    bytes_ = number.to_bytes((number.bit_length() + 7) // 8, "little")
    return bytes([len(bytes_)]) + bytes_


def column(values: np.ndarray) -> bytes:
    head = packed(2) + packed(len(values)) + 3 * packed(1)
    return head + struct.pack(f"<{len(values)}f", *values)


def layers(seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights with biases, and scales with shifts, of each layer: (out, in, side) as below."""
    random = np.random.default_rng(seed)
    shapes = [(4, 3, 7), (4, 4, 3), (4, 4, 3), (6, 4, 3), (6, 6, 3)]
    return [
        (
            random.normal(0, 0.1, out * (inside * side * side + 1)).astype(np.float32),
            random.normal(1, 0.3, 2 * out).astype(np.float32),
        )
        for out, inside, side in shapes
    ]


def written(path: Path, kept: list[tuple[np.ndarray, np.ndarray]]) -> Path:
    """Between its columns dlib writes names and settings."""
    path.write_bytes(
        b"".join(b"\x05con_4" + column(w) + b"\x07affine_" + column(s) for w, s in kept)
    )
    return path


def test_a_layer_says_at_first_what_dlibs_said(tmp_path: Path) -> None:
    kept = layers()
    tiles = standardise(torch.rand(6, 1, 24, 24) * 255)
    network = FaceNetwork()
    begin(network, written(tmp_path / "faces.dat", kept), tiles)
    weights, scale = torch.from_numpy(kept[0][0]), torch.from_numpy(kept[0][1])
    coloured = (tiles * CONTRAST).expand(-1, 3, -1, -1)
    plain = functional.conv2d(coloured, weights[:-4].reshape(4, 3, 7, 7), weights[-4:], 2, 3)
    wanted = plain * scale[:4, None, None] + scale[4:, None, None]
    with torch.no_grad():
        found = network.norm(network.stem(tiles * CONTRAST))
    assert torch.allclose(found, wanted, atol=1e-4)


def test_all_layers_are_filled_in_the_files_order(tmp_path: Path) -> None:
    kept = layers()
    network = FaceNetwork()
    begin(network, written(tmp_path / "faces.dat", kept), standardise(torch.rand(6, 1, 24, 24)))
    last = torch.from_numpy(kept[-1][0][:-6]).reshape(6, 6, 3, 3)
    assert torch.equal(network.blocks[-1].second.weight, last)


def test_no_file_and_another_file_are_told_apart(tmp_path: Path) -> None:
    tiles = standardise(torch.rand(2, 1, 24, 24))
    with pytest.raises(NotFound):
        begin(FaceNetwork(), tmp_path / "none.dat", tiles)
    with pytest.raises(BadInput, match="dlib"):
        begin(FaceNetwork(), written(tmp_path / "short.dat", layers()[:2]), tiles)


def test_what_ships_says_what_its_networks_say_on_average(tmp_path: Path) -> None:
    torch.manual_seed(0)
    networks = [FaceNetwork().eval(), FaceNetwork().eval()]
    tiles = np.random.default_rng(0).integers(0, 256, (5, 48, 48)).astype(np.uint8)
    export(networks, tmp_path)
    raw = read_tiles(load_session(tmp_path, GRAPH), tiles)
    told = [outputs(network, tiles) for network in networks]
    for found, votes_or_labels in ((raw.votes, 0), (raw.labels, 1)):
        wanted = (told[0][votes_or_labels] + told[1][votes_or_labels]) / 2
        assert np.allclose(found, wanted, atol=2e-2)  # its weights have 8 bits


def test_a_pasted_piece_counts_as_far_as_it_is_seen() -> None:
    random = np.random.default_rng(0)
    tiles = torch.arange(6.0)[:, None, None, None].repeat(1, 1, 24, 24)
    wanted = torch.eye(6)
    for _ in range(20):
        seen = tiles.clone()
        found = pasted(seen, wanted, random)
        share = torch.stack([(seen == number).float().mean(dim=(1, 2, 3)) for number in range(6)])
        assert torch.allclose(found, share.T, atol=1e-6)
