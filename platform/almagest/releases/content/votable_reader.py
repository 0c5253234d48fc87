"""A VOTable read back without the writer's code: counted while it streams by, its first and last row read by astropy."""

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

from astropy.io.votable import parse_single_table

CHUNK = 1 << 20
SIZES = {"boolean": 1, "short": 2, "int": 4, "long": 8, "float": 4, "double": 8, "char": 1, "unicodeChar": 2}
ENDING = b"</STREAM></BINARY2></DATA></TABLE></RESOURCE></VOTABLE>"
STREAM = b'<STREAM encoding="base64">'


class Reading:
    """What was found in a BINARY2 table: its fields' attributes, its number of rows, and two of them."""

    def __init__(self, path: Path):
        self.fields: list[dict[str, str]] = []
        self.rows = 0
        self._first = self._last = b""
        for record in _records(self._stream(path), self.fields):
            self._first = self._first or record
            self._last = record
            self.rows += 1
        self.ends = self._ends(path) if self.rows else []

    def _stream(self, path: Path) -> Iterator[bytes]:
        """The bytes of the rows; the whole document is parsed on the way."""
        parser, text = expat.ParserCreate(), []
        inside = [False]

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "FIELD":
                self.fields.append(attributes)
            inside[0] = name == "STREAM"

        parser.StartElementHandler = start
        parser.EndElementHandler = lambda name: inside.__setitem__(0, False)
        parser.CharacterDataHandler = lambda data: text.append(data) if inside[0] else None
        parser.buffer_text = True
        rest = ""
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                parser.Parse(chunk)
                data = rest + "".join(text).replace("\n", "")
                end = len(data) - len(data) % 4
                text.clear()
                rest = data[end:]
                yield b64decode(data[:end], validate=True)
        parser.Parse(b"", True)
        if rest:
            raise ValueError("the base64 of the rows ends too early")

    def _ends(self, path: Path) -> list[dict]:
        """The first and the last row, as astropy reads them in a table of these two."""
        with path.open("rb") as file:
            head = b""
            while STREAM not in head:
                head += file.read(CHUNK)
        head = head[: head.index(STREAM) + len(STREAM)]
        table = parse_single_table(BytesIO(head + b64encode(self._first + self._last) + ENDING)).to_table()
        return [{name: row[name] for name in table.colnames} for row in table]


def _records(chunks: Iterator[bytes], fields: list[dict[str, str]]) -> Iterator[bytes]:
    """Cut the rows' bytes into records; strings say their lengths, so that each must be walked through."""
    buffer, stretches, tail = b"", None, 0
    for chunk in chunks:
        if stretches is None and chunk:
            stretches, tail = _layout(fields)
        buffer += chunk
        at = 0
        while buffer and (end := _end(buffer, at, stretches, tail)) <= len(buffer):
            yield buffer[at:end]
            at = end
            if at == len(buffer):
                break
        buffer = buffer[at:]
    if buffer:
        raise ValueError(f"{len(buffer)} bytes are left after the last row")


def _layout(fields: list[dict[str, str]]) -> tuple[list[tuple[int, int]], int]:
    """Bytes up to each string with its length, and the size of its characters; and the bytes after the last string."""
    stretches, fixed = [], (len(fields) + 7) // 8
    for field in fields:
        size, length = SIZES[field["datatype"]], field.get("arraysize", "1")
        if length == "*":
            stretches.append((fixed + 4, size))
            fixed = 0
        else:
            fixed += size * int(length)
    return stretches, fixed


def _end(buffer: bytes, at: int, stretches: list[tuple[int, int]], tail: int) -> int:
    """Where the record that begins at a place ends; beyond the buffer where that is not known yet."""
    for fixed, size in stretches:
        at += fixed
        if at > len(buffer):
            return at
        at += struct.unpack_from(">I", buffer, at - 4)[0] * size
    return at + tail
