"""Memory that is given back and asked for again, batch after batch, costs as much as the networks: the C library is told to keep it."""

import ctypes
from contextlib import suppress

# Of mallopt(3), glibc's; other C libraries have no such call, or do nothing.
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
# The largest that glibc takes for the last: pieces up to it come from the heap, which keeps them.
SETTINGS = {MMAP_THRESHOLD: 32 * 2**20, TRIM_THRESHOLD: 2**31 - 1, TOP_PAD: 64 * 2**20}


def keep_memory() -> None:
    """From now on, for this process."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for name, value in SETTINGS.items():
            library.mallopt(name, value)
