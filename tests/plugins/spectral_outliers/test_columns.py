"""What is learned from and scored: cuts, and the classes by the survey's pipeline."""

import numpy as np
import pyarrow as pa
import pytest

from almagest.contract.cuts import apply_cuts
from almagest.contract.spectra import with_arrays
from spectral_outliers.columns import classify, cuts
from spectral_outliers.methods import outliers
from spectral_outliers.preparation import GRID

REASONS = ("redshift with a warning", "class QSO", "no class")


def rows(*given: tuple, flux: np.ndarray | None = None, ivar: np.ndarray | None = None) -> pa.Table:
    """Rows of class, redshift and warning with good spectra, or those given."""
    table = pa.table(
        {
            "spec_class": pa.array([row[0] for row in given], pa.string()),
            "redshift": pa.array([row[1] for row in given], pa.float64()),
            "zwarning": pa.array([row[2] for row in given], pa.int64()),
        }
    )
    shape = (len(given), GRID.bins)
    flux, ivar = (np.ones(shape) if each is None else each for each in (flux, ivar))
    return with_arrays(table, flux, ivar, GRID)


def taken_by(table: pa.Table) -> list[str | None]:
    """Name of the cut that takes each row away, None where it is kept."""
    found = []
    for place in range(table.num_rows):
        taken = apply_cuts(cuts, table.slice(place, 1))[1]
        found.append(next((name for name, count in taken.items() if count), None))
    return found


@pytest.mark.parametrize(("row", "cut"), [
    (("GALAXY", 0.1, 0), None), (("STAR", 0.0001, 0), None), ((None, 0.03, None), None), (("GALAXY", 0.1, None), None),
    (("STAR", None, None), "redshift"), (("STAR", -0.0033, 0), None), (("GALAXY", 0.0, 0), None), (("GALAXY", 0.8, 0), None),
    (("QSO", 0.1, 0), "class"), (("galaxy", 0.1, 0), "class"), (("", 0.1, 0), "class"),
    (("GALAXY", -0.001, 0), "redshift"), (("GALAXY", 0.81, 0), "redshift"), (("GALAXY", None, 0), "redshift"),
    ((None, None, None), "redshift"), (("STAR", 0.0036, 0), "redshift"), (("STAR", -0.0036, 0), "redshift"),
    (("GALAXY", 0.1, 4), "warning"), (("STAR", 0.0, 1), "warning"),
])  # fmt: skip
def test_rows_that_are_left_out(row, cut):
    assert taken_by(rows(row)) == [cut]


def test_spectra_that_cannot_be_normalised_are_left_out():
    flux, ivar = np.ones((4, GRID.bins)), np.ones((4, GRID.bins))
    ivar[1, (GRID.wavelength > 5800) & (GRID.wavelength < 6500)] = 0  # the window at 0.1
    flux[2] = -1
    ivar[3] = 1e-4
    assert taken_by(rows(*[("GALAXY", 0.1, 0)] * 4, flux=flux, ivar=ivar)) == [None, "window", "signal", "signal"]
    # Elsewhere the same gap does not matter.
    assert taken_by(rows(("GALAXY", 0.3, 0), flux=flux[1:2], ivar=ivar[1:2])) == [None]


def test_cuts_are_counted_in_their_order():
    table = rows(("GALAXY", 0.1, 0), ("QSO", 2.0, 4), ("QSO", 0.1, 0), ("GALAXY", 0.9, 4), ("GALAXY", 0.2, 4))
    kept, taken = apply_cuts(cuts, table)
    assert kept["redshift"].to_pylist() == [0.1]
    assert dict(taken) == {"class": 2, "redshift": 1, "warning": 1, "window": 0, "signal": 0}
    assert outliers.cuts == cuts and [cut.name for cut in cuts if cut.of_spectra] == ["window", "signal"]


def test_the_class_is_the_pipeline_s_where_it_has_no_doubt():
    table = rows(("GALAXY", 0.1, 0), ("STAR", 0, None), ("GALAXY", 0.1, 4), ("QSO", 2.0, 0), (None, 0.1, None))
    found = classify(table.select(["spec_class", "zwarning"]))
    assert found["label"].to_pylist() == ["GALAXY", "STAR", None, None, None]
    assert found["reason"].to_pylist() == [None, None, *REASONS]
