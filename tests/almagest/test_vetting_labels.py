"""Verdicts frozen as labels: which are taken, what is kept of where they are from, who sees them, and samples made with them."""

import json
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection

from almagest.accounts.errors import http_status
from almagest.catalogs.models import Catalog
from almagest.contract import Sample as OpenedSample
from almagest.contract import SampleError
from almagest.core.files import FileStoreError, fetch_folder, store_folder, stored_path
from almagest.core.listings import read_batches
from almagest.core.tables import quote
from almagest.runs.leases import chunk_claim
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.samples.services import sample_freeze, sample_start
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file
from almagest.vetting.errors import VettingError
from almagest.vetting.labels import label_rows, labels_freeze
from almagest.vetting.models import LabelSet
from almagest.vetting.selectors import label_set_get, label_set_list
from almagest.vetting.services import verdict_give
from dwarf_galaxies.plugin import plugin

SCORED = "sdss-dr14-simulated"


@pytest.fixture
def vetted(published, people) -> SimpleNamespace:
    """Six candidates, with verdicts of one to three people: S, S of two of three, split, NM, an artifact, unsure."""
    edition = published(threshold=0.5, owner=people.owner)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT object_id FROM {quote(edition.table_name)} ORDER BY object_id LIMIT 6")
        ids = [row[0] for row in cursor.fetchall()]
    said = {people.reader: ["s", "s", "s", "nm", "artifact", "unsure"], people.other: [None, "s", "nm", "nm"],
            people.member: [None, "nm"]}  # fmt: skip
    for user, choices in said.items():
        for object_id, choice in zip(ids, choices, strict=False):
            if choice:
                verdict_give(user=user, catalog="dwarfs", object_id=object_id, choice=choice)
    return SimpleNamespace(edition=edition, ids=ids)


def labels_of(made: LabelSet) -> dict[int, str]:
    """What is in the file, by object."""
    rows = [row for batch in read_batches(label_rows(made).choosing("all")) for row in batch.to_pylist()]
    return {row["object_id"]: row["label"] for row in rows}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("criteria", "taken"),
    [
        ({}, {0: "S", 1: "S", 3: "NM"}), ({"minimum_verdicts": 2}, {1: "S", 3: "NM"}), ({"minimum_verdicts": 3}, {1: "S"}),
        ({"minimum_agreement": 2 / 3}, {0: "S", 1: "S", 3: "NM"}), ({"minimum_agreement": 0.67}, {0: "S", 3: "NM"}),
        ({"minimum_agreement": 1, "minimum_verdicts": 2}, {3: "NM"}), ({"minimum_agreement": 0}, {0: "S", 1: "S", 3: "NM"}),
    ],
)  # fmt: skip
def test_what_people_agree_on_and_what_stands_for_a_class(vetted, people, criteria, taken):
    made = labels_freeze(user=people.reader, edition=vetted.edition, name="first", **criteria)
    assert labels_of(made) == {vetted.ids[n]: label for n, label in taken.items()}
    assert (made.rows, sum(made.counts.values()), made.surveys) == (len(taken), len(taken), [SCORED])


@pytest.mark.django_db
def test_where_labels_come_from_is_kept_beside_them(vetted, people, tmp_path):
    made = labels_freeze(user=people.reader, edition=vetted.edition, name="first", minimum_verdicts=2)
    folder = fetch_folder(made.folder, tmp_path / "labels")
    told = json.loads((folder / "labels.json").read_text())
    assert told.pop("created") <= made.created.isoformat()
    assert told == {
        "name": "first", "catalog": "dwarfs", "revision": 1, "by": "reader", "people": 3, "rows": 2, "surveys": [SCORED],
        "counts": {"NM": 1, "S": 1}, "criteria": {"minimum_verdicts": 2, "minimum_agreement": 0.5},
    }  # fmt: skip
    rows = pq.read_table(folder / "labels.parquet").to_pylist()
    assert [(row["verdicts"], round(row["agreement"], 2)) for row in rows] == [(3, 0.67), (2, 1.0)]
    # What people say later changes nothing that was frozen.
    verdict_give(user=people.reader, catalog="dwarfs", object_id=vetted.ids[3], choice="s")
    assert labels_of(made)[vetted.ids[3]] == "NM" and made.folder == f"labels/{made.checksum}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "First"}, "its name is a word"), ({"name": "x" * 81}, "at most 80"), ({"minimum_verdicts": 0}, "at least 1"),
        ({"minimum_agreement": 1.1}, "not between 0 and 1"), ({"minimum_agreement": float("nan")}, "not between"),
        ({"minimum_verdicts": 4}, "no candidate of dwarfs has 4 verdicts"), ({"name": "taken"}, "'taken' exists"),
    ],
)  # fmt: skip
def test_what_cannot_be_frozen(vetted, people, given, words):
    labels_freeze(user=people.owner, edition=vetted.edition, name="taken")
    with pytest.raises(VettingError, match=words):
        labels_freeze(user=people.reader, edition=vetted.edition, **{"name": "first"} | given)
    assert LabelSet.objects.count() == 1


@pytest.mark.django_db
def test_labels_are_seen_with_their_catalog_and_surveys(vetted, people):
    made = labels_freeze(user=people.reader, edition=vetted.edition, name="first")
    assert made.visibility == "public" and label_set_list(user=None).count() == 1
    for model in (Catalog, Survey):
        model.objects.filter(owner=None).update(owner=people.owner)
        model.objects.update(visibility="private")
        seen = {
            name: label_set_list(user=getattr(people, name)).exists()
            for name in ("anonymous", "reader", "owner", "staff")
        }
        assert seen == {"anonymous": False, "reader": False, "owner": True, "staff": True}
        model.objects.update(visibility="public")
    with pytest.raises(VettingError, match="no label set 'second'") as error:
        label_set_get(user=None, name="second")
    assert http_status(error.value) == 404


@pytest.mark.django_db
def test_what_is_made_of_a_groups_verdicts_is_the_groups(vetted, people):
    Catalog.objects.update(visibility="group", group=people.group)
    made = labels_freeze(user=people.member, edition=vetted.edition, name="first")
    assert (made.visibility, made.group) == ("group", people.group)
    asked = {"plugin": "dwarf_galaxies", "method": "forest", "surveys": [SCORED], "owner": people.member}
    run = sample_start(name="s", **asked, **made.for_sample)
    sample = Sample.objects.get(run=run)
    assert (sample.visibility, run.visibility, run.group) == ("group", "group", people.group)
    assert sample.definition["given_labels"] == {
        "name": "first", "folder": made.folder, "checksum": made.checksum, "from": "label set first, verdicts of 3 people",
    }  # fmt: skip
    other = Group.objects.create(name="others")
    Survey.objects.update(visibility="group", group=other)
    people.member.groups.add(other)
    assert labels_freeze(user=people.member, edition=vetted.edition, name="second").visibility == "private"


@pytest.mark.django_db
def test_commands_freeze_what_everybody_sees(vetted, people, monkeypatch):
    said = StringIO()
    call_command("freeze_verdicts", "dwarfs", "first", minimum_verdicts=2, stdout=said)
    assert said.getvalue() == "label set first: 2 objects (1 NM, 1 S), verdicts of 3 people\n"

    def frozen(run: Run) -> None:
        Sample.objects.filter(run=run).update(rows=7, checksum="c" * 64)

    monkeypatch.setattr("almagest.samples.management.commands.freeze_sample.run_wait", frozen)
    asked = ("--labels", "first", "--plugin", "dwarf_galaxies", "--method", "forest", "--surveys", SCORED)
    call_command("freeze_vetted_sample", "s", *asked, stdout=said)
    assert "sample s: 7 objects" in said.getvalue()
    assert Sample.objects.get(name="s").definition["given_labels"]["name"] == "first"
    with pytest.raises(VettingError, match="no label set 'none'"):
        call_command("freeze_vetted_sample", "t", *asked[:1], "none", *asked[2:])


@pytest.fixture
def sky(cloned_database, simulated_files: Path, file_store: Path) -> list[dict]:
    """A survey to sample, and the rows of a sample of it with the plugin's own labels alone."""
    ingest_file(survey=SCORED, path=simulated_files / "sdss_dr14_skyserver_10k.csv")
    return frozen("plain").rows.to_pylist()


def frozen(name: str, **given) -> OpenedSample:
    """A sample, frozen as a worker does it."""
    run = sample_start(name=name, plugin="dwarf_galaxies", method="forest", surveys=[SCORED], **given)
    sample = Sample.objects.get(run=run)
    claim = chunk_claim(run_id=run.pk, queue="data", worker="test")
    sample_freeze(claim=claim, sample=sample, method=plugin.method("forest"), labelling=plugin.labelling)
    return opened(name)


def opened(name: str) -> OpenedSample:
    return OpenedSample.open(stored_path(Sample.objects.get(name=name).folder))


def given_labels(folder: Path, labels: dict[int, str]) -> dict:
    """A folder of labels in the store, as a sample is told of it."""
    folder.mkdir()
    rows = pa.table({"object_id": pa.array(labels.keys(), pa.int64()), "label": pa.array(labels.values(), pa.string())})
    pq.write_table(rows, folder / "labels.parquet")
    (folder / "labels.json").write_text("{}")
    key, checksum = store_folder(folder, "labels")
    return {"given_labels": {"name": "g", "folder": key, "checksum": checksum, "from": "label set g"}}


def unlabelled() -> int:
    """A galaxy of which the plugin says nothing, though it passes the method's cuts."""
    labelled = opened("plain").rows["object_id"].to_pylist()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(object_id) FROM survey_sdss_dr14_simulated WHERE spec_class = 'GALAXY' AND NOT object_id = ANY(%s)",
            [labelled],
        )
        return cursor.fetchone()[0]


def test_given_labels_stand_in_place_of_the_plugins(sky, tmp_path):
    """The same label, another one, one where there was none, and one of an object that is not there."""
    same, other, new = sky[0], sky[1], unlabelled()
    wanted = "NM" if other["label"] == "S" else "S"
    given = {same["object_id"]: same["label"], other["object_id"]: wanted, new: "AF", 10**9: "S"}
    found = frozen("given", **given_labels(tmp_path / "g", given)).rows.to_pylist()
    labels = {row["object_id"]: row["label"] for row in found}
    assert labels == {row["object_id"]: row["label"] for row in sky} | {k: v for k, v in given.items() if k != 10**9}
    sample, plain = Sample.objects.get(name="given"), Sample.objects.get(name="plain")
    assert sample.given_counts == {"given": 4, "taken": 3, "new": 1, "other": 1, "not_here": 1}
    assert plain.given_counts == {} and sample.checksum != plain.checksum
    assert sum(left["count"] for left in plain.left_out) - sum(left["count"] for left in sample.left_out) == 1
    assert opened("given").definition["given_labels"]["from"] == "label set g"
    splits = {row["object_id"]: row["split"] for row in found}
    assert all(splits[row["object_id"]] == row["split"] for row in sky)


@pytest.mark.parametrize(
    ("labels", "words"),
    [({1: "spiral"}, "labels g: spiral is no class of the plugin; it has S, "), ({1: None}, "None is no class")],
)
def test_labels_that_are_no_class_are_refused(sky, tmp_path, labels, words):
    with pytest.raises(SampleError, match=words):
        frozen("given", **given_labels(tmp_path / "g", labels))
    assert Sample.objects.get(name="given").rows is None


def test_labels_that_were_changed_since_are_refused(sky, tmp_path, file_store):
    given = given_labels(tmp_path / "g", {1: "S"})
    (file_store / given["given_labels"]["folder"] / "labels.json").write_text("{ }")
    with pytest.raises(FileStoreError, match="is missing or damaged"):
        frozen("given", **given)
