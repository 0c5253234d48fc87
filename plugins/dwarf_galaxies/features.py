"""The features: magnitudes, colours, and ratios of aperture fluxes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import PluginError, View
from dwarf_galaxies.columns import APERTURES, LEGACY_BANDS, ZERO_POINT

SDSS_BANDS = ("u", "g", "r", "i", "z")
OPTICAL, INFRARED = ("g", "r", "z"), ("w1", "w2")
# Table 2, last row: the optical apertures of 3.5, 5 and 7 arcsec are nearly the infrared ones of 3, 5 and 7 arcsec.
SIMILAR = ((6, 1), (7, 2), (8, 3))
# What surveys write for "not measured" (-9999, 99, ...) is no magnitude; every real one is inside.
BRIGHTEST, FAINTEST = 0.0, 40.0
# Rows worked on at a time: as many as stay in the processor's cache, which makes it four times faster.
BLOCK = 8192
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class FeatureSet:
    """What the models see of a galaxy: `compute` gives the features of rows, shape (n, len(names)), NaN where missing."""

    name: str
    names: tuple[str, ...]
    compute: Callable[[pa.Table], np.ndarray]
    # Pairs of features by which people know galaxies: colour against colour, and against magnitude.
    views: tuple[View, ...]


def sdss_feature_names() -> list[str]:
    """5 magnitudes, then 10 colours, bluer minus redder."""
    return [*SDSS_BANDS, *(f"{a}-{b}" for a, b in combinations(SDSS_BANDS, 2))]


def sdss_features(rows: pa.Table) -> np.ndarray:
    """Magnitudes and colours from ``u, g, r, i, z``.

    Returns
    -------
    Shape (n, 15), float32, in the order of `sdss_feature_names`; NaN where a magnitude is missing or out of all reason.
    """
    magnitudes = [magnitude_values(rows, band) for band in SDSS_BANDS]
    return _columns([*magnitudes, *(a - b for a, b in combinations(magnitudes, 2))])


def legacy_ratios() -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """The 76 pairs of apertures of Table 2, numerator and denominator as (band, number from 1), in their fixed order.

    29 of one band and consecutive radii, 29 of different bands and one radius, 18 of different bands and similar radii.
    """
    consecutive = [((b, i), (b, i + 1)) for b in LEGACY_BANDS for i in range(1, APERTURES[b])]
    pairs = [*combinations(OPTICAL, 2), INFRARED]
    same_radius = [((a, i), (b, i)) for a, b in pairs for i in range(1, APERTURES[a] + 1)]
    similar = [((o, i), (w, j)) for w in INFRARED for o in OPTICAL for i, j in SIMILAR]
    return consecutive + same_radius + similar


def legacy_feature_names() -> list[str]:
    """5 magnitudes, 10 colours and 76 ratios: 91 names in the order of `legacy_features`."""
    colours = [f"{a}-{b}" for a, b in combinations(LEGACY_BANDS, 2)]
    ratios = [f"apflux_{a}_{i}/apflux_{b}_{j}" for (a, i), (b, j) in legacy_ratios()]
    return [*LEGACY_BANDS, *colours, *ratios]


def legacy_features(rows: pa.Table) -> np.ndarray:
    """Features of Table 2 from Legacy Surveys columns.

    Parameters
    ----------
    rows
        ``flux_*`` and ``mw_transmission_*`` for g, r, z, w1, w2 (nanomaggies), and lists ``apflux_*`` of 8 (g, r, z) or
        5 (w1, w2) values.

    Returns
    -------
    Shape (n, 91), float32. Magnitudes are corrected for the dust of the Milky Way, and NaN where the flux is not positive;
    ratios are of the aperture fluxes as they are, and NaN where the denominator is zero or either is missing.
    """
    features = np.empty((rows.num_rows, len(legacy_feature_names())), np.float32)
    for start in range(0, rows.num_rows, BLOCK):
        features[start : start + BLOCK] = _legacy_block(rows.slice(start, BLOCK))
    return features


def _legacy_block(rows: pa.Table) -> np.ndarray:
    magnitudes = [dereddened(rows, band) for band in LEGACY_BANDS]
    colours = [a - b for a, b in combinations(magnitudes, 2)]
    fluxes = {band: _aperture_fluxes(rows, band) for band in LEGACY_BANDS}
    ratios = (_ratio(fluxes[a][i - 1], fluxes[b][j - 1]) for (a, i), (b, j) in legacy_ratios())
    return _columns([*magnitudes, *colours, *ratios])


def column_values(rows: pa.Table, name: str) -> np.ndarray:
    """A number column as float64, shape (n,); NaN where it is null or not finite."""
    values = rows[name].to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def magnitude_values(rows: pa.Table, name: str) -> np.ndarray:
    """A column of magnitudes as float64, shape (n,); NaN where it is null or out of all reason."""
    values = column_values(rows, name)
    return np.where((values > BRIGHTEST) & (values < FAINTEST), values, np.nan)


def _columns(columns: list[np.ndarray]) -> np.ndarray:
    features = np.empty((len(columns[0]), len(columns)), np.float32)
    for k, values in enumerate(columns):
        features[:, k] = values
    return features


def dereddened(rows: pa.Table, band: str) -> np.ndarray:
    """AB magnitude without the dust of the Milky Way, float64, shape (n,); NaN where the flux is not positive."""
    flux, transmission = column_values(rows, f"flux_{band}"), column_values(rows, f"mw_transmission_{band}")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((flux > 0) & (transmission > 0), ZERO_POINT - 2.5 * np.log10(flux / transmission), np.nan)


def _aperture_fluxes(rows: pa.Table, band: str) -> np.ndarray:
    """Shape (apertures, n), each aperture's fluxes side by side in memory; a missing list is NaN in all."""
    lists, count = rows[f"apflux_{band}"].combine_chunks(), APERTURES[band]
    there = lists.is_valid().to_numpy(zero_copy_only=False)
    if set(pc.unique(pc.list_value_length(lists.drop_null())).to_pylist()) - {count}:
        raise PluginError(f"apflux_{band}: every row must have {count} apertures; some have more or fewer")
    fluxes = np.full((count, len(lists)), np.nan, np.float32)
    fluxes[:, there] = lists.flatten().to_numpy(zero_copy_only=False).reshape(-1, count).T
    return np.where(np.isfinite(fluxes), fluxes, np.float32(np.nan))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divided in double precision, and kept inside what float32 can hold; NaN where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = numerator.astype(np.float64) / denominator
    return np.where(denominator != 0, np.clip(ratio, -LARGEST, LARGEST), np.nan)


SDSS = FeatureSet(
    "sdss",
    tuple(sdss_feature_names()),
    sdss_features,
    (
        View("g-r", "r-z", "g − r (mag)", "r − z (mag)"),
        View("u-g", "g-r", "u − g (mag)", "g − r (mag)"),
        View("r", "g-r", "r (mag)", "g − r (mag)"),
        View("g-i", "r", "g − i (mag)", "r (mag)", is_reversed=True),
    ),
)
LEGACY = FeatureSet(
    "legacy",
    tuple(legacy_feature_names()),
    legacy_features,
    (
        View("g-r", "r-z", "g − r (mag)", "r − z (mag)"),
        View("r", "g-r", "r (mag)", "g − r (mag)"),
        View("r-z", "apflux_g_6/apflux_w1_1", "r − z (mag)", "flux ratio g 3.5″ / W1 3″"),
        View("g-r", "apflux_g_3/apflux_g_4", "g − r (mag)", "flux ratio g 1″ / g 1.5″"),
    ),
)
COLOURS = 15


def _part(name: str, features: slice, views: slice) -> FeatureSet:
    """Some of the 91."""
    names = LEGACY.names[features]
    return FeatureSet(name, names, lambda rows: legacy_features(rows)[:, features], LEGACY.views[views])


RATIO_VIEW = View(
    "apflux_g_6/apflux_w1_1", "apflux_g_3/apflux_g_4", "flux ratio g 3.5″ / W1 3″", "flux ratio g 1″ / g 1.5″"
)
FEATURE_SETS = {
    "sdss": SDSS,
    "all": LEGACY,
    "colours": _part("colours", slice(0, COLOURS), slice(0, 2)),
    "ratios": replace(_part("ratios", slice(COLOURS, None), slice(0, 0)), views=(RATIO_VIEW,)),
}


def feature_set_for(parameters: dict) -> FeatureSet:
    """Methods on Legacy Surveys fluxes have a parameter `features`; those on SDSS magnitudes have none."""
    return FEATURE_SETS[parameters.get("features", "sdss")]
