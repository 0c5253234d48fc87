"""Declared tables of spectra: wavelength grids and arrays, each row named by the hash of its content, written once, never changed.

Which object has which spectrum, and everything else that is known of it, its survey's measurements say by `spectrum_id`.
"""

from almagest.contract import Column, Table
from almagest.core.tables import DeclaredTable

GRID_ID = Column("grid_id", "int64", "", "meta.checksum", "Number of the wavelengths, made from them", nullable=False)

GRIDS = DeclaredTable(
    Table(
        "spectrum_grids",
        "Wavelengths of spectra, each grid once.",
        (
            GRID_ID,
            Column("n_bins", "int32", "", "meta.number", "Number of bins", nullable=False),
            Column("wavelength", "binary", "Angstrom", "em.wl", "Packed float64", nullable=False),
        ),
    ),
    primary_key=("grid_id",),
)
SPECTRA = DeclaredTable(
    Table(
        "spectra",
        "Flux, inverse variance and mask of spectra.",
        (
            Column("spectrum_id", "int64", "", "meta.checksum;meta.main", "Number made of the content", nullable=False),
            GRID_ID,
            Column("n_bins", "int32", "", "meta.number", "Number of bins", nullable=False),
            Column("flux", "binary", "", "phot.flux.density;em.wl", "Packed float32", nullable=False),
            Column("ivar", "binary", "", "stat.weight", "Packed float32; null: no errors are known"),
            Column("mask", "binary", "", "meta.code.qual", "Packed bits, 1: not to be used; null: none is"),
        ),
    ),
    primary_key=("spectrum_id",),
)


def declared_tables() -> list[DeclaredTable]:
    """All tables of this room."""
    return [GRIDS, SPECTRA]
