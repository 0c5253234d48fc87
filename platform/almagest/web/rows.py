"""Rows of a large table as HTML: a template's loop over thousands of cells would take most of a page's time."""

from typing import Any

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from almagest.contract import Column
from almagest.web.templatetags.almagest import sexagesimal, value_as


def candidate_row(row: dict[str, Any], columns: list[Column], verdict: str = "") -> SafeString:
    """A candidate: its name as a link, a cell with the verdict, the columns; the position in degrees and below it sexagesimal."""
    link = format_html(
        '<td><a href="{}">{}</a></td>', reverse("object", args=[row["survey"], row["source_id"]]), row["source_id"]
    )
    cells = "".join(position(row) if c.name == "ra" else cell(row[c.name], c) for c in columns)
    return mark_safe(f"<tr>{link}{verdict}{cells}</tr>")  # each part is escaped where it is made


def position(row: dict[str, Any]) -> str:
    """Both ways of writing a position."""
    ra, dec = row["ra"], row["dec"]
    return f'<td class="n">{ra:.5f} {dec:.5f}<span class="under">{sexagesimal(ra, dec)}</span></td>'


def cell(value: Any, column: Column) -> str:
    """A value with the digits that its column deserves."""
    opening = '<td class="n">' if column.is_number else "<td>"
    return f"{opening}{escape(value_as(value, column))}</td>"
