"""What this plugin is. Light to import: the science is in the modules that it names."""

from pathlib import Path

from almagest.contract import Labelling, Paper, Plugin
from spectral_outliers.columns import CLASSES, STAR, label_inputs
from spectral_outliers.methods import outliers

plugin = Plugin(
    name="spectral_outliers",
    title="Spectral outliers",
    version="0.1.0",
    summary="Finds unusual spectra among galaxies, stars misclassified as galaxies among them, without labels.",
    paper=Paper(
        "Liang Y., Melchior P., Hahn C., Shen J., Goulding A., Ward C.",
        "Outlier Detection in the DESI Bright Galaxy Survey", 2023, url="https://arxiv.org/abs/2307.07664",
    ),
    readme=Path(__file__).with_name("README.md"),
    labelling=Labelling(CLASSES, STAR, label_inputs, "spectral_outliers.columns:classify"),
    methods=(outliers,),
    simulation="spectral_outliers.simulation.rows:simulate",
    # What the paper's outliers turned out to be (Section 4).
    tags=("double-peaked-lines", "merger", "blend", "star-misclassified", "broad-absorption-lines", "calibration", "other"),
)  # fmt: skip
