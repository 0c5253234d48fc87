"""The law suite on plugins with spectra: one that keeps every law, and copies that break one."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from almagest.contract import PluginError, Sample, SampleError
from almagest.contract.checks import check_plugin
from tests.plugins.spectral_centroids import GRID, plugin, simulate

SOURCE = Path(__file__).with_name("spectral_centroids.py").read_text()


def test_the_small_plugin_on_spectra_keeps_all_laws(tmp_path):
    check_plugin(plugin, tmp_path)
    sample = Sample.open(tmp_path / "mean_spectrum" / "sample")
    assert sample.flux.shape == (sample.rows.num_rows, GRID.bins) and isinstance(sample.flux, np.memmap)
    assert sum(batch.num_rows for batch in sample.batches("train", size=7)) == sample.train.num_rows


@pytest.mark.parametrize(
    ("old", "new", "law"),
    [
        ("SpectralGrid(4000.0, 10.0, 50)", "SpectralGrid(4000.0, 0.0, 50)", "grid has wavelengths, steps and bins above 0"),
        ("return with_arrays(rows, flux, ivar, GRID)", "return rows", "inputs as declared: flux missing, ivar missing"),
        ("is_good = np.isfinite(flux).all(axis=1) &", "is_good =", r"a bad row has null scores: flux is NaN"),
        ("& (ivar > 0).any(axis=1)", "", r"a bad row has null scores: (flux|ivar) is"),
        ("mean in model], axis=1)", "mean in model], axis=1) * (1 + np.arange(len(flux)))[:, None]", "do not depend on the"),
        ('latents="latents"', 'latents="place"', "latents are one of the outputs: place"),
        ('latents="latents"', 'latents="p_a"', r"latents are 2 to 2,000 numbers a row, float32: p_a is float32 of shape \(\)"),
        ("shape=(3,)", "shape=(1,)", r"latents are 2 to 2,000 numbers a row, float32: latents is float32 of shape \(1,\)"),
        ('Column("latents", "float32"', 'Column("latents", "float64"', "latents are 2 to 2,000 numbers a row, float32"),
        ("zip(place.tolist(), is_good", "zip(place[:, :2].tolist(), is_good", r"with 3 values a row, the data have \[2\]"),
        ("zip(place.tolist(), is_good", "zip((place + np.inf).tolist(), is_good", "latents are finite numbers, or null as a whole"),
        ("zip(place.tolist(), is_good", "zip(place.tolist(), is_good & False", "some of its simulation have latents: all are null"),
        ("zip(place.tolist(), is_good", "zip(place.tolist(), is_good | True", "a bad row has null scores"),
        ("zip(place.tolist(), is_good", "zip((place + len(place)).tolist(), is_good", "scores do not depend on the batch's size"),
        ("spectra=GRID, ", "", "a method that reconstructs takes spectra"),
        ("def reconstruct(", "def recollect(", "it reconstructs its simulation.*has no attribute 'reconstruct'"),
        (".astype(np.float32)\n", "\n", r"\(rows, bins\), float32: \(.*, 50\) of float64 for"),
        ("is_good[:, None], p_a *", "is_good, p_a[:, 0] *", r"it raised ValueError|\(rows, bins\), float32"),
        ("p_a * model[0] +", "p_a * model[0] * np.inf +", "numbers, or NaN: it is infinite"),
        ("model[1], np.nan)", "model[1] + len(p_a), np.nan)", "do not depend on the batch's size and order: 1 rows"),
        ("model[1], np.nan)", "model[1] + np.arange(len(p_a))[:, None], np.nan)", "size and order: [0-9]{3} rows"),
        ("return np.where(is_good[:, None], p_a", "return np.where(True, p_a", "a bad row is reconstructed as NaN"),
        ("model[1], np.nan)", "model[1] + ~is_good.all(), np.nan)", "a bad row does not change the others' reconstructions"),
        ("_, _, is_good = known(batch)", "is_good = np.zeros(batch.num_rows, bool)", "a whole row is reconstructed"),
    ],
)  # fmt: skip
def test_a_broken_law_is_told(tmp_path, monkeypatch, old, new, law):
    assert old in SOURCE
    (tmp_path / "broken_spectral.py").write_text(SOURCE.replace(old, new))
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(PluginError, match=law):
            check_plugin(import_module("broken_spectral").plugin, tmp_path / "check")
    finally:
        sys.modules.pop("broken_spectral", None)


def test_a_sample_whose_spectra_were_touched_is_not_opened(tmp_path):
    """One number in fifteen gigabytes is enough."""
    check_plugin(plugin, tmp_path)
    folder = tmp_path / "mean_spectrum" / "sample"
    flux = np.load(folder / "flux.npy", mmap_mode="r+")
    flux[3, 7] += 1
    flux.flush()
    with pytest.raises(SampleError, match="is damaged"):
        Sample.open(folder)
    (folder / "ivar.npy").unlink()
    with pytest.raises(SampleError, match=r"the spectra of sample folder .* cannot be read"):
        Sample.open(folder)
    assert simulate(3, 1)["flux"].type == GRID.arrow_type
