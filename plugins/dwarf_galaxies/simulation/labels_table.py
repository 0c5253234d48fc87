"""Labels of simulated sources, as catalogues of spectra would give them: the columns of the survey ``ls-labels``."""

import numpy as np

from dwarf_galaxies.simulation.colours import Columns

# The main sequence of star formation at z = 0: log10 SFR (solar masses a year) = intercept + slope (log mass - 10), scatter
# (Renzini & Peng 2015: 0.76 log mass - 7.64), rising as (1 + z) to the power of 2.5 (Schreiber et al. 2015). Red galaxies
# are as far below it as in their Figure 3.
MAIN_SEQUENCE, RISE, QUIESCENT = (-0.04, 0.76, 0.3), 2.5, (-1.5, 0.4)
# Share of galaxies whose star formation nobody measured, and how far apart source and label may be, in arcsec.
UNMEASURED, NEARNESS = 0.10, 0.19
HEADER = "label_id,ra,dec,redshift,spec_class,log_mass,log_sfr,named_class\n"


def labels(truth: Columns, first: int, random: np.random.Generator) -> Columns:
    """One label for each object: ``label_id, ra, dec, redshift, spec_class, log_mass, log_sfr, named_class``.

    Spirals (NS) are named and have no mass; artifacts (AF) are named and have neither redshift nor mass; NaN and empty
    texts stand for what is not known.
    """
    n, name = len(truth["name"]), truth["name"]
    is_named, is_artifact = np.isin(name, ["NS", "AF"]), name == "AF"
    offset, angle = NEARNESS / 3600 * np.sqrt(random.random(n)), random.uniform(0, 2 * np.pi, n)
    intercept, slope, scatter = MAIN_SEQUENCE
    below, below_scatter = QUIESCENT
    log_sfr = intercept + slope * (truth["log_mass"] - 10) + RISE * np.log10(1 + truth["redshift"])
    log_sfr += np.where(truth["is_blue"], 0, below)
    log_sfr += np.where(truth["is_blue"], scatter, below_scatter) * random.standard_normal(n)
    is_unmeasured = random.random(n) < UNMEASURED
    return {
        "label_id": first + np.arange(n),
        "ra": (truth["ra"] + offset * np.cos(angle) / np.cos(np.radians(truth["dec"]))) % 360,
        "dec": truth["dec"] + offset * np.sin(angle),
        "redshift": truth["redshift"],
        "spec_class": np.where(is_artifact, "", "GALAXY"),
        "log_mass": np.where(is_named, np.nan, truth["log_mass"]),
        "log_sfr": np.where(is_named | is_unmeasured, np.nan, log_sfr),
        "named_class": np.where(is_named, name, ""),
    }


def csv_lines(rows: Columns) -> str:
    """The rows as lines of a CSV file, without the header; NaN is empty."""
    formats = {"ra": "%.7f", "dec": "%.7f", "redshift": "%.6f", "log_mass": "%.4f", "log_sfr": "%.3f"}
    texts = [
        ["" if v != v else formats[name] % v for v in values.tolist()] if name in formats else map(str, values.tolist())
        for name, values in rows.items()
    ]
    return "".join(",".join(line) + "\n" for line in zip(*texts, strict=True))
