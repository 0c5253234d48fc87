"""Verification: hand-made positions, labels and scores in a real database, every number recomputed by hand."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from django.core.management import call_command
from django.db import connection

from almagest.accounts.models import User
from almagest.contract import (
    Column,
    Labelling,
    Method,
    Paper,
    PluginError,
    Scatter,
    Table,
    View,
    no_report,
    write_sample,
)
from almagest.contract import Plugin as PluginDeclaration
from almagest.contract.sample import KEY_COLUMNS
from almagest.core.copy import copy_in
from almagest.core.files import store_folder
from almagest.core.listings import read_page
from almagest.core.tables import create_table, drop_table, quote
from almagest.predictions.listings import pair_listing
from almagest.predictions.models import PredictionSet, Verification
from almagest.predictions.tables import set_table
from almagest.predictions.verification.errors import VerificationError
from almagest.predictions.verification.selectors import (
    PAIRS,
    verification_get,
    verification_list,
    verification_pairs,
)
from almagest.predictions.verification.services import verification_run, verification_start
from almagest.registry.models import Method as MethodRow
from almagest.registry.models import ModelVersion, Plugin
from almagest.runs.leases import LeaseLost, chunk_claim
from almagest.runs.models import Chunk, Run
from almagest.samples.models import Sample
from almagest.sky.errors import SurveyError
from almagest.sky.models import Survey
from almagest.sky.services import cross_match_make, ingest_file
from almagest.sky.surveys import SURVEYS

ARCSEC = 1 / 3600
LABELLING = Labelling(
    ("S", "M", "F"),
    "S",
    Table("toy_labels", "", (Column("redshift", "float32"), Column("spec_class", "string"), Column("distance_mpc", "float32", "Mpc"))),
    "toy_labels:classify",
)  # fmt: skip
METHOD = Method(
    name="toy", title="Toy", description="", runtime="classical", implementation="nowhere", rank_by="p_s",
    inputs=Table("toy_inputs", "", (Column("g", "float32", "mag"), Column("r", "float32", "mag"))),
    outputs=Table("toy_outputs", "", (Column("p_s", "float32"), Column("predicted_class", "string"))),
    cut_inputs=Table("toy_cuts", "", (Column("r50", "float32", "arcsec"), Column("spec_class", "string"))),
)  # fmt: skip
PLUGIN = PluginDeclaration(
    name="toys", title="Toys", version="1", summary="", paper=Paper("", "", 2025), readme=Path(), labelling=LABELLING,
    methods=(METHOD,), simulation="nowhere:simulate",
)  # fmt: skip


@pytest.fixture
def labelled(monkeypatch) -> list[pa.Table]:
    """What the labelling was given, call by call: S below a redshift of 0.02, M below 0.1, F above; galaxies only."""
    given = []

    def classify(rows: pa.Table) -> pa.Table:
        given.append(rows)
        both = zip(rows["redshift"].to_pylist(), rows["spec_class"].to_pylist(), strict=True)
        found = [_class(z, word) for z, word in both]
        return pa.table({name: pa.array([row[i] for row in found], pa.string()) for i, name in enumerate(("label", "reason"))})  # fmt: skip

    monkeypatch.setitem(sys.modules, "toy_labels", SimpleNamespace(classify=classify))
    return given


def _class(z: float | None, word: str | None) -> tuple[str | None, str | None]:
    if word != "GALAXY":
        return None, "no galaxy"
    if z is None:
        return None, "no redshift"
    return ("S" if z < 0.02 else "M" if z < 0.1 else "F"), None


@pytest.fixture
def sky(cloned_database, file_store, survey_file, labelled):
    """Functions that make surveys and a scored version: ``sky.survey(slug, ra, dec, …)``, ``sky.version({name: class})``."""
    plugin = Plugin.objects.create(
        name="toys", title="Toys", version="1", code_version="1", summary="", paper={}, readme="", classes=["S", "M", "F"],
        signal="S", label_inputs=LABELLING.inputs.to_json(),
    )  # fmt: skip
    row = MethodRow.objects.create(
        plugin=plugin, name="toy", title="Toy", description="", runtime="classical", inputs=METHOD.inputs.to_json(),
        cut_inputs=METHOD.cut_inputs.to_json(), outputs=METHOD.outputs.to_json(), cuts=[], parameters=[], rank_by="p_s",
    )  # fmt: skip

    def survey(slug: str, ra, dec, **given) -> list[int]:
        """Ids of the objects, in the order of the positions."""
        if slug.startswith("sdss"):
            given = {"spec_class": ["GALAXY"] * len(ra), "redshift": [0.5] * len(ra)} | given
        ingest_file(survey=slug, path=survey_file(slug, ra, dec, name=f"{slug}.csv", **given))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT o.id FROM objects o JOIN sky_survey s ON s.id = o.survey_id WHERE slug = %s ORDER BY ra, o.id",
                [slug],
            )
            ids = [found[0] for found in cursor.fetchall()]
        return [ids[i] for i in np.argsort(np.argsort(ra, kind="stable"), kind="stable")]

    def version(scores: dict[int, tuple], train=(), test=(), *, surveys=("sdss-dr14",), outputs=METHOD.outputs):
        """A version with current scores ``{object: (class, score)}``, that has learned from the objects of `train`."""
        made = ModelVersion.objects.create(
            method=row, number=1 + ModelVersion.objects.count(), sample=_sample(train, test, file_store.parent), plugin_version="1",
            code_version="1", parameters={}, seed=1, metrics=[], figures=[], weights_sha256="a" * 64, folder="none",
            outputs=outputs.to_json(),
        )  # fmt: skip
        if scores is not None:
            _scores(made, scores, surveys)
        return made

    return SimpleNamespace(survey=survey, version=version)


def _sample(train, test, folder) -> Sample:
    ids = [*train, *test]
    values = {
        "object_id": ids, "revision": [1] * len(ids), "survey": ["sdss-dr14"] * len(ids), "group_id": ids,
        "source_id": [str(n) for n in ids], "split": ["train"] * len(train) + ["test"] * len(test), "label": ["S"] * len(ids),
    }  # fmt: skip
    rows = pa.table({field.name: pa.array(values[field.name], field.type) for field in KEY_COLUMNS})
    name = f"sample-{Sample.objects.count()}"
    checksum = write_sample(folder / name, rows, classes=("S", "M", "F"), signal="S", seed=1, definition={})
    key, _ = store_folder(folder / name, "samples")
    return Sample.objects.create(
        name=name, plugin_name="toys", method_name="toy", definition={"surveys": ["sdss-dr14"]}, ingest_id=1, cross_match_id=0,
        checksum=checksum, folder=key, rows=len(ids),
    )  # fmt: skip


def _scores(version: ModelVersion, scores: dict[int, tuple], surveys) -> PredictionSet:
    made = PredictionSet.objects.create(
        version=version, ingest_id=9, surveys=list(surveys), state="current", rows=len(scores)
    )
    declared = set_table(made)
    create_table(declared)
    values = {"object_id": list(scores), "revision": [1] * len(scores), "survey_id": [1] * len(scores),
              "p_s": [score for _, score in scores.values()], "predicted_class": [word for word, _ in scores.values()]}  # fmt: skip
    columns = declared.table.columns
    copy_in(declared.table, pa.table({c.name: pa.array(values[c.name], c.arrow_type) for c in columns}))
    return made


def verify(version: ModelVersion, survey: str = "sami-dr3", radius_arcsec: float = 2.0, owner=None) -> Verification:
    """Start and do it, as a worker does."""
    run = verification_start(version=version, survey=survey, radius_arcsec=radius_arcsec, owner=owner)
    do(run)
    return Verification.objects.get(run=run)


def do(run: Run, labelling: Labelling = LABELLING, relations: str = ""):
    """The run's one chunk; gives the claim."""
    claim = chunk_claim(run_id=run.pk, queue="data", worker="test")
    verification = Verification.objects.get(pk=claim.payload["verification_id"])
    plugin = replace(PLUGIN, labelling=labelling, relations=relations)
    verification_run(claim=claim, verification=verification, method=METHOD, plugin=plugin, report=no_report)
    return claim


def pairs(verification: Verification) -> list[dict]:
    listing = pair_listing(user=None, verification=verification).choosing("all")
    return read_page(listing, size=10_000).rows


def value(verification: Verification, name: str, part: str, group: str = "all", of: str = "signal") -> tuple:
    found = [m for m in verification.metrics[part] if (m["name"], m["group"], m["of"]) == (name, group, of)]
    assert len(found) == 1
    return found[0]["numerator"], found[0]["denominator"], found[0]["value"]


@pytest.fixture
def nine(sky):
    """Nine labelled objects: hit, miss, false alarm, right other, learned from, no redshift, star, not scored, alone."""
    ra, dec = 150 + 0.1 * np.arange(9), np.full(9, 10.0)
    redshift = [0.01, 0.01, 0.5, 0.5, 0.05, None, 0.01, 0.01, 0.01]
    catalog = sky.survey("sami-dr3", ra, dec, z_spec=redshift)
    words = ["GALAXY"] * 6 + ["STAR", "GALAXY"]
    objects = sky.survey("sdss-dr14", ra[:8], dec[:8] + 0.5 * ARCSEC, spec_class=words)
    said = [("S", 0.9), ("F", 0.1), ("S", 0.8), ("F", 0.2), ("M", 0.3), ("S", 0.7), ("F", 0.05), (None, None)]
    scores = dict(zip(objects, said, strict=True))
    return SimpleNamespace(
        catalog=catalog, objects=objects, version=sky.version(scores, train=[objects[4]], test=[objects[0]])
    )


def test_every_number_is_what_a_hand_counts(nine):
    verification = verify(nine.version)
    assert [step["count"] for step in verification.counts] == [9, 8, 7, 5, 4]
    assert verification.counts[1]["surveys"] == {"sdss-dr14": 8}
    for part, precision, recall, prevalence, accuracy in (
        ("not_trained_on", (1, 2), (1, 2), (2, 4), (2, 4)), ("all", (1, 2), (1, 2), (2, 5), (3, 5)),
    ):  # fmt: skip
        for name, counts in (("precision", precision), ("recall", recall), ("prevalence", prevalence)):
            assert value(verification, name, part) == (*counts, counts[0] / counts[1]), (part, name)
        assert value(verification, "accuracy", part, of="all")[:2] == accuracy
    half = next(m for m in verification.metrics["all"] if m["name"] == "precision")
    assert (half["low"], half["high"]) == pytest.approx((0.0945, 0.9055), abs=1e-4)  # Wilson's interval of 1/2
    matrix = verification.figures["all"][0]
    assert (matrix["classes"], matrix["counts"]) == (["S", "M", "F"], [[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    matrix = verification.figures["not_trained_on"][0]  # M is in neither column
    assert (matrix["classes"], matrix["counts"]) == (["S", "F"], [[1, 1], [1, 1]])
    assert verification.reasons == [
        {"name": "no redshift", "count": 1, "called_signal": 1}, {"name": "no galaxy", "count": 1, "called_signal": 0},
    ]  # fmt: skip
    assert (verification.published is not None, verification.run.state) == (True, Run.State.DONE)
    assert verification.run.outcome == {"verification": verification.pk, "pairs": 7}


def test_pairs_say_who_and_how_far_and_misses_and_false_alarms_are_found(nine):
    verification = verify(nine.version)
    rows = pairs(verification)
    assert [row["scored_object_id"] for row in rows] == nine.objects[:7]
    assert [row["label_object_id"] for row in rows] == nine.catalog[:7]
    assert [row["separation_arcsec"] for row in rows] == pytest.approx([0.5] * 7, abs=1e-6)
    assert [row["label"] for row in rows] == ["S", "S", "F", "F", "M", None, None]
    assert [row["trained_on"] for row in rows] == [False] * 4 + [True] + [False] * 2
    assert set(rows[0]) == set(PAIRS.names)
    for kind, place in (("hits", 0), ("misses", 1), ("false_alarms", 2)):
        page = verification_pairs(user=None, verification=verification, kind=kind)
        assert (page.total, page.previous, page.next) == (1, None, None)
        assert page.rows == [rows[place]]
    assert (rows[1]["label_survey"], rows[1]["label_source_id"], rows[1]["survey"], rows[1]["source_id"]) == (
        "sami-dr3", "2", "sdss-dr14", "2-2-2",
    )  # fmt: skip


@pytest.fixture
def relate(monkeypatch) -> Callable[[Callable], str]:
    """A function that makes another the plugin's relations, and gives the name to declare."""

    def declare(function: Callable) -> str:
        monkeypatch.setitem(sys.modules, "toy_relations", SimpleNamespace(relations=function))
        return "toy_relations:relations"

    return declare


def drawn(rows: pa.Table) -> tuple[Scatter, ...]:
    """One point for each row that is confirmed."""
    rows = rows.filter(pc.equal(rows["label"], rows["predicted_class"]))
    label, survey, names = (tuple(rows[name].to_pylist()) for name in ("label", "survey", "source_id"))
    columns = {name: tuple(rows[name].to_pylist()) for name in ("redshift", "r50")}
    return (Scatter("Toy", "", columns, label, ("S", "M"), (View("redshift", "r50", "z", "r50"),), survey, names),)


def test_the_plugin_is_given_all_labelled_pairs_and_its_figures_are_kept(nine, relate):
    given = []

    def relations(rows: pa.Table) -> tuple[Scatter, ...]:
        given.append(rows)
        return drawn(rows)

    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    do(run, relations=relate(relations))
    rows = given[0]
    wanted = {
        "survey",
        "source_id",
        "label",
        "predicted_class",
        "score",
        "redshift",
        "spec_class",
        "distance_mpc",
        "g",
        "r",
        "r50",
    }
    assert (len(given), set(rows.column_names)) == (1, wanted)
    assert rows["label"].to_pylist() == ["S", "S", "F", "F", "M"]
    assert rows["predicted_class"].to_pylist() == ["S", "F", "S", "F", "M"]
    assert rows["score"].to_pylist() == pytest.approx([0.9, 0.1, 0.8, 0.2, 0.3])
    assert (rows["survey"].to_pylist(), rows["source_id"].to_pylist()) == (
        ["sdss-dr14"] * 5,
        [f"{n}-{n}-{n}" for n in range(1, 6)],
    )
    assert rows["redshift"].to_pylist() == pytest.approx([0.01, 0.01, 0.5, 0.5, 0.05]), "the catalog's, as the labels"
    assert rows["r50"].to_pylist() == [1, 2, 3, 4, 5], "the catalog's, for sdss-dr14 declares none"
    kept = Verification.objects.get(run=run).figures["relations"]
    assert [(figure["kind"], figure["label"], figure["columns"]["r50"]) for figure in kept] == [
        ("scatter", ["S", "F", "M"], [1, 4, 5])
    ]


def test_what_the_cuts_look_at_is_the_scored_objects(sky, relate):
    """Both surveys declare a radius, and the classes are the catalog's nevertheless."""
    place, given = ([150.0, 150.1], [10.0, 10.0]), []
    sky.survey("sami-dr3", *place, z_spec=[0.01, 0.5], r_e=[7.0, 8.0])
    objects = sky.survey("evcc", *place, mem_evcc=["M"] * 2, cz_sdss=[900.0] * 2, r_50=[3.0, None])
    version = sky.version(dict.fromkeys(objects, ("S", 0.9)), surveys=("evcc",))
    do(
        verification_start(version=version, survey="sami-dr3", radius_arcsec=2),
        relations=relate(lambda rows: given.append(rows) or ()),
    )
    assert given[0]["r50"].to_pylist() == [3.0, None]
    assert given[0]["label"].to_pylist() == ["S", "F"]


def test_without_relations_or_labelled_pairs_nothing_is_drawn(sky, nine, relate):
    assert verify(nine.version).figures["relations"] == []
    nothing = sky.version({nine.objects[5]: ("S", 0.7)})  # its object has no class
    run = verification_start(version=nothing, survey="sami-dr3", radius_arcsec=2)
    do(run, relations=relate(lambda rows: pytest.fail("there is nothing to draw")))
    assert Verification.objects.get(run=run).figures["relations"] == []


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda rows: rows["no_such_column"], "KeyError.*no_such_column"),
        (lambda rows: [METHOD], "TypeError: it gave a Method, where a Scatter is expected"),
        (lambda rows: [replace(drawn(rows)[0], columns={"r50": (float("nan"),)})], "ValueError.*JSON compliant"),
    ],
)
def test_a_fault_in_the_plugins_relations_names_the_plugin_and_leaves_nothing(nine, relate, function, words):
    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    with pytest.raises(PluginError, match=f"plugin toys: toy_relations:relations: {words}"):
        do(run, relations=relate(function))
    verification = Verification.objects.get(run=run)
    assert (verification.published, verification.figures) == (None, {})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM verification_pairs")
        assert cursor.fetchone() == (0,)


def test_labels_are_the_catalogs_and_only_undeclared_inputs_are_the_counterparts(nine, labelled):
    """The scored survey's redshift is 0.5 throughout: had it entered, all would be F."""
    verification = verify(nine.version)
    given = labelled[0]
    assert given["redshift"].to_pylist()[:5] == pytest.approx([0.01, 0.01, 0.5, 0.5, 0.05])
    assert given["redshift"].to_pylist()[5] is None
    assert given["spec_class"].to_pylist() == ["GALAXY"] * 6 + ["STAR"]  # which sami-dr3 does not declare
    assert given["distance_mpc"].null_count == 7  # which neither declares
    assert given["g"].to_pylist() == [1, 2, 3, 4, 5, 6, 7]
    assert set(given["survey"].to_pylist()) == {"sami-dr3"}
    assert verification.notes == [
        "sdss-dr14: labels from redshift of sami-dr3; spec_class, which sami-dr3 does not declare, of sdss-dr14; "
        "distance_mpc of neither.",
        "sdss-dr14: g, r of sami-dr3 in 0 of 7 pairs, of sdss-dr14 in the others.",
    ]


def test_magnitudes_are_all_of_one_survey(sky, labelled):
    """A colour of the catalog's g and the other survey's r would be none."""
    ra, dec = [150.0, 150.1, 150.2], [10.0] * 3
    sky.survey(
        "evcc", ra, dec, g=[14.0, None, 16.0], r=[13.0, 12.0, float("nan")], mem_evcc=["M"] * 3, cz_sdss=[900.0] * 3
    )
    objects = sky.survey("sdss-dr14", ra, dec, g=[20.0, 21.0, 22.0], r=[19.0, 18.0, 17.0])
    verify(sky.version(dict.fromkeys(objects, ("S", 0.9))), survey="evcc")
    assert labelled[0]["g"].to_pylist() == [14, 21, 22]
    assert labelled[0]["r"].to_pylist() == [13, 18, 17]
    assert labelled[0]["distance_mpc"].to_pylist() == [16.5] * 3  # declared by the catalog: its own


def test_the_radius_is_the_edge(sky):
    sky.survey("sami-dr3", [150.0, 150.1], [10.0, 10.0], z_spec=[0.01, 0.01])
    near, far = sky.survey("sdss-dr14", [150.0, 150.1], [10 + 1.999 * ARCSEC, 10 + 2.001 * ARCSEC])
    version = sky.version({near: ("S", 0.9), far: ("S", 0.9)})
    assert [row["scored_object_id"] for row in pairs(verify(version))] == [near]
    assert [row["scored_object_id"] for row in pairs(verify(version, radius_arcsec=2.01))] == [near, far]


def test_each_object_is_in_one_pair_of_nearest_neighbours(sky):
    """Two scored objects at one label, two labels at one scored object; the farther ones are in no pair."""
    catalog = sky.survey("sami-dr3", [150.0, 151.0, 151.0 + ARCSEC], [0.0] * 3, z_spec=[0.01] * 3)
    objects = sky.survey("sdss-dr14", [150.0 + 0.5 * ARCSEC, 150.0 - 1.0 * ARCSEC, 151.0 + 0.7 * ARCSEC], [0.0] * 3)
    found = pairs(verify(sky.version(dict.fromkeys(objects, ("S", 0.9)))))
    assert {(row["label_object_id"], row["scored_object_id"]) for row in found} == {
        (catalog[0], objects[0]), (catalog[2], objects[2]),
    }  # fmt: skip
    assert not any(row["trained_on"] for row in found)
    learned = verify(sky.version(dict.fromkeys(objects, ("S", 0.9)), train=[objects[1]]))
    assert [row["trained_on"] for row in pairs(learned)] == [True, False], "the farther spectrum is of the same galaxy"


def test_equal_distances_always_give_the_same_pair(sky):
    sky.survey("sami-dr3", [150.0], [0.0], z_spec=[0.01])
    twins = sky.survey("sdss-dr14", [150.0, 150.0], [0.0, 0.0])
    version = sky.version(dict.fromkeys(twins, ("S", 0.9)))
    assert [pairs(verify(version))[0]["scored_object_id"] for _ in range(2)] == [min(twins)] * 2


def test_one_galaxy_in_another_survey_of_the_sample_is_learned_from(sky):
    """The sample holds the EVCC's image of the galaxy; a cross-match, made after the sample, says that it is the same."""
    place = ([150.0, 150.1], [10.0, 10.0])
    sky.survey("sami-dr3", *place, z_spec=[0.01, 0.01])
    objects = sky.survey("sdss-dr14", *place)
    other = sky.survey("evcc", *place, mem_evcc=["M"] * 2, cz_sdss=[900.0] * 2)
    version = sky.version(dict.fromkeys(objects, ("S", 0.9)), train=[other[0]], test=[other[1]])
    assert [row["trained_on"] for row in pairs(verify(version))] == [False, False]
    cross_match_make(survey_a="evcc", survey_b="sdss-dr14", radius_arcsec=2)
    assert [row["trained_on"] for row in pairs(verify(version))] == [True, False]
    assert [row["trained_on"] for row in pairs(verify(version, survey="evcc"))] == [True, False], (
        "the label's own object"
    )


def test_a_galaxy_in_two_scored_surveys_counts_in_both(sky):
    place = ([150.0], [10.0])
    sky.survey("sami-dr3", *place, z_spec=[0.01])
    one, other = sky.survey("sdss-dr14", *place)[0], sky.survey("evcc", *place, mem_evcc=["M"], cz_sdss=[900.0])[0]
    verification = verify(sky.version({one: ("S", 0.9), other: ("F", 0.1)}, surveys=("sdss-dr14", "evcc")))
    assert verification.surveys == ["evcc", "sdss-dr14"]
    for group, numbers in (("sdss-dr14", (1, 1)), ("evcc", (0, 1)), ("all", (1, 2))):
        assert value(verification, "recall", "not_trained_on", group)[:2] == numbers
    assert value(verification, "precision", "all", "evcc") == (0, 0, None)
    assert [figure["title"] for figure in verification.figures["all"]] == ["evcc", "sdss-dr14", "pooled"]
    assert verification.notes[-1].startswith("1 objects of the catalog are scored in more than one survey")


def test_without_a_match_nothing_is_measurable_and_that_is_written(sky):
    sky.survey("sami-dr3", [10.0], [10.0], z_spec=[0.01])
    objects = sky.survey("sdss-dr14", [200.0], [-10.0])
    verification = verify(sky.version({objects[0]: ("S", 0.9)}))
    assert [step["count"] for step in verification.counts] == [1, 0, 0, 0, 0]
    for part in ("not_trained_on", "all"):
        for group in ("all", "sdss-dr14"):
            for name in ("precision", "recall", "prevalence"):
                assert value(verification, name, part, group) == (0, 0, None)
        assert verification.figures[part] == []
    assert (pairs(verification), verification.reasons) == ([], [])
    assert verification_get(user=None, pk=verification.pk).run.state == Run.State.DONE


def test_objects_that_came_later_are_not_in_it(nine, survey_file):
    """What was ingested after the start is neither matched nor nearer than what was there."""
    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    later = survey_file("sdss-dr14", [150.0], [10.0], name="later.csv", plate=[77], spec_class=["GALAXY"])
    ingest_file(survey="sdss-dr14", path=later)
    ingest_file(survey="sami-dr3", path=survey_file("sami-dr3", [150.2], [10.0], name="late.csv", catid=[77]))
    do(run)
    assert [step["count"] for step in Verification.objects.get(run=run).counts] == [9, 8, 7, 5, 4]


def test_the_same_chunk_twice_leaves_the_same_rows(nine):
    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    first = do(run)
    verification = Verification.objects.get(run=run)
    before = pairs(verification), verification.metrics, verification.counts
    with pytest.raises(LeaseLost):
        verification_run(claim=first, verification=verification, method=METHOD, plugin=PLUGIN, report=no_report)
    Chunk.objects.filter(run=run).update(state=Chunk.State.WAITING)
    Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)
    do(run)
    verification = Verification.objects.get(run=run)
    assert (pairs(verification), verification.metrics, verification.counts) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM verification_pairs")
        assert cursor.fetchone() == (7,)


@pytest.mark.parametrize("radius", [0, -1, 60.5, float("nan"), float("inf")])
def test_a_radius_must_be_one(nine, radius):
    with pytest.raises(VerificationError, match="is not between 0 and 60"):
        verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=radius)
    assert not Run.objects.exists()


def test_what_cannot_be_verified_is_refused_before_any_run(sky, nine):
    bare = Table("toy_outputs", "", (Column("p_s", "float32"),))
    simulated = sky.survey("sami-dr3-simulated", [150.0], [10.0])
    assert simulated
    Survey.objects.create(slug="ls-dr8-hosts", name="DR8", release="DR8", observed=True)
    for version, survey, error, words in (
        (nine.version, "nothing", SurveyError, "there is no survey 'nothing' here; there is ls-dr8-hosts, sami-dr3"),
        (nine.version, "sdss-dr14", VerificationError, "no other observed survey than sdss-dr14 itself"),
        (nine.version, "sami-dr3-simulated", VerificationError, "no other simulated survey"),
        (
            nine.version,
            "ls-dr8-hosts",
            VerificationError,
            "declares none of redshift, spec_class, distance_mpc: it cannot",
        ),
        (sky.version(None), "sami-dr3", VerificationError, "has no scores yet; run `manage.py score` first"),
        (sky.version(None, outputs=bare), "sami-dr3", VerificationError, "gives no predicted_class"),
    ):
        with pytest.raises(error, match=words):
            verification_start(version=version, survey=survey, radius_arcsec=2)
    assert not Run.objects.exists() and not Verification.objects.exists()


def test_scores_that_were_replaced_meanwhile_are_not_read(nine):
    run = verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    drop_table(nine.version.prediction_sets.get().table_name)
    with pytest.raises(VerificationError, match="were replaced before this began; start it again"):
        do(run)


def test_classes_that_nobody_declared_are_a_fault_of_the_plugin(nine):
    fewer = Labelling(("S", "F"), "S", LABELLING.inputs, LABELLING.implementation)
    with pytest.raises(PluginError, match="predicts undeclared classes: M"):
        do(verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2), labelling=fewer)
    with connection.cursor() as cursor:
        table = quote(nine.version.prediction_sets.get().table_name)
        cursor.execute(f"UPDATE {table} SET predicted_class = 'F' WHERE predicted_class = 'M'")
    with pytest.raises(PluginError, match="gave undeclared classes: M"):
        do(verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2), labelling=fewer)


def test_a_private_survey_never_shows_through(nine):
    owner, stranger = User.objects.create_user("vera"), User.objects.create_user("tycho")
    verification = verify(nine.version)
    for slug in ("sami-dr3", "sdss-dr14"):
        Survey.objects.filter(slug=slug).update(visibility="private", owner=owner)
        for reader in (None, stranger):
            assert not verification_list(user=reader).exists()
            with pytest.raises(VerificationError, match="there is no verification"):
                verification_pairs(user=reader, verification=verification, kind="hits")
            with pytest.raises(VerificationError, match="there is no verification"):
                pair_listing(user=reader, verification=verification)
        assert verification_list(user=owner, version=nine.version).get() == verification
        Survey.objects.filter(slug=slug).update(visibility="public")
    ModelVersion.objects.update(visibility="private", owner=owner)
    assert not verification_list(user=stranger).exists()
    assert verification_list(user=owner).exists()


def test_what_is_made_with_a_private_survey_is_private(nine):
    owner = User.objects.create_user("vera")
    Survey.objects.filter(slug="sami-dr3").update(visibility="private", owner=owner)
    with pytest.raises(SurveyError, match="there is no survey 'sami-dr3'"):
        verification_start(version=nine.version, survey="sami-dr3", radius_arcsec=2)
    verification = verify(nine.version, owner=owner)
    assert (verification.visibility, verification.run.visibility) == ("private", "private")
    Survey.objects.update(visibility="public")
    assert not verification_list(user=None).exists()
    assert verification_list(user=owner).get() == verification


def test_the_command_leaves_what_is_there_and_new_enough(nine, capsys, survey_file):
    verify(nine.version)
    again = ("verify", "toys", "toy", "--against", "sami-dr3", "--radius-arcsec", "2", "--if-missing")
    call_command(*again)
    assert "verified before, nothing to do" in capsys.readouterr().out
    assert Verification.objects.count() == 1
    with pytest.raises(SurveyError, match="there is no survey 'nothing'"):
        call_command("verify", "toys", "toy", "--against", "nothing", "--radius-arcsec", "2", "--if-missing")


def test_declared_surveys_are_those_that_were_meant():
    """The tests above lean on what these tables declare."""
    assert "spec_class" not in SURVEYS["sami-dr3"].table and "g" not in SURVEYS["sami-dr3"].table
    assert {"g", "r", "distance_mpc"} <= set(SURVEYS["evcc"].table.names)
