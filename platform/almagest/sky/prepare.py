"""From declared rows to rows that are ready to be loaded: identity, position, hash; bad rows refused or left out."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.sky.conform import Conformer
from almagest.sky.errors import IngestError
from almagest.sky.hashing import row_hashes
from almagest.sky.healpix import healpix_numbers
from almagest.sky.surveys import SurveyDeclaration


@dataclass(frozen=True)
class Prepared:
    """A batch of objects.

    Attributes
    ----------
    rows
        The declared columns.
    number
        Shape (n,), int64: the rows' numbers in the file, from 1.
    ra, dec
        Shape (n,), degrees; NaN where the source has no position, and `healpix` no meaning.
    rejected
        Why rows of the batch were left out, with counts.
    """

    rows: pa.Table
    number: np.ndarray
    source_id: pa.Array
    ra: np.ndarray
    dec: np.ndarray
    healpix: np.ndarray
    row_hash: np.ndarray
    rejected: Counter = field(default_factory=Counter)


def prepared(conformer: Conformer, *, skip_bad_rows: bool = False) -> Iterator[Prepared]:
    """All batches of a file, one made ready on a thread of its own while the one before is being loaded."""
    batches = _prepared(conformer, skip_bad_rows)
    with ThreadPoolExecutor(1, "read-ahead") as pool:
        try:
            ahead = pool.submit(next, batches, None)
            while (batch := ahead.result()) is not None:
                ahead = pool.submit(next, batches, None)
                yield batch
        finally:
            pool.submit(batches.close)


def _prepared(conformer: Conformer, skip_bad_rows: bool) -> Iterator[Prepared]:
    declaration = conformer.declaration
    for first, rows in conformer.batches():
        number = np.arange(first + 1, first + 1 + rows.num_rows)
        rejected = Counter()
        for rule in declaration.rejects:
            rows, number = _without(rows, number, pc.fill_null(rule.rejects(rows), False), rule.reason, rejected)
        for reason, is_bad in _bad_rows(declaration):
            bad = is_bad(rows)
            if not skip_bad_rows and pc.any(bad).as_py():
                raise IngestError(_refusal(conformer, rows, number, pc.index(bad, True).as_py(), reason))
            rows, number = _without(rows, number, bad, reason, rejected)
        yield _located(declaration, rows, number, rejected)


def source_ids(declaration: SurveyDeclaration, rows: pa.Table) -> pa.Array:
    """The sources' names: the values of the id columns joined with ``-``; null where one is missing."""
    parts = [rows[name].cast(pa.string()) for name in declaration.id_columns]
    joined = pc.binary_join_element_wise(*parts, "-") if len(parts) > 1 else parts[0]
    return joined.combine_chunks()


def _bad_rows(declaration: SurveyDeclaration):
    """Reasons why a row can be no object, with their tests."""
    ids = ", ".join(declaration.id_columns)

    yield f"{ids} missing", lambda rows: pc.is_null(source_ids(declaration, rows))
    for name, other, low, high in (
        (declaration.ra, declaration.dec, 0, 360),
        (declaration.dec, declaration.ra, -90, 90),
    ):
        yield f"{name} not between {low} and {high} degrees", partial(_outside, declaration, name, other, low, high)


def _outside(declaration: SurveyDeclaration, name: str, other: str, low: float, high: float, rows: pa.Table):
    within = pc.and_(pc.greater_equal(rows[name], low), pc.less_equal(rows[name], high))
    may_lack = pc.and_(pc.is_null(rows[name]), pc.is_null(rows[other]))
    return pc.invert(pc.fill_null(within, False if declaration.has_positions else may_lack))


def _refusal(conformer: Conformer, rows: pa.Table, number: np.ndarray, at: int, reason: str) -> str:
    declaration = conformer.declaration
    names = (*declaration.id_columns, declaration.ra, declaration.dec)
    values = ", ".join(f"{name} = {'missing' if (v := rows[name][at].as_py()) is None else v}" for name in names)
    return f"{conformer.reader.path}: row {number[at]}: {reason} ({values}); --skip-bad-rows leaves such rows out"


def _without(rows: pa.Table, number: np.ndarray, bad, reason: str, rejected: Counter) -> tuple[pa.Table, np.ndarray]:
    if not pc.any(bad).as_py():
        return rows, number
    keep = ~bad.combine_chunks().to_numpy(zero_copy_only=False)
    rejected[reason] += int((~keep).sum())
    return rows.filter(pa.array(keep)), number[keep]


def _located(declaration: SurveyDeclaration, rows: pa.Table, number: np.ndarray, rejected: Counter) -> Prepared:
    ra, dec = (rows[name].to_numpy() for name in (declaration.ra, declaration.dec))
    ra = np.where(ra == 360, 0.0, ra)
    return Prepared(
        rows=rows, number=number, source_id=source_ids(declaration, rows), ra=ra, dec=dec,
        healpix=healpix_numbers(ra, dec), row_hash=row_hashes(declaration.table, rows), rejected=rejected,
    )  # fmt: skip
