"""Keys and sealing: what is sealed opens in its own row only, and a key file is guarded."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.errors import SettingsError
from storage.vault import SealBroken, Vault

MASTER = bytes(range(32))
ROW = ("turn", "01A")


@given(st.binary(max_size=500))
def test_what_is_sealed_opens_again(value: bytes) -> None:
    vault = Vault(MASTER)
    sealer = vault.sealer("ana", vault.new_key("ana"))
    sealed = sealer.seal(*ROW, value)
    assert sealer.open(*ROW, sealed) == value
    assert len(sealed) == len(value) + 28


@pytest.mark.parametrize("other", [("turn", "01B"), ("reply", "01A")])
def test_a_value_does_not_open_in_another_row_or_table(other: tuple[str, str]) -> None:
    vault = Vault(MASTER)
    sealer = vault.sealer("ana", vault.new_key("ana"))
    with pytest.raises(SealBroken):
        sealer.open(*other, sealer.seal(*ROW, b"words"))


def test_a_value_does_not_open_for_another_person() -> None:
    vault = Vault(MASTER)
    ana = vault.sealer("ana", vault.new_key("ana"))
    ben = vault.sealer("ben", vault.new_key("ben"))
    with pytest.raises(SealBroken):
        ben.open(*ROW, ana.seal(*ROW, b"words"))


def test_a_key_does_not_open_for_another_person() -> None:
    vault = Vault(MASTER)
    with pytest.raises(SealBroken):
        vault.sealer("ben", vault.new_key("ana"))


def test_a_changed_bit_is_noticed() -> None:
    vault = Vault(MASTER)
    sealer = vault.sealer("ana", vault.new_key("ana"))
    sealed = bytearray(sealer.seal(*ROW, b"words"))
    sealed[-1] ^= 1
    with pytest.raises(SealBroken):
        sealer.open(*ROW, bytes(sealed))


def test_the_same_value_never_looks_the_same() -> None:
    vault = Vault(MASTER)
    sealer = vault.sealer("ana", vault.new_key("ana"))
    assert len({sealer.seal(*ROW, b"words") for _ in range(100)}) == 100


def test_look_ups_are_the_same_each_time_and_framed() -> None:
    vault = Vault(MASTER)
    assert vault.blind("place", "a", "b") == vault.blind("place", "a", "b")
    assert vault.blind("place", "ab", "") != vault.blind("place", "a", "b")
    assert vault.blind("place", "a", "b") != Vault(bytes(32)).blind("place", "a", "b")


def test_the_key_file_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "master.key"
    first = Vault.at(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.at(path).blind("x") == first.blind("x")
    assert [found.name for found in path.parent.iterdir()] == ["master.key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    seen: list[bytes] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        seen.append(Vault.at(path).blind("x"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    Vault.at(path)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        Vault.at(path)


def test_a_key_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="ATTUNE_KEY_FILE"):
        Vault.at(tmp_path / "file" / "master.key")


@pytest.mark.parametrize("content", [b"", b"not a key", b"YWJj"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SettingsError):
        Vault.at(path)
