"""CHECKSUM and DATASUM of FITS files, as the appendix J of the standard has them, in memory that does not grow."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from almagest.formats.errors import FormatError
from almagest.formats.fits_header import CHECKSUM_AT, DATASUM_AT, FITS_BLOCK

READ = FITS_BLOCK * 400
NEGATIVE_ZERO = 0xFFFFFFFF  # what a whole part adds up to
PUNCTUATION = b":;<=>?@[\\]^_`"


def seal(path: Path) -> None:
    """Fill in the checksum cards of a file that was written with a time; its size does not change.

    The primary part must be empty, and the one table the rest of the file, as `fits_file.write` makes them.
    """
    with path.open("r+b") as file:
        for start, after, end in list(_parts(file)):
            _fill(file, start, after, _sum_between(file, after, end))


def verify(path: Path) -> None:
    """Add up both parts of a sealed file; `FormatError` where a sum is not what its header says."""
    with path.open("rb") as file:
        for number, (start, after, end) in enumerate(_parts(file)):
            data = _sum_between(file, after, end)
            file.seek(start)
            header = file.read(after - start)
            at = header.find(b"DATASUM ")
            if at < 0 or header[at + DATASUM_AT : at + DATASUM_AT + 10].strip() != str(data).encode():
                raise FormatError(f"{path.name}, part {number}: its data do not add up to DATASUM")
            if sum32(header, data) != NEGATIVE_ZERO:
                raise FormatError(f"{path.name}, part {number}: it does not add up to CHECKSUM")


def sum32(data: bytes, before: int = 0) -> int:
    """Ones' complement sum of 32-bit numbers; the length of the data is a multiple of four."""
    total = before + int(np.frombuffer(data, ">u4").sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total


def encoded(value: int) -> bytes:
    """The sum as sixteen letters and digits, which make the sum of the whole part -0."""
    columns = [_four(byte) for byte in (~value & 0xFFFFFFFF).to_bytes(4, "big")]
    letters = bytes(columns[n % 4][n // 4] for n in range(16))
    return letters[-1:] + letters[:-1]


def _four(byte: int) -> list[int]:
    """Four characters that add up to a byte beyond four zeros, none of them punctuation."""
    quotient, remainder = divmod(byte, 4)
    four = [ord("0") + quotient + remainder, *[ord("0") + quotient] * 3]
    for first in (0, 2):
        while four[first] in PUNCTUATION or four[first + 1] in PUNCTUATION:
            four[first] += 1
            four[first + 1] -= 1
    return four


def _parts(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Where each part's header begins, its data begin and end."""
    size = file.seek(0, 2)
    first = _header_end(file, 0)
    yield 0, first, first
    yield first, _header_end(file, first), size


def _header_end(file: BinaryIO, start: int) -> int:
    file.seek(start)
    while block := file.read(FITS_BLOCK):
        if any(block[card : card + 8] == b"END     " for card in range(0, FITS_BLOCK, 80)):
            return file.tell()
    raise FormatError(f"{file.name}: a FITS header without END")


def _sum_between(file: BinaryIO, start: int, end: int) -> int:
    file.seek(start)
    total = 0
    for left in range(end - start, 0, -READ):
        total = sum32(file.read(min(READ, left)), total)
    return total


def _fill(file: BinaryIO, start: int, after: int, data: int) -> None:
    file.seek(start)
    header = bytearray(file.read(after - start))
    datasum = header.index(b"DATASUM ") + DATASUM_AT
    header[datasum : datasum + 10] = f"{data:<10}".encode()
    checksum = header.index(b"CHECKSUM=") + CHECKSUM_AT
    header[checksum : checksum + 16] = encoded(sum32(bytes(header), data))
    file.seek(start)
    file.write(header)
