"""What a model finds alike: the nearest in its latent space, of what the reader sees; on the object's page and by the API."""

import numpy as np
import pytest
from django.db import connection
from django.test import Client

from almagest.accounts.models import User, Visibility
from almagest.contract import Column, Table
from almagest.core import nearest
from almagest.core.nearest import NearestError, create_nearest_indexes, enable_vectors
from almagest.core.tables import DeclaredTable, create_table
from almagest.predictions.models import PredictionSet
from almagest.predictions.similar import SIMILAR, LatentsError, similar_objects
from almagest.predictions.tables import set_table
from almagest.registry.models import ModelVersion
from almagest.sky.errors import SurveyError
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file

from .given.asking import detail, program
from .given.latents import NOWHERE, spiral
from .given.surveys import galaxies

pytestmark = pytest.mark.django_db
NAME = "dwarf_galaxies/forest/1"


@pytest.fixture
def scores(spacious, published) -> PredictionSet:
    """Current scores whose rows lie on the spiral."""
    return published(threshold=0.0).prediction_set


def by_distance(places: list, number: int) -> list[tuple[int, float]]:
    """All other places that there are, the nearest first, as numpy finds them."""
    here = np.array(places[number])
    far = {k: float(np.linalg.norm(np.array(place) - here)) for k, place in enumerate(places) if place and k != number}
    return sorted(far.items(), key=lambda pair: pair[1])


def test_the_ten_nearest_are_those_that_numpy_finds(scores):
    objects, places = galaxies(), spiral(len(galaxies()))
    for number in (1, 20, len(objects) - 2):
        alike = similar_objects(user=None, object_id=objects[number][0])
        expected = by_distance(places, number)[:10]
        assert [each.object_id for each in alike.objects] == [objects[k][0] for k, _ in expected]
        assert [each.distance for each in alike.objects] == pytest.approx([far for _, far in expected], rel=1e-5)
        assert [each.source_id for each in alike.objects] == [objects[k][1] for k, _ in expected]
        assert (alike.version, alike.others) == (scores.version, [])
        assert all(each.redshift is not None and each.score is not None for each in alike.objects)


def test_an_object_without_a_place_has_nothing_near_and_is_near_nothing(scores):
    objects = galaxies()
    nowhere = {number for number, _ in objects[::NOWHERE]}
    with pytest.raises(LatentsError, match="has no place in the latent space of any model version") as raised:
        similar_objects(user=None, object_id=objects[0][0])
    assert raised.value.absent
    found = similar_objects(user=None, object_id=objects[1][0], count=len(objects)).objects
    assert len(found) == len(objects) - len(nowhere) - 1 and not nowhere & {each.object_id for each in found}
    with pytest.raises(LatentsError, match=rf"model_version='dwarf_galaxies/forest/9'; it has one in {NAME}"):
        similar_objects(user=None, object_id=objects[1][0], model_version="dwarf_galaxies/forest/9")


def test_the_version_in_production_comes_first(scores):
    """Another, newer one is named beside it, and can be asked for."""
    version, (number, _) = scores.version, galaxies()[3]
    newer = ModelVersion.objects.get(pk=version.pk)
    newer.pk, newer.number = None, 2
    newer.save()
    others = PredictionSet.objects.get(pk=scores.pk)
    others.pk, others.version, others.run = None, newer, None
    others.save()
    create_table(set_table(others))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {others.table_name} SELECT * FROM {scores.table_name} WHERE object_id <= %s", [number + 3]
        )
    first = similar_objects(user=None, object_id=number)
    assert (first.version, first.others) == (newer, [version]) and len(first.objects) < 10
    version.method.production = version
    version.method.save()
    assert similar_objects(user=None, object_id=number).version == version
    asked = similar_objects(user=None, object_id=number, model_version="dwarf_galaxies/forest/2")
    assert asked.version == newer and [each.object_id for each in asked.objects] == [
        each.object_id for each in first.objects
    ]


@pytest.fixture
def owner(scores) -> User:
    owner = User.objects.create_user("owner")
    for model in (Survey, ModelVersion):
        model.objects.update(owner=owner)
    return owner


def test_nothing_of_a_hidden_survey_or_model_is_told(scores, owner, simulated_files):
    """Neither an object of such a survey, also as the neighbour of another's, nor what lies in the space of such a model."""
    objects, places = galaxies(), spiral(len(galaxies()))
    near = [objects[k][0] for k, _ in by_distance(places, 20)]
    hidden = ingest_file(survey="evcc-simulated", path=simulated_files / "evcc.fits", user=owner).survey
    Survey.objects.filter(pk=hidden.pk).update(owner=owner, visibility=Visibility.PRIVATE)
    with connection.cursor() as cursor:
        for table, key in (("objects", "id"), (scores.table_name, "object_id")):
            cursor.execute(f"UPDATE {table} SET survey_id = %s WHERE {key} = ANY(%s)", [hidden.pk, near[::2]])
    PredictionSet.objects.update(surveys=[*scores.surveys, hidden.slug])
    found = similar_objects(user=None, object_id=objects[20][0]).objects
    assert [each.object_id for each in found] == near[1::2][:10]
    found = similar_objects(user=owner, object_id=objects[20][0]).objects
    assert [each.object_id for each in found] == near[:10]
    with pytest.raises(SurveyError):
        similar_objects(user=None, object_id=near[0])
    ModelVersion.objects.update(visibility=Visibility.PRIVATE)
    with pytest.raises(LatentsError):
        similar_objects(user=None, object_id=objects[20][0])
    assert similar_objects(user=owner, object_id=objects[20][0]).version == scores.version


def test_the_api_gives_them_in_every_format(scores, owner):
    (number, _), client = galaxies()[20], Client()
    address = f"/api/v1/objects/{number}/similar/"
    rows = client.get(address).json()["rows"]
    expected = similar_objects(user=None, object_id=number).objects
    assert [(row["object_id"], row["distance"]) for row in rows] == [
        (e.object_id, pytest.approx(e.distance)) for e in expected
    ]
    assert set(rows[0]) == set(SIMILAR.names) and {row["model_version"] for row in rows} == {NAME}
    assert client.get(f"{address}?model_version={NAME}&columns=source_id,distance&limit=3").json()["rows"] == [
        {name: row[name] for name in ("source_id", "distance")} for row in rows[:3]
    ]
    text = b"".join(client.get(f"{address}?format=csv").streaming_content).decode()
    assert len(text.splitlines()) == 11 and text.startswith("object_id,survey,source_id")
    assert "no place in the latent space" in detail(client.get(f"{address}?model_version=a/b/3"), 404)
    assert "there is no parameter model" in detail(client.get(f"{address}?model=a/b/3"))
    Survey.objects.update(visibility=Visibility.PRIVATE)
    assert "there is no object" in detail(client.get(address), 404)
    assert program(owner, "read").get(address).status_code == 200


@pytest.fixture
def cloud(db) -> DeclaredTable:
    """Ten thousand random places, and a few rows without one."""
    place = Column("place", "float32", "", "stat.value", "Place", shape=(4,))
    table = Table("places", "Places", (Column("object_id", "int64", nullable=False), place))
    declared = DeclaredTable(table, ("object_id",), nearest=("place",))
    create_table(declared)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(
            "INSERT INTO places SELECT n, CASE WHEN n % 50 > 0 THEN ARRAY[random(), random(), random(), random()]::real[] END "
            "FROM generate_series(1, 12000) n"
        )
    return declared


def test_the_index_finds_what_looking_at_all_rows_finds(cloud):
    place = nearest.place_text([0.5, 0.5, 0.5, 0.5])
    distance = nearest.distance_sql(cloud.table["place"], "place")
    sql = f"SELECT object_id FROM places WHERE place IS NOT NULL ORDER BY {distance} LIMIT 10"

    def ask() -> tuple[list, str]:
        with connection.cursor() as cursor:
            nearest.look_around(cursor)
            cursor.execute(f"EXPLAIN {sql}", [place])
            plan = "\n".join(row[0] for row in cursor.fetchall())
            cursor.execute(sql, [place])
            return cursor.fetchall(), plan

    exact, plan = ask()
    assert "Index Scan" not in plan
    create_nearest_indexes(cloud)
    found, plan = ask()
    assert "Index Scan using places_place_nearest_idx" in plan and found == exact


def test_a_table_of_few_rows_has_no_such_index(cloud):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM places WHERE object_id > 9000")
        create_nearest_indexes(cloud)
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'places_place_nearest_idx'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        ("SELECT NULL, NULL WHERE false",
         r"has no extension vector \(pgvector\): install the package postgresql-\d+-pgvector .* pgvector/pgvector:pg\d+"),
        ("SELECT '0.7.4', NULL", "has pgvector 0.7.4; 0.8 or newer is needed"),
        ("SELECT '0.9.0', '0.6.2'", "has pgvector 0.6.2; 0.8 or newer is needed"),
    ],
)  # fmt: skip
def test_a_server_without_the_extension_is_told_what_to_install(db, offered, told):
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY VIEW pg_available_extensions AS SELECT 'vector' AS name, o.* FROM ({offered}) "
            "AS o(default_version, installed_version)"
        )
        cursor.execute("SET LOCAL search_path = pg_temp, pg_catalog, public")
    with pytest.raises(NearestError, match=told):
        enable_vectors()


def test_a_role_that_may_not_make_the_extension_is_told_who_may(db):
    enable_vectors()
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION vector")
        cursor.execute("CREATE ROLE plain")
        cursor.execute("SET LOCAL ROLE plain")
    with pytest.raises(NearestError, match="have its administrator run CREATE EXTENSION vector there once"):
        enable_vectors()
