"""Small survey tables for the tests of the sky, and a published catalog for the tests of what comes after."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection
from django.utils import timezone

from almagest.accounts.models import User
from almagest.catalogs.models import Catalog, Edition
from almagest.catalogs.services import catalog_publish, catalog_publish_start
from almagest.contract import (
    SCORES,
    ConfusionMatrix,
    Contender,
    Curves,
    Metric,
    Parameter,
    Plugin,
    Result,
    Study,
    classification_metrics,
    no_report,
    write_sample,
)
from almagest.contract.metrics import proportion
from almagest.contract.sample import KEY_COLUMNS
from almagest.core.copy import copy_in
from almagest.core.files import store_folder
from almagest.core.tables import create_table
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.tables import VERIFICATION_PAIRS, set_table
from almagest.predictions.verification.measuring import measured
from almagest.predictions.verification.pairs import SurveyPairs
from almagest.predictions.verification.services import verification_start
from almagest.registry.comparisons import comparison_start
from almagest.registry.models import Comparison, ModelVersion
from almagest.registry.services import plugin_sync
from almagest.registry.training import version_train
from almagest.releases.building import release_build, release_check
from almagest.releases.models import Release
from almagest.releases.services import release_publish, release_start
from almagest.releases.words import parse_creator
from almagest.rescoring.policies import policy_create
from almagest.runs.leases import Claim, chunk_claim
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file
from almagest.sky.surveys import SURVEYS
from almagest.vetting.labels import labels_freeze
from almagest.vetting.models import LabelSet
from almagest.vetting.services import verdict_give
from dwarf_galaxies.plugin import plugin
from dwarf_galaxies.simulate import survey_files


def small_table(slug: str, ra, dec, **given) -> pa.Table:
    """A table with all columns of a survey's files; values that are not given count up."""
    declaration, rows = SURVEYS[slug], len(ra)
    given |= {declaration.ra: ra, declaration.dec: dec}
    columns = {}
    for column in declaration.columns:
        values = given.get(
            column.name, np.arange(1, rows + 1) if column.dtype != "string" else [f"s{n}" for n in range(rows)]
        )
        columns[declaration.names.get(column.name, column.name)] = pa.array(values).cast(column.arrow_type)
    return pa.table(columns)


@pytest.fixture
def survey_file(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a small CSV table of a survey: ``survey_file("sami-dr3", ra, dec, mstar=…)``."""

    def write(slug: str, ra, dec, *, name: str = "table.csv", **given) -> Path:
        path = tmp_path / name
        pa.csv.write_csv(small_table(slug, ra, dec, **given), path)
        return path

    return write


@pytest.fixture(scope="session")
def simulated_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small tables of the surveys' columns."""
    folder = tmp_path_factory.mktemp("simulated")
    survey_files(folder, 150, 1)
    return folder


@pytest.fixture
def file_store(settings, tmp_path: Path) -> Path:
    """A file store of this test's own."""
    options = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = settings.STORAGES | {"default": options}
    return tmp_path / "store"


@pytest.fixture
def version(db, simulated_files: Path, file_store: Path, tmp_path: Path) -> ModelVersion:
    """A model version on a simulated survey, with a sample of its first galaxies; its weights are not needed."""
    ingest_file(survey="sdss-dr14-simulated", path=simulated_files / "sdss_dr14_skyserver_10k.csv")
    method = plugin_sync(declaration=plugin).methods.get(name="forest")
    objects = galaxies()[:40]
    texts = {"survey": ["sdss-dr14-simulated"] * 40, "source_id": [o[1] for o in objects], "label": ["S", "NM"] * 20}
    numbers = {"object_id": pa.array([o[0] for o in objects]), "group_id": pa.array([o[0] for o in objects])}
    values = (
        texts
        | numbers
        | {"revision": pa.array([1] * 40, pa.int32()), "split": ["train", "train", "test", "train"] * 10}
    )
    rows = pa.table({name: values[name] for name in KEY_COLUMNS.names})
    definition = {"surveys": ["sdss-dr14-simulated"], "seed": 1, "test_fraction": 0.25}
    checksum = write_sample(tmp_path / "s", rows, classes=("S", "NM"), signal="S", seed=1, definition=definition)
    key, _ = store_folder(tmp_path / "s", "samples")
    sample = Sample.objects.create(
        name="tiny", plugin_name="dwarf_galaxies", method_name="forest", definition=definition, ingest_id=1, cross_match_id=0,
        rows=40, counts={"sdss-dr14-simulated": {"S": {"train": 20}}}, left_out=[{"name": "no mass", "count": 3}],
        checksum=checksum, folder=key,
    )  # fmt: skip
    metrics = classification_metrics(["S", "NM", "S"], ["S", "S", "S"], ["sdss-dr14-simulated"] * 3, "S")
    matrix = ConfusionMatrix("sdss-dr14-simulated", ("S", "NM"), ((20, 1), (2, 17)))
    report = Result(
        metrics, (matrix, Curves("Learning curve", "epoch", "loss", (1, 2), {"training": (1.0, 0.5)}))
    ).to_json()
    return ModelVersion.objects.create(
        method=method, number=1, sample=sample, plugin_version="1", code_version="1+abc", parameters={"trees": 3}, seed=1,
        outputs=method.outputs,
        weights_sha256="a" * 64, folder="models/none", **{name: report[name] for name in ("metrics", "figures", "notes", "details")},
    )  # fmt: skip


def galaxies() -> list[tuple[int, str]]:
    """Object numbers and names of the simulated galaxies."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.source_id FROM objects o JOIN survey_sdss_dr14_simulated m ON m.object_id = o.id "
            "WHERE m.spec_class = 'GALAXY' ORDER BY o.id"
        )
        return cursor.fetchall()


@pytest.fixture
def published(version: ModelVersion) -> Callable[..., Edition]:
    """A function that publishes the version's candidates above a threshold: ``published(threshold=0.5)``."""
    scores = None

    def publish(threshold: float = 0.5, **catalog) -> Edition:
        nonlocal scores
        scores = scores or score_galaxies(version)
        run = catalog_publish_start(slug="dwarfs", version=version, threshold=threshold, title="Dwarfs", **catalog)
        catalog_publish(
            claim=chunk_claim(run_id=run.pk, queue="data", worker="test"), edition=Edition.objects.get(run=run)
        )
        return Edition.objects.get(run=run)

    return publish


def work_on(release: Release) -> Release:
    """Do a release's run, as a worker does: build its files, and check them."""
    for step in (release_build, release_check):
        claim = chunk_claim(run_id=release.run_id, queue="data", worker="test")
        step(claim=claim, release=Release.objects.get(pk=release.pk), report=no_report)
    return Release.objects.get(pk=release.pk)


def drafts_of(release: Release) -> Catalog:
    """A catalog, `drafts`, with releases that stand where this one stood: v1 to be built, v2 checked."""
    catalog = Catalog.objects.create(slug="drafts", title="Drafts", owner=release.owner)
    for number, state in enumerate((Release.State.DRAFT, Release.State.CHECKED), 1):
        values = {field.name: getattr(release, field.name) for field in Release._meta.concrete_fields}
        given = {"id": None, "catalog": catalog, "number": number, "state": state, "run": None, "published": None}
        Release.objects.create(**values | given)
    return catalog


@pytest.fixture
def drafted(published, settings, tmp_path: Path) -> Callable[..., Release]:
    """A function that drafts a release of the current candidates, still to be worked on: ``drafted(owner=somebody)``."""
    settings.ALMAGEST_HOME = tmp_path
    edition = None

    def draft(**given) -> Release:
        nonlocal edition
        edition = given.pop("edition", None) or edition or published(threshold=0.5, owner=given.get("owner"))
        return release_start(edition=edition, **{"creators": (parse_creator("Ptolemy, Claudius"),)} | given)

    return draft


@pytest.fixture
def released(drafted) -> Callable[..., Release]:
    """A function that publishes a release, all of it: ``released(title="Dwarfs")``."""
    return lambda **given: release_publish(user=None, release=work_on(drafted(**given)))


def score_galaxies(version: ModelVersion) -> PredictionSet:
    """Current scores of the version: numbers that follow the objects' order, whole tenths among them."""
    objects = galaxies()
    survey = Survey.objects.get(slug="sdss-dr14-simulated")
    scores = PredictionSet.objects.create(
        version=version, ingest_id=10**6, surveys=[survey.slug], objects_read=len(objects)
    )
    scores.left_out, scores.rows, scores.state = (
        [{"name": "extended", "count": 0}],
        len(objects),
        PredictionSet.State.CURRENT,
    )
    scores.published = timezone.now()
    scores.save()
    declared = set_table(scores)
    create_table(declared)
    n = len(objects)
    p = np.round(np.linspace(0, 1, n), 2).astype(np.float32)
    outputs = {c.name: np.zeros(n, np.float32) if c.is_number else ["S"] * n for c in version.output_table.columns}
    keys = {"object_id": [o[0] for o in objects], "revision": [1] * n, "survey_id": [survey.pk] * n}
    values = keys | outputs | {"p_s": p}
    columns = {c.name: pa.array(values[c.name]).cast(c.arrow_type) for c in declared.table.columns}
    copy_in(declared.table, pa.table(columns))
    return scores


def toy_train(sample, parameters, out, report) -> Result:
    """A training without learning: every score is what the parameter `skill` says."""
    (out / "weights.json").write_text(json.dumps(parameters))
    skill, folds = parameters["skill"], {"split": "validation", "std": 0.01}
    metrics = [
        Metric(score, group, skill, of=of)
        for group in ("all", "sdss-dr14", "evcc")
        for score in SCORES
        for of in ("signal", "others")
        if score not in ("precision", "recall") or of == "others"
    ]
    for group in ("all", "sdss-dr14", "evcc"):
        metrics += [proportion(score, group, round(40 * skill), 40) for score in ("precision", "recall")]
        metrics += [Metric(score, group, skill - 0.1, **folds) for score in SCORES]
    details = {"search": {"draws": 3, "folds": 5, "chosen": {"depth": 4}}} if "depth" in parameters else {}
    return Result(tuple(metrics), details=details)


def toy_plugin() -> Plugin:
    """Two methods of different runtimes, a study of both and one of a method's variants."""
    skill = Parameter("skill", 0.5, "How good it is said to be", 0, 1)
    depth = Parameter("depth", 3, "Levels of the tree", 1, 9, search=(2, 4, 8))
    balance = Parameter("balance", "none", "About rare classes", choices=("none", "weights"))
    given = {"implementation": "toy_trainer", "cuts": ()}
    tree = replace(plugin.method("forest"), name="tree", title="Tree", parameters=(skill, depth), **given)
    net = replace(tree, name="net", title="Net", runtime="keras", parameters=(skill, balance))
    duel = (Contender("tree", "tree", {"skill": 0.75}), Contender("net", "net", {"skill": 0.5}))
    variants = tuple(Contender(name, "net", {"balance": name}) for name in balance.choices)
    studies = (
        Study("duel", "Comparison of toys", "Both toys on one sample.", duel),
        Study("balance", "Treatments of imbalance", "The net with and without weights.", variants, is_ablation=True),
    )
    return replace(plugin, name="toys", title="Toys", methods=(tree, net), studies=studies)


@pytest.fixture
def toys(db, file_store: Path, tmp_path: Path, monkeypatch) -> SimpleNamespace:
    """A plugin whose trainings take no time, with a frozen sample: `row`, `sample`, and `work(run, queue)`."""
    monkeypatch.setitem(sys.modules, "toy_trainer", SimpleNamespace(train=toy_train))
    declaration = toy_plugin()
    counts = {
        "evcc": {"S": {"train": 700, "test": 187}, "NM": {"train": 150, "test": 40}},
        "sdss-dr14": {"S": {"train": 51, "test": 12}, "NM": {"train": 650, "test": 161}},
    }
    definition = {"surveys": ["evcc", "sdss-dr14"], "seed": 1, "test_fraction": 0.2}
    sample = Sample.objects.create(
        name="toybox", plugin_name="toys", method_name="tree", definition=definition, ingest_id=1, cross_match_id=0,
        rows=1951, counts=counts, checksum="c" * 64, folder="samples/none",
    )  # fmt: skip
    folder = tmp_path / "toybox"
    write_sample(folder, KEY_COLUMNS.empty_table(), classes=("S", "NM"), signal="S", seed=1, definition=definition)
    row = plugin_sync(declaration=declaration)

    def claimed(run: Run, queue: str) -> Claim:
        return chunk_claim(run_id=run.pk, queue=queue, worker="test")

    def train(claim: Claim) -> None:
        method = row.methods.get(pk=claim.payload["method_id"])
        out = tmp_path / f"out-{claim.chunk_id}-{claim.token}"
        out.mkdir()
        version_train(
            claim=claim, row=method, sample=sample, method=declaration.method(method.name), plugin=declaration,
            sample_folder=folder, out=out, report=no_report,
        )  # fmt: skip

    return SimpleNamespace(row=row, sample=sample, declaration=declaration, claimed=claimed, train=train)


@pytest.fixture
def people(db) -> SimpleNamespace:
    """Everybody there is: `anonymous`, `reader`, `owner`, `other`, `member` of `group`, and one of the `staff`."""
    group = Group.objects.create(name="dwarfs")
    names = ("reader", "owner", "other", "member", "staff")
    found = {name: User.objects.create_user(name, password="payne-1900", is_staff=name == "staff") for name in names}
    found["member"].groups.add(group)
    return SimpleNamespace(**found, anonymous=AnonymousUser(), group=group)


def write_pairs(verification: Verification, catalog: Survey) -> None:
    """Pairs of a verification, one of each kind, and what comes of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM objects WHERE survey_id = %s ORDER BY id LIMIT 3", [catalog.pk])
        labelled = [row[0] for row in cursor.fetchall()]
    values = {
        "verification_id": [verification.pk] * 3, "label_object_id": labelled, "survey": verification.surveys * 3,
        "scored_object_id": [number for number, _ in galaxies()[:3]], "separation_arcsec": [0.25] * 3,
        "label": ["S", "S", "NM"], "reason": [None] * 3, "predicted_class": ["S", "NM", "S"], "score": [0.9, 0.2, 0.7],
        "trained_on": [False] * 3,
    }  # fmt: skip
    table = VERIFICATION_PAIRS.table
    rows = pa.table({c.name: pa.array(values[c.name], c.arrow_type) for c in table.columns})
    copy_in(table, rows)
    pairs = SurveyPairs(verification.surveys[0], rows, 11, [], pa.table({}))
    results = measured([pairs], plugin.labelling, catalog_objects=150, radius_arcsec=30)
    Verification.objects.filter(pk=verification.pk).update(published=timezone.now(), **results)


@pytest.fixture
def everything(
    published, toys, people: SimpleNamespace, simulated_files: Path, settings, tmp_path: Path
) -> SimpleNamespace:
    """One of each thing that people see, all of it public and the owner's.

    Scores, a catalog and its release of a survey, a policy for it, their verification against a second one, a verdict of the owner's and
    labels of it, a sample, and a comparison with its run, which still goes on.
    """
    settings.ALMAGEST_HOME = tmp_path
    catalog = published(owner=people.owner, threshold=0.0)
    other = ingest_file(survey="evcc-simulated", path=simulated_files / "evcc.fits", user=people.owner).survey
    asked = {"version": catalog.version, "survey": other.slug, "radius_arcsec": 30}
    verification = verification_start(**asked, owner=people.owner).verification
    write_pairs(verification, other)
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample, owner=people.owner)
    toys.train(toys.claimed(comparison.run, "classical"))
    drafted = release_start(edition=catalog, creators=(parse_creator("Ptolemy, Claudius"),), formats=["csv"])
    release = release_publish(user=None, release=work_on(drafted))
    objects = galaxies()
    verdict_give(
        user=people.owner, catalog="dwarfs", object_id=objects[0][0], choice="s", tags=["lsb"], comment="a tail"
    )
    labels = labels_freeze(user=people.owner, edition=catalog, name="agreed")
    policy = policy_create(user=people.owner, catalog=catalog.catalog, schedule="every hour")
    for model in (Survey, Sample, ModelVersion, Catalog, Run, Verification, Comparison, Release, LabelSet):
        model.objects.update(owner=people.owner)
    survey = Survey.objects.get(slug="sdss-dr14-simulated")
    things = {"survey": survey, "catalog": catalog.catalog, "sample": catalog.version.sample, "model": catalog.version,
              "run": comparison.run, "comparison": comparison, "verification": verification,
              "release": release, "labels": labels}  # fmt: skip
    for thing in things.values():
        thing.refresh_from_db()
    return SimpleNamespace(**things, things=things, policy=policy, other_survey=other, objects=objects)
