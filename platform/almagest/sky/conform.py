"""From a file's columns to a survey's: names, units and types, missing values, derived columns."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from almagest.contract import Column, TableError
from almagest.contract.casting import cast_column
from almagest.contract.units import unit_factor
from almagest.sky.errors import IngestError
from almagest.sky.readers import FileColumn, Reader
from almagest.sky.surveys import SurveyDeclaration
from almagest.sky.values import to_declared


@dataclass(frozen=True)
class _Match:
    """A declared column, the number of the file's column it comes from, and the factor between their units."""

    column: Column
    number: int
    factor: float


class Conformer:
    """Reads a file as the table that a survey declares.

    Attributes
    ----------
    ignored
        Names of the file's columns that the survey does not declare.

    Raises
    ------
    IngestError
        When the file lacks a column, has it twice, in a unit that does not convert, or in a form that cannot be read.
    """

    def __init__(self, declaration: SurveyDeclaration, reader: Reader):
        self.declaration, self.reader = declaration, reader
        by_name: dict[str, list[int]] = {}
        for number, column in enumerate(reader.columns):
            by_name.setdefault(column.name.strip().lower(), []).append(number)
        if missing := [name for name in map(self._name, declaration.columns) if name not in by_name]:
            raise IngestError(self._missing(missing))
        self._matches = [self._match(column, by_name[self._name(column)]) for column in declaration.columns]
        used = {match.number for match in self._matches}
        self.ignored = [column.name or "(unnamed)" for i, column in enumerate(reader.columns) if i not in used]

    def batches(self) -> Iterator[tuple[int, pa.Table]]:
        """The rows in the order of the file: how many came before, and the declared columns of the batch."""
        first = 0
        wanted = [match.number for match in self._matches]
        for batch in self.reader.batches(wanted):
            columns = [self._values(match, batch, first) for match in self._matches]
            rows = pa.table(columns, names=[match.column.name for match in self._matches])
            yield first, self._with_derived(rows)
            first += batch.num_rows

    def _name(self, column: Column) -> str:
        return self.declaration.names.get(column.name, column.name).lower()

    def _missing(self, missing: list[str]) -> str:
        has = [column.name for column in self.reader.columns]
        shown = ", ".join(has[:20]) + (f" and {len(has) - 20} more" if len(has) > 20 else "")
        lacks = ", ".join(missing[:20]) + (f" and {len(missing) - 20} more" if len(missing) > 20 else "")
        return f"{self.reader.path}: missing for survey {self.declaration.slug}: column {lacks}; the file has {shown}"

    def _match(self, column: Column, numbers: list[int]) -> _Match:
        found: FileColumn = self.reader.columns[numbers[0]]
        where = f"{self.reader.path}: column {found.name}"
        if len(numbers) > 1:
            raise IngestError(f"{where} is there {len(numbers)} times; which one is meant?")
        if found.problem:
            raise IngestError(f"{where} {found.problem}")
        try:
            return _Match(column, numbers[0], unit_factor(found.unit, column.unit) if found.unit.strip() else 1.0)
        except TableError as error:
            raise IngestError(f"{where}: {error}") from None

    def _values(self, match: _Match, batch: pa.Table, first: int) -> pa.Array:
        column = match.column
        where = f"{self.reader.path}: column {self.reader.columns[match.number].name}"
        null_values = self.declaration.null_values.get(column.name, ())
        return to_declared(where, column, _plain(batch[str(match.number)]), first_row=first, factor=match.factor,
                           null_values=null_values)  # fmt: skip

    def _with_derived(self, rows: pa.Table) -> pa.Table:
        if self.declaration.derive is None:
            return rows
        derived = self.declaration.derive(rows)
        for column in self.declaration.derived:
            values = pa.chunked_array([_plain(derived[column.name])])
            rows = rows.append_column(column.name, cast_column(self.declaration.slug, column, values))
        return rows


def _plain(values: pa.ChunkedArray) -> pa.Array:
    """One array, without dictionaries and other encodings of the same values."""
    array = values.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    plain = {pa.large_string(): pa.string(), pa.string_view(): pa.string(), pa.large_binary(): pa.binary()}
    return array.cast(plain.get(array.type, array.type))
