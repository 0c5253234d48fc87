"""Spectra of many objects at once, as Arrow."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.core.copy import read_arrow
from almagest.core.tables import quote, sql_type
from almagest.sky.models import Survey
from almagest.sky.surveys import SURVEYS
from almagest.sky.surveys.spectroscopic import FACTS as COLUMNS
from almagest.spectra.packing import unpack, unpack_mask
from almagest.spectra.tables import GRIDS, SPECTRA

# Spectra in memory at once; their arrays are about 70 kB each.
BLOCK = 1_000
# Unpacking frees Python's lock.
THREADS = 2
FACTS = ("redshift", "redshift_err", "zwarning", "spec_class", "subclass", "instrument", "resolving_power", "snr",
         "flux_unit", "medium", "frame", "n_bins", "spectrum_id")  # fmt: skip
PACKED = ("flux", "ivar", "mask")


@dataclass(frozen=True)
class Fetched:
    """Spectra of objects.

    Attributes
    ----------
    rows
        In the order of the ids: ``object_id``, ``survey``, ``source_id``, ``revision``, `FACTS`, ``grid_id`` (whose
        wavelengths `read_grids` gives), and the lists ``flux``, ``ivar`` (null where no errors are known) and ``mask``.
    missing
        Ids that have no spectrum which the user may see.
    """

    rows: pa.Table
    missing: list[int]


def fetch_spectra(*, user, object_ids: Sequence[int]) -> Fetched:
    """Spectra of objects, in the order of their ids; an id that is named twice is given once."""
    wanted = np.array(list(dict.fromkeys(map(int, object_ids))), np.int64)
    tables = [fetched.rows for fetched in stream_spectra(user=user, object_ids=wanted)]
    rows = pa.concat_tables(tables)
    return Fetched(rows, missing_ids(wanted, rows))


def stream_spectra(*, user, object_ids: np.ndarray) -> Iterator[Fetched]:
    """As `fetch_spectra`, a block of ids after the other, so that no more than two blocks are in memory."""
    source = _source(user)
    with ThreadPoolExecutor(1, "spectra-ahead") as pool:
        blocks = [object_ids[at : at + BLOCK] for at in range(0, max(len(object_ids), 1), BLOCK)]
        ahead = pool.submit(_read, source, blocks[0])
        for number, block in enumerate(blocks):
            packed, order = ahead.result()
            if number + 1 < len(blocks):
                ahead = pool.submit(_read, source, blocks[number + 1])
            rows = unpacked(packed, order)
            yield Fetched(rows, missing_ids(block, rows))


def missing_ids(wanted: np.ndarray, rows: pa.Table) -> list[int]:
    """Ids that are not among the rows, in their order."""
    return wanted[~np.isin(wanted, rows["object_id"].to_numpy())].tolist()


def read_grids(grid_ids: Sequence[int]) -> dict[int, np.ndarray]:
    """Wavelengths of grids in angstroms, float64, by their ids."""
    ids = ",".join(map(str, sorted({int(each) for each in grid_ids})))
    rows = read_arrow(
        f"SELECT grid_id, n_bins, wavelength FROM {quote(GRIDS.name)} WHERE grid_id = ANY(string_to_array($1, ',')::bigint[])",
        (ids,),
    )
    return {row["grid_id"]: unpack(row["wavelength"], np.float64, row["n_bins"]) for row in rows.to_pylist()}


def unpacked(packed: pa.Table, order: np.ndarray) -> pa.Table:
    """The rows in this order, with their arrays as lists of numbers."""
    rows = packed.drop_columns(list(PACKED)).take(pa.array(order))
    bins = rows["n_bins"].to_numpy()
    offsets = np.concatenate([[0], np.cumsum(bins)])
    flux, ivar = (np.empty(offsets[-1], np.float32) for _ in range(2))
    mask = np.zeros(offsets[-1], bool)
    buffers = {name: _buffers(packed[name]) for name in PACKED}

    def fill(places: range) -> None:
        for place in places:
            at, row, n = slice(offsets[place], offsets[place + 1]), order[place], int(bins[place])
            flux[at] = unpack(buffers["flux"][row], np.float32, n)
            known = buffers["ivar"][row]
            ivar[at] = 0 if known is None else unpack(known, np.float32, n)
            if (marked := buffers["mask"][row]) is not None:
                mask[at] = unpack_mask(marked, n)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(fill, (range(start, len(bins), THREADS) for start in range(THREADS))))
    unknown = np.array([buffers["ivar"][row] is None for row in order], bool)
    rows = rows.append_column("flux", _lists(offsets, flux))
    rows = rows.append_column("ivar", _lists(offsets, ivar, null=unknown))
    return rows.append_column("mask", _lists(offsets, mask))


def _buffers(column: pa.ChunkedArray) -> list[pa.Buffer | None]:
    """Each value's bytes where they are: nothing is copied."""
    found: list[pa.Buffer | None] = []
    for chunk in column.chunks:
        _, places, data = chunk.buffers()
        ends = np.frombuffer(places, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1].tolist()
        valid = chunk.is_valid().to_pylist()
        found += [data.slice(ends[i], ends[i + 1] - ends[i]) if valid[i] else None for i in range(len(chunk))]
    return found


def _lists(offsets: np.ndarray, values, null: np.ndarray | None = None) -> pa.Array:
    mask = pa.array(null) if null is not None and null.any() else None
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values), mask=mask)


def _source(user) -> str:
    """SQL of all spectra that the user may see, of the ids in its parameter."""
    facts = ", ".join(f"m.{quote(name)}" for name in FACTS)
    slugs = [slug for slug, declaration in SURVEYS.items() if declaration.has_spectra]
    parts = [
        f"SELECT m.object_id, '{survey.slug}' AS survey, m.name AS source_id, m.revision, {facts} "
        f"FROM {quote(survey.table_name)} m WHERE m.object_id = ANY(string_to_array($1, ',')::bigint[])"
        for survey in Survey.objects.visible_to(user).filter(slug__in=slugs).order_by("slug")
    ]
    return " UNION ALL ".join(parts) or f"SELECT {_nothing()} WHERE $1 = ''"


def _nothing() -> str:
    columns = {"object_id": "bigint", "survey": "text", "source_id": "text", "revision": "integer"}
    columns |= {column.name: sql_type(column) for column in COLUMNS if column.name in FACTS}
    return ", ".join(f"NULL::{kind} AS {quote(name)}" for name, kind in columns.items())


def _read(source: str, ids: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """Packed rows, and in which order the ids name them."""
    arrays = ", ".join(f"s.{quote(name)}" for name in ("grid_id", *PACKED))
    rows = read_arrow(
        f"SELECT m.*, {arrays} FROM ({source}) m JOIN {quote(SPECTRA.name)} s USING (spectrum_id)",
        (",".join(map(str, ids.tolist())),),
    )
    return rows, pc.sort_indices(pc.index_in(rows["object_id"], pa.array(ids))).to_numpy()
