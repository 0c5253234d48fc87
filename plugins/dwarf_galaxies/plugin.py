"""What this plugin is. Light to import: the science is in the modules that it names."""

from pathlib import Path

from almagest.contract import Labelling, Paper, Plugin
from dwarf_galaxies.columns import CLASSES, SIGNAL, label_inputs
from dwarf_galaxies.methods import METHODS
from dwarf_galaxies.studies import LANDMARKS, STUDIES

plugin = Plugin(
    name="dwarf_galaxies",
    title="Local dwarf galaxies",
    version="0.2.0",
    summary="Finds nearby low-mass galaxies (z < 0.02, 10^6 to 10^9 solar masses) among all others by their photometry.",
    paper=Paper(
        "Zhang H., Ye G., Wu R., Zaritsky D.", "A Local Dwarf Galaxy Search Using Machine Learning", 2025,
    ),
    readme=Path(__file__).with_name("README.md"),
    labelling=Labelling(CLASSES, SIGNAL, label_inputs, "dwarf_galaxies.labels:classify"),
    methods=METHODS,
    simulation="dwarf_galaxies.simulate:simulate",
    relations="dwarf_galaxies.relations:relations",
    studies=STUDIES,
    landmarks=LANDMARKS,
)  # fmt: skip
