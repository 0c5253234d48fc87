"""Extended Virgo Cluster Catalog (Kim et al. 2014): galaxies in and around the Virgo cluster, mostly dwarfs."""

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.sky.surveys.declaration import (
    DISTANCE_MPC,
    EM,
    R50,
    REDSHIFT,
    SPEC_CLASS,
    SurveyDeclaration,
    magnitudes,
    ra_dec,
)

SPEED_OF_LIGHT_KM_S = 299_792.458
# Mean distance of the Virgo cluster by surface brightness fluctuations: Mei et al. 2007, ApJ 655, 144.
VIRGO_MPC = 16.5


def derive(rows: pa.Table) -> pa.Table:
    """Redshift from the SDSS velocity, else from NED's; distance for certain members."""
    cz = pc.coalesce(rows["cz_sdss"], rows["cz_ned"]).cast(pa.float64())
    is_member = pc.equal(rows["mem_evcc"], "M")
    return pa.table({
        "redshift": pc.divide(cz, SPEED_OF_LIGHT_KM_S),
        "spec_class": pa.repeat("GALAXY", rows.num_rows),
        "r50": rows["r_50"],
        "distance_mpc": pc.if_else(is_member, pa.scalar(VIRGO_MPC), pa.scalar(None, pa.float64())),
    })  # fmt: skip


EVCC = SurveyDeclaration(
    slug="evcc",
    name="Extended Virgo Cluster Catalog",
    release="2014",
    description="Galaxies in 725 square degrees around M 87, from SDSS DR7 images and spectra, below 3,000 km/s.",
    licence="Published with the paper; cite it.",
    citation="Kim S., Rey S.-C., Jerjen H., et al. 2014, ApJS 215, 22",
    url="https://doi.org/10.1088/0067-0049/215/2/22",
    id_columns=("id_evcc",),
    columns=(
        Column("id_evcc", "string", "", "meta.id;meta.main", "Number in the EVCC", nullable=False, level=1),
        Column("id_vcc", "string", "", "meta.id", "Number in the Virgo Cluster Catalog (Binggeli et al. 1985)"),
        Column("ngc", "string", "", "meta.id", "Number in the New General Catalogue"),
        *ra_dec(),
        Column("ra_fiber", "float64", "deg", "pos.eq.ra", "Right ascension of the SDSS fibre"),
        Column("dec_fiber", "float64", "deg", "pos.eq.dec", "Declination of the SDSS fibre"),
        Column("delta", "float32", "arcsec", "pos.angDistance", "Distance of the fibre from the galaxy's centre"),
        Column("cz_sdss", "float32", "km/s", "spect.dopplerVeloc", "Heliocentric velocity from the SDSS spectrum"),
        Column("cz_ned", "float32", "km/s", "spect.dopplerVeloc", "Heliocentric velocity in NED"),
        Column("mem_evcc", "string", "", "meta.code.member", "M: certain member of the cluster; P: possible member"),
        Column("mem_vcc", "string", "", "meta.code.member", "Membership in the VCC: M, P, or B (background)"),
        Column("morph_pri", "string", "", "src.morph.type", "Morphology, by shape and texture"),
        Column("morph_sec", "string", "", "src.morph.type", "Morphology, by spectral energy distribution"),
        Column("morph_index", "string", "", "meta.code;src.morph.type", "Morphology as a number"),
        Column("morph_vcc", "string", "", "src.morph.type", "Morphology in the VCC"),
        *(
            column
            for magnitude in magnitudes("ugriz", "total (Kron), SDSS DR7 images")
            for column in (
                magnitude,
                Column(f"{magnitude.name}_err", "float32", "mag", f"stat.error;phot.mag;{EM[magnitude.name]}",
                       f"Error of {magnitude.name}"),
            )
        ),
        Column("r_kron", "float32", "arcsec", "phys.angSize", "Kron radius, r band"),
        Column("r_50", "float32", "arcsec", "phys.angSize", "Radius with half of the light, r band"),
    ),
    derived=(REDSHIFT, SPEC_CLASS, R50, DISTANCE_MPC),
    derive=derive,
    null_values=dict.fromkeys(("id_vcc", "ngc", "mem_vcc", "morph_sec", "morph_vcc"), ("-",)),
)  # fmt: skip
