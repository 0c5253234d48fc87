"""Declared tables as the schema's words: one serializer for each table whose columns are known to the code."""

from functools import cache

from rest_framework import serializers

from almagest.contract import Column, Table

FIELDS = {
    "bool": serializers.BooleanField, "int16": serializers.IntegerField, "int32": serializers.IntegerField,
    "int64": serializers.IntegerField, "float32": serializers.FloatField, "float64": serializers.FloatField,
    "string": serializers.CharField, "timestamp": serializers.DateTimeField,
}  # fmt: skip


class Row(serializers.Serializer):
    """A row whose columns depend on the survey or the model: `columns` of that resource describes them."""

    def to_representation(self, instance):
        """As it is."""
        return instance


@cache
def row_serializer(table: Table) -> type[serializers.Serializer]:
    """A row of this table; columns of level 3 are there when they are asked for."""
    fields = {column.name: _field(column) for column in table.columns}
    return type(f"{_camel(table.name)}Row", (serializers.Serializer,), fields)


def page_serializer(name: str, row: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """A page of such rows."""
    fields = {
        "next": serializers.URLField(allow_null=True, required=False, help_text="The next page, null on the last. A stream has none."),
        "previous": serializers.URLField(allow_null=True, required=False, help_text="The page before, null on the first."),
        "count": serializers.IntegerField(required=False, help_text="How many rows there are, where `count` was asked for."),
        "count_is_exact": serializers.BooleanField(required=False, help_text="False: the count is an estimate."),
        "rows": row(many=True),
    }  # fmt: skip
    return type(f"{_camel(name)}Page", (serializers.Serializer,), fields)


class ColumnWords(serializers.Serializer):
    """A declared column."""

    name = serializers.CharField()
    dtype = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    ucd = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    shape = serializers.ListField(child=serializers.IntegerField())
    nullable = serializers.BooleanField()
    level = serializers.IntegerField(help_text="1 and 2 are given unless others are chosen; 3 on demand.")
    filters = serializers.ListField(child=serializers.CharField(), help_text="Parameters that it can be filtered by.")


class Problem(serializers.Serializer):
    """What is wrong, and what to do."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()


def _field(column: Column) -> serializers.Field:
    words = f"{column.description}{f' [{column.unit}]' if column.unit else ''}"
    given = {"allow_null": column.nullable, "required": False, "help_text": words}
    if column.dtype == "string":
        given["allow_blank"] = True
    field = FIELDS[column.dtype](**given) if not column.shape else None
    return field or serializers.ListField(
        child=FIELDS[column.dtype](), allow_null=column.nullable, required=False, help_text=words
    )


def _camel(name: str) -> str:
    return "".join(word.title() for word in name.replace("-", "_").split("_"))
