"""What the plugin draws of the confirmed objects: what it is given, and what becomes of its faults."""

import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from django.db import connection

from almagest.contract import (
    PluginError,
    Scatter,
    View,
)
from almagest.predictions.models import Verification
from almagest.predictions.verification.services import verification_start

from .skies import METHOD, do, verify


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
