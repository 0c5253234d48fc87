"""Candidates after the model: who is one, what a declared catalog shows, and where each object went."""

import csv
import io
import re
import sys
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils.html import escape

from almagest.catalogs.errors import CatalogError
from almagest.catalogs.listings import candidate_listing
from almagest.catalogs.models import Edition
from almagest.catalogs.services import catalog_publish, catalog_publish_start
from almagest.catalogs.tables import KEYS, SAMPLE
from almagest.contract import Column, Cut, PluginError, Table
from almagest.contract.cuts import mark_candidates
from almagest.core.listings import parse_filters, read_page
from almagest.core.tables import quote
from almagest.predictions.funnel import candidate_count, funnel
from almagest.predictions.models import PredictionSet
from almagest.predictions.scoring import score_block
from almagest.predictions.services import block_write, scoring_publish, scoring_start
from almagest.registry.services import plugin_sync
from almagest.runs.leases import chunk_claim
from almagest.sky.models import Survey
from almagest.sky.selectors import survey_list
from dwarf_galaxies.plugin import plugin
from tests.plugins.spectral_centroids import LATENTS

pytestmark = pytest.mark.django_db
SLUG = "sdss-dr14-simulated"
CATALOG = Table(
    "table_8",
    "The paper's columns.",
    (
        *(Column(f"mag_{b}", "float32", "mag", "phot.mag", f"{b} magnitude") for b in ("g", "r", "z", "w1", "w2")),
        Column("prob", "float32", "", "stat.probability", "Probability to be the signal"),
        Column("r_50", "float32", "arcsec", "phys.angSize", "Half-light radius"),
    ),
)
NAMES = {"mag_g": "g", "mag_r": "r", "mag_z": "z", "prob": "p_s", "r_50": "r50"}
TABLE_8 = ["ra", "dec", "mag_g", "mag_r", "mag_z", "mag_w1", "mag_w2", "prob", "r_50"]
LIMIT, BRIGHT = 17.0, 17.0
CUTS = (
    Cut("z ≤ 17", "bright enough to be seen", lambda rows: pc.less_equal(rows["z"], LIMIT)),
    Cut("u > 17", "not a bright star", lambda rows: pc.greater(rows["u"], BRIGHT)),
)
METHOD = replace(
    plugin.method("forest"), candidate_cuts=CUTS, catalog=CATALOG, catalog_names=NAMES, implementation="toy_scorer"
)


def guess(model, batch: pa.Table) -> pa.Table:
    """Classes and probabilities that follow the g magnitude: whole hundredths; some rows have none."""
    g = batch["g"].to_numpy(zero_copy_only=False).astype(np.float64)
    p = np.round(np.nan_to_num(np.abs(np.sin(40 * g))), 2)
    unscored = np.nan_to_num(g * 1000).astype(int) % 11 == 0
    outputs = {c.name: pa.array(np.zeros(len(g)), mask=unscored) for c in METHOD.outputs.columns}
    words = np.where(p > 0.3, "S", "NM").astype(object)
    outputs |= {"p_s": pa.array(p, mask=unscored), "predicted_class": pa.array(words, pa.string(), mask=unscored)}
    return pa.table(outputs)


def read_here(sql: str, parameters) -> pa.Table:
    """`read_arrow` on the test's own connection: another one would not see what this test has written."""
    with connection.cursor() as cursor:
        cursor.execute(re.sub(r"\$\d", "%s", sql), parameters)
        columns = zip(*cursor.fetchall(), strict=True)
        return pa.table(
            {column.name: pa.array(values) for column, values in zip(cursor.description, columns, strict=True)}
        )


@pytest.fixture
def scored(version, monkeypatch, settings):
    """A function that scores the sky block by block with a method as the workers do: ``scored(METHOD)``."""
    monkeypatch.setitem(sys.modules, "toy_scorer", SimpleNamespace(score=guess))
    monkeypatch.setattr("almagest.samples.reading.read_arrow", read_here)
    settings.BLOCK_SIZE = 60

    def score(method=METHOD) -> PredictionSet:
        row = plugin_sync(declaration=replace(plugin, methods=(method,))).methods.get(name="forest")
        version.method, version.outputs = row, row.outputs
        version.save()
        run = scoring_start(version=version, surveys=[SLUG])
        scores = PredictionSet.objects.select_related("version__method__plugin").get(run=run)
        survey, blocks = Survey.objects.get(slug=SLUG), 0
        while claim := chunk_claim(run_id=run.pk, queue=row.runtime, worker="test"):
            rows, counts = score_block(
                scores, survey, method, None, low=claim.payload["low"], high=claim.payload["high"]
            )
            block_write(claim=claim, scores=scores, survey=survey, rows=rows, counts=counts)
            blocks += 1
        assert blocks > 1
        scoring_publish(claim=chunk_claim(run_id=run.pk, queue="data", worker="test"), scores=scores)
        return PredictionSet.objects.get(pk=scores.pk)

    return score


def published(scores: PredictionSet, threshold: float = 0.0) -> Edition:
    """The catalog of a scoring's candidates."""
    run = catalog_publish_start(slug="candidates", version=scores.version, threshold=threshold, title="Candidates")
    claim = chunk_claim(run_id=run.pk, queue="data", worker="test")
    catalog_publish(claim=claim, edition=Edition.objects.get(run=run))
    return Edition.objects.get(run=run)


def test_a_score_that_is_no_number_is_refused(scored, monkeypatch):
    def broken(model, batch: pa.Table) -> pa.Table:
        given = guess(model, batch)
        return given.set_column(0, given.column_names[0], pa.array([float("nan")] * batch.num_rows))

    monkeypatch.setitem(sys.modules, "toy_scorer", SimpleNamespace(score=broken))
    with pytest.raises(PluginError, match=r"forest gave NaN as \w+ of \d+ objects; it must give null"):
        scored()


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("bad", "count"),
    [([1.0, NAN, 0.0], 1), ([1.0, INF, 0.0], 1), ([1.0, None, 0.0], 1), (None, 0), ([1e9, -1.0, 0.0], 0)],
)
def test_latents_are_finite_or_nothing(scored, monkeypatch, bad, count):
    """The database could not look for what is near a place that is half known."""

    def placed(model, batch: pa.Table) -> pa.Table:
        places = ([bad] + [[1.0, 2.0, 3.0]] * batch.num_rows)[: batch.num_rows]
        return guess(model, batch).append_column(LATENTS.name, pa.array(places, LATENTS.arrow_type))

    monkeypatch.setitem(sys.modules, "toy_scorer", SimpleNamespace(score=placed))
    method = replace(METHOD, latents=LATENTS.name, outputs=METHOD.outputs.with_columns(LATENTS))
    if count:
        with pytest.raises(PluginError, match="forest gave NaN or infinity as latents of 1 objects; it must give null"):
            scored(method)
        return
    scores = scored(method)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT latents, count(*) FROM {scores.table_name} GROUP BY latents ORDER BY count(*)")
        (few, blocks), (many, others) = cursor.fetchall()
    assert (few, many) == (bad, [1.0, 2.0, 3.0]) and blocks + others == scores.rows and 1 < blocks < others
    assert published(scores).table[LATENTS.name] == replace(LATENTS, level=3)


def truth(scores: PredictionSet) -> dict[int, dict]:
    """Each scored object with its measurements, straight from the tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.object_id, p.p_s, p.predicted_class, p.is_candidate, m.g, m.r, m.z, m.u, o.ra, o.dec, o.source_id "
            f"FROM {quote(scores.table_name)} p JOIN survey_sdss_dr14_simulated m USING (object_id) "
            "JOIN objects o ON o.id = p.object_id"
        )
        names = ("p_s", "class", "is_candidate", "g", "r", "z", "u", "ra", "dec", "source_id")
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in cursor.fetchall()}


def steps_of(rows: dict[int, dict]) -> list[set[int]]:
    """Who is left after the class, and after each cut."""
    called = {key for key, row in rows.items() if row["class"] == "S"}
    bright = {key for key in called if row_is(rows[key]["z"], lambda z: z <= LIMIT)}
    return [called, bright, {key for key in bright if row_is(rows[key]["u"], lambda u: u > BRIGHT)}]


def row_is(value, condition) -> bool:
    """A condition on what may be missing."""
    return value is not None and condition(value)


def test_candidates_are_called_the_signal_and_pass_all_cuts(scored):
    scores = scored()
    rows = truth(scores)
    called, bright, faint = steps_of(rows)
    assert len(rows) == scores.rows > len(called) > len(bright) > len(faint) > 10
    assert any(row["class"] is None for row in rows.values()), "some rows are unscored"
    assert {key for key, row in rows.items() if row["is_candidate"]} == faint
    assert scores.candidates_left_out == [
        {"name": "called S", "count": len(rows) - len(called)},
        {"name": "z ≤ 17", "count": len(called) - len(bright)},
        {"name": "u > 17", "count": len(bright) - len(faint)},
    ]
    assert candidate_count(scores) == len(faint)


def test_the_funnel_adds_up(scored):
    scores = scored()
    edition = published(scores, 0.5)
    steps = funnel(scores, ("prob ≥ 0.5", edition.rows))
    called, bright, faint = steps_of(truth(scores))
    names = [
        "objects in the surveys",
        *(c.name for c in METHOD.cuts),
        "called S",
        *(c.name for c in CUTS),
        "prob ≥ 0.5",
    ]
    assert [step["name"] for step in steps] == names
    assert [step["count"] for step in steps[-5:]] == [scores.rows, len(called), len(bright), len(faint), edition.rows]
    assert all(before["count"] - after["taken"] == after["count"] for before, after in pairwise(steps))
    assert steps[0]["count"] == scores.objects_read == survey_list(user=None).get(slug=SLUG).object_count
    assert [step["share"] for step in steps] == [step["count"] / scores.objects_read for step in steps]


def test_the_catalog_has_the_declared_columns_and_their_values(scored):
    scores = scored()
    edition = published(scores)
    rows = truth(scores)
    faint = steps_of(rows)[-1]
    shown = [column for column in edition.table.columns if column.level < 3]
    assert [column.name for column in shown] == TABLE_8
    assert shown[2:] == list(CATALOG.columns)
    assert set(edition.table.names) == {*TABLE_8, *(c.name for c in (*KEYS, *SAMPLE))}
    page = read_page(candidate_listing(edition).choosing("all"), size=1000)
    assert {row["object_id"] for row in page.rows} == faint
    assert edition.rows == len(faint)
    for row in page.rows:
        expected = rows[row["object_id"]]
        assert (row["ra"], row["dec"], row["source_id"]) == (expected["ra"], expected["dec"], expected["source_id"])
        assert [row["mag_g"], row["mag_r"], row["mag_z"], row["prob"]] == [expected[n] for n in ("g", "r", "z", "p_s")]
        assert row["mag_w1"] is row["mag_w2"] is row["r_50"] is None, "the survey does not have them"


def test_the_catalog_is_sorted_filtered_and_counted_by_its_own_name_of_the_ranking(scored):
    scores = scored()
    edition = published(scores, 0.4)
    rows = truth(scores)
    p = np.array([rows[key]["p_s"] for key in steps_of(rows)[-1]], np.float32)
    assert edition.rank_by == "prob" and scores.version.method.rank_by == "p_s"
    filters = parse_filters(candidate_listing(edition), {"prob__min": "0.9"})
    page = read_page(filters.sorted_by("prob").choosing("all"), size=1000)
    found = [row["prob"] for row in page.rows]
    assert found == sorted(found) and len(found) == (p >= np.float32(0.9)).sum() > 0
    assert edition.rows == (p >= np.float32(0.4)).sum() < len(p)
    assert sum(edition.histogram["counts"]) == len(p), "candidates alone are in the histogram"
    assert [t["count"] for t in edition.thresholds] == [
        (p >= np.float32(t["threshold"])).sum() for t in edition.thresholds
    ]


def test_the_page_shows_the_declared_columns_and_links_to_objects(client, scored):
    scores = scored()
    edition = published(scores)
    text = client.get("/catalogs/candidates/").content.decode()
    head = re.search(r"<thead>.*?</thead>", text[text.index('id="rows"') :], re.S)[0]
    names = [re.sub(r"<small>.*?</small>|<[^>]+>|[↓↑ ]", "", cell) for cell in re.findall(r"<th[ >].*?</th>", head)]
    assert names == ["object", "position", *TABLE_8[2:]]
    linked = re.findall(rf'href="(/objects/{SLUG}/[^"]+)"', text[text.index('id="rows"') :])
    assert len(linked) == min(50, edition.rows)
    assert client.get(linked[0]).status_code == 200
    for step in funnel(scores, ("prob ≥ 0", edition.rows)):
        assert f'{escape(step["name"])}</td><td class="n">{step["count"]:,}</td>' in text
    for threshold in edition.thresholds:
        assert f"≥ {threshold['threshold']} <b>{threshold['count']:,}</b>" in text
    assert "prob__min=0.95" in text and "p_s" not in re.sub(r"title=\"[^\"]*\"", "", text)
    for address in ("/catalogs/", "/"):
        assert "prob ≥ 0" in client.get(address).content.decode()


def test_csv_is_table_8_or_everything(client, scored):
    edition = published(scored())

    def lines(query: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(client.get(f"/catalogs/candidates/?format=csv{query}").getvalue().decode())))

    assert lines("")[0] == TABLE_8
    assert len(lines("")) == len(lines("&columns=all")) == edition.rows + 1
    assert lines("&columns=all")[0] == edition.table.names
    bounded = lines("&prob__min=0.9&sort=prob")
    assert [float(row[7]) for row in bounded[1:]] == sorted(float(row[7]) for row in bounded[1:])
    assert 1 < len(bounded) < edition.rows


def test_the_page_of_the_model_and_the_command_show_the_same_steps(client, scored, monkeypatch, capsys):
    scores = scored()
    text = client.get("/models/dwarf_galaxies/forest/1/").content.decode()
    for step in funnel(scores):
        assert f'{escape(step["name"])}</td><td class="n">{step["count"]:,}</td>' in text
    command = "almagest.predictions.management.commands.score"
    monkeypatch.setattr(f"{command}.scoring_start", lambda **_: scores.run)
    monkeypatch.setattr(f"{command}.run_wait", lambda run: run)
    call_command("score", "dwarf_galaxies", "forest")
    printed = capsys.readouterr().out
    for step in funnel(scores):
        assert re.search(rf" {step['count']:,} +[\d.]+% {re.escape(step['name'])}\n", printed)


def test_without_candidate_cuts_all_is_as_it_was(client, scored):
    scores = scored(replace(METHOD, candidate_cuts=(), catalog=None, catalog_names={}))
    assert not scores.has_candidates and scores.candidates_left_out == []
    edition = published(scores, 0.4)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {quote(scores.table_name)} LIMIT 0")
        assert "is_candidate" not in {column.name for column in cursor.description}
        cursor.execute(f"SELECT count(*) FROM {quote(scores.table_name)} WHERE p_s >= 0.4::real")
        assert edition.rows == cursor.fetchone()[0]
    assert edition.rank_by == "p_s" and {"survey", "source_id", "p_s", "g"} <= set(edition.table.names)
    assert client.get("/catalogs/candidates/").status_code == 200


def test_scores_and_catalogs_from_before_a_plugin_declared_candidates_still_serve(client, scored):
    """The method's row has changed, the tables have not."""
    scores = scored(replace(METHOD, candidate_cuts=(), catalog=None, catalog_names={}))
    published(scores, 0.4)
    plugin_sync(declaration=replace(plugin, methods=(METHOD,)))
    text = client.get("/catalogs/candidates/").content.decode()
    assert "p_s ≥ 0.4" in text
    scores.version.method.refresh_from_db()
    edition = published(PredictionSet.objects.get(pk=scores.pk), 0.4)
    assert edition.rank_by == "prob" and edition.rows > 0
    assert client.get("/catalogs/candidates/?sort=-prob&prob__min=0.9").status_code == 200
    later = scored()
    assert later.has_candidates and published(later).rows == candidate_count(later)


def test_a_catalog_without_its_ranking_is_refused(scored):
    scores = scored(replace(METHOD, catalog_names={}, catalog=replace(CATALOG, columns=CATALOG.columns[:2])))
    with pytest.raises(CatalogError, match="no column of p_s"):
        published(scores)


def test_rows_without_class_or_value_are_no_candidates():
    rows = pa.table({
        "predicted_class": ["S", None, "NM", "S", "S"],
        "z": pa.array([17.0, 17.0, 17.0, None, 19.0]),
    })  # fmt: skip
    is_candidate, taken = mark_candidates(CUTS[:1], "S", rows)
    assert is_candidate.to_pylist() == [True, False, False, False, False]
    assert dict(taken) == {"called S": 2, "z ≤ 17": 2}
    assert mark_candidates(CUTS[:1], "S", rows.slice(0, 0))[1] == {"called S": 0, "z ≤ 17": 0}
