"""Spectra as files: one as a table of its bins in any format, many as a stream of rows with arrays."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from almagest.contract import Column, Table
from almagest.contract.units import parse_unit
from almagest.formats import Document, Format, Sizes
from almagest.formats.batches import blocks
from almagest.formats.sink import Sink
from almagest.spectra.selectors import ObjectSpectrum

WAVELENGTH = Column("wavelength", "float64", "Angstrom", "em.wl", "Middle of the bin", nullable=False)
# What is told of a spectrum beside its arrays.
FACTS = {
    "redshift": "Redshift, as the survey measured it",
    "redshift_err": "Error of the redshift",
    "zwarning": "Bits that warn of the redshift; 0: none",
    "spec_class": "Class by the survey's fit",
    "subclass": "Subclass by the survey's fit",
    "instrument": "Spectrograph",
    "resolving_power": "Wavelength over the full width at half maximum",
    "snr": "Median signal to noise of a bin",
}
# Of rows with arrays; the others are too flat for lists.
STREAMS = ("arrow", "parquet")


def spectrum_pieces(found: ObjectSpectrum, form: Format) -> Iterator[bytes]:
    """One spectrum as a file: a row for each bin, and the facts around them as far as the format has room for any."""
    spectrum = found.spectrum
    arrays = {"wavelength": spectrum.wavelength, "flux": spectrum.flux, "ivar": spectrum.ivar, "mask": spectrum.mask}
    return _pieces(spectrum_table(spectrum.flux_unit), arrays, _told(found), form)


def grid_pieces(wavelength: np.ndarray, form: Format) -> Iterator[bytes]:
    """A grid's wavelengths as a file."""
    return _pieces(
        Table("spectrum_grid", "Wavelengths of a grid.", (WAVELENGTH,)), {"wavelength": wavelength}, (), form
    )


def spectrum_table(unit: str) -> Table:
    """What the bins of a spectrum have, its flux in this unit."""
    inverse = (parse_unit(unit) ** -2).to_string("fits") if unit else ""
    return Table(
        "spectrum",
        "A spectrum: a row for each bin.",
        (
            WAVELENGTH,
            Column("flux", "float32", unit, "phot.flux.density;em.wl", "Flux per wavelength", nullable=False),
            Column("ivar", "float32", inverse, "stat.weight;phot.flux.density", "One over the variance of the flux; 0: nothing is known"),
            Column("mask", "bool", "", "meta.code.qual", "Whether the bin is not to be used", nullable=False),
        ),
    )  # fmt: skip


def stream_pieces(rows: Iterable[pa.Table], form: str) -> Iterator[bytes]:
    """Blocks of rows, each with its arrays as lists, as Arrow's IPC stream or as Parquet, in the memory of one block."""
    return blocks(_stream(rows, form))


def _stream(rows: Iterable[pa.Table], form: str) -> Iterator[bytes]:
    sink, rows = Sink(), iter(rows)
    first = next(rows)
    made = {"arrow": pa.ipc.new_stream, "parquet": _parquet}[form]
    with made(sink, first.schema) as writer:
        writer.write_table(first)
        yield sink.drain()
        for block in rows:
            writer.write_table(block)
            yield sink.drain()
    yield sink.drain()


def _parquet(sink: Sink, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(sink, schema, compression="zstd", use_dictionary=False)


def _pieces(table: Table, arrays: dict[str, Any], told: tuple, form: Format) -> Iterator[bytes]:
    rows = len(arrays["wavelength"])
    columns = [
        pa.nulls(rows, c.arrow_type) if arrays[c.name] is None else pa.array(arrays[c.name]) for c in table.columns
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=table.arrow_schema)
    return form.write(Document(table, told, sizes=Sizes(rows, {})), [batch])


def _told(found: ObjectSpectrum) -> tuple[tuple[str, str, str], ...]:
    survey = found.survey
    told = [
        ("SURVEY", f"{survey.name} {survey.release}", survey.citation),
        ("SOURCE_ID", found.source_id, "Name of the object in this survey"),
        ("REVISION", str(found.revision), "Revision of its measurements"),
        ("MEDIUM", found.spectrum.medium, "What the wavelengths are in"),
        ("FRAME", found.spectrum.frame, "Whether wavelengths are as observed or at rest"),
    ]
    told += [
        (name.upper(), str(found.facts[name]), words) for name, words in FACTS.items() if found.facts[name] is not None
    ]
    if not survey.observed:
        told.append(("SIMULATED", survey.slug, "Drawn by a simulation, not observed"))
    return tuple(told)
