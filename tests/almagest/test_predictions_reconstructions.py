"""What a model makes of spectra: asked for, made block by block, kept until the spectrum changes, shown to who sees both."""

from base64 import b64decode
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from almagest.accounts.models import User, Visibility
from almagest.catalogs.models import Catalog, Edition
from almagest.contract import Column, PluginError, Table, no_report
from almagest.contract.spectra import put_on_grid
from almagest.core.copy import copy_in
from almagest.core.tables import DeclaredTable, create_table
from almagest.predictions.models import PredictionSet
from almagest.predictions.reconstruction.selectors import object_reconstructions, reconstructing_versions
from almagest.predictions.reconstruction.services import MOST_OBJECTS, ReconstructionError, reconstruction_start
from almagest.registry.models import ModelVersion
from almagest.registry.services import version_promote
from almagest.runs.leases import LeaseLost
from almagest.runs.models import Run
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file
from almagest.spectra.selectors import spectrum_get
from almagest.spectra.services import ingest_spectra
from almagest.spectra.spectrum import checked
from almagest_workers.handlers import HANDLERS

from .given.asking import detail, login, markup, program, sent, words
from .reconstructing import GRID, MODEL, claimed, made, reconstruct, toy, version, version_of, work
from .spectra_files import WAVELENGTH, found_in, write_table

# Fixtures that are taken from beside.
__all__ = ["toy", "version"]
PAGE, API = "/objects/sdss-spectra/plain/", "/api/v1/runs/reconstruct/"
DATA, ASKED = f"{PAGE}spectra.json", f"{PAGE}reconstruct/{MODEL}/1"
FLUX = np.linspace(1, 2, len(WAVELENGTH))


@pytest.fixture
def plain(version, tmp_path) -> int:
    """One spectrum of 101 bins: its object's number."""
    ingest_spectra(survey="sdss-spectra", paths=[write_table(tmp_path, flux=FLUX)])
    return objects()["plain"]


@pytest.fixture
def people(plain) -> SimpleNamespace:
    """The owner of the survey and of the model, and a reader."""
    found = {name: User.objects.create_user(name, password="payne-1900") for name in ("owner", "reader")}
    for model in (Survey, ModelVersion):
        model.objects.update(owner=found["owner"])
    return SimpleNamespace(**found)


def objects() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT source_id, id FROM objects ORDER BY id")
        return dict(cursor.fetchall())


def kept() -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version_id, object_id, revision FROM reconstructions ORDER BY 1, 2")
        return cursor.fetchall()


def test_real_spectra_are_reconstructed_block_by_block(version, shared_data, settings):
    """Each as the model has it of its own file on the grid, whatever the order in which they were asked for."""
    settings.SPECTRA_BLOCK_SIZE = 10
    ingest_spectra(survey="sdss-spectra", paths=[shared_data / "spectra" / "sdss"], skip_bad=True)
    ids = objects()
    run = made(version, *reversed(ids.values()), *ids.values())
    assert (run.state, run.title) == ("done", "Reconstruct 36 spectra with dwarf_galaxies/half v1")
    results = list(run.chunks.order_by("number").values_list("result", flat=True))
    assert [each["rows"] + each["unknown"] for each in results] == [10, 10, 10, 6]
    compared = 0
    for path in (shared_data / "spectra" / "sdss").glob("spec-*"):
        (given,) = found_in(path)
        spectrum = checked(given.spectrum)
        ivar = np.where(spectrum.mask, 0, spectrum.ivar)
        flux, ivar = put_on_grid(spectrum.wavelength, spectrum.flux[None], ivar[None], GRID)
        expected = np.where(ivar > 0, 0.5 * flux, np.nan)[0].astype(np.float32)
        (found,) = object_reconstructions(user=None, object_id=ids[given.facts["name"]])
        assert (found.version, found.grid, found.flux.dtype) == (version, GRID, np.float32)
        assert np.array_equal(found.flux, expected, equal_nan=True)
        compared += 1
    assert compared > 20 and sum(each["unknown"] for each in results) == 1
    (unknown,) = set(ids.values()) - {number for _, number, _ in kept()}
    assert spectrum_get(user=None, object_id=unknown).spectrum.ivar is None


def test_made_again_it_is_replaced_and_what_nothing_is_said_of_goes(plain, version, toy):
    """A chunk that is done twice, as after a lost lease, writes once; a second run's answer stands in the first one's place."""
    run = reconstruction_start(user=None, version=version, object_ids=[plain])
    first = claimed(run)
    run.chunks.update(lease_until=timezone.now())
    HANDLERS[first.kind](claimed(run), no_report)
    with pytest.raises(LeaseLost):
        HANDLERS[first.kind](first, no_report)
    assert kept() == [(version.pk, plain, 1)]
    toy.part = 0.25
    made(version, plain)
    (found,) = object_reconstructions(user=None, object_id=plain)
    assert kept() == [(version.pk, plain, 1)] and np.nanmax(found.flux) == pytest.approx(0.5, rel=0.01)
    toy.part = np.nan
    assert made(version, plain).chunks.get().result == {"rows": 0, "unknown": 1}
    assert kept() == []


def test_of_a_spectrum_that_has_changed_none_is_shown(plain, version, tmp_path):
    made(version, plain)
    ingest_spectra(survey="sdss-spectra", paths=[write_table(tmp_path, flux=FLUX + 1)])
    assert kept() == [(version.pk, plain, 1)] and object_reconstructions(user=None, object_id=plain) == []
    made(version, plain)
    assert kept() == [(version.pk, plain, 2)] and len(object_reconstructions(user=None, object_id=plain)) == 1


def test_a_module_that_gives_something_else_is_told_and_nothing_is_kept(plain, version, toy):
    toy.reconstruct = lambda model, batch: reconstruct(model, batch)[:, 1:]
    run = reconstruction_start(user=None, version=version, object_ids=[plain])
    with pytest.raises(PluginError, match=r"half gave flux of shape \(1, 1199\) for 1 objects"):
        HANDLERS[run.kind](claimed(run), no_report)
    assert kept() == []


def test_what_cannot_be_reconstructed_is_named(plain, version, people, survey_file):
    """No run is made of it; an object that is hidden is not told from one that is not there."""
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", ra=[10.0], dec=[2.0]))
    without = next(number for name, number in objects().items() if name != "plain")
    for asked, told in {
        (): "0 objects cannot be reconstructed at once; name 1 to 10,000",
        tuple(range(MOST_OBJECTS + 1)): "10,001 objects cannot be",
        (plain, without): rf"no spectrum here that dwarf_galaxies/half v1 takes of object {without}; leave these out",
        (plain, *range(10**9, 10**9 + 7)): r"of object 1000000000, .*, 1000000004 and 2 more",
    }.items():
        with pytest.raises(ReconstructionError, match=told):
            reconstruction_start(user=people.reader, version=version, object_ids=asked)
    with pytest.raises(ReconstructionError, match="mute v1 gives no reconstructions"):
        reconstruction_start(user=None, version=version_of("mute", 1), object_ids=[plain])
    Survey.objects.filter(slug="sdss-spectra").update(visibility=Visibility.PRIVATE)
    with pytest.raises(ReconstructionError, match=f"of object {plain}; leave"):
        reconstruction_start(user=people.reader, version=version, object_ids=[plain])
    ModelVersion.objects.update(visibility=Visibility.PRIVATE)
    with pytest.raises(ReconstructionError, match="there is no such model version"):
        reconstruction_start(user=people.reader, version=version, object_ids=[plain])
    assert not Run.objects.filter(kind="reconstruct").exists()
    run = made(version, plain, user=people.owner)
    assert (run.owner, run.visibility, run.state) == (people.owner, Visibility.PRIVATE, "done")


def test_each_method_has_one_version_to_ask(plain, version, people):
    """The newest that is no variant, until one is named for production; never one that is hidden."""
    second = version_of("half", 2, owner=people.owner, visibility=Visibility.PRIVATE)
    version_of("half", 3, is_variant=True), version_of("mute", 1)
    assert [reconstructing_versions(user=who) for who in (people.reader, people.owner)] == [[version], [second]]
    version_promote(user=None, version=version)
    assert reconstructing_versions(user=people.owner) == [version]


def test_the_viewer_gets_it_with_its_wavelengths(client, plain, version):
    before = client.get(DATA)
    made(version, plain)
    after = client.get(DATA, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, before.json()["spectra"][0]["models"]) == (200, [])
    assert client.get(DATA, headers={"If-None-Match": after.headers["ETag"]}).status_code == 304
    (model,) = after.json()["spectra"][0]["models"]
    assert (model["label"], model["href"]) == ("Half v1", f"/models/{MODEL}/1/")
    assert client.get(model["href"]).status_code == 200
    wavelength, flux = (
        np.frombuffer(b64decode(model["wavelength"]), "<f8"),
        np.frombuffer(b64decode(model["flux"]), "<f4"),
    )
    assert np.array_equal(wavelength, GRID.wavelength)
    is_seen = (wavelength > 4000) & (wavelength < 5000)
    assert np.allclose(flux[is_seen], 0.5 * np.interp(wavelength, WAVELENGTH, FLUX)[is_seen], atol=0.003)
    assert np.isnan(flux[(wavelength < 3990) | (wavelength > 5010)]).all()


def test_only_who_sees_the_model_sees_it(client, plain, version, people):
    made(version, plain)
    ModelVersion.objects.update(visibility=Visibility.PRIVATE)
    seen = {
        who: len(login(who).get(DATA).json()["spectra"][0]["models"]) for who in (None, people.reader, people.owner)
    }
    assert seen == {None: 0, people.reader: 0, people.owner: 1}
    tags = {login(who).get(DATA).headers["ETag"] for who in seen}
    assert len(tags) == 2


def test_the_page_asks_for_it(client, plain, version, people):
    """A button for who is logged in, until the answer is there."""
    assert ASKED not in markup(client.get(PAGE))
    reader = login(people.reader)
    text = markup(reader.get(PAGE))
    assert f'action="{ASKED}" data-asks' in text and "Show what Half v1 makes of it" in text
    answer = reader.post(ASKED, follow=True)
    run = Run.objects.get(kind="reconstruct")
    assert answer.redirect_chain == [(PAGE, 302)] and run.owner == people.reader
    assert f"Run {run.pk} asks dwarf_galaxies/half v1" in words(answer) and "Reload the page" in words(answer)
    work(run)
    assert ASKED not in markup(reader.get(PAGE)) and len(reader.get(DATA).json()["spectra"][0]["models"]) == 1


def test_a_page_does_not_ask_for_what_is_hidden_or_not_there(client, plain, version, people):
    assert (
        client.post(ASKED).headers["Location"].startswith("/login/")
        and login(people.reader).get(ASKED).status_code == 405
    )
    reader, owner = login(people.reader), login(people.owner)
    version_of("mute", 1)
    assert "gives no reconstructions" in words(reader.post(f"{PAGE}reconstruct/dwarf_galaxies/mute/1"), 400)
    assert reader.post(f"{PAGE}reconstruct/{MODEL}/9").status_code == 404
    ModelVersion.objects.update(visibility=Visibility.PRIVATE)
    assert reader.post(ASKED).status_code == 404 and ASKED not in markup(reader.get(PAGE))
    ModelVersion.objects.update(visibility=Visibility.PUBLIC)
    Survey.objects.update(visibility=Visibility.PRIVATE)
    assert reader.post(ASKED).status_code == 404 and ASKED in markup(owner.get(PAGE))
    assert not Run.objects.filter(kind="reconstruct").exists()


def test_programs_ask_for_many(plain, version, people):
    """With a token for runs; what is wrong is said."""
    asked = {"plugin": "dwarf_galaxies", "method": "half", "objects": [plain]}
    assert sent(program(), API, asked).status_code == 401
    assert sent(program(people.reader, "read"), API, asked).status_code == 403
    client = program(people.reader, "runs")
    answer = sent(client, API, asked)
    assert (answer.status_code, answer.json()["kind"]) == (202, "reconstruct")
    assert work(Run.objects.get(kind="reconstruct")).state == "done" and kept() == [(version.pk, plain, 1)]
    assert "of object 7000000000" in detail(sent(client, API, asked | {"objects": [plain, 7 * 10**9]}))
    assert "objects" in detail(sent(client, API, asked | {"objects": list(range(MOST_OBJECTS + 1))}))


def test_the_command_takes_objects_or_the_best_of_a_catalog(plain, version, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("almagest.catalogs.management.commands.reconstruct.run_wait", work)
    ingest_spectra(
        survey="sdss-spectra", paths=[write_table(tmp_path, name=name, flux=FLUX + k) for k, name in enumerate("abc")]
    )
    ids = objects()
    published(version, [ids["a"], ids["b"], ids["c"]], [0.5, 0.75, 0.25])
    call_command("reconstruct", MODEL, "--catalog=best", "--top=2")
    assert kept() == sorted((version.pk, ids[name], 1) for name in "ab")
    assert "half v1: 2 spectra reconstructed" in capsys.readouterr().out
    call_command("reconstruct", MODEL, "--number=1", "--objects", str(ids["c"]), str(plain))
    assert [row[1] for row in kept()] == sorted(ids.values())


def published(version: ModelVersion, ids: list[int], scores: list[float]) -> None:
    """A catalog `best` of these objects, with nothing but their scores."""
    scored = PredictionSet.objects.create(version=version, ingest_id=1, surveys=["sdss-spectra"])
    table = Table("best", "Best", (Column("object_id", "int64", "", "meta.id", "Object", nullable=False),
                                   Column("p_a", "float32", "", "stat.probability", "Score")))  # fmt: skip
    edition = Edition.objects.create(
        catalog=Catalog.objects.create(slug="best", title="Best"), revision=1, base=1, version=version, prediction_set=scored,
        threshold=0, rank_by="p_a", columns=table.to_json(), published=timezone.now(), is_current=True,
    )  # fmt: skip
    create_table(DeclaredTable(replace(table, name=edition.table_name), primary_key=("object_id",)))
    rows = pa.table({"object_id": pa.array(ids, pa.int64()), "p_a": pa.array(scores, pa.float32())})
    copy_in(replace(table, name=edition.table_name), rows)
