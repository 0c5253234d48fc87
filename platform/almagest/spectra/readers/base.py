"""What all readers of spectra have in common: what they give, and how files are opened."""

import gzip
import io
import tarfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyError

from almagest.sky.errors import IngestError
from almagest.sky.readers.base import explained
from almagest.spectra.errors import SpectrumError
from almagest.spectra.spectrum import Spectrum

# Unpacked; a larger file is no spectrum, and might be made to fill the memory.
MOST_BYTES = 2**31
GZIP, FITS = b"\x1f\x8b", b"SIMPLE  ="
FWHM_OF_SIGMA = float(np.sqrt(8 * np.log(2)))  # of a Gaussian
TEXTS = (".txt", ".db", ".csv", ".ecsv", ".dat", "")


@dataclass(frozen=True)
class Found:
    """A spectrum as a file gives it, not checked yet, and what the file says of it.

    `facts` has ``name`` and what is known of the columns that spectroscopic surveys declare; `set_aside` says why it is no
    spectrum of a source, where it is none.
    """

    facts: dict[str, Any]
    spectrum: Spectrum
    set_aside: str = ""


@dataclass(frozen=True)
class Assumed:
    """What a person says of files that do not say it themselves; None leaves it to the file and its format."""

    flux_unit: str | None = None
    medium: str | None = None
    frame: str | None = None


AS_FILES_SAY = Assumed()


@dataclass(frozen=True)
class File:
    """One file, on the disk or in an archive.

    `beside` gives another file of the same folder by its name, or None.
    """

    name: str
    data: bytes
    beside: Callable[[str], bytes | None] = field(repr=False)

    @property
    def stem(self) -> str:
        """The name without folders and endings."""
        return PurePosixPath(self.name).name.split(".fits")[0].rsplit(".csv", 1)[0].rsplit(".ecsv", 1)[0]


def files_of(path: Path) -> Iterator[File]:
    """The files of a folder or of a tar archive, in the order of their names; a file alone is itself.

    Raises
    ------
    IngestError
        When it is not there, or damaged, or larger than `MOST_BYTES`.
    """
    if path.is_dir():
        for each in sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith(".")):
            yield _on_disk(each)
        return
    with explained(path):
        is_archive = path.is_file() and not path.name.endswith((".fits", ".fits.gz")) and tarfile.is_tarfile(path)
    yield from _in_archive(path) if is_archive else (_on_disk(path),)


def _on_disk(path: Path) -> File:
    with explained(path):
        if path.stat().st_size > MOST_BYTES:
            raise IngestError(f"{path}: larger than {MOST_BYTES >> 30} GiB; that is no file of spectra")
        return File(str(path), _unpacked(str(path), path.read_bytes()), lambda name: _beside(path, name))


def _beside(path: Path, name: str) -> bytes | None:
    other = path.with_name(name)
    return _unpacked(str(other), other.read_bytes()) if other.is_file() else None


def _in_archive(path: Path) -> Iterator[File]:
    """Nothing is unpacked to the disk; short texts are read first, because spectra ask for what stands beside them."""
    texts: dict[str, bytes] = {}
    with _archive(path) as archive:
        for member in archive:
            if member.isfile() and PurePosixPath(member.name).suffix in TEXTS and member.size < 2**24:
                texts[PurePosixPath(member.name).name] = archive.extractfile(member).read()
    with _archive(path) as archive:
        for member in archive:
            if member.isfile() and ".fits" in member.name:
                data = archive.extractfile(member).read(MOST_BYTES)
                name = f"{path}/{member.name}"
                yield File(name, _unpacked(name, data), texts.get)


@contextmanager
def _archive(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with explained(path), tarfile.open(path) as archive:
            yield archive
    except tarfile.TarError as error:
        raise IngestError(f"{path}: the archive is damaged ({error}); fetch it again") from None


def _unpacked(name: str, data: bytes) -> bytes:
    if not data:
        raise IngestError(f"{name}: the file is empty")
    if data[:2] != GZIP:
        return data
    with explained(Path(name)), gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
        found = unpacked.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise IngestError(f"{name}: unpacked it is larger than {MOST_BYTES >> 30} GiB; that is no file of spectra")
    return found


@contextmanager
def opened_fits(name: str, data: bytes) -> Iterator[fits.HDUList]:
    """A FITS file whose faults end as `SpectrumError`."""
    try:
        with warnings.catch_warnings(), fits.open(io.BytesIO(data), ignore_missing_end=True) as hdus:
            warnings.simplefilter("ignore")
            yield hdus
    except (OSError, VerifyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        words = " ".join(str(error).split())[:200]
        raise SpectrumError(f"the FITS file is damaged, or not what its name says ({words})") from None


def plain(value: Any) -> Any:
    """A value of a FITS table as Python's own; empty texts and numbers that are none become None."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, str):
        return value.strip() or None
    return None if isinstance(value, float) and not np.isfinite(value) else value


def resolving_power(wavelength: np.ndarray, fwhm: np.ndarray) -> float | None:
    """Median of wavelength over the full width at half maximum, both in angstroms."""
    good = np.isfinite(fwhm) & (fwhm > 0)
    return float(np.median(wavelength[good] / fwhm[good])) if good.any() else None
