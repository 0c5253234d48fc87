"""Files of spectra: what a file is, its contents say. A new format is a module here and its line in `FORMATS`."""

from collections.abc import Iterator

from almagest.spectra.errors import SpectrumError
from almagest.spectra.readers import desi, images, sdss, stacked, tables
from almagest.spectra.readers.base import AS_FILES_SAY, FITS, Assumed, File, Found, files_of, opened_fits

__all__ = ["AS_FILES_SAY", "SUPPORTED", "Assumed", "File", "Found", "files_of", "read_spectra"]

# In this order: the plain table comes last, since others hold tables too.
FORMATS = (sdss, desi, stacked, images, tables)
SUPPORTED = (
    "SDSS/BOSS spec files, DESI coadds, images WAVE/FLUX/IVAR (MaNGA spaxels, stacks), one-dimensional images "
    "(MILES, STELIB), FITS, ECSV and CSV tables of wavelength and flux"
)


def read_spectra(file: File, assumed: Assumed = AS_FILES_SAY) -> Iterator[Found]:
    """The spectra of a file, as it gives them.

    Raises
    ------
    SpectrumError
        When it is of no kind that is known, saying what it holds and what is supported; or is damaged.
    """
    if not file.data.startswith(FITS):
        yield from tables.read_text(_text(file), assumed)
        return
    with opened_fits(file.name, file.data) as hdus:
        kind = next((kind for kind in FORMATS if kind.recognises(hdus)), None)
        if kind is None:
            holds = ", ".join(f"{hdu.name or 'unnamed'} {_shape(hdu)}".strip() for hdu in hdus[:12])
            raise SpectrumError(f"holds no spectrum that is known here: it has {holds}; supported are {SUPPORTED}")
        yield from kind.read(file, hdus, assumed)


def _text(file: File) -> File:
    head = file.data[:4096]
    if b"\0" in head or head.lstrip().startswith((b"<", b"{", b"%PDF")):
        raise SpectrumError(f"is neither FITS nor a table as text; supported are {SUPPORTED}")
    return file


def _shape(hdu) -> str:
    if hasattr(hdu, "columns"):
        return f"({', '.join(hdu.columns.names[:8])})"
    return "x".join(map(str, hdu.shape)) if hdu.shape else ""
