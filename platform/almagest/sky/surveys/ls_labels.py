"""Labels for sources of the Legacy Surveys: a table that a group makes itself, from whatever spectra it has."""

from almagest.contract import Column
from almagest.sky.surveys.declaration import (
    LOG_MASS,
    LOG_SFR,
    NAMED_CLASS,
    REDSHIFT,
    SPEC_CLASS,
    SurveyDeclaration,
    ra_dec,
)

LS_LABELS = SurveyDeclaration(
    slug="ls-labels",
    name="Labels for Legacy Surveys sources",
    release="own",
    description="A table that a group makes of spectroscopic labels, from any source: redshifts, classes, stellar masses and "
    "star-formation rates, one row for each object, to be cross-matched with the Legacy Surveys. No photometry.",
    licence="The group's own; keep to the terms of the surveys whose spectra it is made of.",
    citation="The group's own: cite the surveys whose spectra it is made of.",
    url="",
    id_columns=("label_id",),
    columns=(
        Column(
            "label_id", "int64", "", "meta.id;meta.main", "Number of the row, the group's own", nullable=False, level=1
        ),
        *ra_dec(of="the object"),
        REDSHIFT,
        SPEC_CLASS,
        LOG_MASS,
        LOG_SFR,
        NAMED_CLASS,
    ),
)
