"""Sloan Digital Sky Survey DR14: objects with a spectrum."""

from almagest.contract import Column
from almagest.sky.surveys.declaration import REDSHIFT, SPEC_CLASS, SurveyDeclaration, magnitudes, ra_dec

BANDS = "ugriz"

SDSS_DR14 = SurveyDeclaration(
    slug="sdss-dr14",
    name="SDSS DR14",
    release="DR14",
    description="Objects of the Sloan Digital Sky Survey with photometry in five bands and a classified spectrum.",
    licence="Public domain; SDSS asks for the acknowledgement.",
    citation="Abolfathi B., et al. 2018, ApJS 235, 42",
    url="https://www.sdss4.org/dr14/",
    # Tables that went through a spreadsheet carry objid and specobjid rounded to six digits; these three are exact.
    id_columns=("plate", "mjd", "fiberid"),
    columns=(
        Column("objid", "float64", "", "meta.id", "Photometric identifier, maybe rounded: no key",
               level=3),
        *ra_dec(),
        *magnitudes(BANDS, "SDSS system, not corrected for extinction"),
        Column("run", "int32", "", "meta.id;obs", "Imaging run", level=3),
        Column("rerun", "int32", "", "meta.version", "Reprocessing of the run", level=3),
        Column("camcol", "int32", "", "meta.id;instr.det", "Camera column", level=3),
        Column("field", "int32", "", "meta.id;obs.field", "Field in the run", level=3),
        Column("specobjid", "float64", "", "meta.id", "Spectroscopic identifier, maybe rounded: no key",
               level=3),
        SPEC_CLASS,
        REDSHIFT,
        Column("plate", "int32", "", "meta.id.part", "Plate of the spectrum", nullable=False),
        Column("mjd", "int32", "d", "time.epoch;obs", "Modified Julian date of the spectrum", nullable=False),
        Column("fiberid", "int32", "", "meta.id.part", "Fibre of the spectrum", nullable=False),
    ),
    names={"spec_class": "class"},
    null_values=dict.fromkeys(BANDS, (-9999.0,)),
)  # fmt: skip
