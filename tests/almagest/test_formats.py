"""Every format gives back what was written, streams it, and refuses what it cannot hold."""

import io
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from almagest.contract import Column, Table, TableError
from almagest.formats import FORMATS, Document, FormatError, Sizes, format_named, votable_file

from .format_readers import differences
from .format_tables import NASTY, NUMBER, ROWS, TABLE, WRITERS, document, nasty, random_batch


def values_of(column: Column) -> st.SearchStrategy:
    """Values that PostgreSQL can hold; the smallest integers are null in FITS and in arrays."""
    if column.dtype.startswith("int"):
        most = np.iinfo(column.dtype).max
        scalar = st.integers(-most, most)
    else:
        text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
        scalar = {
            "bool": st.booleans(),
            "float32": st.floats(width=32) | st.sampled_from([float(np.float32(0.9)), 1.0]),
            "float64": st.floats(),
            "string": text | st.sampled_from(NASTY),
            "timestamp": st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),
        }[column.dtype]
    if column.shape:
        scalar = st.lists(scalar | st.none(), min_size=column.shape[0], max_size=column.shape[0])
    return scalar | st.none() if column.nullable else scalar


@st.composite
def tables(draw) -> pa.Table:
    rows = draw(st.lists(st.tuples(*map(values_of, TABLE.columns)), max_size=6))
    columns = [pa.array([row[n] for row in rows], column.arrow_type) for n, column in enumerate(TABLE.columns)]
    return pa.Table.from_arrays(columns, schema=TABLE.arrow_schema)


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=30, deadline=None)
@given(data=tables(), rows=st.integers(1, 4))
def test_what_is_written_is_read_back(name, data, rows):
    assert differences(name, data, data.to_batches(max_chunksize=rows)) == []


@pytest.mark.parametrize("name", WRITERS)
def test_nasty_values_in_one_batch_and_slice_by_slice(name):
    data = nasty()
    slices = [data.slice(n, 1).combine_chunks().to_batches()[0] for n in range(data.num_rows)]
    assert differences(name, data, data.combine_chunks().to_batches()) == []
    assert differences(name, data, slices) == []


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "batches", [[], [pa.RecordBatch.from_pylist([], TABLE.arrow_schema)]], ids=["no batch", "an empty one"]
)
def test_a_table_without_rows_is_a_valid_file(name, batches):
    assert differences(name, TABLE.arrow_schema.empty_table(), batches) == []


@pytest.mark.parametrize("name", WRITERS)
def test_rows_leave_before_the_next_batch_is_asked_for(name):
    batch, count, left = random_batch(), 12, [0]

    def batches():
        for _ in range(count):
            left.append(0)
            yield batch

    tracemalloc.start()
    for block in WRITERS[name](Document(NUMBER, sizes=Sizes(count * ROWS, {})), batches()):
        left[-1] += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(left) == count + 1 and min(left[1:]) > 8 * ROWS
    assert peak < sum(left) / 2


def test_row_groups_of_parquet_are_neither_large_nor_tiny():
    batches = [random_batch(rows) for rows in (30_000, 30_000, 250_000, 30_000)]
    raw = b"".join(WRITERS["parquet"](Document(NUMBER), batches))
    metadata = pq.read_metadata(io.BytesIO(raw))
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [ROWS] * 3 + [10_000, 30_000]


@pytest.mark.parametrize("name", WRITERS)
def test_files_are_the_same_every_time_and_however_the_rows_are_cut(name):
    data = nasty()
    one, two, cut = (
        b"".join(WRITERS[name](document(TABLE, data), data.to_batches(max_chunksize=rows))) for rows in (100, 100, 3)
    )
    assert one == two
    assert name in ("arrow", "votable") or one == cut  # base64 has a line a piece, Arrow a message a batch


def test_shortest_digits_of_float32_and_quotes_only_where_needed():
    table = Table("t", "", (Column("a", "float32"), Column("b", "string"), Column("c", "float32", shape=(2,))))
    batch = pa.table({"a": pa.array([0.9, None], pa.float32()), "b": ["plain", "a,b"], "c": [[0.1, None], None]})
    batches = batch.cast(table.arrow_schema).to_batches()
    assert b"".join(WRITERS["csv"](Document(table), batches)) == b'a,b,c\n0.9,plain,"[0.1, null]"\n,"a,b",\n'
    rows = b'{"a":0.9,"b":"plain","c":[0.1, null]},\n{"a":null,"b":"a,b","c":null}'
    assert b"".join(WRITERS["json"](Document(table), batches)) == b'{"rows": [\n' + rows + b"\n]}\n"


@pytest.mark.parametrize("name", WRITERS)
def test_batches_are_cast_to_the_declaration_or_refused(name):
    found = pa.record_batch({"a": pa.array([1, 2], pa.int32()), "b": pa.array([1, 2], pa.int64())})
    wanted = pa.record_batch([pa.array([1, 2]), pa.array([1.0, 2.0])], schema=NUMBER.arrow_schema)
    told = Document(NUMBER, sizes=Sizes(2, {}))
    assert b"".join(WRITERS[name](told, [found])) == b"".join(WRITERS[name](told, [wanted]))
    for wrong, says in (
        (pa.record_batch({"a": [1, 2]}), "missing b"),
        (pa.record_batch({"a": ["x", "y"], "b": [1.0, 2.0]}), r"numbers\.a is declared int64"),
        (pa.record_batch({"a": [1, None], "b": [1.0, 2.0]}), r"numbers\.a must not be null"),
    ):
        with pytest.raises(TableError, match=says):
            b"".join(WRITERS[name](told, [wrong]))


@pytest.mark.parametrize("rows", [1, 3])
def test_fits_refuses_another_number_of_rows_than_was_counted(rows):
    with pytest.raises(FormatError, match="rows were counted, 2"):
        b"".join(WRITERS["fits"](Document(NUMBER, sizes=Sizes(rows, {})), [random_batch(2)]))


def test_fits_says_what_it_cannot_hold():
    texts = Table("t", "", (Column("a", "string"), Column("n", "int16")))
    batch = pa.record_batch([pa.array(["Ω"]), pa.array([-32768], pa.int16())], schema=texts.arrow_schema)
    with pytest.raises(FormatError, match="needs the number of rows"):
        WRITERS["fits"](Document(texts), [])
    with pytest.raises(FormatError, match="widths of a"):
        WRITERS["fits"](Document(texts, sizes=Sizes(1, {})), [])
    with pytest.raises(FormatError, match="column a holds a value of 2 bytes, where 1"):
        b"".join(WRITERS["fits"](Document(texts, sizes=Sizes(1, {"a": 1})), [batch]))
    with pytest.raises(FormatError, match="column n holds -32768"):
        b"".join(WRITERS["fits"](Document(texts, sizes=Sizes(1, {"a": 2})), [batch]))


@pytest.mark.parametrize("name", ["votable", "tabledata", "fits"])
def test_arrays_of_strings_are_refused_before_the_first_byte(name):
    table = Table("t", "", (Column("words", "string", shape=(2,)),))
    with pytest.raises(FormatError, match=r"arrays of strings or times \(words\)"):
        WRITERS[name](Document(table, sizes=Sizes(0, {"words": 3})), [])


def test_formats_are_found_by_name():
    assert list(FORMATS) == ["csv", "json", "votable", "fits", "parquet", "arrow"]
    assert format_named("fits").needs_sizes
    with pytest.raises(FormatError, match=r"'xls' is not known; there are csv, json, votable"):
        format_named("xls")
    with pytest.raises(FormatError, match=r"'binary3': there are binary2, tabledata"):
        votable_file.write(Document(NUMBER), [], serialization="binary3")
