"""SAMI Galaxy Survey DR3: the input catalogue of its GAMA regions."""

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.sky.surveys.declaration import LOG_MASS, R50, REDSHIFT, SurveyDeclaration, ra_dec


def derive(rows: pa.Table) -> pa.Table:
    """The common names; an effective radius of zero means that the fit failed."""
    r_e = rows["r_e"]
    return pa.table({
        "redshift": rows["z_spec"],
        "log_mass": rows["mstar"],
        "r50": pc.if_else(pc.greater(r_e, 0), r_e, pa.scalar(None, r_e.type)),
    })  # fmt: skip


SAMI_DR3 = SurveyDeclaration(
    slug="sami-dr3",
    name="SAMI DR3 input catalogue, GAMA regions",
    release="DR3",
    description="Galaxies from which the SAMI integral-field survey drew its targets, with redshift and mass.",
    licence="SAMI DR3, public; cite the papers.",
    citation="Bryant J. J., et al. 2015, MNRAS 447, 2857; Croom S. M., et al. 2021, MNRAS 505, 991",
    url="https://sami-survey.org/",
    id_columns=("catid",),
    ra="ra_obj",
    dec="dec_obj",
    columns=(
        Column("catid", "int64", "", "meta.id;meta.main", "SAMI (GAMA) catalogue number", nullable=False, level=1),
        *ra_dec("ra_obj", "dec_obj", of="the galaxy"),
        Column("ra_ifu", "float64", "deg", "pos.eq.ra", "Right ascension of the fibre bundle"),
        Column("dec_ifu", "float64", "deg", "pos.eq.dec", "Declination of the fibre bundle"),
        Column("r_petro", "float32", "mag", "phot.mag;em.opt.R", "Petrosian r magnitude, corrected for extinction"),
        Column("r_auto", "float32", "mag", "phot.mag;em.opt.R", "Kron r magnitude, corrected for extinction"),
        Column("z_tonry", "float32", "", "src.redshift", "Redshift corrected for flows (Tonry et al. 2000)"),
        Column("z_spec", "float32", "", "src.redshift", "Heliocentric spectroscopic redshift"),
        Column("m_r", "float32", "mag", "phys.magAbs;em.opt.R", "Absolute r magnitude"),
        Column("r_e", "float32", "arcsec", "phys.angSize", "Effective radius along the major axis, r band Sersic fit"),
        Column("mu_within_1re", "float32", "mag/arcsec2", "phot.mag.sb;em.opt.R", "Mean surface brightness within r_e"),
        Column("mu_1re", "float32", "mag/arcsec2", "phot.mag.sb;em.opt.R", "Surface brightness at r_e"),
        Column("mu_2re", "float32", "mag/arcsec2", "phot.mag.sb;em.opt.R", "Surface brightness at 2 r_e"),
        Column("ellip", "float32", "", "src.ellipticity", "Ellipticity of the Sersic fit"),
        Column("pa", "float32", "deg", "pos.posAng", "Position angle of the Sersic fit"),
        Column("mstar", "float32", "", "phys.mass", "Stellar mass, log10 of solar masses"),
        Column("g_i", "float32", "mag", "phot.color;em.opt.B;em.opt.I", "Colour g - i, corrected for extinction"),
        Column("a_g", "float32", "mag", "phys.absorption.gal", "Galactic extinction in g"),
        Column("surv_sami", "int16", "", "meta.code.class", "Priority as a target; 8 is the highest"),
        Column("bad_class", "int16", "", "meta.code.qual", "Why the galaxy is a poor target; 0: it is not"),
    ),
    derived=(REDSHIFT, LOG_MASS, R50),
    derive=derive,
)
