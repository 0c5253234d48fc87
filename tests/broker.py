"""The broker of the tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .servers import VALKEY


class Broker:
    """The broker of a test, which may stop and start it to see what is lost."""

    url = os.environ["REDIS_URL"]

    def start(self) -> None:
        """Start it, at the same address and with what it held; nothing when it runs."""
        if VALKEY and not VALKEY.is_alive:
            VALKEY.start()

    def stop(self) -> None:
        """Stop it; what it held is kept."""
        if VALKEY is None:
            pytest.skip("REDIS_URL names a server that is not this test's to stop")
        VALKEY.stop()

    def lose(self) -> None:
        """Stop it and lose everything it held."""
        self.stop()
        shutil.rmtree(VALKEY.folder)


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A broker that is empty at first, where it is the tests' own."""
    found = Broker()
    found.start()
    try:
        yield found
    finally:
        if VALKEY:
            found.lose()


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker of this test's own."""
    with running_broker() as found:
        yield found
