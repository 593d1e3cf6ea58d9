"""The one tree of errors. Callers branch on the class, never on the text.

Each message is one sentence for people, free of anybody's words, names or tokens.
"""

from __future__ import annotations


class AttuneError(Exception):
    """Anything that Attune raises on purpose."""


class SettingsError(AttuneError):
    """A setting is missing or wrong."""


class RetryLater(AttuneError):
    """The other side asks to wait; `seconds` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Asked to wait {seconds:g} s.")
        self.seconds = seconds


class Unreachable(AttuneError):
    """Something needed cannot be reached right now; trying again may help."""


class Undeliverable(AttuneError):
    """A message can never arrive where it was meant to go (blocked, gone, refused)."""


class ModelUnavailable(AttuneError):
    """A model that was asked for is not there or does not load."""


class MediaRejected(AttuneError):
    """A voice, picture or video cannot be used; `kind` says why, as a short constant name."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class ConsentMissing(AttuneError):
    """The person has not agreed to this."""


class NotFound(AttuneError):
    """What was asked for is not in the store."""


class Refused(AttuneError):
    """Policy does not allow this."""


class BadInput(AttuneError):
    """What was given cannot be used; `kind` says why, as a short constant name."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
