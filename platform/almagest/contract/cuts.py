"""Applying a method's cuts, in order, with the count of rows that each takes away."""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract.plugin import Cut


def apply_cuts(cuts: Sequence[Cut], rows: pa.Table) -> tuple[pa.Table, Counter]:
    """Rows that pass all cuts, and ``{cut name: rows it took away}`` in the cuts' order, zeros included."""
    taken = Counter()
    for cut in cuts:
        keep = pc.fill_null(cut.keeps(rows), False)
        before = rows.num_rows
        rows = rows.filter(keep)
        taken[cut.name] = before - rows.num_rows
    return rows, taken
