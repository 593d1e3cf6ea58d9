"""What was found for the latest of many texts, so that nothing is worked out for one twice."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Latest(Generic[Found]):
    """The `most` latest findings; for many threads.

    No words are kept, only findings under fingerprints whose key ends with this process.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._key = os.urandom(16)
        self._kept: OrderedDict[bytes, Found] = OrderedDict()
        self._lock = Lock()

    def fingerprint(self, text: str, more: bytes = b"") -> bytes:
        """What stands for a text, and for what else its finding hangs on."""
        written = text.encode(errors="replace") + more
        return blake2b(written, digest_size=16, key=self._key).digest()

    def get(self, name: bytes) -> Found | None:
        """What is kept under a fingerprint."""
        return self._kept.get(name)

    def keep(self, name: bytes, found: Found) -> None:
        """Keep a finding as the latest; the oldest go."""
        with self._lock:
            self._kept[name] = found
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def remembered(most: int) -> Callable[[Callable[[str], Found]], Callable[[str], Found]]:
    """Let a function of a text, and of nothing else, keep the `most` latest of its findings.

    A turn reads the lines before it again, and several of its steps read the same line.
    """

    def of(find: Callable[[str], Found]) -> Callable[[str], Found]:
        latest: Latest[tuple[Found]] = Latest(most)  # in a tuple, as None may be what was found

        @wraps(find)
        def finding(text: str) -> Found:
            name = latest.fingerprint(text)
            found = latest.get(name) or (find(text),)
            latest.keep(name, found)
            return found[0]

        return finding

    return of
