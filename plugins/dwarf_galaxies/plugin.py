"""What this plugin is. Light to import: the science is in the modules that it names."""

from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import Column, Cut, Labelling, Method, Paper, Parameter, Plugin, Table

CLASSES = ("S", "NSL", "LM", "NM", "HM")
SIGNAL = "S"
BANDS = "ugriz"
UCDS = {"u": "em.opt.U", "g": "em.opt.B", "r": "em.opt.R", "i": "em.opt.I", "z": "em.opt.I"}
MEANING = {
    "S": "local dwarf galaxy (signal)",
    "NSL": "nearby sub-L* galaxy",
    "LM": "local massive galaxy",
    "NM": "nearby massive galaxy",
    "HM": "high-redshift massive galaxy",
}
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
    ),
)
outputs = Table(
    "dwarf_galaxies_outputs",
    "Probability of each class.",
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
SEED = Parameter("seed", 1, "Start of the random numbers: the same seed gives the same model", 0, 2**31 - 1)
WEIGHTS = Parameter(
    "class_weight", "none", "'balanced' weighs each class by the inverse of its share: more recall, less precision",
    choices=("none", "balanced"),
)  # fmt: skip

network = Method(
    name="network",
    title="Neural network",
    description="The paper's network (Table 5): dense layers of 64, 256 and 32, ReLU, dropout 0.2, softmax.",
    runtime="keras",
    implementation="dwarf_galaxies.network",
    inputs=inputs,
    cut_inputs=cut_inputs,
    outputs=outputs,
    rank_by="p_s",
    cuts=cuts,
    parameters=(
        Parameter("epochs", 1000, "Most passes over the training rows", 1, 5000),
        Parameter("patience", 80, "Stop after so many passes without a better validation loss", 1, 1000),
        Parameter("batch_size", 1024, "Rows in one step; large ones train faster, and no worse", 8, 65536),
        Parameter("learning_rate", 0.002, "Step of the Adam optimiser", 1e-6, 1.0),
        WEIGHTS,
        SEED,
    ),
)
forest = Method(
    name="forest",
    title="Random forest",
    description="Trees on random rows and random features, each voting with the shares of the classes in its leaf.",
    runtime="classical",
    implementation="dwarf_galaxies.forest",
    inputs=inputs,
    cut_inputs=cut_inputs,
    outputs=outputs,
    rank_by="p_s",
    cuts=cuts,
    parameters=(
        Parameter("trees", 300, "Number of trees", 1, 5000),
        Parameter("max_depth", 0, "Levels of the deepest tree; 0: no limit", 0, 200),
        Parameter("min_samples_leaf", 1, "Fewest rows in a leaf", 1, 10000),
        WEIGHTS,
        SEED,
    ),
)
plugin = Plugin(
    name="dwarf_galaxies",
    title="Local dwarf galaxies",
    version="0.1.0",
    summary="Finds nearby low-mass galaxies (z < 0.02, 10^6 to 10^9 solar masses) among all others by their photometry.",
    paper=Paper(
        "Zhang H., Ye G., Wu R., Zaritsky D.", "A Local Dwarf Galaxy Search Using Machine Learning", 2025,
    ),
    readme=Path(__file__).with_name("README.md"),
    labelling=Labelling(CLASSES, SIGNAL, label_inputs, "dwarf_galaxies.labels:classify"),
    methods=(network, forest),
    simulation="dwarf_galaxies.simulate:simulate",
)  # fmt: skip
