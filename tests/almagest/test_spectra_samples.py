"""A method that takes spectra: its samples, its blocks and its cuts, on the surveys' own spectra."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from almagest.contract import Column, Labelling, Sample, SampleError, SpectralGrid, Table
from almagest.contract.spectra import arrays_of, put_on_grid
from almagest.predictions.scoring import cut_rows, read_inputs
from almagest.registry.services import plugin_sync
from almagest.samples.build import build_sample
from almagest.samples.models import Sample as SampleRow
from almagest.samples.reading import can_feed
from almagest.sky.models import Survey
from almagest.sky.selectors import snapshot
from almagest.spectra.gridded import read_on_grid
from almagest.spectra.lines import air_to_vacuum
from almagest.spectra.services import ingest_spectra
from almagest.spectra.spectrum import checked
from dwarf_galaxies.plugin import plugin as dwarf_galaxies
from tests.plugins import spectral_centroids

from .spectra_files import found_in

GRID = SpectralGrid(3600.0, 0.8, 7781)
REDSHIFT = Table("known", "What is known.", (Column("redshift", "float32", "", "src.redshift", "Redshift"),))
CLASS = Table("classes", "What it is.", (Column("spec_class", "string", "", "src.class", "Class"),))


def by_class(rows):
    """Galaxies and quasars; a star is in no class."""
    label = [name if name in ("GALAXY", "QSO") else None for name in rows["spec_class"].to_pylist()]
    return pa.table({"label": pa.array(label, pa.string()),
                     "reason": pa.array([None if name else "star" for name in label], pa.string())})  # fmt: skip


def mostly_known(rows):
    """Spectra of which two thirds of the grid are known."""
    return pa.array((arrays_of(rows, GRID)[1] > 0).mean(axis=1) > 0.66)


@pytest.fixture
def method(monkeypatch):
    seen = replace(spectral_centroids.seen, keeps=mostly_known)
    return replace(
        spectral_centroids.method, spectra=GRID, inputs=REDSHIFT, cuts=(seen,), cut_inputs=Table("none", "", ())
    )


@pytest.fixture
def survey(cloned_database, shared_data) -> Survey:
    ingest_spectra(survey="sdss-spectra", paths=[shared_data / "spectra" / "sdss"], skip_bad=True)
    return Survey.objects.get(slug="sdss-spectra")


def expected_of(shared_data: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Flux and ivar on the grid of each file, by name, one at a time."""
    expected = {}
    for path in (shared_data / "spectra" / "sdss").glob("spec-*"):
        (found,) = found_in(path)
        spectrum = checked(found.spectrum)
        ivar = np.where(spectrum.mask, 0, spectrum.ivar)
        expected[found.facts["name"]] = put_on_grid(spectrum.wavelength, spectrum.flux[None], ivar[None], GRID)
    return expected


def test_a_sample_of_real_spectra_lies_on_the_disk(survey, method, shared_data, tmp_path):
    """Each row's arrays are those of its file; what the cut of spectra and the labels left out is counted."""
    labelling = Labelling(("GALAXY", "QSO"), "QSO", CLASS, f"{__name__}:by_class")
    definition = {"surveys": ["sdss-spectra"], "seed": 1, "test_fraction": 0.3}
    row = SampleRow(name="real", definition=definition, ingest_id=snapshot().ingest_id, cross_match_id=0)
    counts = build_sample(row, method, labelling, tmp_path / "sample")
    sample, expected = Sample.open(tmp_path / "sample"), expected_of(shared_data)
    assert isinstance(sample.flux, np.memmap) and sample.flux.shape == (sample.rows.num_rows, 7781)
    for place, name in enumerate(sample.rows["source_id"].to_pylist()):
        if name in expected:
            flux, ivar = expected[name]
            assert np.array_equal(sample.flux[place], flux[0]) and np.array_equal(sample.ivar[place], ivar[0])
    assert sum(name in expected for name in sample.rows["source_id"].to_pylist()) > 20
    left_out = {each["name"]: each["count"] for each in counts["left_out"]}
    with_spectra = sum((ivar > 0).mean() > 0.66 for _, ivar in expected.values())
    assert left_out["seen"] >= len(expected) - with_spectra and left_out["star"] >= 2
    assert counts["rows"] + sum(left_out.values()) == 36


def test_batches_have_spectra_as_they_were_in_the_snapshot(survey, method, shared_data):
    """The rows that scoring gets, their arrays cut and counted; read again they are the same."""
    batch = read_inputs(method, survey, ingest_id=snapshot().ingest_id)
    kept, left_out = cut_rows(method, batch)
    assert kept.num_rows + left_out["seen"] == batch.num_rows == 36
    flux, ivar = arrays_of(kept, GRID)
    again = read_on_grid(kept, GRID)
    assert np.array_equal(flux, again[0]) and np.array_equal(ivar, again[1])
    assert ((ivar > 0).mean(axis=1) > 0.66).all()


def test_a_star_in_air_lies_in_vacuum_and_its_errors_are_unknown(cloned_database, method, shared_data):
    """Of STELIB: H alpha where it is in vacuum, 1.8 angstroms from where it is in air."""
    ingest_spectra(survey="stelib", paths=[shared_data / "spectra" / "stelib_stellar_library_mangadap.tar.xz"])
    rows = read_inputs(method, Survey.objects.get(slug="stelib"), ingest_id=snapshot().ingest_id)
    flux, ivar = read_on_grid(rows, GRID)
    assert np.array_equal(np.isnan(ivar), flux != 0) and (ivar[flux == 0] == 0).all()
    near = np.abs(GRID.wavelength - 6564.6) < 12
    lowest = GRID.wavelength[near][np.argmin(flux[:, near], axis=1)]
    assert np.median(lowest) == pytest.approx(6564.6, abs=0.8)
    assert air_to_vacuum(np.array([6562.79]))[0] == pytest.approx(6564.6, abs=0.05)


def test_only_surveys_with_spectra_are_offered(method, db):
    """And blocks are short: a spectrum is as large as thousands of numbers."""
    assert can_feed("sdss-spectra", method.inputs, needs_spectra=True)
    assert can_feed("sdss-dr14", method.inputs) and not can_feed("sdss-dr14", method.inputs, needs_spectra=True)
    row = plugin_sync(declaration=replace(dwarf_galaxies, methods=(method,))).methods.get()
    assert row.spectra == {"start": 3600.0, "step": 0.8, "bins": 7781} and row.block_size == 2000


def test_a_sample_without_any_says_why(survey, method, tmp_path):
    """Nobody has seen the grid's wavelengths."""
    labelling = Labelling(("GALAXY", "QSO"), "QSO", CLASS, f"{__name__}:by_class")
    definition = {"surveys": ["sdss-spectra"], "seed": 1, "test_fraction": 0.3}
    row = SampleRow(name="none", definition=definition, ingest_id=snapshot().ingest_id, cross_match_id=0)
    far = SpectralGrid(20000.0, 1.0, 100)
    seen = replace(method.cuts[0], keeps=lambda rows: pa.array((arrays_of(rows, far)[1] > 0).any(axis=1)))
    with pytest.raises(SampleError, match=r"no object has a label; left out: \{'seen': 36\}"):
        build_sample(row, replace(method, spectra=far, cuts=(seen,)), labelling, tmp_path / "sample")
