"""The surveys that Almagest knows, one module each. A new one is a module here and its line in `DECLARED`."""

from almagest.sky.errors import SurveyError
from almagest.sky.surveys.declaration import SurveyDeclaration, simulated
from almagest.sky.surveys.evcc import EVCC
from almagest.sky.surveys.legacy_dr9 import LEGACY_DR9
from almagest.sky.surveys.ls_dr8_hosts import LS_DR8_HOSTS
from almagest.sky.surveys.ls_labels import LS_LABELS
from almagest.sky.surveys.lvdb import LVDB
from almagest.sky.surveys.mgc50 import MGC50
from almagest.sky.surveys.sami_dr3 import SAMI_DR3
from almagest.sky.surveys.sdss_dr14 import SDSS_DR14
from almagest.sky.surveys.sn_hosts import SN_HOSTS
from almagest.sky.surveys.spectroscopic import DESI_SPECTRA, SPECTROSCOPIC

OBSERVED = (EVCC, LEGACY_DR9, LS_DR8_HOSTS, LS_LABELS, LVDB, MGC50, SAMI_DR3, SDSS_DR14, SN_HOSTS, *SPECTROSCOPIC)
WITH_TWIN = (EVCC, LEGACY_DR9, LS_LABELS, SAMI_DR3, SDSS_DR14, DESI_SPECTRA)
DECLARED = (*OBSERVED, *(simulated(declaration) for declaration in WITH_TWIN))
SURVEYS: dict[str, SurveyDeclaration] = {declaration.slug: declaration for declaration in DECLARED}


def declaration_get(slug: str) -> SurveyDeclaration:
    """The declaration of a survey, or `SurveyError` saying what there is."""
    if slug not in SURVEYS:
        raise SurveyError(f"no survey {slug!r} is declared; there is {', '.join(sorted(SURVEYS))}")
    return SURVEYS[slug]
