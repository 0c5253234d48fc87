"""A small plugin that keeps every law: each class is where its training rows are on average. Tests break copies of it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from almagest.contract import (
    Column,
    Cut,
    Labelling,
    Method,
    Paper,
    Parameter,
    Plugin,
    Result,
    Table,
    classification_metrics,
)

CLASSES = ("A", "B")


def simulate(size, seed):
    random = np.random.default_rng(seed)
    label = random.choice(CLASSES, size)
    x, y = random.normal(np.where(label == "A", 0, 2)), random.normal(0, 1, size)
    return pa.table(
        {
            "survey": pa.array(random.choice(["one", "two"], size).tolist(), pa.string()),
            "source_id": pa.array(np.arange(size).astype(str).tolist(), pa.string()),
            "label": pa.array(label.tolist(), pa.string()),
            "x": pa.array(x, pa.float32()),
            "y": pa.array(y, pa.float32()),
            "size": pa.array(random.uniform(1, 2, size), pa.float32()),
            "truth": pa.array(label.tolist(), pa.string()),
        }
    )


def classify(rows):
    labels = [name if name in CLASSES else None for name in rows["truth"].to_pylist()]
    reasons = [None if name else "not known" for name in labels]
    return pa.table({"label": pa.array(labels, pa.string()), "reason": pa.array(reasons, pa.string())})


def points(rows):
    return np.stack([rows[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in ("x", "y")], axis=1)


def train(sample, parameters, out, report):
    report(0.0, "began")
    rows = sample.train
    label, where = np.array(rows["label"].to_pylist()), points(rows)
    random = np.random.default_rng(parameters["seed"])
    centres = np.array([where[label == name].mean(axis=0) for name in CLASSES]) + random.normal(0, 0.01, (2, 2))
    (out / "centres.json").write_text(json.dumps(centres.tolist()))
    predicted = score(centres, sample.test)["predicted_class"].to_pylist()
    truth, surveys = sample.test["label"].to_pylist(), sample.test["survey"].to_pylist()
    report(1.0, "done")
    return Result(classification_metrics(truth, predicted, surveys, "A"))


def load(folder):
    return np.array(json.loads((folder / "centres.json").read_text()))


def score(model, batch):
    where = points(batch)
    missing = ~np.isfinite(where).all(axis=1)
    distance = np.square(np.nan_to_num(where, posinf=0, neginf=0)[:, None] - model).sum(axis=2)
    p_a = 1 / (1 + np.exp((distance[:, 0] - distance[:, 1]).clip(-50, 50)))
    return pa.table(
        {
            "p_a": pa.array(p_a, pa.float32(), mask=missing),
            "predicted_class": pa.array(np.where(p_a > 0.5, "A", "B").tolist(), pa.string(), mask=missing),
        }
    )


inputs = Table(
    "points",
    "Where a point is.",
    (
        Column("x", "float32", "mag", "phot.mag", "First coordinate"),
        Column("y", "float32", "mag", "phot.mag", "Second coordinate"),
    ),
)
cut_inputs = Table("sizes", "How large it is.", (Column("size", "float32", "arcsec", "phys.angSize", "Size"),))
label_inputs = Table("truths", "What it is.", (Column("truth", "string", "", "src.class", "What it is"),))
outputs = Table(
    "guesses",
    "What it may be.",
    (
        Column("p_a", "float32", "", "stat.probability", "Probability of A"),
        Column("predicted_class", "string", "", "meta.code.class", "The nearer"),
    ),
)
has_size = Cut("large", "has a size", lambda rows: pc.fill_null(pc.greater(rows["size"], 1), True))
is_near = Cut("near", "y below 2", lambda rows: pc.less(rows["y"], 2))
catalog = Table(
    "found",
    "Points that may be A.",
    (
        Column("y", "float32", "mag", "phot.mag", "Second coordinate"),
        Column("prob", "float32", "", "stat.probability", "Probability of A"),
    ),
)
seed = Parameter("seed", 1, "Start of the random numbers", 0, 99)
nearest = Method(
    name="nearest",
    title="Nearest centre",
    description="The nearer centre wins.",
    runtime="classical",
    implementation=__name__,
    inputs=inputs,
    cut_inputs=cut_inputs,
    outputs=outputs,
    rank_by="p_a",
    cuts=(has_size,),
    candidate_cuts=(is_near,),
    catalog=catalog,
    catalog_names={"prob": "p_a"},
    parameters=(seed,),
)
methods = (nearest,)
plugin = Plugin(
    name="centroids",
    title="Centroids",
    version="1.0",
    summary="Which of two clouds a point belongs to.",
    paper=Paper("Nobody", "None", 2000),
    readme=Path(__file__),
    labelling=Labelling(CLASSES, "A", label_inputs, f"{__name__}:classify"),
    methods=methods,
    simulation=f"{__name__}:simulate",
)
