"""FITS headers: cards of 80 characters in blocks of 2880 bytes."""

from unicodedata import combining, normalize

from almagest.contract import Column
from almagest.formats.binary import smallest
from almagest.formats.document import Document
from almagest.formats.metadata import unit_text

CODES = {
    "bool": "L", "int16": "I", "int32": "J", "int64": "K", "float32": "E", "float64": "D", "string": "A", "timestamp": "A",
}  # fmt: skip
TIME_WIDTH = 26  # 2025-01-31T12:00:00.000000; FITS knows no zones, TIMESYS says that it is UTC
FITS_BLOCK = 2880
COMMENT_WIDTH = 72
# Where the values of the cards of `_stamp` stand in them.
CHECKSUM_AT = DATASUM_AT = 11
LIKENESS = str.maketrans("–—−×·“”‘’", "---x.\"\"''")


def primary_header(time: str = "") -> bytes:
    """The empty first part that every FITS file has."""
    cards = [*card("SIMPLE", True), *card("BITPIX", 8), *card("NAXIS", 0), *card("EXTEND", True)]
    return _block([*cards, *_stamp(time)])


def table_header(document: Document, row_bytes: int, time: str = "") -> bytes:
    """Header of the binary table."""
    table, sizes = document.table, document.sizes
    layout = {"XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": row_bytes, "NAXIS2": sizes.rows, "PCOUNT": 0}
    layout |= {"GCOUNT": 1, "TFIELDS": len(table.columns), "EXTNAME": table.name}
    cards = [line for key, value in layout.items() for line in card(key, value)]
    if any(column.dtype == "timestamp" for column in table.columns):
        cards += card("TIMESYS", "UTC")
    cards += _stamp(time)
    for number, column in enumerate(table.columns, 1):
        for key, value in _column_keys(document, column).items():
            cards += card(f"{key}{number}", value)
    cards += _lines("COMMENT", table.description)
    for name, value, text in document.infos:
        cards += _lines("HISTORY", f"{name}: {value}" + f" ({text})" * bool(text))
    return _block(cards)


def padding(size: int, fill: bytes = b"\0") -> bytes:
    """What is missing to a full block."""
    return fill * (-size % FITS_BLOCK)


def card(key: str, value: bool | int | str) -> list[str]:
    """One card; a long string goes on in CONTINUE cards."""
    if isinstance(value, bool):
        return [f"{key:8}= {'T' if value else 'F':>20}"]
    if isinstance(value, int):
        return [f"{key:8}= {value:>20}"]
    first, *rest = _quoted_parts(_ascii(value))
    return [f"{key:8}= '{first:8}'", *(f"CONTINUE  '{part}'" for part in rest)]


def string_width(document: Document, column: Column) -> int:
    """Bytes of a column of strings or times in every row; FITS readers are not fond of a width of zero."""
    return TIME_WIDTH if column.dtype == "timestamp" else max(1, document.sizes.widths[column.name])


def _stamp(time: str) -> list[str]:
    """Cards of a time, and of the checksums, which are zero until `fits_checksum.seal` knows them."""
    if not time:
        return []
    return [
        *card("DATE", time),
        f"CHECKSUM= '{'0' * 16}'   / of header and data, {time}",
        f"DATASUM = '{'0':10}'         / of the data, {time}",
    ]


def _column_keys(document: Document, column: Column) -> dict[str, int | str]:
    is_text = column.dtype in ("string", "timestamp")
    repeat = string_width(document, column) if is_text else (column.shape or (1,))[0]
    keys = {"TTYPE": column.name, "TFORM": f"{repeat}{CODES[column.dtype]}"}
    keys |= {"TUNIT": unit_text(column.unit, "fits"), "TUCD": column.ucd, "TCOMM": column.description}
    keys = {key: value for key, value in keys.items() if value}
    if (column.nullable or column.shape) and smallest(column) is not None:
        keys["TNULL"] = smallest(column)
    return keys


def _quoted_parts(text: str) -> list[str]:
    """Cut a text so that each part, its quotes doubled, fits into one card; all but the last end with ``&``."""
    parts, part = [], ""
    for character in text:
        spelled = "''" if character == "'" else character
        if len(part) + len(spelled) > 67:
            parts.append(part + "&")
            part = ""
        part += spelled
    return [*parts, part]


def _lines(key: str, text: str) -> list[str]:
    text = _ascii(text)
    return [f"{key:8}{text[start : start + COMMENT_WIDTH]}" for start in range(0, len(text), COMMENT_WIDTH)]


def _ascii(text: str) -> str:
    """FITS headers know printable ASCII only: accents are dropped, what has no likeness becomes ``?``."""
    spelled = (c for c in normalize("NFKD", text.translate(LIKENESS)) if not combining(c))
    return "".join(c if " " <= c <= "~" else " " if c.isspace() else "?" for c in spelled)


def _block(cards: list[str]) -> bytes:
    header = "".join(f"{line:80}" for line in [*cards, "END"]).encode("ascii")
    return header + padding(len(header), b" ")
