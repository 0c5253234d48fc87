"""Doing one claimed chunk: heartbeat beside it, and an orderly end whatever happens."""

import logging
import os
import re
import socket
import traceback
from pathlib import Path

from django.db import InterfaceError, OperationalError

from almagest.contract import AlmagestError, Cancelled
from almagest.runs.leases import Claim, LeaseLost, claim_abandon, claim_memory
from almagest_workers.handlers import HANDLERS
from almagest_workers.heartbeat import Heartbeat

logger = logging.getLogger(__name__)


def worker_name() -> str:
    """Which process on which machine."""
    return f"{socket.gethostname()}:{os.getpid()}"


def perform(claim: Claim) -> None:
    """Do the chunk; its end is written down by its own handler, in the transaction of its writes."""
    _reset_peak_memory()
    try:
        with Heartbeat(claim) as report:
            HANDLERS[claim.kind](claim, report)
    except LeaseLost as error:
        logger.warning("%s", error)
    except Cancelled:
        claim_abandon(claim, cancelled=True)
    except (OperationalError, InterfaceError):
        # The database went away: the lease runs out, and the chunk is done again.
        logger.exception("run %s: the database did not answer", claim.run_id)
    except AlmagestError as error:
        claim_abandon(claim, error=str(error))
    except Exception as error:  # a fault in a plugin or in ours: the run says which, the worker's log says where
        logger.error("run %s: %s", claim.run_id, traceback.format_exc())
        claim_abandon(
            claim, error=f"{type(error).__name__}: {error} (a fault in the code: the worker's log says where)"
        )
    finally:
        _note_memory(claim)


def _note_memory(claim: Claim) -> None:
    try:
        claim_memory(claim, peak_memory_mb=_peak_memory_mb())
    except (OperationalError, InterfaceError) as error:
        logger.warning("run %s: its memory was not noted: %s", claim.run_id, error)


def _reset_peak_memory() -> None:
    """Start the process's high-water mark anew (Linux; elsewhere it counts from the process's start)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        logger.debug("the memory's high-water mark cannot be reset here")


def _peak_memory_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
