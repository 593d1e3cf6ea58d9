"""Keys and sealing.

One master key, in a file of its own (mode 0600), wraps one key per person; a person's key seals
their words, names and readings with AES-256-GCM. The associated data binds a sealed value to its
person, table and row, so that rows cannot be swapped. Destroying a person's key forgets them in
every backup that was made without the keys. Look-ups by platform id go through an HMAC.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from affect.errors import AttuneError, SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12  # 96 bits, random: at most 2^32 values under one key (NIST SP 800-38D)
SCHEME = "1"


class SealBroken(AttuneError):
    """A sealed value does not belong to its row, or its key is gone."""


class Sealer:
    """Seals and opens the values of one person."""

    def __init__(self, person: str, key: bytes) -> None:
        self._person = person
        self._cipher = AESGCM(key)

    def seal(self, table: str, row: str, value: bytes) -> bytes:
        """Seal `value` for one row of one table; 28 bytes longer than the value."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, self._binding(table, row))

    def open(self, table: str, row: str, sealed: bytes) -> bytes:
        """Open what `seal` gave; raise `SealBroken` if it is of another row, table or person."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, self._binding(table, row))
        except InvalidTag:
            raise SealBroken("A stored value does not open with its person's key.") from None

    def _binding(self, table: str, row: str) -> bytes:
        return f"{SCHEME}|{self._person}|{table}|{row}".encode()


class Vault:
    """The master key: wraps persons' keys and blinds look-ups."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise SettingsError("The master key must be 32 bytes long.")
        self._master = master
        self._wrapping = AESGCM(_derive(master, b"wrap persons' keys"))
        self._index = _derive(master, b"blind look-ups")

    def __reduce__(self) -> tuple[type[Vault], tuple[bytes]]:
        """A process that helps to scan gets the key through its pipe, never through a file."""
        return Vault, (self._master,)

    @classmethod
    def at(cls, path: Path) -> Vault:
        """Open the master key file, making it on first use.

        Raises `SettingsError` if the file is not a key or can be read by others.
        """
        try:
            if not path.exists():
                _create(path)
        except OSError:
            raise SettingsError(
                f"The key file {path} cannot be made: set ATTUNE_KEY_FILE."
            ) from None
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise SettingsError(f"The key file can be read by others: run chmod 600 {path}.")
        try:
            master = base64.b64decode(path.read_bytes().strip(), validate=True)
        except OSError:
            raise SettingsError(
                f"There is no leave to read the key file {path}: run this as its owner."
            ) from None
        except binascii.Error:
            raise SettingsError(f"The key file {path} cannot be read as a key.") from None
        return cls(master)

    def new_key(self, person: str) -> bytes:
        """A fresh key for a person, wrapped."""
        return self.wrap(person, os.urandom(KEY_BYTES))

    def sealer(self, person: str, wrapped: bytes) -> Sealer:
        """The sealer of a person from their wrapped key; raise `SealBroken` if it is not theirs."""
        return Sealer(person, self.unwrap(person, wrapped))

    def wrap(self, person: str, key: bytes) -> bytes:
        """A person's key as it is stored."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, person.encode())

    def unwrap(self, person: str, wrapped: bytes) -> bytes:
        """A person's key as it seals; raise `SealBroken` if it is not theirs."""
        nonce, body = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return self._wrapping.decrypt(nonce, body, person.encode())
        except InvalidTag:
            raise SealBroken("A person's key does not open with this master key.") from None

    def blind(self, *parts: str) -> bytes:
        """A keyed fingerprint (32 bytes) of platform ids, for look-ups without storing them."""
        framed = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hmac.digest(self._index, framed, sha256)


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"attune " + purpose).derive(master)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written beside and linked into place: two processes that start at once agree on one key.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
