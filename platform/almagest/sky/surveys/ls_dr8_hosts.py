"""Legacy Surveys DR8 at the host candidates of supernovae: the tractor's fluxes, from the north and from the south.

The two files name ten of their columns wrongly, in every row; they are read as what they hold. `NOBS_*` hold shares
near 1 that are 0 where there is no flux: fracin. `FRACIN_*` hold whole numbers from 0 to 11: nobs. `PMRA` holds 0 or
2015.5, the epoch of Gaia DR2. `PMDEC` holds bits, mostly 4096, DR8's mark of a large galaxy. `MASKBITS` and `REF_EPOCH`
hold the two parts of a proper motion; which is which the numbers do not tell, so they are left out.
"""

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column
from almagest.sky.surveys.declaration import Reject, SurveyDeclaration, ra_dec
from almagest.sky.surveys.legacy_dr9 import NMGY, OPTICAL, each


def is_duplicate(rows: pa.Table) -> pa.Array:
    """Stars of Gaia's that the tractor took for the light of a galaxy at the same place: they have no flux."""
    return pc.equal(rows["type"], "DUP")


LS_DR8_HOSTS = SurveyDeclaration(
    slug="ls-dr8-hosts",
    name="Legacy Surveys DR8 at supernova hosts",
    release="DR8",
    description="Sources of the tractor within an arcsecond of host candidates of supernovae. North is BASS and MzLS, "
    "south DECam: two sets of filters. Where both observed, a galaxy is there twice. The redshifts are in sn-hosts.",
    licence="Public; the Legacy Surveys ask for their acknowledgement.",
    citation="Dey A., Schlegel D. J., Lang D., et al. 2019, AJ 157, 168",
    url="https://www.legacysurvey.org/dr8/",
    # DR8 names a source by release, brickid and objid. The files have no release, which tells north from south: some
    # brickid and objid name two galaxies, and the right ascension tells them apart.
    id_columns=("brickid", "objid", "ra"),
    columns=(
        Column("brickid", "int32", "", "meta.id.part", "Number of the brick, 1 to 662,174", nullable=False),
        Column("brickname", "string", "", "meta.id.part", "Name of the brick by its centre, e.g. 1126p220"),
        Column("objid", "int32", "", "meta.id.part", "Number of the source in its brick", nullable=False),
        Column("type", "string", "", "src.morph.type", "Model: PSF, REX (round exponential), EXP, DEV, COMP", level=1),
        Column("ra", "float64", "deg", "pos.eq.ra;meta.main", "Right ascension (ICRS)", nullable=False, level=1),
        ra_dec()[1],
        *each(OPTICAL, "flux_{b}", NMGY, "phot.flux", "Model flux, AB; 0 where there is no image"),
        *each(OPTICAL, "fiberflux_{b}", NMGY, "phot.flux", "Flux of this source in a 1.5 arcsec fibre"),
        *each(OPTICAL, "nobs_{b}", "", "meta.number;obs", "Number of images at the source's centre", "int16"),
        *each(OPTICAL, "fracin_{b}", "", "obs.param", "Share of the flux inside the blob"),
        Column("maskbits", "int16", "", "meta.code.qual", "Bits: bright star, saturation, medium star, galaxy, …"),
        Column("ref_epoch", "float32", "yr", "time.epoch", "Epoch of the reference catalogue, for sources in one"),
    ),
    names={f"nobs_{b}": f"fracin_{b}" for b in OPTICAL} | {f"fracin_{b}": f"nobs_{b}" for b in OPTICAL}
    | {"ref_epoch": "pmra", "maskbits": "pmdec"},
    null_values={"ref_epoch": (0.0,)},
    rejects=(Reject("DUP: a Gaia source at the place of a galaxy, without flux", is_duplicate),),
)  # fmt: skip
