"""Files of spectra as the table that a spectroscopic survey declares; the arrays wait until their rows are loaded."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from almagest.sky.errors import IngestError
from almagest.sky.readers import FileColumn
from almagest.sky.surveys import SurveyDeclaration
from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers import Assumed, File, Found, files_of, read_spectra
from almagest.spectra.spectrum import Spectrum, checked

# A batch's arrays are about this large.
BATCH_BYTES = 32 * 2**20


class SpectraReader:
    """A `Reader` over files of spectra.

    Attributes
    ----------
    waiting
        Spectra of the batches given so far, until somebody takes them.
    left_out
        Why spectra were left out, until somebody takes that too. Files are read on a thread of their own: both only grow here.

    Parameters
    ----------
    skip_bad
        Leave out what cannot be read, and count it, instead of raising `IngestError`.
    """

    def __init__(self, declaration: SurveyDeclaration, paths: list[Path], *, assumed: Assumed, skip_bad: bool = False):
        self.path = paths[0] if len(paths) == 1 else Path(f"{len(paths)} paths")
        self.columns = [FileColumn(column.name, column.unit) for column in declaration.columns]
        self.waiting: deque[Spectrum] = deque()
        self.left_out: deque[str] = deque()
        self._declared, self._paths = declaration.columns, paths
        self._assumed, self._skip_bad = assumed, skip_bad
        self._done = 0

    def batches(self, wanted: list[int]) -> Iterator[pa.Table]:
        """Rows of all files in their order, with the numbers of the columns as names."""
        self._done, rows, size = 0, [], 0
        for found in self._distinct():
            rows.append(facts_of(found))
            size += found.spectrum.flux.nbytes * 2
            self.waiting.append(found.spectrum)
            if size >= BATCH_BYTES:
                yield self._table(rows, wanted)
                rows, size = [], 0
        if rows or not self._done:
            yield self._table(rows, wanted)

    def fraction(self) -> float:
        """How many of the paths are read."""
        return self._done / len(self._paths)

    def _table(self, rows: list[dict], wanted: list[int]) -> pa.Table:
        columns = [self._declared[number] for number in wanted]
        arrays = [pa.array([row.get(column.name) for row in rows], column.arrow_type) for column in columns]
        return pa.table(arrays, names=[str(number) for number in wanted])

    def _distinct(self) -> Iterator[Found]:
        """The same spectrum in two files is one; two spectra of one name are a mistake."""
        names, ids = {}, {}
        for file, found in self._checked():
            name, number = found.facts["name"], found.spectrum.id
            if names.get(name, number) != number:
                raise IngestError(f"{file.name}: another spectrum than that of the same name, {name}, in a file before")
            if number in ids:
                self.left_out.append(f"the same spectrum as {ids[number]}")
                continue
            names[name], ids[number] = number, name
            yield found

    def _checked(self) -> Iterator[tuple[File, Found]]:
        for file in self._files():
            try:
                for found in read_spectra(file, self._assumed):
                    if found.set_aside:
                        self.left_out.append(found.set_aside)
                    elif (good := self._good(file, found)) is not None:
                        yield file, good
            except SpectrumError as error:
                self._bad(f"{file.name}: {error}", str(error))

    def _good(self, file: File, found: Found) -> Found | None:
        try:
            return Found(found.facts, checked(found.spectrum))
        except SpectrumError as error:
            self._bad(f"{file.name}: spectrum {found.facts['name']}: {error}", str(error))
            return None

    def _bad(self, words: str, reason: str) -> None:
        if not self._skip_bad:
            raise IngestError(f"{words}; --skip-bad leaves such spectra out")
        self.left_out.append(reason[:200])

    def _files(self) -> Iterator[File]:
        for path in self._paths:
            yield from files_of(path)
            self._done += 1


def facts_of(found: Found) -> dict:
    """The row of a spectrum: what its file says, and what its arrays say themselves."""
    spectrum = found.spectrum
    return found.facts | {
        "snr": spectrum.snr, "wavelength_min": float(spectrum.wavelength[0]), "wavelength_max": float(spectrum.wavelength[-1]),
        "n_bins": len(spectrum.flux), "n_masked": int((~spectrum.good).sum()), "flux_unit": spectrum.flux_unit,
        "medium": spectrum.medium, "frame": spectrum.frame, "spectrum_id": spectrum.id,
    }  # fmt: skip
