"""DESI Legacy Imaging Surveys DR9: the tractor catalogues, all 181 columns, and magnitudes made of them.

Columns that repeat for each band are written once, with ``{b}`` for the band. Meanings and units:
https://www.legacysurvey.org/dr9/catalogs/
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.sky.surveys.declaration import EM, R50, Reject, SurveyDeclaration, ra_dec

OPTICAL = ("g", "r", "z")
WISE = ("w1", "w2", "w3", "w4")
BANDS = OPTICAL + WISE
# Radii of the apertures in arcsec.
OPTICAL_APERTURES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.5, 5.0, 7.0)
WISE_APERTURES = (3.0, 5.0, 7.0, 9.0, 11.0)
# Visits of WISE in the light curves.
VISITS = 15
NMGY, PER_NMGY2 = "nmgy", "nmgy**-2"
# AB magnitude of one nanomaggy, and the bands that have a magnitude.
ZERO_POINT = 22.5
MAGNITUDES = OPTICAL + WISE[:2]


def each(bands, name, unit, ucd, description, dtype="float32", shape=()) -> tuple[Column, ...]:
    """One column a band."""
    return tuple(
        Column(name.format(b=b), dtype, unit, f"{ucd};{EM[b]}", f"{description}, {b} band", shape) for b in bands
    )


def apertures(bands, radii) -> tuple[Column, ...]:
    """Aperture photometry, one value a radius."""
    size = (len(radii),)
    at = f"within {', '.join(f'{r:g}' for r in radii)} arcsec"
    flux, residual = f"Flux {at}", f"Flux of image minus model {at}"
    columns = (
        each(bands, "apflux_{b}", NMGY, "phot.flux", flux, shape=size),
        each(bands, "apflux_resid_{b}", NMGY, "phot.flux", residual, shape=size),
        each(
            bands, "apflux_ivar_{b}", PER_NMGY2, "stat.weight;phot.flux", f"Inverse variance of flux {at}", shape=size
        ),
    )
    return tuple(column for band_columns in columns for column in band_columns)


def optical_apertures(radii) -> tuple[Column, ...]:
    """What only the optical apertures have."""
    size = (len(radii),)
    return (
        *each(
            OPTICAL, "apflux_blobresid_{b}", NMGY, "phot.flux", "Aperture flux of image minus blob's models", shape=size
        ),
        *each(OPTICAL, "apflux_masked_{b}", "", "obs.param", "Share of the aperture that is masked", shape=size),
    )


def light_curve(name, dtype, unit, ucd, description) -> tuple[Column, ...]:
    """A quantity at each visit of WISE, W1 and W2."""
    return each(WISE[:2], f"lc_{name}_{{b}}", unit, ucd, f"{description} at each WISE visit", dtype, (VISITS,))


def with_ivar(name, unit, ucd, description) -> tuple[Column, Column]:
    """A fitted number and its inverse variance."""
    per = f"{unit}**-2" if unit else ""
    return (
        Column(name, "float32", unit, ucd, description),
        Column(f"{name}_ivar", "float32", per, f"stat.weight;{ucd}", f"Inverse variance of {name}"),
    )


def gaia(name, dtype, unit, ucd, description) -> Column:
    """A column copied from Gaia DR2."""
    return Column(f"gaia_{name}", dtype, unit, ucd, f"Gaia DR2: {description}", level=3)


def gaia_band(b: str, em: str) -> tuple[Column, ...]:
    """Gaia's photometry in one of its bands."""
    return (
        gaia(f"phot_{b}_mean_mag", "float32", "mag", "phot.mag", f"mean {b} magnitude, Vega"),
        gaia(f"phot_{b}_mean_flux_over_error", "float32", "", "stat.snr;phot.flux", f"signal to noise of the {b} flux"),
        gaia(f"phot_{b}_n_obs", "int16", "", "meta.number", f"number of observations in {b}"),
    )


SOURCE = (
    Column("release", "int16", "", "meta.version", "Release number, which tells camera and filter set", nullable=False),
    Column("brickid", "int32", "", "meta.id.part", "Number of the brick, 1 to 662,174", nullable=False),
    Column("brickname", "string", "", "meta.id.part", "Name of the brick by its centre, e.g. 1126p220"),
    Column("objid", "int32", "", "meta.id.part", "Number of the source in its brick", nullable=False),
    Column("brick_primary", "bool", "", "meta.code", "Whether the source is inside its brick, not in the overlap"),
    Column("maskbits", "int16", "", "meta.code.qual", "Bits: bright star, saturation, medium star, galaxy, cluster, …"),
    Column("fitbits", "int16", "", "meta.code.qual", "Bits: how the fit went"),
    Column("type", "string", "", "src.morph.type", "Model: PSF, REX (round exponential), EXP, DEV, SER, DUP", level=1),
    *ra_dec(),
    Column("ra_ivar", "float32", "deg**-2", "stat.weight;pos.eq.ra", "Inverse variance of ra (no cos dec)"),
    Column("dec_ivar", "float32", "deg**-2", "stat.weight;pos.eq.dec", "Inverse variance of dec"),
    Column("bx", "float32", "pix", "pos.cartesian.x", "Column in the brick's image of 0.262 arcsec pixels, from 0"),
    Column("by", "float32", "pix", "pos.cartesian.y", "Row in the brick's image, from 0"),
    Column("dchisq", "float32", "", "stat.fit.chi2", "Gain in chi-squared by PSF, REX, DEV, EXP, SER", (5,)),
    Column("ebv", "float32", "mag", "phot.color.excess", "Galactic E(B-V), Schlegel et al. 1998"),
    Column("mjd_min", "float64", "d", "time.start;obs", "Earliest exposure, modified Julian date"),
    Column("mjd_max", "float64", "d", "time.end;obs", "Latest exposure, modified Julian date"),
    Column("ref_cat", "string", "", "meta.ref", "Reference catalogue: T2 Tycho-2, G2 Gaia DR2, L3 Siena Galaxy Atlas"),
    Column("ref_id", "int64", "", "meta.id.cross", "Identifier in the reference catalogue; 0: none"),
    Column("pmra", "float32", "mas/yr", "pos.pm;pos.eq.ra", "Proper motion in ra times cos dec"),
    Column("pmdec", "float32", "mas/yr", "pos.pm;pos.eq.dec", "Proper motion in dec"),
    Column("parallax", "float32", "mas", "pos.parallax", "Parallax"),
    Column("pmra_ivar", "float32", "yr2/mas2", "stat.weight;pos.pm;pos.eq.ra", "Inverse variance of pmra"),
    Column("pmdec_ivar", "float32", "yr2/mas2", "stat.weight;pos.pm;pos.eq.dec", "Inverse variance of pmdec"),
    Column("parallax_ivar", "float32", "mas**-2", "stat.weight;pos.parallax", "Inverse variance of parallax"),
    Column("ref_epoch", "float32", "yr", "time.epoch", "Epoch of the reference catalogue"),
)  # fmt: skip

GAIA = (
    *gaia_band("g", "em.opt"),
    *gaia_band("bp", "em.opt.B"),
    *gaia_band("rp", "em.opt.R"),
    gaia("phot_variable_flag", "bool", "", "meta.code;src.var", "variable"),
    gaia("astrometric_excess_noise", "float32", "mas", "stat.value", "excess noise of the astrometric fit"),
    gaia("astrometric_excess_noise_sig", "float32", "", "stat.value", "significance of the excess noise"),
    gaia("astrometric_n_obs_al", "int16", "", "meta.number", "number of observations along scan"),
    gaia("astrometric_n_good_obs_al", "int16", "", "meta.number", "number of good observations along scan"),
    gaia("astrometric_weight_al", "float32", "mas**-2", "stat.weight", "mean weight of the observations along scan"),
    gaia("duplicated_source", "bool", "", "meta.code.qual", "found twice"),
    gaia("a_g_val", "float32", "mag", "phys.absorption;em.opt", "extinction in G along the line of sight"),
    gaia("e_bp_min_rp_val", "float32", "mag", "phot.color.excess", "reddening E(BP - RP) along the line of sight"),
    gaia("phot_bp_rp_excess_factor", "float32", "", "stat.value", "excess of BP and RP flux over G"),
    gaia("astrometric_sigma5d_max", "float32", "mas", "stat.error;pos;stat.max", "longest axis of the error ellipsoid"),
    gaia("astrometric_params_solved", "int16", "", "meta.code", "which astrometric parameters were solved for"),
)

FLUXES = (
    *each(BANDS, "flux_{b}", NMGY, "phot.flux", "Model flux, {b} band, AB"),
    *each(BANDS, "flux_ivar_{b}", PER_NMGY2, "stat.weight;phot.flux", "Inverse variance of the flux"),
    *each(OPTICAL, "fiberflux_{b}", NMGY, "phot.flux", "Flux of this source in a 1.5 arcsec fibre"),
    *each(OPTICAL, "fibertotflux_{b}", NMGY, "phot.flux", "Flux of all sources in that fibre"),
    *apertures(OPTICAL, OPTICAL_APERTURES),
    *optical_apertures(OPTICAL_APERTURES),
    *apertures(WISE, WISE_APERTURES),
)

OBSERVING = (
    *each(BANDS, "mw_transmission_{b}", "", "phys.transmission", "Share of light that Galactic dust lets pass"),
    *each(BANDS, "nobs_{b}", "", "meta.number;obs", "Number of images at the source's centre", "int16"),
    *each(BANDS, "rchisq_{b}", "", "stat.fit.chi2", "Reduced chi-squared of the model"),
    *each(BANDS, "fracflux_{b}", "", "phot.flux;arith.ratio", "Flux of other sources over this one's"),
    *each(OPTICAL, "fracmasked_{b}", "", "obs.param", "Share of the profile that is masked"),
    *each(OPTICAL, "fracin_{b}", "", "obs.param", "Share of the flux inside the blob"),
    *each(OPTICAL, "anymask_{b}", "", "meta.code.qual", "Bits set in any image at the centre", "int16"),
    *each(OPTICAL, "allmask_{b}", "", "meta.code.qual", "Bits set in all images at the centre", "int16"),
    *each(WISE[:2], "wisemask_{b}", "", "meta.code.qual", "Bits of the WISE bright-star mask", "int16"),
    *each(OPTICAL, "psfsize_{b}", "arcsec", "instr.obsty.seeing", "Weighted mean PSF width (FWHM)"),
    *each(OPTICAL, "psfdepth_{b}", PER_NMGY2, "instr.sensitivity", "A point of 5/sqrt(depth) has 5 sigma"),
    *each(OPTICAL, "galdepth_{b}", PER_NMGY2, "instr.sensitivity", "The same for a galaxy of 0.45 arcsec radius"),
    *each(OPTICAL, "nea_{b}", "arcsec2", "instr.obsty.seeing", "Noise-equivalent area of the source"),
    *each(OPTICAL, "blob_nea_{b}", "arcsec2", "instr.obsty.seeing", "The same, with its neighbours"),
    *each(WISE, "psfdepth_{b}", PER_NMGY2, "instr.sensitivity", "Depth of the WISE image for a point"),
    Column("wise_coadd_id", "string", "", "meta.id;obs.image", "unWISE tile"),
    Column("wise_x", "float32", "pix", "pos.cartesian.x;instr.det", "Column in the unWISE tile"),
    Column("wise_y", "float32", "pix", "pos.cartesian.y;instr.det", "Row in the unWISE tile"),
)  # fmt: skip

LIGHT_CURVES = (
    *light_curve("flux", "float32", NMGY, "phot.flux", "Flux"),
    *light_curve("flux_ivar", "float32", PER_NMGY2, "stat.weight;phot.flux", "Inverse variance of the flux"),
    *light_curve("nobs", "int16", "", "meta.number;obs", "Number of exposures"),
    *light_curve("fracflux", "float32", "", "phot.flux;arith.ratio", "Flux of other sources over this one's"),
    *light_curve("rchisq", "float32", "", "stat.fit.chi2", "Reduced chi-squared"),
    *light_curve("mjd", "float64", "d", "time.epoch", "Mean modified Julian date"),
    *light_curve("epoch_index", "int16", "", "meta.id;obs", "Number of the unWISE coadd epoch"),
)

SHAPE = (
    *with_ivar("sersic", "", "src.morph.param", "Sersic index of the model"),
    *with_ivar("shape_r", "arcsec", "phys.angSize", "Half-light radius of the model; 0 for a point"),
    *with_ivar("shape_e1", "", "src.ellipticity", "Ellipticity, component 1"),
    *with_ivar("shape_e2", "", "src.ellipticity", "Ellipticity, component 2"),
)

DERIVED = (
    *(
        Column(f"mag_{b}", "float32", "mag", f"phot.mag;{EM[b]}",
               f"{b} magnitude (AB) of the model flux, corrected for Galactic dust; null where the flux is not positive",
               level=1)
        for b in MAGNITUDES
    ),
    R50,
)  # fmt: skip


def derive(rows: pa.Table) -> pa.Table:
    """Magnitudes, and the common name of the half-light radius: a point has none."""
    radius = rows["shape_r"]
    magnitudes = {f"mag_{b}": _magnitude(rows[f"flux_{b}"], rows[f"mw_transmission_{b}"]) for b in MAGNITUDES}
    return pa.table(magnitudes | {"r50": pc.if_else(pc.greater(radius, 0), radius, pa.scalar(None, radius.type))})


def _magnitude(flux: pa.ChunkedArray, transmission: pa.ChunkedArray) -> pa.Array:
    flux, transmission = (pc.fill_null(values.cast("float64"), np.nan).to_numpy() for values in (flux, transmission))
    known = (flux > 0) & (transmission > 0) & np.isfinite(flux) & np.isfinite(transmission)
    ratio = np.divide(flux, transmission, out=np.ones(len(flux)), where=known)
    return pa.array(ZERO_POINT - 2.5 * np.log10(ratio), mask=~known)


def outside_brick(rows: pa.Table) -> pa.Array:
    """Sources in the overlap of two bricks are in both files; each is primary in one."""
    return pc.equal(rows["brick_primary"], False)


LEGACY_DR9 = SurveyDeclaration(
    slug="ls-dr9",
    name="DESI Legacy Imaging Surveys DR9",
    release="DR9",
    description="Sources found and measured by the tractor in g, r, z images, with forced photometry in WISE W1 to W4.",
    licence="Public; the Legacy Surveys ask for their acknowledgement.",
    citation="Dey A., Schlegel D. J., Lang D., et al. 2019, AJ 157, 168",
    url="https://www.legacysurvey.org/dr9/",
    id_columns=("release", "brickid", "objid"),
    columns=(*SOURCE, *GAIA, *FLUXES, *OBSERVING, *LIGHT_CURVES, *SHAPE),
    derived=DERIVED,
    derive=derive,
    rejects=(Reject("not brick_primary: the neighbouring brick has it", outside_brick),),
)
