"""The columns of a DR9 tractor catalogue: 181 names and types in the file's order."""

import numpy as np

from dwarf_galaxies.simulation.noise import BANDS, OPTICAL, WISE

VISITS = 15


def _each(name: str, bands, kind: str, *shape: int) -> list[tuple]:
    return [(name.format(b=b), kind, *([shape] if shape else [])) for b in bands]


def _gaia() -> list[tuple]:
    columns = []
    for band in ("g", "bp", "rp"):
        columns += [(f"gaia_phot_{band}_mean_mag", "f4"), (f"gaia_phot_{band}_mean_flux_over_error", "f4")]
        columns += [(f"gaia_phot_{band}_n_obs", "i2")]
    columns += [("gaia_phot_variable_flag", "?"), ("gaia_astrometric_excess_noise", "f4")]
    columns += [("gaia_astrometric_excess_noise_sig", "f4"), ("gaia_astrometric_n_obs_al", "i2")]
    columns += [("gaia_astrometric_n_good_obs_al", "i2"), ("gaia_astrometric_weight_al", "f4")]
    columns += [("gaia_duplicated_source", "?"), ("gaia_a_g_val", "f4"), ("gaia_e_bp_min_rp_val", "f4")]
    columns += [("gaia_phot_bp_rp_excess_factor", "f4"), ("gaia_astrometric_sigma5d_max", "f4")]
    return [*columns, ("gaia_astrometric_params_solved", "u1")]


SOURCE = [
    ("release", "i2"), ("brickid", "i4"), ("brickname", "S8"), ("objid", "i4"), ("brick_primary", "?"),
    ("maskbits", "i2"), ("fitbits", "i2"), ("type", "S3"), ("ra", "f8"), ("dec", "f8"), ("ra_ivar", "f4"),
    ("dec_ivar", "f4"), ("bx", "f4"), ("by", "f4"), ("dchisq", "f4", (5,)), ("ebv", "f4"), ("mjd_min", "f8"),
    ("mjd_max", "f8"), ("ref_cat", "S2"), ("ref_id", "i8"), ("pmra", "f4"), ("pmdec", "f4"), ("parallax", "f4"),
    ("pmra_ivar", "f4"), ("pmdec_ivar", "f4"), ("parallax_ivar", "f4"), ("ref_epoch", "f4"),
]  # fmt: skip
FLUXES = [
    *_each("flux_{b}", BANDS, "f4"), *_each("flux_ivar_{b}", BANDS, "f4"),
    *_each("fiberflux_{b}", OPTICAL, "f4"), *_each("fibertotflux_{b}", OPTICAL, "f4"),
    *(c for name in ("", "_resid", "_blobresid", "_ivar", "_masked")
      for c in _each(f"apflux{name}_{{b}}", OPTICAL, "f4", 8)),
    *(c for name in ("", "_resid", "_ivar") for c in _each(f"apflux{name}_{{b}}", WISE, "f4", 5)),
]  # fmt: skip
OBSERVING = [
    *_each("mw_transmission_{b}", BANDS, "f4"), *_each("nobs_{b}", BANDS, "i2"), *_each("rchisq_{b}", BANDS, "f4"),
    *_each("fracflux_{b}", BANDS, "f4"), *_each("fracmasked_{b}", OPTICAL, "f4"), *_each("fracin_{b}", OPTICAL, "f4"),
    *_each("anymask_{b}", OPTICAL, "i2"), *_each("allmask_{b}", OPTICAL, "i2"), *_each("wisemask_{b}", WISE[:2], "u1"),
    *_each("psfsize_{b}", OPTICAL, "f4"), *_each("psfdepth_{b}", OPTICAL, "f4"), *_each("galdepth_{b}", OPTICAL, "f4"),
    *_each("nea_{b}", OPTICAL, "f4"), *_each("blob_nea_{b}", OPTICAL, "f4"), *_each("psfdepth_{b}", WISE, "f4"),
    ("wise_coadd_id", "S8"), ("wise_x", "f4"), ("wise_y", "f4"),
]  # fmt: skip
LIGHT_CURVES = [
    c
    for name, kind in (("flux", "f4"), ("flux_ivar", "f4"), ("nobs", "i2"), ("fracflux", "f4"), ("rchisq", "f4"),
                       ("mjd", "f8"), ("epoch_index", "i2"))
    for c in _each(f"lc_{name}_{{b}}", WISE[:2], kind, VISITS)
]  # fmt: skip
SHAPE = [(f"{name}{part}", "f4") for name in ("sersic", "shape_r", "shape_e1", "shape_e2") for part in ("", "_ivar")]
# Big-endian and upper case, as FITS files of the survey have them.
TRACTOR = np.dtype([
    (name.upper(), kind if kind in ("?", "u1") or kind[0] == "S" else f">{kind}", *shape)
    for name, kind, *shape in (*SOURCE, *_gaia(), *FLUXES, *OBSERVING, *LIGHT_CURVES, *SHAPE)
])  # fmt: skip
