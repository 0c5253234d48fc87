"""The method of the paper with its parameters."""

from almagest.contract import Method, Parameter
from spectral_outliers.columns import LATENTS, catalog, cut_inputs, cuts, inputs, outputs
from spectral_outliers.preparation import GRID

outliers = Method(
    name="autoencoder_flow",
    title="Autoencoder and normalizing flow",
    description=(
        "Two spectrum autoencoders, of galaxies and of stars, with a masked autoregressive flow on the latents of each: "
        "spectra of low probability among galaxies are outliers."
    ),
    runtime="torch",
    implementation="spectral_outliers.outliers",
    inputs=inputs,
    cut_inputs=cut_inputs,
    cuts=cuts,
    outputs=outputs,
    rank_by="outlier_score",
    catalog=catalog,
    latents="latents",
    spectra=GRID,
    reconstructs=True,
    parameters=(
        Parameter("latents", LATENTS, "Latents of each model (S; the paper: 6)", LATENTS, LATENTS),
        Parameter("epochs", 12, "Passes over the training spectra for fidelity alone", 1, 1000),
        Parameter("more_epochs", 10, "Passes with the similarity and the consistency loss too", 0, 1000),
        Parameter("flow_epochs", 200, "Most passes of a flow over its latents", 1, 5000),
        Parameter("width", 256, "Spectra in the decoder's basis", 8, 4096),
        Parameter("batch_size", 64, "Spectra in one step", 8, 4096),
        Parameter("learning_rate", 0.002, "Largest step of the Adam optimiser", 1e-6, 1.0),
        Parameter("star_views", 8, "Radial velocities and noises at which a library star is seen in one pass", 1, 100),
        Parameter("frame", "rest", "Wavelengths that the encoder sees: at rest by the known redshift, or as observed (the paper's)",
                  choices=("rest", "observed")),
        Parameter("precision", "float32", "Numbers of the networks while they learn", choices=("float32", "bfloat16")),
        Parameter("seed", 1, "Start of the random numbers", 0, 2**31 - 1),
    ),
)  # fmt: skip
