"""What goes in and what comes out."""

import numpy as np
import pyarrow as pa

from almagest.contract import Column, Cut, Table
from almagest.contract.spectra import arrays_of
from spectral_outliers.preparation import (
    GRID,
    MAX_REDSHIFT,
    MAX_STAR_REDSHIFT,
    NO_WINDOW,
    NOISY_WINDOW,
    normalisations,
)

GALAXY, STAR = "GALAXY", "STAR"
CLASSES = (GALAXY, STAR)
LATENTS = 6

REDSHIFT = Column("redshift", "float64", "", "src.redshift", "Redshift, or radial velocity over that of light")
NAME = Column("name", "string", "", "meta.id;meta.main", "Name of the spectrum in its survey", level=1)
SPEC_CLASS = Column(
    "spec_class", "string", "", "src.class", "GALAXY, STAR or QSO by the survey's pipeline", indexed=True
)
inputs = Table("redshifts", "What must be known beside the spectrum.", (REDSHIFT,))
cut_inputs = Table(
    "pipeline", "What the survey's pipeline says of its redshift.",
    (SPEC_CLASS, Column("zwarning", "int64", "", "meta.code.qual", "Flags of the redshift's fit; 0: none")),
)  # fmt: skip
label_inputs = Table("classes", "What the class is taken from.", (SPEC_CLASS, *cut_inputs.columns[1:]))


def _score(name: str, description: str, ucd: str = "stat.likelihood", level: int = 2) -> Column:
    return Column(name, "float32", "", ucd, description, level=level, indexed=level == 1)


# The bins that one pixel makes share its weight, and have the same noise.
SMALLER = "of noise alone 1, and less where pixels are wider than 0.8 A: SDSS and MaNGA 0.5"

outputs = Table(
    "outlier_scores",
    "How probable a spectrum is under the models of galaxies and of stars, and how well each describes it.",
    (
        _score("outlier_score", "How improbable among galaxies, from 0 to 1: rises with -log p", "stat.probability", 1),
        _score("neg_log_p_galaxy", "-log p of the latents among galaxies (the paper's outlier score)", level=1),
        _score("neg_log_p_star", "-log p of the latents among stars", level=1),
        _score("chi2_galaxy", f"Reduced chi-square of the galaxy model, on covered bins; {SMALLER}", "stat.fit.chi2", 1),
        _score("chi2_star", f"Reduced chi-square of the star model, on covered bins; {SMALLER}", "stat.fit.chi2", 1),
        _score("p_star_raw", "Probability of a star by the ratio of both likelihoods", "stat.probability"),
        _score("p_star", "The same, each likelihood measured by its model's own validation spectra", "stat.probability", 1),
        Column("predicted_class", "string", "", "src.class", "GALAXY or STAR by p_star", indexed=True),
        Column("n_bins_used", "int32", "", "meta.number", "Bins that counted"),
        Column("median_flux", "float32", "10**-17 erg/(s cm2 Angstrom)", "phot.flux.density;stat.median",
               "Median flux over 5300-5850 A at rest; of a relative flux as it is"),
        Column("latents", "float32", "", "stat.fit.param", "Latents of the galaxy model", shape=(LATENTS,), level=3),
        Column("star_latents", "float32", "", "stat.fit.param", "Latents of the star model", shape=(LATENTS,), level=3),
    ),
)  # fmt: skip
# The paper's release, and what the lists, galleries and maps show.
catalog = Table(
    "bgs_outliers",
    "Outliers with their redshifts and what both models say.",
    (NAME, REDSHIFT, SPEC_CLASS, *outputs.columns),
)


def _numbers(rows: pa.Table, name: str) -> np.ndarray:
    return rows[name].to_numpy(zero_copy_only=False).astype(float)


def is_known_kind(rows: pa.Table) -> pa.Array:
    """Galaxies and stars; what has a redshift and no class (MaNGA, which observes galaxies) counts as a galaxy."""
    return pa.array([name in CLASSES or name is None for name in rows["spec_class"].to_pylist()], pa.bool_())


def is_in_range(rows: pa.Table) -> pa.Array:
    """Galaxies at 0 to 0.8; stars within 1000 km/s."""
    redshift, is_star = _numbers(rows, "redshift"), np.array(rows["spec_class"].to_pylist(), object) == STAR
    near = np.abs(redshift) <= MAX_STAR_REDSHIFT
    return pa.array(np.where(is_star, near, (redshift >= 0) & (redshift <= MAX_REDSHIFT)))


def is_unflagged(rows: pa.Table) -> pa.Array:
    """No warning; libraries and spaxels have none to give."""
    return pa.array(np.nan_to_num(_numbers(rows, "zwarning"), nan=0) == 0)


def _without(reason: str):
    def keeps(rows: pa.Table) -> pa.Array:
        reasons = normalisations(*arrays_of(rows, GRID), np.nan_to_num(_numbers(rows, "redshift")))[1]
        return pa.array([found != reason for found in reasons], pa.bool_())

    return keeps


cuts = (
    Cut("class", "a galaxy or a star, or nothing else, by the survey's pipeline", is_known_kind),
    Cut("redshift", f"galaxies at 0 to {MAX_REDSHIFT}, stars within 1000 km/s", is_in_range),
    Cut("warning", "the redshift has no warning", is_unflagged),
    Cut("window", f"not: {NO_WINDOW}", _without(NO_WINDOW), of_spectra=True),
    Cut("signal", f"not: {NOISY_WINDOW}", _without(NOISY_WINDOW), of_spectra=True),
)


def classify(rows: pa.Table) -> pa.Table:
    """The class by the survey's pipeline, where it gives one without a warning."""
    names = rows["spec_class"].to_pylist()
    flagged = np.nan_to_num(_numbers(rows, "zwarning"), nan=0) != 0
    label = [name if name in CLASSES and not bad else None for name, bad in zip(names, flagged, strict=True)]
    reason = [
        None if found else "redshift with a warning" if bad else f"class {name}" if name else "no class"
        for found, name, bad in zip(label, names, flagged, strict=True)
    ]
    return pa.table({"label": pa.array(label, pa.string()), "reason": pa.array(reason, pa.string())})
