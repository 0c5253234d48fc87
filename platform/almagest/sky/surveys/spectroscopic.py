"""Surveys whose sources are spectra: each row says of one what its file says; the arrays are kept by its content's number."""

from almagest.contract import Column
from almagest.sky.surveys.declaration import REDSHIFT, SPEC_CLASS, SurveyDeclaration, ra_dec

NAME = Column("name", "string", "", "meta.id;meta.main", "Name of the spectrum", nullable=False, level=1)
SPECTRUM_ID = Column(
    "spectrum_id",
    "int64",
    "",
    "meta.checksum",
    "Number of the arrays, made from their content",
    nullable=False,
    level=3,
)
FACTS = (
    NAME,
    *ra_dec(of="the source"),
    REDSHIFT,
    Column("redshift_err", "float32", "", "stat.error;src.redshift", "Error of the redshift"),
    Column("zwarning", "int64", "", "meta.code.qual", "Flags of the redshift's fit; 0: none", indexed=True),
    SPEC_CLASS,
    Column("subclass", "string", "", "src.class", "Finer class, as the survey says it"),
    Column("instrument", "string", "", "instr", "Instrument"),
    Column("resolving_power", "float32", "", "spect.resolution", "Wavelength over full width at half maximum, median"),
    Column("snr", "float32", "", "stat.snr", "Signal to noise of a bin, median of those that are good", level=1),
    Column("wavelength_min", "float32", "Angstrom", "em.wl;stat.min", "First wavelength"),
    Column("wavelength_max", "float32", "Angstrom", "em.wl;stat.max", "Last wavelength"),
    Column("n_bins", "int32", "", "meta.number", "Number of bins"),
    Column("n_masked", "int32", "", "meta.number", "Number of bins that are not to be used"),
    Column("flux_unit", "string", "", "meta.unit", "Unit of the flux; empty: it is relative"),
    Column("medium", "string", "", "meta.code", "What the wavelengths are in: vacuum or air"),
    Column("frame", "string", "", "meta.code", "Whose wavelengths they are: observed or rest"),
    SPECTRUM_ID,
)
OF_STARS = (
    Column("star_name", "string", "", "meta.id", "Name of the star"),
    Column("teff", "float32", "K", "phys.temperature.effective", "Effective temperature"),
    Column("log_g", "float32", "", "phys.gravity", "Surface gravity, log10 of cm/s2"),
    Column("fe_h", "float32", "", "phys.abund.Fe", "Abundance of iron against the Sun's, dex"),
)
OF_DESI = (Column("target_morphology", "string", "", "src.morph.type", "Morphology of the target in its images"),)


def _spectroscopic(slug: str, more: tuple[Column, ...] = (), **words) -> SurveyDeclaration:
    return SurveyDeclaration(slug=slug, columns=(*FACTS, *more), id_columns=("name",), has_spectra=True, **words)


SDSS_SPECTRA = _spectroscopic(
    "sdss-spectra",
    name="SDSS and BOSS spectra",
    release="DR18",
    description="Spectra of galaxies, quasars and stars of the Sloan Digital Sky Survey, named by plate, MJD and fibre.",
    licence="SDSS data, public domain (CC0); acknowledge the survey.",
    citation="York D. G., et al. 2000, AJ 120, 1579; Dawson K. S., et al. 2013, AJ 145, 10; Almeida A., et al. 2023, ApJS 267, 44",
    url="https://www.sdss.org/",
)
DESI_SPECTRA = _spectroscopic(
    "desi-spectra",
    OF_DESI,
    name="DESI spectra",
    release="EDR",
    description="Co-added spectra of the Dark Energy Spectroscopic Instrument with their redshifts, named by target.",
    licence="DESI public data, CC BY 4.0; acknowledge the survey.",
    citation="DESI Collaboration, Adame A. G., et al. 2024, AJ 168, 58",
    url="https://data.desi.lbl.gov/",
)
STELIB = _spectroscopic(
    "stelib",
    OF_STARS,
    identity="star_name",
    name="STELIB stellar library",
    release="3.2",
    description="Spectra of stars from 3200 to 9900 angstrom, in air, shifted to rest.",
    licence="Public; cite the paper.",
    citation="Le Borgne J.-F., et al. 2003, A&A 402, 433",
    url="http://www.ast.obs-mip.fr/article181.html",
)
MILES = _spectroscopic(
    "miles",
    OF_STARS,
    identity="star_name",
    name="MILES stellar library",
    release="9.1",
    description="Spectra of stars from 3540 to 7410 angstrom, in air, shifted to rest, with the stars' parameters.",
    licence="Public; cite the papers.",
    citation="Sanchez-Blazquez P., et al. 2006, MNRAS 371, 703; Cenarro A. J., et al. 2007, MNRAS 374, 664",
    url="http://miles.iac.es/",
    has_positions=False,
)
MANGA_SPAXELS = _spectroscopic(
    "manga-spaxels",
    name="MaNGA spaxels",
    release="DR17",
    description="Spectra of single places in galaxies that MaNGA has mapped.",
    licence="SDSS data, public domain (CC0); acknowledge the survey.",
    citation="Bundy K., et al. 2015, ApJ 798, 7; Law D. R., et al. 2016, AJ 152, 83",
    url="https://www.sdss.org/surveys/manga/",
    has_positions=False,
)
OTHER_SPECTRA = _spectroscopic(
    "other-spectra",
    name="Other spectra",
    release="1",
    description="Spectra that people have brought here from tables and images of their own.",
    licence="As their owners say.",
    citation="As their owners say.",
    url="",
    has_positions=False,
)
SPECTROSCOPIC = (SDSS_SPECTRA, DESI_SPECTRA, STELIB, MILES, MANGA_SPAXELS, OTHER_SPECTRA)
