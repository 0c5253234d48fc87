"""The selection: what a source must be to be learned from and scored (Table 6), and to be a candidate afterwards."""

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Cut
from dwarf_galaxies.columns import BANDS, LEGACY_BANDS, MASKS
from dwarf_galaxies.features import dereddened

# Section 2.2 of the paper: the lower limit on the half-light radius of the training sample and of the candidates.
SMALLEST_RADIUS_ARCSEC = 1.0
# Section 4: of the fluxes in g and r; and the faintest magnitudes, before and after the classification.
SMALLEST_SNR, FAINTEST_R, FAINTEST_Z = 5.0, 21.5, 22.5


def _all(conditions) -> pa.Array:
    return reduce(pc.and_kleene, conditions)


def has_all_magnitudes(rows: pa.Table) -> pa.Array:
    """True where every magnitude is a number that a magnitude can be: -9999 and the like are none."""
    return _all(pc.and_(pc.greater(rows[band], 0), pc.less(rows[band], 40)) for band in BANDS)


def is_no_point_source(rows: pa.Table) -> pa.Array:
    """False for spectroscopic stars and quasars: no half-light radius of theirs exceeds the limit."""
    return pc.invert(pc.is_in(rows["spec_class"], pa.array(["STAR", "QSO"])))


def is_extended(rows: pa.Table) -> pa.Array:
    """True where the half-light radius exceeds 1 arcsec, or is not known."""
    known = pc.if_else(pc.is_finite(rows["r50"]), rows["r50"], None)
    return pc.fill_null(pc.greater(known, SMALLEST_RADIUS_ARCSEC), True)


def has_all_fluxes(rows: pa.Table) -> pa.Array:
    """True where the magnitudes g, r, z, W1 and W2 are no null: the fluxes are positive, and so is what dust lets pass."""
    names = [name for band in LEGACY_BANDS for name in (f"flux_{band}", f"mw_transmission_{band}")]
    return _all(pc.and_(pc.is_finite(rows[name]), pc.greater(rows[name], 0)) for name in names)


def is_large(rows: pa.Table) -> pa.Array:
    """True where the model's half-light radius exceeds 1 arcsec, or is not known; a point's is 0."""
    return pc.fill_null(pc.greater(rows["shape_r"], SMALLEST_RADIUS_ARCSEC), True)


def is_clean(rows: pa.Table) -> pa.Array:
    """True where no mask is set; a mask that is not known hides nothing."""
    is_unset = [pc.fill_null(pc.equal(rows[name], 0), True) for name in MASKS]
    return _all([pc.fill_null(rows["brick_primary"], True), *is_unset])


def is_well_measured(rows: pa.Table) -> pa.Array:
    """True where flux x sqrt(inverse variance) exceeds 5 in g and in r."""
    snr = [pc.multiply(rows[f"flux_{b}"], pc.sqrt(pc.max_element_wise(rows[f"flux_ivar_{b}"], 0.0))) for b in "gr"]
    known = [pc.is_null(rows[f"flux_ivar_{b}"]) for b in "gr"]
    return _all(pc.or_kleene(pc.greater(s, SMALLEST_SNR), unknown) for s, unknown in zip(snr, known, strict=True))


def is_bright(rows: pa.Table) -> pa.Array:
    """True where r, without the dust of the Milky Way, is brighter than 21.5 mag."""
    return pa.array(dereddened(rows, "r") < FAINTEST_R)


def is_no_smudge(rows: pa.Table) -> pa.Array:
    """True where z, without the dust of the Milky Way, is not fainter than 22.5 mag."""
    return pa.array(dereddened(rows, "z") <= FAINTEST_Z)


sdss_cuts = (
    Cut(
        "has all magnitudes",
        "u, g, r, i and z are measured; the model cannot work with missing values",
        has_all_magnitudes,
    ),
    Cut("no point source", "its spectrum is not a star's or a quasar's", is_no_point_source),
    Cut("extended", "half-light radius above 1 arcsec, where the survey measures it", is_extended),
)
legacy_cuts = (
    Cut("not null", "magnitudes in g, r, z, W1 and W2; the model cannot work with missing values", has_all_fluxes),
    Cut("r_1/2 > 1 arcsec", "half-light radius of the model; smaller sources are mostly too faint to be reliable", is_large),
    Cut("clean", "brick_primary; maskbits, wisemask_w1, w2 and anymask_g, r, z are 0", is_clean),
    Cut("S/N > 5", "signal to noise of the fluxes in g and in r", is_well_measured),
    Cut("mag_r < 21.5", "without the dust of the Milky Way; fainter ones are unreliable, and hard to follow up", is_bright),
)  # fmt: skip
legacy_candidate_cuts = (
    Cut(
        "mag_z ≤ 22.5", "without the dust of the Milky Way; fainter ones are mostly light of nearby stars", is_no_smudge
    ),
)
