"""Spectra of many objects at once, as Arrow."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from almagest.core.copy import copy_out_rows, own_connection, read_arrow
from almagest.core.tables import column_list, quote, sql_type
from almagest.sky.models import Survey
from almagest.sky.surveys import SURVEYS
from almagest.sky.surveys.spectroscopic import FACTS as COLUMNS
from almagest.spectra.errors import SpectrumError
from almagest.spectra.packing import unpack, unpack_into, unpack_mask
from almagest.spectra.tables import GRIDS, SPECTRA

# Spectra read at once; their arrays are about 62 kB each.
BLOCK = 1000
FACTS = ("redshift", "redshift_err", "zwarning", "spec_class", "subclass", "instrument", "resolving_power", "snr",
         "flux_unit", "medium", "frame", "n_bins", "spectrum_id")  # fmt: skip
PACKED = ("flux", "ivar", "mask")


ROW = pa.schema([("position", pa.int64()), ("requested", pa.int64()), ("is_found", pa.bool_())])


@dataclass(frozen=True)
class Fetched:
    """Spectra of objects.

    Attributes
    ----------
    rows
        In the order of the ids: ``object_id``, ``survey``, ``source_id``, ``revision``, `FACTS`, ``grid_id`` (whose
        wavelengths `read_grids` gives), and the lists ``flux``, ``ivar`` (null where no errors are known) and ``mask`` (null
        where no bin is masked).
    missing
        Ids that have no spectrum which the user may see.
    """

    rows: pa.Table
    missing: list[int]


def fetch_spectra(*, user, object_ids: Sequence[int]) -> Fetched:
    """Spectra of objects, in the order of their ids; an id that is named twice is given twice."""
    blocks = list(stream_spectra(user=user, object_ids=np.array(list(object_ids), np.int64)))
    missing = [
        number for block in blocks for number in block.filter(pc.invert(block["is_found"]))["requested"].to_pylist()
    ]
    rows = pa.concat_tables(block.filter(block["is_found"]) if missing else block for block in blocks)
    return Fetched(rows.drop_columns(ROW.names), missing)


def stream_spectra(*, user, object_ids: np.ndarray) -> Iterator[pa.Table]:
    """The same, block by block: ``position``, ``requested``, ``is_found``, then the columns, which are null where an id has no
    spectrum."""
    rows = _facts(_source(user), object_ids)
    # No thread reads ahead: the server does, and threads wait for one another at Python's lock.
    with own_connection() as own:
        for at in range(0, max(rows.num_rows, 1), BLOCK):
            yield _with_arrays(own, rows.slice(at, BLOCK))


def read_grids(grid_ids: Sequence[int]) -> dict[int, np.ndarray]:
    """Wavelengths of grids in angstroms, float64, by their ids."""
    ids = ",".join(map(str, sorted({int(each) for each in grid_ids})))
    rows = read_arrow(
        f"SELECT grid_id, n_bins, wavelength FROM {quote(GRIDS.name)} WHERE grid_id = ANY(string_to_array($1, ',')::bigint[])",
        (ids,),
    )
    return {row["grid_id"]: unpack(row["wavelength"], np.float64, row["n_bins"]) for row in rows.to_pylist()}


def read_grid(grid_id: int) -> np.ndarray:
    """Wavelengths of a grid, or `SpectrumError`."""
    found = read_grids([grid_id]) if grid_id < 2**63 else {}
    if grid_id not in found:
        raise SpectrumError(f"there is no grid {grid_id}; spectra name theirs as `grid_id`", absent=True)
    return found[grid_id]


def _facts(source: str, ids: np.ndarray) -> pa.Table:
    """A row for each id with all but the arrays, null where it has no spectrum."""
    facts = read_arrow(source, (_text(ids),))
    rows = facts.take(pc.index_in(pa.array(ids), facts["object_id"])).combine_chunks()
    for place, values in enumerate((np.arange(len(ids)) + 1, ids, rows["object_id"].is_valid())):
        rows = rows.add_column(place, ROW.field(place), pa.chunked_array([pa.array(values, ROW.field(place).type)]))
    return rows


def _with_arrays(own: psycopg.Connection, rows: pa.Table) -> pa.Table:
    """The rows with their arrays as lists of numbers."""
    bins = pc.fill_null(rows["n_bins"], 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(bins)])
    flux, ivar = (_numbers(offsets[-1]) for _ in range(2))
    masks: list[np.ndarray | None] = [None] * rows.num_rows
    has_ivar = np.zeros(rows.num_rows, bool)
    grid_id: list[int | None] = [None] * rows.num_rows
    places = defaultdict(list)
    for place, number in enumerate(rows["spectrum_id"].to_pylist()):
        places[number].append(place)
    for number, grid, _, *packed in _arrays(own, [each for each in places if each is not None]):
        for place in places[number]:
            here, grid_id[place] = slice(offsets[place], offsets[place + 1]), grid
            has_ivar[place] = packed[1] is not None
            _fill(flux[here], ivar[here], packed)
            masks[place] = None if packed[2] is None else unpack_mask(packed[2], int(bins[place]))
    rows = rows.append_column("grid_id", pa.array(grid_id, pa.int64()))
    absent = ~rows["is_found"].to_numpy()
    rows = rows.append_column("flux", _lists(offsets, flux, absent))
    rows = rows.append_column("ivar", _lists(offsets, ivar, ~has_ivar))
    return rows.append_column("mask", pa.array(masks, pa.list_(pa.bool_())))


@dataclass(frozen=True)
class Arrays:
    """A spectrum's arrays without its wavelengths."""

    grid_id: int
    flux: np.ndarray
    ivar: np.ndarray | None
    mask: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Inverse variance, or 1 where no errors are known; 0 where the bin is not to be used."""
        return np.where(self.mask, np.float32(0), np.float32(1) if self.ivar is None else self.ivar)


def read_arrays(spectrum_ids: Sequence[int]) -> dict[int, Arrays]:
    """Arrays by their numbers; those that are not there are left out."""
    found = {}
    with own_connection() as own:
        for number, grid_id, n_bins, *packed in _arrays(own, spectrum_ids):
            flux, ivar = np.empty(n_bins, np.float32), np.empty(n_bins, np.float32)
            _fill(flux, ivar, packed)
            found[number] = Arrays(grid_id, flux, None if packed[1] is None else ivar, unpack_mask(packed[2], n_bins))
    return found


def _arrays(own: psycopg.Connection, spectrum_ids: Sequence[int]) -> Iterator[tuple]:
    """``spectrum_id``, ``grid_id``, ``n_bins`` and the packed arrays, one spectrum after another."""
    types = {"spectrum_id": "int8", "grid_id": "int8", "n_bins": "int4"} | dict.fromkeys(PACKED, "bytea")
    chosen = f"spectrum_id = ANY('{{{_text(spectrum_ids)}}}'::bigint[])"
    sql = f"SELECT {column_list(types)} FROM {quote(SPECTRA.name)} WHERE {chosen}"
    yield from copy_out_rows(own, sql, list(types.values()))


def _fill(flux: np.ndarray, ivar: np.ndarray, packed: list) -> None:
    unpack_into(flux, packed[0])
    if packed[1] is None:
        ivar[:] = 0
    else:
        unpack_into(ivar, packed[1])


def _numbers(count: int) -> np.ndarray:
    """Room for float32 from Arrow's pool, which keeps what it gets back: fresh memory costs as much as to unpack the bytes does."""
    return np.frombuffer(pa.allocate_buffer(4 * int(count)), np.float32)


def _lists(offsets: np.ndarray, values: np.ndarray, null: np.ndarray) -> pa.Array:
    mask = pa.array(null) if null.any() else None
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


def _text(ids: Iterable[int]) -> str:
    return ",".join(str(int(each)) for each in ids)
