"""How a survey is declared: where its columns come from, what identifies a source, where it lies on the sky."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pyarrow as pa

from almagest.contract import Column, Table

# Wavelengths of the bands, as UCD words.
EM = {
    "u": "em.opt.U", "g": "em.opt.B", "r": "em.opt.R", "i": "em.opt.I", "z": "em.opt.I",
    "w1": "em.IR.3-4um", "w2": "em.IR.4-8um", "w3": "em.IR.8-15um", "w4": "em.IR.15-30um",
}  # fmt: skip

# Columns that mean the same in every survey that has them: plugins ask for them by these names.
REDSHIFT = Column("redshift", "float32", "", "src.redshift", "Heliocentric spectroscopic redshift")
SPEC_CLASS = Column("spec_class", "string", "", "src.class", "Spectroscopic class: GALAXY, STAR or QSO")
LOG_MASS = Column("log_mass", "float32", "", "phys.mass", "Stellar mass, log10 of solar masses")
LOG_SFR = Column("log_sfr", "float32", "", "phys.SFR", "Star-formation rate, log10 of solar masses per year")
NAMED_CLASS = Column(
    "named_class", "string", "", "meta.code.class", "Class by name where redshift and mass do not give it: NS a spiral "
    "galaxy, AF an artifact"
)  # fmt: skip
R50 = Column("r50", "float32", "arcsec", "phys.angSize", "Half-light radius")
DISTANCE_MPC = Column("distance_mpc", "float32", "Mpc", "pos.distance", "Distance that does not come from the redshift")


def ra_dec(ra: str = "ra", dec: str = "dec", of: str = "the source") -> tuple[Column, Column]:
    """The position, ICRS."""
    return (
        Column(ra, "float64", "deg", "pos.eq.ra;meta.main", f"Right ascension (ICRS) of {of}", level=1),
        Column(dec, "float64", "deg", "pos.eq.dec;meta.main", f"Declination (ICRS) of {of}", level=1),
    )


def magnitudes(bands: str, what: str) -> tuple[Column, ...]:
    """One magnitude a band, named by the band alone."""
    return tuple(Column(b, "float32", "mag", f"phot.mag;{EM[b]}", f"{b} magnitude, {what}", level=1) for b in bands)


@dataclass(frozen=True)
class Reject:
    """A rule for rows that are in the files but are no objects of the survey: they are left out and counted.

    `rejects` takes the declared columns as a `pa.Table` and gives a boolean array, null counting as false.
    """

    reason: str
    rejects: Callable[[pa.Table], pa.Array]


@dataclass(frozen=True)
class SurveyDeclaration:
    """One survey release.

    Parameters
    ----------
    columns
        Columns that are read from files. A column of a file that is not declared is ignored.
    derived, derive
        Further columns, and the function that computes them from `columns`: `pa.Table` in, `pa.Table` out.
    ra, dec
        Names of the columns, in degrees, that say where the object is.
    id_columns
        Columns whose values, joined with ``-``, are the source's name within the survey release.
    names
        ``{declared name: name in files}`` where they differ. Case never matters.
    null_values
        ``{declared name: values that mean "not known"}``.
    has_positions
        Whether each source has its place on the sky; without, some have none, and the survey is left out of catalogs.
    has_spectra
        Whether its sources are spectra, whose columns `spectroscopic.FACTS` lists.
    identity
        The column that names the source itself, by which two surveys know it for the same where no position tells.
    """

    slug: str
    name: str
    release: str
    description: str
    licence: str
    citation: str
    url: str
    columns: tuple[Column, ...]
    id_columns: tuple[str, ...]
    ra: str = "ra"
    dec: str = "dec"
    derived: tuple[Column, ...] = ()
    derive: Callable[[pa.Table], pa.Table] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    null_values: Mapping[str, tuple] = field(default_factory=dict)
    rejects: tuple[Reject, ...] = ()
    has_positions: bool = True
    has_spectra: bool = False
    identity: str = ""
    observed: bool = True

    @cached_property
    def table(self) -> Table:
        """All declared columns, read and derived."""
        return Table(self.table_name, self.description, (*self.columns, *self.derived))

    @property
    def table_name(self) -> str:
        """Name of the table of measurements in the database."""
        return f"survey_{self.slug.replace('-', '_')}"


def simulated(declaration: SurveyDeclaration) -> SurveyDeclaration:
    """The survey's twin for simulated objects: the same columns, the same kind of files, a table of its own."""
    return replace(
        declaration,
        slug=f"{declaration.slug}-simulated",
        name=f"{declaration.name} (simulated)",
        description=f"Simulated objects with the columns of {declaration.name}. None of them exists.",
        licence="Simulated numbers, free to use.",
        citation="None: simulated by Almagest.",
        url="",
        observed=False,
    )
