"""Numbers and positions as astronomers write them."""

import math
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html

from almagest.contract import Column
from almagest.web.downloads import formats

register = template.Library()
DASH = "–"


@register.filter
def value_as(value: Any, column: Column) -> str:
    """A value with the digits that its column deserves; a dash where there is none."""
    if value is None:
        return DASH
    if column.shape:
        return ", ".join(number(item) for item in value)
    if column.dtype.startswith("float"):
        places = digits(column)
        return number(value) if places is None else f"{value:.{places}f}"
    return str(value) if value != "" else DASH


@lru_cache(maxsize=4096)
def digits(column: Column) -> int | None:
    """Decimals of a column, by what it measures; None where its values span many sizes, as errors do."""
    if column.ucd.startswith("stat.error"):
        return None
    if "pos.eq" in column.ucd:
        return 6
    by_ucd = {"phot.mag": 2, "stat.probability": 3, "src.redshift": 5, "phys.mass": 2, "phys.angSize": 2}
    return next((n for word, n in by_ucd.items() if word in column.ucd), 3 if column.unit == "mag" else None)


@register.filter
def number(value: Any) -> str:
    """A number of unknown size in at most six figures."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@register.filter
def sexagesimal(ra: float, dec: float) -> str:
    """``12h30m49.42s +12°23′28.0″``: hundredths of a second of time, tenths of an arcsecond."""
    hours = round(ra / 15 * 360_000) % 8_640_000
    arcsec = round(abs(dec) * 36_000)
    sign = "-" if dec < 0 else "+"
    return (
        f"{hours // 360_000:02d}h{hours // 6000 % 60:02d}m{hours % 6000 / 100:05.2f}s "
        f"{sign}{arcsec // 36_000:02d}°{arcsec // 600 % 60:02d}′{arcsec % 600 / 10:04.1f}″"
    )


@register.filter
def thousands(value: int | None) -> str:
    """An integer with thin separators."""
    return DASH if value is None else f"{value:,}"


@register.filter
def percent(value: float | None) -> str:
    """A share as a percentage with one decimal."""
    return DASH if value is None else f"{100 * value:.1f} %"


@register.filter
def share(value: float) -> str:
    """A share that may be tiny as a percentage in three figures."""
    return f"{100 * value:.3g} %"


@register.filter
def duration(seconds: float | None) -> str:
    """``3.2 s`` or ``4 min 10 s``."""
    if seconds is None:
        return DASH
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


@register.filter
def moment(time: datetime | None) -> str:
    """Date and time in UTC."""
    return DASH if time is None else f"{time:%Y-%m-%d %H:%M} UTC"


@register.filter
def item(mapping: dict, key: Any) -> Any:
    """A value of a dictionary."""
    return mapping.get(key)


@register.simple_tag
def object_link(survey: str, source_id: str) -> str:
    """Link to an object's page."""
    return format_html('<a href="{}">{}</a>', reverse("object", args=[survey, source_id]), source_id)


@register.simple_tag(takes_context=True)
def query(context, **changes) -> str:
    """This page's query string with some parameters changed; None removes one. The cursor goes unless it is given."""
    parameters = context["request"].GET.copy()
    parameters.pop("cursor", None)
    parameters.pop("format", None)
    for name, value in changes.items():
        parameters.pop(name, None)
        if value is not None:
            parameters[name] = value
    for name in [name for name, value in parameters.items() if value == ""]:
        del parameters[name]
    return "?" + parameters.urlencode()


@register.inclusion_tag("_downloads.html", takes_context=True)
def downloads(context: dict, *, all_columns: bool = True, kind: str = "") -> dict:
    """Links to the list of this page as files, with the filters and the order of its address."""
    query = context["request"].GET.copy()
    for name in ("format", "columns", "cursor", "size", "page", "misses", "false_alarms", "hits"):
        query.pop(name, None)
    if kind:
        query["kind"] = kind
    path, files = context["request"].path, []
    for name, title in formats():
        query["format"] = name
        files.append((title, f"{path}?{query.urlencode()}"))
    return {"files": files, "everything": all_columns}
