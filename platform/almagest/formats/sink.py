"""A file that is read while it is being written."""


class Sink:
    """What Arrow's writers write into; what has been written so far is taken out with `drain`."""

    def __init__(self):
        self.closed = False
        self._chunks: list[bytes] = []

    def write(self, data) -> int:
        """Keep a copy, because the writers use their buffers again."""
        self._chunks.append(bytes(data))
        return len(self._chunks[-1])

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What has been written can still be drained."""
        self.closed = True

    def drain(self) -> bytes:
        """All bytes written since the last time."""
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data
