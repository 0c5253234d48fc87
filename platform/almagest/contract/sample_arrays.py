"""A sample's spectra on the disk: written block by block, read where they lie, known by their checksum."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from almagest.contract.errors import SampleError
from almagest.contract.spectra import ARRAYS, SpectralGrid

HASHED_BYTES = 64 * 2**20


def write_arrays(folder: Path, grid: SpectralGrid, rows: int, blocks: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
    """Fill ``flux.npy`` and ``ivar.npy`` from blocks of both, in the memory of one block.

    Raises
    ------
    SampleError
        When the blocks have not as many rows as they should.
    """
    shape, done = (rows, grid.bins), 0
    files = [np.lib.format.open_memmap(folder / f"{name}.npy", "w+", "<f4", shape=shape) for name in ARRAYS]
    for block in blocks:
        for file, values in zip(files, block, strict=True):
            file[done : done + len(values)] = values
        done += len(block[0])
    if done != rows:
        raise SampleError(f"{done} spectra were given for {rows} rows")
    for file in files:
        file.flush()


def open_arrays(folder: Path, grid: dict | None, rows: int) -> dict:
    """``grid``, ``flux`` and ``ivar`` of a folder, the arrays on the disk; empty where there is no grid.

    Raises
    ------
    SampleError
        When the files are not there, or of another shape.
    """
    if not grid:
        return {}
    found = SpectralGrid(**grid)
    try:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS}
    except (OSError, ValueError) as error:
        raise SampleError(f"the spectra of sample folder {folder} cannot be read: {error}") from None
    for name, values in arrays.items():
        if values.shape != (rows, found.bins) or values.dtype != np.float32:
            raise SampleError(f"sample folder {folder} is damaged: {name} has shape {values.shape} of {values.dtype}")
    return {"grid": found, **arrays}


def arrays_checksum(rows_checksum: str, *, grid: SpectralGrid, flux: np.ndarray, ivar: np.ndarray) -> str:
    """SHA-256 over that of the rows, the grid and the numbers, a piece at a time."""
    digest = hashlib.sha256(f"{rows_checksum} {asdict(grid)}".encode())
    step = max(1, HASHED_BYTES // (4 * grid.bins))
    for values in (flux, ivar):
        for start in range(0, len(values), step):
            digest.update(np.ascontiguousarray(values[start : start + step]).data)
    return digest.hexdigest()
