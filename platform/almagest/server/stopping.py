"""Stop signals while things start: a signal leaves a note, and the start reads it where it can stop cleanly.

A handler that raises would do so anywhere: between the start of a server and the note of its number, or inside a
destructor, where Python drops the exception.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_asked = threading.Event()


class StopAsked(Exception):
    """Somebody wants everything to stop; this is not an error."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Within this, Ctrl-C, SIGTERM and a terminal that closes are noted, and `StopAsked` ends it quietly."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: _asked.set())
    with suppress(StopAsked):
        yield


def is_asked() -> bool:
    """Whether a stop signal has come."""
    return _asked.is_set()


def check() -> None:
    """Raise `StopAsked` when a stop signal has come."""
    if is_asked():
        raise StopAsked
