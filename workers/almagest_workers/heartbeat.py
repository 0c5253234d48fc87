"""Holding a lease while work goes on, and telling the work when to stop."""

import logging
import threading
import time

from django.conf import settings
from django.db import Error, connection

from almagest.contract import Cancelled
from almagest.runs.leases import Claim, LeaseLost, claim_progress, claim_renew
from almagest.runs.services import log_write, named

logger = logging.getLogger(__name__)
# Progress is written at most so often; a training may report thousands of times.
WRITE_SECONDS = 0.5


class Heartbeat:
    """Renews a claim from a thread of its own; called, it is the `Report` that the work uses.

    Raises
    ------
    Cancelled, LeaseLost
        When called, or on leaving, after the ledger has said so: the work must not go on.
    """

    def __init__(self, claim: Claim):
        self.claim = claim
        self.verdict: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")
        self._written = 0.0
        self._message = ""

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._stop.set()
        self._thread.join()

    def __call__(self, fraction: float, message: str = "") -> None:
        """Write progress down, and each new message into the run's log."""
        if self.verdict is not None:
            raise self.verdict
        if message and message != self._message:
            self._message = message
            log_write(run_id=self.claim.run_id, text=named(self.claim.payload, message))
        if time.monotonic() - self._written >= WRITE_SECONDS or fraction >= 1:
            self._written = time.monotonic()
            claim_progress(self.claim, fraction=fraction, message=message or self._message)

    def _beat(self) -> None:
        try:
            while self.verdict is None and not self._stop.wait(min(settings.LEASE_SECONDS / 4, 2.0)):
                self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            claim_renew(self.claim)
        except (Cancelled, LeaseLost) as verdict:
            self.verdict = verdict
        except Error as error:  # the database is away: try again until the lease is gone
            logger.warning("run %s: heartbeat failed: %s", self.claim.run_id, error)
            connection.close()
