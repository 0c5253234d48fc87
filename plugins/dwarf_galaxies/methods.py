"""The five algorithms of Section 3.3, with their parameters and the values among which a random search draws.

Each is there twice: on SDSS magnitudes, and on Legacy Surveys fluxes (named ``legacy_...``), which are the paper's.
"""

from dataclasses import replace

from almagest.contract import Method, Parameter
from dwarf_galaxies.columns import (
    LEGACY_CATALOG_NAMES,
    SIGNAL,
    legacy_catalog,
    legacy_cut_inputs,
    legacy_inputs,
    outputs,
    sdss_cut_inputs,
    sdss_inputs,
)
from dwarf_galaxies.cuts import legacy_candidate_cuts, legacy_cuts, sdss_cuts

RESAMPLINGS = ("rus", "nearmiss", "oss", "ros", "smote", "adasyn")
SEED = Parameter("seed", 1, "Start of the random numbers: the same seed gives the same model", 0, 2**31 - 1)
BALANCE = Parameter(
    "balance", "none",
    "What is done about rare classes (Section 5.1): weights, fewer of the common ones (rus, nearmiss, oss), or more of the "
    "rare ones (ros, smote, adasyn); only ever among the rows that are learned from",
    choices=("none", "class_weight", *RESAMPLINGS),
)  # fmt: skip
SEARCH = (
    Parameter("draws", 0, "Parameter sets that a random search tries, the given one first; 1: none but that one, with its "
              "scores over the folds; 0: no folds at all", 0, 1000),
    Parameter("search_rows", 20000, "Most training rows that the folds are made of, whole galaxies drawn at random", 100, 10**9),
    Parameter("folds", 5, "Folds of the training rows, whole galaxies each, over which a set is judged", 2, 20),
)  # fmt: skip
EARLY_STOPPING = (
    Parameter("epochs", 1000, "Most passes over the training rows", 1, 5000),
    Parameter("patience", 80, "Stop after so many passes without a better validation loss", 1, 1000),
)
# What of a Legacy Surveys source the model may look at: to see what surface brightness is worth.
FEATURES = Parameter(
    "features", "all",
    "all 91; `colours`: the 15 magnitudes and colours alone; `ratios`: the 76 ratios of aperture fluxes alone",
    choices=("all", "colours", "ratios"),
)  # fmt: skip


def method(**declared) -> Method:
    """A method on SDSS magnitudes."""
    rows = {"inputs": sdss_inputs, "cut_inputs": sdss_cut_inputs, "cuts": sdss_cuts}
    return Method(**declared, **rows, outputs=outputs, rank_by=f"p_{SIGNAL.lower()}")


def on_legacy(sdss: Method) -> Method:
    """The same method on Legacy Surveys fluxes."""
    return replace(
        sdss, name=f"legacy_{sdss.name}", title=f"{sdss.title}, Legacy Surveys",
        description=f"{sdss.description} On the paper's 91 features.", inputs=legacy_inputs, cut_inputs=legacy_cut_inputs,
        cuts=legacy_cuts, candidate_cuts=legacy_candidate_cuts, parameters=(FEATURES, *sdss.parameters),
        catalog=legacy_catalog, catalog_names=LEGACY_CATALOG_NAMES,
    )  # fmt: skip


knn = method(
    name="knn",
    title="Nearest neighbours",
    description="Shares of the classes among the nearest training objects in the space of scaled features (KNN).",
    runtime="classical",
    implementation="dwarf_galaxies.knn",
    parameters=(
        Parameter("neighbours", 15, "How many are asked", 1, 1000, search=(3, 5, 7, 10, 15, 20, 30, 50)),
        Parameter("weights", "distance", "Whether near neighbours count more", choices=("uniform", "distance"),
                  search=("uniform", "distance")),
        Parameter("p", 2, "1: Manhattan distance; 2: Euclidean distance", 1, 2, search=(1, 2)),
        Parameter("balance", BALANCE.default, BALANCE.description, choices=("none", *RESAMPLINGS)),
        *SEARCH,
        SEED,
    ),
)  # fmt: skip
forest = method(
    name="forest",
    title="Random forest",
    description="Trees on random rows and random features, each voting with the shares of the classes in its leaf.",
    runtime="classical",
    implementation="dwarf_galaxies.forest",
    parameters=(
        Parameter("trees", 300, "Number of trees", 1, 5000, search=(100, 200, 300, 500)),
        Parameter("criterion", "gini", "What a split makes smaller", choices=("gini", "entropy"),
                  search=("gini", "entropy")),
        Parameter("max_depth", 0, "Levels of the deepest tree; 0: no limit", 0, 200, search=(0, 8, 12, 16, 24)),
        Parameter("min_samples_split", 2, "Fewest rows in a node that is split", 2, 10000, search=(2, 5, 10, 20)),
        Parameter("min_samples_leaf", 1, "Fewest rows in a leaf", 1, 10000, search=(1, 2, 4, 8)),
        Parameter("max_features", "sqrt", "Features looked at for a split: the root of their number, half or all of them",
                  choices=("sqrt", "half", "all"), search=("sqrt", "half", "all")),
        BALANCE,
        *SEARCH,
        SEED,
    ),
)  # fmt: skip
boosting = method(
    name="xgboost",
    title="Gradient boosting",
    description="Trees that each correct the sum of those before (XGBoost).",
    runtime="classical",
    implementation="dwarf_galaxies.boosting",
    parameters=(
        Parameter("rounds", 200, "Trees for each class", 1, 5000, search=(100, 200, 300, 500)),
        Parameter("learning_rate", 0.1, "Weight of each new tree", 1e-4, 1.0, search=(0.02, 0.03, 0.05, 0.1, 0.2)),
        Parameter("max_depth", 6, "Levels of a tree", 1, 20, search=(2, 3, 4, 6, 8)),
        Parameter(
            "min_child_weight", 1.0, "Smallest sum of weights in a leaf", 0.0, 1000.0, search=(1.0, 2.0, 5.0, 10.0)
        ),
        Parameter("subsample", 1.0, "Share of the rows that a tree sees", 0.1, 1.0, search=(0.5, 0.7, 0.85, 1.0)),
        Parameter("colsample", 1.0, "Share of the features that a tree sees", 0.1, 1.0, search=(0.4, 0.6, 0.8, 1.0)),
        Parameter("reg_lambda", 1.0, "L2 penalty on the leaves", 0.0, 1000.0, search=(0.1, 1.0, 3.0, 10.0)),
        Parameter("reg_alpha", 0.0, "L1 penalty on the leaves", 0.0, 1000.0, search=(0.0, 0.1, 1.0)),
        BALANCE,
        *SEARCH,
        SEED,
    ),
)
network = method(
    name="network",
    title="Neural network",
    description="Dense layers with ReLU, dropout and softmax; by default those of the paper's Table 5: 64, 256 and 32.",
    runtime="keras",
    implementation="dwarf_galaxies.network",
    parameters=(
        Parameter("layers", "64-256-32", "Neurons of the hidden layers", choices=("64-256-32", "128-64", "256-128-64", "64-32"),
                  search=("64-256-32", "128-64", "256-128-64", "64-32")),
        Parameter("dropout", 0.2, "Share of the neurons left out of each step", 0.0, 0.9, search=(0.1, 0.2, 0.3, 0.4)),
        Parameter("learning_rate", 0.002, "Step of the Adam optimiser", 1e-6, 1.0, search=(0.0005, 0.001, 0.002, 0.004)),
        Parameter("batch_size", 1024, "Rows in one step; large ones train faster", 8, 65536, search=(128, 256, 512, 1024)),
        *EARLY_STOPPING,
        BALANCE,
        *SEARCH,
        SEED,
    ),
)  # fmt: skip
tabnet = method(
    name="tabnet",
    title="TabNet",
    description="Attention that chooses, step by step, which features to reason from (Arik & Pfister 2019).",
    runtime="torch",
    implementation="dwarf_galaxies.tabnet",
    parameters=(
        Parameter("width", 16, "Neurons of the decision and of the attention layers", 4, 256, search=(8, 16, 24, 32)),
        Parameter("steps", 3, "Decisions, each with its own choice of features", 1, 10, search=(2, 3, 4)),
        Parameter("gamma", 1.3, "How freely later decisions use features again; 1: not at all", 1.0, 3.0,
                  search=(1.0, 1.3, 1.6, 2.0)),
        Parameter("sparsity", 0.0001, "Penalty on looking at many features", 0.0, 1.0, search=(0.0, 0.0001, 0.001, 0.01)),
        Parameter("mask", "sparsemax", "How features are chosen", choices=("sparsemax", "entmax"),
                  search=("sparsemax", "entmax")),
        Parameter("learning_rate", 0.02, "Step of the Adam optimiser", 1e-6, 1.0, search=(0.005, 0.01, 0.02, 0.03)),
        Parameter("batch_size", 512, "Rows in one step", 8, 65536, search=(256, 512, 1024)),
        Parameter("epochs", 300, "Most passes over the training rows", 1, 5000),
        Parameter("patience", 40, "Stop after so many passes without a better validation loss", 1, 1000),
        BALANCE,
        *SEARCH,
        SEED,
    ),
)  # fmt: skip
SDSS_METHODS = (network, knn, forest, boosting, tabnet)
LEGACY_METHODS = tuple(on_legacy(sdss) for sdss in SDSS_METHODS)
METHODS = (*SDSS_METHODS, *LEGACY_METHODS)
