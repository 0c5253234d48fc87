"""50 Mpc Galaxy Catalog (Ohlson et al. 2024): the short table, one row for each known galaxy within 50 Mpc."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.sky.surveys.declaration import (
    DISTANCE_MPC,
    LOG_MASS,
    REDSHIFT,
    SPEC_CLASS,
    Reject,
    SurveyDeclaration,
    ra_dec,
)
from almagest.sky.surveys.evcc import SPEED_OF_LIGHT_KM_S

# The full table names each distance's method, and one of them is a flow model of the velocity. The short one does not.
BEST_DISTANCE = replace(
    DISTANCE_MPC, description="Best distance: measured, or else from v_h by a flow model; the table does not say which"
)


def derive(rows: pa.Table) -> pa.Table:
    """The common names; the catalogue lists galaxies and nothing else."""
    return pa.table({
        "redshift": pc.divide(rows["v_h"].cast(pa.float64()), SPEED_OF_LIGHT_KM_S),
        "spec_class": pa.repeat("GALAXY", rows.num_rows),
        "log_mass": rows["logmass"],
        "distance_mpc": rows["bestdist"],
    })  # fmt: skip


def is_milky_way(rows: pa.Table) -> pa.Array:
    """Our own galaxy, listed at its centre."""
    return pc.equal(rows["objname"], "Milky Way")


MGC50 = SurveyDeclaration(
    slug="50mgc",
    name="50 Mpc Galaxy Catalog",
    release="2024",
    description="Known galaxies within 50 Mpc, compiled from HyperLeda, the NASA-Sloan Atlas and the Local Volume "
    "catalogue, with distances and stellar masses made consistent. No photometry: a table of labels.",
    licence="Published with the paper; cite it.",
    citation="Ohlson D., Seth A. C., Gallo E., et al. 2024, AJ 167, 31",
    url="https://github.com/davidohlson/50MGC",
    id_columns=("objname",),
    columns=(
        Column("objname", "string", "", "meta.id;meta.main", "Common name of the galaxy", nullable=False, level=1),
        *ra_dec(of="the galaxy"),
        Column("v_h", "float32", "km/s", "spect.dopplerVeloc", "Heliocentric radial velocity"),
        Column("t_type", "float32", "", "src.morph.type", "Hubble type as a number, -5 (elliptical) to 11"),
        Column("best_type", "string", "", "src.morph.type", "early or late, from t_type or else from the colour"),
        Column("bestdist", "float32", "Mpc", "pos.distance", "Best distance"),
        Column("bestdist_error", "float32", "Mpc", "stat.error;pos.distance", "Error of bestdist"),
        Column("logmass", "float32", "", "phys.mass", "Stellar mass, log10 of solar masses"),
        Column("logmass_error", "float32", "", "stat.error;phys.mass", "Error of logmass"),
        Column("logmass_src", "string", "", "meta.code", "Colour that the mass comes from: g-i, g-r, B-V or B-R"),
    ),
    derived=(REDSHIFT, SPEC_CLASS, LOG_MASS, BEST_DISTANCE),
    derive=derive,
    null_values={"best_type": ("notype",)},
    rejects=(Reject("the Milky Way: all around us, and no object on the sky", is_milky_way),),
)  # fmt: skip
