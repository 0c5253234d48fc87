"""Rows that cannot be judged, or not wholly, and samples that cannot be learned from."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from almagest.contract import PluginError, no_report
from almagest.contract.spectra import arrays_of
from spectral_outliers import outliers
from spectral_outliers.methods import outliers as method
from spectral_outliers.preparation import GRID
from tests.plugins.spectral_outliers.tables import changed, numbers


def bad_rows() -> dict:
    """What is wrong with row 1: redshift, flux, ivar."""
    nothing, half = np.zeros(GRID.bins), np.where(np.arange(GRID.bins) < 4000, np.nan, 1.0)
    return {
        "no redshift": (np.nan, None, None), "an infinite one": (np.inf, None, None), "nothing known": (0.1, None, nothing),
        "flux below zero": (0.1, nothing - 1, None), "flux half NaN": (0.6, half, None), "ivar half NaN": (0.1, None, half),
    }  # fmt: skip


@pytest.mark.parametrize("what", bad_rows())
def test_a_bad_row_has_nulls_and_leaves_the_others_alone(trained, rows, scores, what):
    redshift, *arrays = bad_rows()[what]
    given = [values.copy() for values in arrays_of(rows.slice(0, 3), GRID)]
    for values, bad in zip(given, arrays, strict=True):
        values[1] = values[1] if bad is None else bad
    z = rows["redshift"].to_numpy()[:3].copy()
    z[1] = redshift
    spoiled = changed(rows.slice(0, 3), z, *given)
    found = outliers.score(trained[0], spoiled)
    assert set(found.slice(1, 1).to_pylist()[0].values()) == {None}
    others = pa.array([0, 2])
    assert found.take(others).equals(scores.take(others))
    assert np.isnan(outliers.reconstruct(trained[0], spoiled)).all(axis=1).tolist() == [False, True, False]


def test_without_errors_there_is_a_likelihood_and_no_chi_square(trained, rows):
    found = outliers.score(trained[0], changed(rows, ivar=np.full((40, GRID.bins), np.nan)))
    assert found["chi2_galaxy"].null_count == found["chi2_star"].null_count == 40
    assert np.isfinite(numbers(found, "neg_log_p_galaxy")).all() and found["predicted_class"].null_count == 0


def test_too_few_spectra_are_told_with_their_reasons(spectra, tmp_path):
    few = replace(spectra, flux=-spectra.flux)
    with pytest.raises(PluginError, match=r"0 spectra of class GALAXY are left for train: too few .*too noisy: [0-9]+"):
        outliers.train(few, method.parse_parameters({}), tmp_path, no_report)
