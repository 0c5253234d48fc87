"""Training the network: the product's loop beside `keras.Model.fit` with its default batch size, to the same validation loss.

    python bench/network_training.py [--rows 2000] [--sample FOLDER] [--repeats 3]

Both begin with the same weights, learn from the same rows and look at the same others; each keeps its own defaults: 1,024
rows a step and a rate of 0.002 here, 32 rows a step and Adam's 0.001 there. The loss to be reached is the worse of the two
best ones, so that both reach it; the time counts from before the graph is traced to the end of the epoch that reaches it.
Needs neither a database nor data: rows are simulated unless a frozen sample's folder is given.
"""

import argparse
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from almagest.contract import Sample
from almagest.contract.checks.simulation import simulated_rows
from dwarf_galaxies import network
from dwarf_galaxies.fitting import fit, split
from dwarf_galaxies.plugin import plugin
from dwarf_galaxies.rows import Rows, Scale, training_rows

# Losses and the seconds after which they were reached, one of each an epoch.
Curve = tuple[list[float], list[float]]


def learned_and_looked_at(folder: Path | None, count: int, parameters: dict) -> tuple[Rows, Rows]:
    """Scaled rows on both sides of early stopping."""
    labelling = plugin.labelling
    simulated = (
        None if folder else Sample(simulated_rows(plugin, count), labelling.classes, labelling.signal, 1, "", {})
    )
    rows = training_rows(simulated or Sample.open(folder))
    return split(
        replace(rows, features=Scale.of(rows.features, rows.feature_set.names).apply(rows.features)), parameters
    )


def ours(learned: Rows, looked_at: Rows, parameters: dict) -> Curve:
    """The product's own training."""
    start, seconds = time.perf_counter(), []
    model = network.build(learned.features.shape[1], len(learned.classes), parameters)
    learner = network.Learner(model, learned, looked_at, parameters["learning_rate"])
    history = fit(learner, len(learned), parameters, lambda *_: seconds.append(time.perf_counter() - start))
    return history["validation"], seconds


def kerass(learned: Rows, looked_at: Rows, parameters: dict) -> Curve:
    """`keras.Model.fit` as it comes, stopped early with the same patience."""
    import keras  # noqa: PLC0415

    start, seconds = time.perf_counter(), []
    model = network.build(learned.features.shape[1], len(learned.classes), parameters)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seconds.append(time.perf_counter() - start))
    stop = keras.callbacks.EarlyStopping("val_loss", patience=parameters["patience"])
    history = model.fit(
        learned.features, learned.labels, validation_data=(looked_at.features, looked_at.labels),
        epochs=parameters["epochs"], callbacks=[clock, stop], verbose=0,
    )  # fmt: skip
    return history.history["val_loss"], seconds


def seconds_to(loss: float, curve: Curve) -> float:
    """Seconds until the loss was first reached."""
    return curve[1][int(np.argmax(np.array(curve[0]) <= loss))]


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2000, help="objects to simulate; a quarter is held back")
    parser.add_argument("--sample", type=Path, help="folder of a frozen sample, in place of simulated rows")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    ratios, once = [], plugin.method("network").parse_parameters({"epochs": 1})
    for way in (ours, kerass):  # TensorFlow's own start is nobody's time
        way(*learned_and_looked_at(options.sample, options.rows, once), once)
    for seed in range(1, options.repeats + 1):
        parameters = plugin.method("network").parse_parameters({"seed": seed})
        rows = learned_and_looked_at(options.sample, options.rows, parameters)
        curves = [way(*rows, parameters) for way in (ours, kerass)]
        loss = max(min(validation) for validation, _ in curves)
        here, there = (seconds_to(loss, curve) for curve in curves)
        ratios.append(there / here)
        best = ", ".join(f"{min(validation):.4f} in {len(validation)} epochs" for validation, _ in curves)
        print(f"seed {seed}, {len(rows[0]):,} rows: best validation loss {best} (here, keras.Model.fit)")
        print(f"  to {loss:.4f}: {here:.2f} s here, {there:.2f} s there: {ratios[-1]:.1f} times faster")
    print(f"median: {statistics.median(ratios):.1f} times faster")


if __name__ == "__main__":
    main()
