"""The declared columns: what the models read, what the cuts and the labels look at, what a prediction holds."""

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column, Cut, Table

CLASSES = ("S", "NSL", "LM", "NM", "HM", "NS", "AF")
SIGNAL = "S"
# Redshift and mass define these: a sample without one of them cannot be learned from. NS and AF need a catalogue that
# names them, and are left out of models trained without.
DEFINED = ("S", "NSL", "LM", "NM", "HM")
MEANING = {
    "S": "local dwarf galaxy (signal)",
    "NSL": "nearby sub-L* galaxy",
    "LM": "local massive galaxy",
    "NM": "nearby massive galaxy",
    "HM": "high-redshift massive galaxy",
    "NS": "nearby spiral galaxy",
    "AF": "artifact feature",
}
BANDS = "ugriz"
UCDS = {"u": "em.opt.U", "g": "em.opt.B", "r": "em.opt.R", "i": "em.opt.I", "z": "em.opt.I"}
# Section 2.2 of the paper: the lower limit on the half-light radius of the training sample and of the candidates.
SMALLEST_RADIUS_ARCSEC = 1.0

inputs = Table(
    "dwarf_galaxies_inputs",
    "Magnitudes that the feature set `sdss` is made of.",
    tuple(
        Column(b, "float32", "mag", f"phot.mag;{UCDS[b]}", f"{b} magnitude (AB)", level=1, indexed=True) for b in BANDS
    ),
)
cut_inputs = Table(
    "dwarf_galaxies_cut_inputs",
    "What the cuts look at, where a survey has it.",
    (
        Column("spec_class", "string", "", "src.spType", "Spectroscopic class: GALAXY, STAR or QSO", indexed=True),
        Column("r50", "float32", "arcsec", "phys.angSize", "Half-light radius"),
    ),
)
label_inputs = Table(
    "dwarf_galaxies_label_inputs",
    "What the classes of Table 1 are derived from.",
    (
        Column("redshift", "float32", "", "src.redshift", "Spectroscopic redshift"),
        Column("spec_class", "string", "", "src.spType", "Spectroscopic class: GALAXY, STAR or QSO", indexed=True),
        Column("log_mass", "float32", "", "phys.mass", "Decimal logarithm of the stellar mass in solar masses"),
        Column("distance_mpc", "float32", "Mpc", "pos.distance", "Distance that does not come from the redshift"),
        Column("named_class", "string", "", "meta.code.class", "NS or AF, where a catalogue says that the object is a "
               "spiral galaxy or an artifact"),
    ),
)  # fmt: skip
outputs = Table(
    "dwarf_galaxies_outputs",
    "Probability of each class; null for a class that the model has not learned.",
    (
        *(
            Column(f"p_{c.lower()}", "float32", "", "stat.probability", f"Probability of {c}: {MEANING[c]}", level=1,
                   indexed=c == SIGNAL)
            for c in CLASSES
        ),
        Column("predicted_class", "string", "", "meta.code.class", "Most probable class", level=1, indexed=True),
    ),
)  # fmt: skip


def has_all_magnitudes(rows: pa.Table) -> pa.Array:
    """True where every magnitude is a number that a magnitude can be: -9999 and the like are none."""
    keep = [pc.and_(pc.greater(rows[band], 0), pc.less(rows[band], 40)) for band in BANDS]
    return reduce(pc.and_, keep)


def is_no_point_source(rows: pa.Table) -> pa.Array:
    """False for spectroscopic stars and quasars: no half-light radius of theirs exceeds the limit."""
    return pc.invert(pc.is_in(rows["spec_class"], pa.array(["STAR", "QSO"])))


def is_extended(rows: pa.Table) -> pa.Array:
    """True where the half-light radius exceeds 1 arcsec, or is not known."""
    known = pc.if_else(pc.is_finite(rows["r50"]), rows["r50"], None)
    return pc.fill_null(pc.greater(known, SMALLEST_RADIUS_ARCSEC), True)


cuts = (
    Cut(
        "has all magnitudes",
        "u, g, r, i and z are measured; the model cannot work with missing values",
        has_all_magnitudes,
    ),
    Cut("no point source", "its spectrum is not a star's or a quasar's", is_no_point_source),
    Cut("extended", "half-light radius above 1 arcsec, where the survey measures it", is_extended),
)
