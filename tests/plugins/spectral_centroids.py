"""A small plugin on spectra that keeps every law: each class is what its training spectra are on average."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from almagest.contract import Column, Cut, Result, SpectralGrid, Table, classification_metrics
from almagest.contract.spectra import arrays_of, with_arrays
from tests.plugins.centroids import CLASSES, classify, has_size, inputs, nearest
from tests.plugins.centroids import plugin as points_plugin
from tests.plugins.centroids import simulate as simulate_points

GRID = SpectralGrid(4000.0, 10.0, 50)
TRAINED_AT_ONCE = 64
LATENTS = Column("latents", "float32", "", "stat.value", "Mean flux of each third of the spectrum", shape=(3,))


def simulate(size, seed):
    rows = simulate_points(size, seed)
    random = np.random.default_rng(seed + 1)
    line = np.exp(-(((GRID.wavelength - 4200) / 30) ** 2))
    is_a = np.array(rows["label"].to_pylist()) == "A"
    ivar = random.gamma(4, 1, (size, GRID.bins))
    flux = 1 + is_a[:, None] * line + random.normal(size=ivar.shape) / np.sqrt(ivar)
    return with_arrays(rows, flux, ivar, GRID)


def known(batch):
    flux, ivar = (values.astype(np.float64) for values in arrays_of(batch, GRID))
    is_good = np.isfinite(flux).all(axis=1) & np.isfinite(ivar).all(axis=1) & (ivar > 0).any(axis=1)
    x = batch["x"].to_numpy(zero_copy_only=False)
    return np.where(is_good[:, None], flux, 0), np.where(is_good[:, None], ivar, 0), is_good & np.isfinite(x)


def train(sample, parameters, out, report):
    total, weight = (np.zeros((len(CLASSES), GRID.bins)) for _ in range(2))
    for number, batch in enumerate(sample.batches("train", size=TRAINED_AT_ONCE)):
        report(min(0.1 * number, 0.9))
        flux, ivar, _ = known(batch)
        label = np.array(batch["label"].to_pylist())
        for place, name in enumerate(CLASSES):
            total[place] += (flux * ivar)[label == name].sum(axis=0)
            weight[place] += ivar[label == name].sum(axis=0)
    np.save(out / "means.npy", total / weight)
    rows = list(sample.batches("test"))
    predicted = pa.concat_tables(score(total / weight, batch) for batch in rows)["predicted_class"].to_pylist()
    truth, surveys = sample.test["label"].to_pylist(), sample.test["survey"].to_pylist()
    report(1.0, "done")
    return Result(classification_metrics(truth, predicted, surveys, "A"))


def load(folder):
    return np.load(folder / "means.npy", allow_pickle=False)


def score(model, batch):
    flux, ivar, is_good = known(batch)
    distance = np.stack([(ivar * (flux - mean) ** 2).sum(axis=1) for mean in model], axis=1)
    p_a = 1 / (1 + np.exp(((distance[:, 0] - distance[:, 1]) / 2).clip(-50, 50)))
    thirds = [np.array_split(values, LATENTS.shape[0], axis=1) for values in (flux * ivar, ivar)]
    known_flux, weight = (np.stack([part.sum(axis=1) for part in parts], axis=1) for parts in thirds)
    place = np.divide(known_flux, weight, out=np.zeros_like(weight), where=weight > 0)
    rows = [row if good else None for row, good in zip(place.tolist(), is_good, strict=True)]
    return pa.table(
        {
            "latents": pa.array(rows, LATENTS.arrow_type),
            "p_a": pa.array(p_a, pa.float32(), mask=~is_good),
            "predicted_class": pa.array(np.where(p_a > 0.5, "A", "B").tolist(), pa.string(), mask=~is_good),
        }
    )


def reconstruct(model, batch):
    _, _, is_good = known(batch)
    p_a = np.array(score(model, batch)["p_a"].fill_null(0).to_pylist(), np.float64).reshape(-1, 1)
    return np.where(is_good[:, None], p_a * model[0] + (1 - p_a) * model[1], np.nan).astype(np.float32)


def is_seen(rows):
    return pa.array((arrays_of(rows, GRID)[1] > 0).mean(axis=1) > 0.5)


seen = Cut("seen", "half of the bins are known", is_seen, of_spectra=True)
method = replace(
    nearest, name="mean_spectrum", implementation=__name__, spectra=GRID, reconstructs=True, cuts=(has_size, seen), latents="latents",
    outputs=nearest.outputs.with_columns(LATENTS, first=True),
    inputs=Table("points", "Where a point is.", inputs.columns[:1]), candidate_cuts=(), catalog=None, catalog_names={},
)  # fmt: skip
plugin = replace(
    points_plugin, name="spectral_centroids", methods=(method,), simulation=f"{__name__}:simulate",
    labelling=replace(points_plugin.labelling, implementation=f"{__name__}:classify"),
)  # fmt: skip
__all__ = ["classify", "plugin"]
