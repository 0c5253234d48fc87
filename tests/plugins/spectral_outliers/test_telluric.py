"""The mask of the night sky's lines: known lines, its share of the bins, its widths."""

import numpy as np
import pytest

from spectral_outliers.preparation import GRID, IS_TELLURIC
from spectral_outliers.telluric import FAINTEST, LINES, is_telluric

# Osterbrock et al. 1996, PASP 108, 277, in air: O I, Na I, and the brightest OH of the bands 8-3, 9-4, 5-1, 6-2, 7-3 and 8-4.
IN_AIR = (
    5577.338, 6300.304, 6363.776, 5889.951, 5895.924, 7276.405, 7316.282, 7340.885, 7750.640, 7794.112, 7821.503, 7913.708,
    7964.650, 7993.332, 8344.602, 8399.170, 8430.174, 8827.096, 8885.850, 8919.641,
)  # fmt: skip


def in_vacuum(air: float) -> float:
    """Morton 1991, ApJS 77, 119, the other way round."""
    s2 = (1e4 / air) ** 2
    return air * (1 + 6.4328e-5 + 2.94981e-2 / (146 - s2) + 2.5540e-4 / (41 - s2))


def test_the_brightest_lines_are_there_in_vacuum():
    listed = np.array([line for line, _ in LINES])
    for air in IN_AIR:
        line = in_vacuum(air)
        assert np.abs(listed - line).min() < 0.5, f"{air} A in air is {line:.1f} A in vacuum"
        assert is_telluric(line + np.linspace(-5, 5, 101)).all()


def test_a_quarter_of_the_bins_is_masked():
    """Section 2: approximately 25 %."""
    assert len(IS_TELLURIC) == 7781 and GRID.wavelength[-1] == pytest.approx(9824)
    assert 0.24 < IS_TELLURIC.mean() < 0.26
    assert not is_telluric(np.linspace(3600, 5560, 1000)).any(), "the blue has no such lines"


def test_the_list_is_that_of_strong_lines_on_the_grid():
    line, strength = np.array(LINES).T
    assert strength.min() >= FAINTEST
    assert (line > GRID.start).all() and (line < GRID.wavelength[-1]).all()
    assert np.diff(line).min() > 1.95, "nearer than 2 A they count once; here they are rounded to 0.1 A"
    assert 100 <= len(LINES) <= 150, "the paper: some 100"


def test_at_least_five_angstroms_to_each_side():
    for line, _ in LINES:
        assert is_telluric(np.array([line - 5, line, line + 5])).all()


@pytest.mark.parametrize(("line", "strength", "half"), [
    # Lines that stand alone: 5 (1 + log10(strength / 2)).
    (6172.3, 2.06, 5.064), (6500.5, 3, 5.880), (6302.0, 10, 8.495), (5578.9, 100, 13.495),
])  # fmt: skip
def test_brighter_lines_are_wider(line, strength, half):
    assert (line, strength) in LINES
    fine = line + np.linspace(-20, 20, 40_001)
    covered = fine[is_telluric(fine)]
    assert [line - covered[0], covered[-1] - line] == pytest.approx([half, half], abs=0.002)


def test_any_shape_is_answered_in_its_shape():
    assert is_telluric(np.array([[5578.9, 5000.0], [5000.0, 6302.0]])).tolist() == [[True, False], [False, True]]
