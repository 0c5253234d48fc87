"""Spectral lines that people look for, in vacuum; and where a wavelength in vacuum stands in air.

Wavelengths are those of the source that each line names. Blends that no survey resolves stand as their parts.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["emission", "absorption", "both", "sky"]

NIST = "NIST Atomic Spectra Database"
M03 = "Morton 2003, ApJS 149, 205"
PIPELINE = "SDSS pipeline idlspec2d, emlines.par"
SDSS = "SDSS DR7, table of spectral lines"
# Below, wavelengths are given in vacuum by custom, in air too.
AIR_FROM = 2000.0


@dataclass(frozen=True)
class Line:
    """One line.

    Parameters
    ----------
    wavelength
        At rest, in vacuum, in angstrom; that of a line of the sky is observed.
    kind
        Whether it is seen in emission, in absorption, in both; ``sky`` for the night sky's own.
    is_major
        One of the few by which redshifts are told: labelled before the others where there is no room for all.
    """

    name: str
    wavelength: float
    kind: Kind
    source: str
    is_major: bool = False


LINES = (
    Line("Lyγ", 972.537, "both", M03),
    Line("Lyβ", 1025.722, "both", M03),
    Line("O VI", 1031.926, "both", M03),
    Line("O VI", 1037.617, "both", M03),
    Line("Lyα", 1215.670, "both", M03, True),
    Line("N V", 1238.821, "both", M03),
    Line("N V", 1242.804, "both", M03),
    Line("Si II", 1260.422, "absorption", M03),
    Line("O I", 1302.168, "both", M03),
    Line("Si II", 1304.370, "absorption", M03),
    Line("C II", 1334.532, "both", M03),
    Line("Si IV", 1393.760, "both", M03),
    Line("Si IV", 1402.773, "both", M03),
    Line("Si II", 1526.707, "absorption", M03),
    Line("C IV", 1548.204, "both", M03, True),
    Line("C IV", 1550.781, "both", M03),
    Line("Fe II", 1608.451, "absorption", M03),
    Line("He II", 1640.42, "emission", PIPELINE),
    Line("O III]", 1660.809, "emission", NIST),
    Line("O III]", 1666.150, "emission", NIST),
    Line("Al II", 1670.789, "absorption", M03),
    Line("Al III", 1854.718, "both", M03),
    Line("Al III", 1862.791, "both", M03),
    Line("[C III]", 1906.683, "emission", NIST),
    Line("C III]", 1908.734, "emission", PIPELINE, True),
    Line("C II]", 2326.0, "emission", SDSS),
    Line("Fe II", 2344.213, "absorption", M03),
    Line("Fe II", 2374.460, "absorption", M03),
    Line("Fe II", 2382.764, "absorption", M03),
    Line("[Ne IV]", 2422.561, "emission", NIST),
    Line("[Ne IV]", 2425.139, "emission", NIST),
    Line("Fe II", 2586.650, "absorption", M03),
    Line("Fe II", 2600.173, "absorption", M03),
    Line("Mg II", 2796.354, "both", M03, True),
    Line("Mg II", 2803.531, "both", M03),
    Line("Mg I", 2852.963, "absorption", M03),
    Line("[Ne V]", 3346.79, "emission", SDSS),
    Line("[Ne V]", 3426.85, "emission", SDSS),
    Line("[O II]", 3727.092, "emission", PIPELINE, True),
    Line("[O II]", 3729.875, "emission", PIPELINE),
    Line("[Ne III]", 3869.857, "emission", PIPELINE),
    Line("H8", 3890.151, "both", NIST),
    Line("Ca II K", 3934.777, "absorption", SDSS, True),
    Line("[Ne III]", 3968.59, "emission", NIST),
    Line("Ca II H", 3969.588, "absorption", SDSS, True),
    Line("Hε", 3971.195, "both", NIST),
    Line("Hδ", 4102.892, "both", PIPELINE, True),
    Line("G", 4305.61, "absorption", SDSS, True),
    Line("Hγ", 4341.684, "both", PIPELINE, True),
    Line("[O III]", 4364.435, "emission", PIPELINE),
    Line("He II", 4686.991, "emission", PIPELINE),
    Line("Hβ", 4862.683, "both", PIPELINE, True),
    Line("[O III]", 4960.295, "emission", PIPELINE, True),
    Line("[O III]", 5008.240, "emission", PIPELINE, True),
    Line("Mg I b", 5168.761, "absorption", NIST),
    Line("Mg I b", 5174.125, "absorption", NIST, True),
    Line("Mg I b", 5185.048, "absorption", NIST),
    Line("He II", 5413.024, "emission", PIPELINE),
    Line("[O I]", 5578.888, "sky", PIPELINE),
    Line("[N II]", 5756.19, "emission", NIST),
    Line("He I", 5877.25, "emission", NIST),
    Line("Na I", 5891.583, "sky", M03),
    Line("Na I D", 5891.583, "absorption", M03, True),
    Line("Na I D", 5897.558, "absorption", M03),
    Line("[O I]", 6302.046, "sky", PIPELINE),
    Line("[O I]", 6302.046, "emission", PIPELINE),
    Line("[S III]", 6313.806, "emission", PIPELINE),
    Line("[O I]", 6365.536, "sky", PIPELINE),
    Line("[O I]", 6365.536, "emission", PIPELINE),
    Line("[N II]", 6549.859, "emission", PIPELINE),
    Line("Hα", 6564.614, "both", PIPELINE, True),
    Line("[N II]", 6585.268, "emission", PIPELINE, True),
    Line("[S II]", 6718.294, "emission", PIPELINE, True),
    Line("[S II]", 6732.678, "emission", PIPELINE, True),
    Line("[Ar III]", 7137.757, "emission", PIPELINE),
    Line("Ca II", 8500.36, "absorption", SDSS),
    Line("Ca II", 8544.44, "absorption", SDSS, True),
    Line("Ca II", 8664.52, "absorption", SDSS),
    Line("[S III]", 9071.1, "emission", NIST),
    Line("[S III]", 9533.2, "emission", NIST),
)  # fmt: skip


def vacuum_to_air(wavelength: np.ndarray) -> np.ndarray:
    """Wavelengths in dry air at 15 °C and 1 atm, by the refractive index of Ciddor (1996, Applied Optics 35, 1566).

    Parameters
    ----------
    wavelength
        In vacuum, in angstrom; any shape. Those below 2000 Å stay as they are.
    """
    wavelength = np.asarray(wavelength, np.float64)
    return np.where(wavelength < AIR_FROM, wavelength, wavelength / _index(wavelength))


def air_to_vacuum(wavelength: np.ndarray) -> np.ndarray:
    """What `vacuum_to_air` came from, to 10⁻⁹ Å.

    Parameters
    ----------
    wavelength
        In air, in angstrom; any shape. Those that were below 2000 Å in vacuum stay as they are.
    """
    air = np.asarray(wavelength, np.float64)
    vacuum = air
    for _ in range(4):  # the index hardly changes within the ångström between both: each step gains five digits
        vacuum = air * _index(vacuum)
    return np.where(vacuum < AIR_FROM, air, vacuum)


def _index(wavelength: np.ndarray) -> np.ndarray:
    """Refractive index of air at a wavelength in vacuum, in angstrom."""
    squared = (1e4 / np.maximum(wavelength, AIR_FROM - 1)) ** 2  # per square micrometre
    return 1 + 0.05792105 / (238.0185 - squared) + 0.00167917 / (57.362 - squared)
