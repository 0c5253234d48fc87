"""Writing spectra: their rows by the sky's own ingest, their arrays beside them in the same transaction."""

import hashlib
from collections import Counter
from pathlib import Path

import pyarrow as pa
from django.db import connection

from almagest.contract import Report, Table, no_report
from almagest.core.copy import copy_in
from almagest.core.tables import quote, table_exists
from almagest.sky.conform import Conformer
from almagest.sky.errors import SurveyError
from almagest.sky.models import Ingest
from almagest.sky.services import file_sha256, ingest_rows
from almagest.sky.surveys import SURVEYS, declaration_get
from almagest.spectra.packing import pack, pack_mask
from almagest.spectra.reader import SpectraReader
from almagest.spectra.readers import AS_FILES_SAY, Assumed
from almagest.spectra.spectrum import Spectrum
from almagest.spectra.tables import GRIDS, SPECTRA


def ingest_spectra(
    *,
    survey: str,
    paths: list[Path],
    user=None,
    assumed: Assumed = AS_FILES_SAY,
    skip_bad: bool = False,
    if_missing: bool = False,
    report: Report = no_report,
) -> Ingest | None:
    """Load files of spectra into a survey as one ingest, whole or not at all.

    Parameters
    ----------
    paths
        Files, folders and tar archives, whose formats their contents tell.
    assumed
        Flux unit, medium and frame, where the files do not say them rightly.
    skip_bad
        Leave out and count what cannot be read, instead of refusing everything.
    if_missing
        Do nothing, and return None, when these very files were loaded before.

    Raises
    ------
    SurveyError, IngestError
        When the survey has no spectra, or a file is none of spectra; the message names file, spectrum and fault.
    """
    declaration = declaration_get(survey)
    if not declaration.has_spectra:
        kinds = ", ".join(sorted(slug for slug, each in SURVEYS.items() if each.has_spectra))
        raise SurveyError(f"survey {survey} is not one of spectra; those are {kinds}")
    if not table_exists(SPECTRA.name):
        raise SurveyError("the tables of spectra are not there yet; run `manage.py sync_tables`")
    reader = SpectraReader(declaration, paths, assumed=assumed, skip_bad=skip_bad)

    def also() -> Counter:
        arrays_write([reader.waiting.popleft() for _ in range(len(reader.waiting))])
        return Counter(reader.left_out.popleft() for _ in range(len(reader.left_out)))

    name = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    return ingest_rows(
        conformer=Conformer(declaration, reader), name=name, sha256=_checksum(paths), user=user,
        skip_bad_rows=skip_bad, if_missing=if_missing, also=also, report=report,
    )  # fmt: skip


def arrays_write(spectra: list[Spectrum]) -> None:
    """Keep the arrays of spectra; those that are kept already are left as they are."""
    if not spectra:
        return
    kept = _kept(SPECTRA.name, "spectrum_id", {each.id for each in spectra})
    fresh = {each.id: each for each in spectra if each.id not in kept}
    grids = {each.grid_id: each.wavelength for each in fresh.values()}
    known = _kept(GRIDS.name, "grid_id", set(grids))
    _copy(GRIDS.table, [(key, len(w), pack(w)) for key, w in grids.items() if key not in known])
    _copy(
        SPECTRA.table,
        [
            (
                key,
                each.grid_id,
                len(each.flux),
                pack(each.flux),
                None if each.ivar is None else pack(each.ivar),
                pack_mask(each.mask),
            )
            for key, each in fresh.items()
        ],
    )


def _copy(table: Table, rows: list[tuple]) -> None:
    if rows:
        columns = [
            pa.array(values, column.arrow_type)
            for values, column in zip(zip(*rows, strict=True), table.columns, strict=True)
        ]
        copy_in(table, pa.table(columns, names=table.names))


def _kept(table: str, key: str, numbers: set[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {quote(key)} FROM {quote(table)} WHERE {quote(key)} = ANY(%s)", [list(numbers)])
        return {number for (number,) in cursor.fetchall()}


def _checksum(paths: list[Path]) -> str:
    """That of a file; of several the checksum of theirs."""
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if file.is_file()]
    sums = [file_sha256(file) for file in files]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()
