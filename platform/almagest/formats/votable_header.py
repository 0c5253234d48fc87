"""What a VOTable says around its rows; alone, it is a table without rows."""

import re
from xml.sax.saxutils import escape, quoteattr

from almagest.contract import Column
from almagest.formats.binary import smallest
from almagest.formats.document import Document, Infos
from almagest.formats.metadata import unit_text

NAMESPACE = "http://www.ivoa.net/xml/VOTable/v1.3"  # of VOTable 1.4, too
NOT_XML = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"  # characters that XML has no way to write
# datatype and other attributes; unicodeChar, because char is ASCII to most readers.
DATATYPES = {
    "bool": 'datatype="boolean"',
    "int16": 'datatype="short"',
    "int32": 'datatype="int"',
    "int64": 'datatype="long"',
    "float32": 'datatype="float"',
    "float64": 'datatype="double"',
    "string": 'datatype="unicodeChar" arraysize="*"',
    "timestamp": 'datatype="char" arraysize="*" xtype="timestamp"',
}
ASCII = 'datatype="char" arraysize="*"'
# The second two are what the Simple Cone Search says.
POSITIONS = ("pos.eq.ra;meta.main", "pos.eq.dec;meta.main", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN")
FRAME = "ICRS"  # an upper-case ID is never that of a column


def header(document: Document) -> str:
    """A whole VOTable with the metadata of the table, and without rows."""
    return opening(document) + closing(document)


def error_document(message: str, *, name: str = "Error", infos: Infos = ()) -> bytes:
    """A VOTable that says what went wrong, as clients of the Simple Cone Search look for it."""
    error = f"<INFO ID={_attribute(name)} name={_attribute(name)} value={_attribute(message)}/>\n"
    return f"{_beginning()}{error}{_infos(infos)}</RESOURCE>\n</VOTABLE>\n".encode()


def opening(document: Document) -> str:
    """Everything up to the rows."""
    table = document.table
    lines = [_beginning(), _infos(document.infos)]
    if any(column.ucd in POSITIONS for column in table.columns):
        lines.append(f'<COOSYS ID="{FRAME}" system="ICRS"/>\n')
    lines.append(f"<TABLE name={_attribute(table.name)}>\n{_description(table.description)}")
    return "".join([*lines, *(_field(column, column.name in document.ascii) for column in table.columns)])


def closing(document: Document) -> str:
    """Everything after the rows."""
    return f"</TABLE>\n{_infos(document.after)}</RESOURCE>\n</VOTABLE>\n"


def _beginning() -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="1.4" xmlns="{NAMESPACE}">\n'
        '<RESOURCE type="results">\n'
    )


def _infos(infos: Infos) -> str:
    return "".join(
        f"<INFO name={_attribute(name)} value={_attribute(value)}>{_text(text)}</INFO>\n" for name, value, text in infos
    )


def _field(column: Column, is_ascii: bool) -> str:
    datatype = ASCII if is_ascii else DATATYPES[column.dtype]
    attributes = f'name="{column.name}" ID="{column.name}" {datatype}'
    if column.shape:
        attributes += f' arraysize="{column.shape[0]}"'
    if unit := unit_text(column.unit):
        attributes += f" unit={_attribute(unit)}"
    if column.ucd:
        attributes += f" ucd={_attribute(column.ucd)}"
    if column.ucd in POSITIONS:
        attributes += f' ref="{FRAME}"'
    null = f'<VALUES null="{smallest(column)}"/>' if column.shape and smallest(column) is not None else ""
    return f"<FIELD {attributes}>\n{_description(column.description)}{null}</FIELD>\n"


def _description(text: str) -> str:
    return f"<DESCRIPTION>{_text(text)}</DESCRIPTION>\n" if text else ""


def _text(text: str) -> str:
    return escape(re.sub(NOT_XML, "\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(re.sub(NOT_XML, "\ufffd", text))
