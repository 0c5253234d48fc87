"""Spectra in the database: whole or not at all, once each, and back again exactly as they were."""

from contextlib import contextmanager

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from almagest.accounts.models import User, Visibility
from almagest.contract import AlmagestError
from almagest.sky.errors import IngestError, SurveyError
from almagest.sky.models import Ingest, Survey
from almagest.sky.selectors import object_get, object_history
from almagest.sky.services import cross_match_make
from almagest.spectra.errors import SpectrumError
from almagest.spectra.fetching import fetch_spectra, read_grids, stream_spectra
from almagest.spectra.packing import pack, pack_mask, unpack, unpack_mask
from almagest.spectra.selectors import object_spectra, spectrum_get
from almagest.spectra.services import ingest_spectra
from almagest.spectra.spectrum import checked

from .spectra_files import WAVELENGTH, found_in, write_table


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


@contextmanager
def nothing_written():
    """Whatever happens within, no row is there afterwards that was not before."""
    tables = ("spectra", "spectrum_grids", "objects", "sky_ingest", "survey_other_spectra")
    before = {table: rows_of(table) for table in tables}
    yield
    assert {table: rows_of(table) for table in tables} == before


@given(arrays(np.float32, st.integers(1, 400), elements=st.floats(width=32)), st.integers(1, 400), st.randoms())
@settings(max_examples=50, deadline=None)
def test_packed_arrays_come_back_to_the_last_bit(values, bins, random):
    """Any numbers, no numbers and minus zeros among them; any flags."""
    assert unpack(pack(values), np.float32, len(values)).tobytes() == values.tobytes()
    mask = np.array([random.random() < 0.3 for _ in range(bins)])
    assert np.array_equal(unpack_mask(pack_mask(mask), bins), mask)


@pytest.mark.django_db
def test_the_same_spectrum_twice_is_one_spectrum(tmp_path):
    """In one ingest under two names, in two ingests, and in two surveys: one row of arrays, one grid."""
    write_table(tmp_path, "a"), write_table(tmp_path, "b")
    first = ingest_spectra(survey="other-spectra", paths=[tmp_path])
    assert (first.new, first.rejected, first.reasons) == (1, 1, {"the same spectrum as a": 1})
    again = ingest_spectra(survey="other-spectra", paths=[tmp_path / "a.fits"])
    assert (again.new, again.unchanged) == (0, 1)
    assert ingest_spectra(survey="other-spectra", paths=[tmp_path / "a.fits"], if_missing=True) is None
    ingest_spectra(survey="manga-spaxels", paths=[tmp_path / "a.fits"])
    assert (rows_of("spectra"), rows_of("spectrum_grids"), rows_of("objects")) == (1, 1, 2)


@pytest.mark.django_db
def test_other_numbers_of_one_name_are_a_new_revision(tmp_path):
    """The earlier arrays stay, named by the row that they belonged to."""
    ingest_spectra(survey="other-spectra", paths=[write_table(tmp_path, "a")])
    before = dict(_values("a"))
    changed = ingest_spectra(survey="other-spectra", paths=[write_table(tmp_path, "a", flux=np.ones(101))])
    assert (changed.new, changed.changed) == (0, 1)
    found = object_get(user=None, survey="other-spectra", source_id="a")
    (earlier,) = object_history(user=None, object_id=found.id)
    assert (
        {c.name: v for c, v in earlier.values}["spectrum_id"]
        == before["spectrum_id"]
        != dict(_values("a"))["spectrum_id"]
    )
    assert (rows_of("spectra"), rows_of("spectrum_grids")) == (2, 1)


def _values(name: str) -> list[tuple]:
    return [(c.name, v) for c, v in object_get(user=None, survey="other-spectra", source_id=name).values]


@pytest.mark.django_db
def test_one_bad_spectrum_refuses_all_or_is_left_out_and_counted(tmp_path):
    """Nothing half loaded; what is wrong is named with its file."""
    ingest_spectra(survey="other-spectra", paths=[write_table(tmp_path, "first")])
    write_table(tmp_path, "good", flux=np.full(101, 3.0)), write_table(tmp_path, "bad", wavelength=WAVELENGTH[::-1])
    with nothing_written(), pytest.raises(IngestError, match=r"bad\.fits: spectrum bad: wavelengths do not increase"):
        ingest_spectra(survey="other-spectra", paths=[tmp_path])
    done = ingest_spectra(survey="other-spectra", paths=[tmp_path], skip_bad=True)
    assert (done.new, done.unchanged, done.rejected) == (1, 1, 1)
    ((reason, count),) = done.reasons.items()
    assert reason.startswith("wavelengths do not increase") and count == 1


@pytest.mark.django_db
def test_two_spectra_of_one_name_are_refused(tmp_path):
    """Which of them is meant nobody can say."""
    for folder, flux in (("one", 1.0), ("two", 2.0)):
        (tmp_path / folder).mkdir()
        write_table(tmp_path / folder, "same", flux=np.full(101, flux))
    ingest_spectra(survey="other-spectra", paths=[write_table(tmp_path, "first")])
    with (
        nothing_written(),
        pytest.raises(IngestError, match=r"two/same\.fits: another spectrum .* the same name, same"),
    ):
        ingest_spectra(survey="other-spectra", paths=[tmp_path / "one", tmp_path / "two"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("survey", "path", "words"),
    [
        ("sdss-dr14", ".", "survey sdss-dr14 is not one of spectra; those are desi-spectra"),
        ("no-such", ".", "no survey 'no-such' is declared"),
        ("other-spectra", "absent.fits", "absent.fits: No such file"),
    ],
)
def test_wrong_requests_have_words(tmp_path, survey, path, words):
    """By the command that people use, and never a traceback."""
    write_table(tmp_path)
    with pytest.raises(AlmagestError, match=words):
        call_command("ingest_spectra", survey, str(tmp_path / path))


def test_real_spectra_come_back_as_their_files_have_them(cloned_database, shared_data):
    """In the order asked for, each array to the last bit, of several surveys and grids at once; unknown ids are named."""
    folder = shared_data / "spectra"
    ingest_spectra(survey="sdss-spectra", paths=[folder / "sdss" / "spec-0266-51630-0168.fits.gz"])
    ingest_spectra(survey="desi-spectra", paths=[folder / "desi" / "coadd-4-80613-thru20210324.fits.gz"])
    ingest_spectra(survey="stelib", paths=[folder / "stelib_stellar_library_mangadap.tar.xz"])
    paths = [folder / "stelib_stellar_library_mangadap.tar.xz", folder / "desi" / "coadd-4-80613-thru20210324.fits.gz",
             folder / "sdss" / "spec-0266-51630-0168.fits.gz"]  # fmt: skip
    given_by_files = {found.facts["name"]: checked(found.spectrum) for path in paths for found in found_in(path)}
    names = {row[0]: row[1] for row in _all_objects()}
    ids = sorted(names, key=lambda object_id: hash((object_id, 7)))
    fetched = fetch_spectra(user=None, object_ids=[*ids[:100], 10**9, *ids[100:], ids[0]])
    assert fetched.missing == [10**9]
    assert fetched.rows["object_id"].to_pylist() == [*ids, ids[0]]
    grids = read_grids(fetched.rows["grid_id"].to_pylist())
    for row in fetched.rows.to_pylist():
        spectrum = given_by_files[row["source_id"]]
        assert np.array_equal(np.array(row["flux"], np.float32), spectrum.flux)
        assert (
            row["ivar"] is None if spectrum.ivar is None else np.array_equal(np.array(row["ivar"], "f4"), spectrum.ivar)
        )
        assert np.array_equal(row["mask"], spectrum.mask) if spectrum.mask.any() else row["mask"] is None
        assert np.array_equal(grids[row["grid_id"]], spectrum.wavelength)
        assert (row["medium"], row["flux_unit"], row["n_bins"]) == (
            spectrum.medium,
            spectrum.flux_unit,
            len(spectrum.flux),
        )
    blocks = list(stream_spectra(user=None, object_ids=np.array(ids)))
    assert sum(block.num_rows for block in blocks) == len(ids) == 257


def _all_objects() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, source_id FROM objects")
        return cursor.fetchall()


def test_spectra_of_an_object_and_of_its_counterparts(cloned_database, tmp_path):
    """Its own first; those of surveys that the reader may not see are not there."""
    own = ingest_spectra(survey="other-spectra", paths=[write_table(tmp_path, "own")])
    ingest_spectra(survey="sdss-spectra", paths=[write_table(tmp_path, "theirs", flux=np.full(101, 5.0))])
    cross_match_make(survey_a="other-spectra", survey_b="sdss-spectra", radius_arcsec=1.0)
    found = object_get(user=None, survey="other-spectra", source_id="own")
    spectra = object_spectra(user=None, object_id=found.id)
    assert [(each.survey.slug, each.separation_arcsec) for each in spectra] == [
        ("other-spectra", 0),
        ("sdss-spectra", 0),
    ]
    assert spectra[0].facts["redshift"] == pytest.approx(0.1) and spectra[1].spectrum.flux.max() == 5
    Survey.objects.filter(slug="sdss-spectra").update(visibility=Visibility.PRIVATE)
    assert len(object_spectra(user=None, object_id=found.id)) == 1
    assert len(object_spectra(user=User(is_staff=True, is_active=True), object_id=found.id)) == 2
    Survey.objects.update(visibility=Visibility.PRIVATE)
    with pytest.raises(SurveyError):
        spectrum_get(user=None, object_id=found.id)
    assert fetch_spectra(user=None, object_ids=[found.id]).missing == [found.id]
    assert Ingest.objects.filter(pk=own.pk).exists()


def test_an_object_without_a_spectrum_says_so(cloned_database, shared_data):
    """An object of a table of photometry."""
    call_command("ingest", "evcc", str(shared_data / "photometry" / "evcc.fits"))
    found = object_get(user=None, survey="evcc", source_id="0001")
    assert object_spectra(user=None, object_id=found.id) == []
    with pytest.raises(SpectrumError, match="has no spectrum of its own"):
        spectrum_get(user=None, object_id=found.id)
