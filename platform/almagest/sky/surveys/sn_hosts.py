"""Supernovae of ZTF and PTF with the galaxies that may be their hosts: one row for each candidate of each supernova."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.sky.separation import separation_arcsec
from almagest.sky.surveys.declaration import REDSHIFT, SPEC_CLASS, Reject, SurveyDeclaration, ra_dec
from almagest.sky.surveys.evcc import SPEED_OF_LIGHT_KM_S

H0 = 70.0  # km/s/Mpc
# Of the candidates that have a redshift in SDSS DR14, SAMI or the 50 Mpc catalogue, 40 of 40 nearer than this share the
# supernova's, and 1 of 10 farther away.
FARTHEST_KPC = 30.0


def derive(rows: pa.Table) -> pa.Table:
    """The supernova's redshift for the candidate that is its host: the first, if it is near.

    A supernova has one host, and the table up to seven candidates, some of them degrees away. It does not say how it
    ranks them; the first is nearer than the second in two of three. Hubble's law is enough for a limit that is not sharp.
    """
    positions = (rows[name].to_numpy() for name in ("sn_ra", "sn_dec", "host_ra", "host_dec"))
    arcsec = separation_arcsec(*positions)
    mpc = rows["sn_z"].to_numpy().astype(float) * SPEED_OF_LIGHT_KM_S / H0
    is_near = np.radians(arcsec / 3600) * mpc * 1000 <= FARTHEST_KPC  # NaN is not near
    is_host = pc.and_(pa.array(is_near), pc.fill_null(pc.equal(rows["candidate"], 1), False))
    return pa.table({
        "redshift": pc.if_else(is_host, rows["sn_z"], pa.scalar(None, pa.float32())),
        "spec_class": pc.if_else(is_host, pa.scalar("GALAXY"), pa.scalar(None, pa.string())),
        "sn_separation": pa.array(arcsec, from_pandas=True),
    })  # fmt: skip


def has_no_position(rows: pa.Table) -> pa.Array:
    """A candidate that nobody can find."""
    return pc.or_(pc.is_null(rows["host_ra"]), pc.is_null(rows["host_dec"]))


SN_HOSTS = SurveyDeclaration(
    slug="sn-hosts",
    name="Host candidates of ZTF and PTF supernovae",
    release="master_host_clean",
    description="Galaxies near supernovae, up to seven for each. The first has the supernova's redshift, often known "
    "to two decimals only, if it lies within 30 kpc of it. A galaxy near two supernovae is there twice.",
    licence="None is stated: do not pass the table on.",
    citation="The table names none. Supernovae: ZTF (Bellm E. C., et al. 2019, PASP 131, 018002) and PTF (Law N. M., "
    "et al. 2009, PASP 121, 1395)",
    url="",
    id_columns=("sn_name", "candidate"),
    ra="host_ra",
    dec="host_dec",
    columns=(
        Column("sn_name", "string", "", "meta.id;meta.main", "Name of the supernova", nullable=False, level=1),
        Column("candidate", "int16", "", "meta.id.part", "Number of the candidate, from 1", nullable=False, level=1),
        *ra_dec("host_ra", "host_dec", of="the candidate"),
        Column("sn_ra", "float64", "deg", "pos.eq.ra", "Right ascension (ICRS) of the supernova"),
        Column("sn_dec", "float64", "deg", "pos.eq.dec", "Declination (ICRS) of the supernova"),
        Column("sn_z", "float32", "", "src.redshift", "Redshift of the supernova"),
        Column("hemisphere", "string", "", "meta.code", "north or south: where the Legacy Surveys observed it"),
        Column("program", "string", "", "meta.code", "Programmes that want the host, e.g. SNe_Ia/RCF"),
        Column("priority", "int16", "", "meta.code", "Priority as a target, 2 to 5"),
    ),
    derived=(
        REDSHIFT,
        SPEC_CLASS,
        Column("sn_separation", "float32", "arcsec", "pos.angDistance", "Distance of the supernova from the candidate"),
    ),
    derive=derive,
    names={"sn_name": "sn name", "candidate": "index", "sn_ra": "ra", "sn_dec": "dec"},
    # No supernova has a redshift of exactly zero.
    null_values={"sn_z": (-9999.0, 0.0)} | dict.fromkeys(("host_ra", "host_dec", "sn_ra", "sn_dec"), (-9999.0,)),
    rejects=(Reject("no position of the candidate", has_no_position),),
)  # fmt: skip
