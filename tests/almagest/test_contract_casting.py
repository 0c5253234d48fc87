"""Casting to a declared table: the right number or an error, for every pair of types."""

import pyarrow as pa
import pytest

from almagest.contract import Column, Table, TableError
from almagest.contract.casting import cast_to
from almagest.contract.columns import ARROW_TYPES

FOUND = {
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
    "date": pa.date32(),
}
WELCOME = {
    **{name: {"int8", "int16", "int32", "int64", "uint8", "uint64"} for name in ("int16", "int32", "int64")},
    **{
        name: {"float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint64"}
        for name in ("float32", "float64")
    },
    "bool": {"bool"},
    "string": {"string"},
    "timestamp": {"timestamp"},
}


def one_column(dtype: str, **options) -> Table:
    return Table("t", "", (Column("a", dtype, **options),))


def value_for(dtype: str):
    return {"bool": True, "string": "seven", "binary": b"7", "timestamp": 7, "date": 7}.get(dtype, 7)


@pytest.mark.parametrize("declared", ARROW_TYPES)
@pytest.mark.parametrize("found", FOUND)
def test_each_pair_of_types_keeps_the_value_or_fails(declared, found):
    data = pa.table({"a": pa.array([value_for(found), None], FOUND[found])})
    if found in WELCOME[declared]:
        result = cast_to(one_column(declared), data)
        assert result.schema == one_column(declared).arrow_schema
        assert result["a"].to_pylist() == data["a"].to_pylist()
    else:
        with pytest.raises(TableError, match=r"t\.a is declared"):
            cast_to(one_column(declared), data)


@pytest.mark.parametrize(
    ("declared", "values", "dtype"),
    [
        ("int16", [40_000], pa.int32()),
        ("int64", [2**63], pa.uint64()),
        ("float64", [2**53 + 1], pa.int64()),
        ("float32", [2**24 + 1], pa.int32()),
        ("float32", [1e39], pa.float64()),
        ("string", ["a\0b"], pa.string()),
    ],
)
def test_values_that_do_not_fit_are_refused(declared, values, dtype):
    with pytest.raises(TableError, match=r"t\.a"):
        cast_to(one_column(declared), pa.table({"a": pa.array(values, dtype)}))


def test_null_where_none_may_be_is_refused():
    with pytest.raises(TableError, match="must not be null; 1 of 2"):
        cast_to(one_column("int32", nullable=False), pa.table({"a": pa.array([1, None], pa.int32())}))


@pytest.mark.parametrize(
    ("names", "message"), [(["b", "a"], "another order"), (["a"], "missing b"), (["a", "b", "c"], "not declared c")]
)
def test_names_and_order_must_be_exact(names, message):
    table = Table("t", "", (Column("a", "int32"), Column("b", "int32")))
    data = pa.table({name: pa.array([1], pa.int32()) for name in names})
    with pytest.raises(TableError, match=message):
        cast_to(table, data)


def test_arrays_have_their_declared_length():
    table = one_column("float32", shape=(3,))
    good = pa.table({"a": pa.array([[1, 2, 3], None], pa.list_(pa.float32()))})
    assert cast_to(table, good)["a"].to_pylist() == [[1, 2, 3], None]
    fixed = pa.table({"a": pa.array([[1, 2, 3]], pa.list_(pa.float32(), 3))})
    assert cast_to(table, fixed)["a"].to_pylist() == [[1, 2, 3]]
    with pytest.raises(TableError, match="3 values a row"):
        cast_to(table, pa.table({"a": pa.array([[1, 2]], pa.list_(pa.float32()))}))
    with pytest.raises(TableError, match=r"list of integer|list<"):
        cast_to(table, pa.table({"a": pa.array([[1, 2, 3]], pa.list_(pa.int32()))}))


def test_declarations_are_checked():
    with pytest.raises(TableError, match="lower case"):
        Column("RA", "float64")
    with pytest.raises(TableError, match="dtype"):
        Column("ra", "double")
    with pytest.raises(TableError, match="not known"):
        Column("ra", "float64", unit="furlongs!")
    with pytest.raises(TableError, match="declared twice: a"):
        Table("t", "", (Column("a", "int32"), Column("a", "int32")))


def test_a_table_survives_json():
    table = Table("t", "things", (Column("a", "float32", "mag", "phot.mag", "how bright", (8,), False, 1, True),))
    assert Table.from_json(table.to_json()) == table
