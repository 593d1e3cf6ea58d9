"""Work in a daemon thread of its own, which a program that ends does not wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Found = TypeVar("Found")


def in_background(work: Callable[[], Found]) -> Future[Found]:
    """Start `work` now; threads that it starts are daemons too, as Python has it."""
    future: Future[Found] = Future()
    future.set_running_or_notify_cancel()  # whoever stops waiting for it does not end the work

    def run() -> None:
        try:
            found = work()
        except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
            future.set_exception(error)
        else:
            future.set_result(found)

    threading.Thread(target=run, daemon=True, name="attune-llm").start()
    return future
