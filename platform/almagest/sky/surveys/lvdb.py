"""Local Volume Database (Pace 2024): the table of all dwarf galaxies and candidates within about 10 Mpc.

Columns: https://local-volume-database.readthedocs.io/en/latest/usage.html
"""

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.sky.surveys.declaration import (
    DISTANCE_MPC,
    LOG_MASS,
    R50,
    REDSHIFT,
    SPEC_CLASS,
    SurveyDeclaration,
    ra_dec,
)
from almagest.sky.surveys.evcc import SPEED_OF_LIGHT_KM_S

ERRORS = ("em", "ep")
LIMITS = {
    "em": ("stat.error;{}", "Error downwards (16 %)"),
    "ep": ("stat.error;{}", "Error upwards (84 %)"),
    "ul": ("{};stat.max", "Upper limit (95 % as a rule)"),
}


def measured(name: str, unit: str, ucd: str, description: str, limits: tuple[str, ...] = ERRORS) -> tuple[Column, ...]:
    """A number with the errors and the upper limit that the table has of it."""
    columns = [Column(name, "float32", unit, ucd, description)]
    for limit in limits:
        word, what = LIMITS[limit]
        columns.append(Column(f"{name}_{limit}", "float32", unit, word.format(ucd), f"{what} of {name}", level=3))
    return tuple(columns)


def references(*names: str) -> tuple[Column, ...]:
    """Where quantities come from."""
    return tuple(
        Column(f"ref_{name}", "string", "", "meta.ref", f"Source of {name}: author and ADS bibcode", level=3)
        for name in names
    )


def text(name: str, ucd: str, description: str) -> Column:
    """A column of words."""
    return Column(name, "string", "", ucd, description)


def number(name: str, unit: str, ucd: str, description: str) -> Column:
    """A number that comes without errors."""
    return Column(name, "float32", unit, ucd, description)


OBJECT = (
    Column("key", "string", "", "meta.id;meta.main", "Name in the database", nullable=False, level=1),
    *ra_dec(of="the object"),
    Column("name", "string", "", "meta.id", "Common name", level=1),
    text("host", "meta.id.parent", "Key of the galaxy that it belongs to"),
    Column("confirmed_real", "bool", "", "meta.code", "Whether it is known to be one object, and no chance alignment"),
    Column("confirmed_galaxy", "bool", "", "meta.code.class", "Whether it is known to be a galaxy, no star cluster"),
)

SHAPE = (
    *measured("rhalf", "arcmin", "phys.angSize", "Half-light radius along the major axis"),
    *measured("position_angle", "deg", "pos.posAng", "Position angle, north to east"),
    *measured("ellipticity", "", "src.ellipticity", "1 - minor over major axis", (*ERRORS, "ul")),
    *measured("rcore", "arcmin", "phys.angSize", "Core radius of a King profile"),
    *measured("rking", "arcmin", "phys.angSize", "Limiting radius of a King profile"),
    *measured("rad_sersic", "arcmin", "phys.angSize", "Effective radius of a Sersic profile"),
    *measured("n_sersic", "", "src.morph.param", "Index of a Sersic profile"),
    *measured("rhalf_physical", "pc", "phys.size.radius", "Half-light radius along the major axis"),
    *measured("rhalf_sph_physical", "pc", "phys.size.radius", "The same, geometric mean of the axes"),
    *references("structure", "structure_king", "structure_sersic"),
)

LIGHT_AND_MASS = (
    *measured("apparent_magnitude_v", "mag", "phot.mag;em.opt.V", "V magnitude, corrected for extinction"),
    *measured("m_v", "mag", "phys.magAbs;em.opt.V", "Absolute V magnitude"),
    number("surface_brightness_rhalf", "mag/arcsec2", "phot.mag.sb;em.opt.V", "Mean V within the half-light radius"),
    number("mass_stellar", "", "phys.mass", "Stellar mass, log10 of solar masses, from m_v with M/L = 2"),
    *measured("mass_dynamical_wolf", "", "phys.mass", "Mass within the half-light radius, log10 of solar masses, from "
              "vlos_sigma (Wolf et al. 2010)", (*ERRORS, "ul")),
    *measured("flux_hi", "Jy.km/s", "spect.line.intensity;em.radio", "Flux in the 21 cm line", (*ERRORS, "ul")),
    *measured("mass_hi", "", "phys.mass", "Mass of neutral hydrogen, log10 of solar masses", ("ul",)),
    *references("m_v", "flux_hi"),
)  # fmt: skip

PLACE = (
    *measured("distance_modulus", "mag", "phot.mag.distMod", "Distance modulus"),
    *measured("distance", "kpc", "pos.distance", "Heliocentric distance"),
    text("distance_measurement_method", "meta.code", "trgb, sbf, tf, …; host: its host's; nam: from the velocity"),
    *references("distance"),
    number("ll", "deg", "pos.galactic.lon", "Galactic longitude"),
    number("bb", "deg", "pos.galactic.lat", "Galactic latitude"),
    *(number(f"sg_{a}{a}", "kpc", f"pos.cartesian.{a};pos.supergalactic", f"Supergalactic {a}") for a in "xyz"),
    number("distance_gc", "kpc", "pos.distance", "Distance from the centre of the Milky Way"),
    number("distance_m31", "kpc", "pos.distance", "Distance from M 31"),
    number("distance_lg", "kpc", "pos.distance", "Distance from the centre of the Local Group"),
    number("distance_host", "kpc", "pos.distance", "Distance from its host"),
)  # fmt: skip

MOTION = (
    *measured("vlos_systemic", "km/s", "spect.dopplerVeloc", "Heliocentric velocity"),
    *measured("vlos_sigma", "km/s", "phys.veloc.dispersion", "Velocity dispersion", (*ERRORS, "ul")),
    number("velocity_gsr", "km/s", "phys.veloc", "Velocity in the Galactic standard of rest"),
    number("velocity_lg", "km/s", "phys.veloc", "Velocity relative to the centre of the Local Group"),
    *measured("pmra", "mas/yr", "pos.pm;pos.eq.ra", "Proper motion in ra times cos dec"),
    *measured("pmdec", "mas/yr", "pos.pm;pos.eq.dec", "Proper motion in dec"),
    *references("vlos", "proper_motion"),
)

STARS = (
    *measured("metallicity_spectroscopic", "", "phys.abund.Fe", "Mean [Fe/H] from spectra"),
    *measured("metallicity_spectroscopic_sigma", "", "phys.abund.Fe", "Spread of [Fe/H] from spectra", (*ERRORS, "ul")),
    *measured("metallicity_photometric", "", "phys.abund.Fe", "Mean [Fe/H] from photometry"),
    *measured("metallicity_photometric_sigma", "", "phys.abund.Fe", "Spread of photometric [Fe/H]", (*ERRORS, "ul")),
    *measured("metallicity_isochrone", "", "phys.abund.Fe", "Mean [Fe/H] from the colour-magnitude diagram"),
    *measured("metallicity", "", "phys.abund.Fe", "Mean [Fe/H], the best of the three"),
    text("metallicity_type", "meta.code", "Which of the three it is"),
    *measured("age", "Gyr", "time.age", "Age of the stars"),
    *references("metallicity_spectroscopic", "metallicity_photometric", "metallicity_isochrone", "age"),
)  # fmt: skip


def derive(rows: pa.Table) -> pa.Table:
    """The common names: a galaxy is what is confirmed as one, a distance from the velocity is none."""
    is_from_velocity = pc.fill_null(pc.equal(rows["distance_measurement_method"], "nam"), False)
    mpc = pc.divide(rows["distance"].cast(pa.float64()), 1000)
    is_galaxy = pc.fill_null(rows["confirmed_galaxy"], False)
    return pa.table({
        "redshift": pc.divide(rows["vlos_systemic"].cast(pa.float64()), SPEED_OF_LIGHT_KM_S),
        "spec_class": pc.if_else(is_galaxy, pa.scalar("GALAXY"), pa.scalar(None, pa.string())),
        "log_mass": rows["mass_stellar"],
        "distance_mpc": pc.if_else(is_from_velocity, pa.scalar(None, pa.float64()), mpc),
        "r50": pc.multiply(rows["rhalf"].cast(pa.float64()), 60),
    })  # fmt: skip


LVDB = SurveyDeclaration(
    slug="lvdb",
    name="Local Volume Database, dwarf galaxies",
    # The table has no number of its own; its newest reference is of 2026.
    release="dwarf_all, 2026",
    description="Dwarf galaxies around the Milky Way, M 31 and within about 10 Mpc, from the literature; also "
    "candidates, and compact objects that may be star clusters: confirmed_real and confirmed_galaxy tell.",
    licence="CC0; cite the paper, and the sources that the ref columns name.",
    citation="Pace A. B. 2024, arXiv:2411.07424",
    url="https://github.com/apace7/local_volume_database",
    id_columns=("key",),
    columns=(*OBJECT, *SHAPE, *LIGHT_AND_MASS, *PLACE, *MOTION, *STARS),
    derived=(REDSHIFT, SPEC_CLASS, LOG_MASS, DISTANCE_MPC, R50),
    derive=derive,
)
