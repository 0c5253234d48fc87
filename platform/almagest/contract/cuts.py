"""Applying a method's cuts, in order, with the count of rows that each takes away: before the model, and after it."""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract.plugin import Cut

# The output in which a model says an object's class, where it says one.
PREDICTED_CLASS = "predicted_class"


def apply_cuts(cuts: Sequence[Cut], rows: pa.Table) -> tuple[pa.Table, Counter]:
    """Rows that pass all cuts, and ``{cut name: rows it took away}`` in the cuts' order, zeros included."""
    taken = Counter()
    for cut in cuts:
        keep = pc.fill_null(cut.keeps(rows), False)
        taken[cut.name] = rows.num_rows - (pc.sum(keep).as_py() or 0)
        # Filtering copies, and spectra are large.
        rows = rows.filter(keep) if taken[cut.name] else rows
    return rows, taken


def candidate_steps(signal: str, names: Sequence[str]) -> list[str]:
    """What stands between a scored object and a candidate, in order: the class, then the candidate cuts."""
    return [f"called {signal}", *names]


def mark_candidates(cuts: Sequence[Cut], signal: str, rows: pa.Table) -> tuple[pa.ChunkedArray, Counter]:
    """Whether each row is called the signal and passes all cuts, and ``{step: rows it took away}`` in order.

    A row without a class is not called the signal.
    """
    keeps = [pc.equal(rows[PREDICTED_CLASS], signal), *(cut.keeps(rows) for cut in cuts)]
    is_candidate, taken = pa.chunked_array([pa.repeat(True, rows.num_rows)]), Counter()
    for name, keep in zip(candidate_steps(signal, [cut.name for cut in cuts]), keeps, strict=True):
        passed = pc.and_(is_candidate, pc.fill_null(keep, False))
        taken[name] = _count(is_candidate) - _count(passed)
        is_candidate = passed
    return is_candidate, taken


def _count(flags: pa.ChunkedArray) -> int:
    return pc.sum(flags).as_py() or 0
