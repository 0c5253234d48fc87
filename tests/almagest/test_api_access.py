"""Who may do what by the API: sessions, tokens, scopes, rates, runs."""

import pytest
from django.test import Client

from almagest.accounts.services import token_create
from almagest.catalogs.models import Catalog
from almagest.runs.models import Run
from almagest.sky.models import Survey
from almagest.sky.services import ingest_file

pytestmark = pytest.mark.django_db
SCORE = {"plugin": "dwarf_galaxies", "method": "forest"}


def programs(user, *scopes: str) -> dict:
    """Headers of a program with a token of that person."""
    _, text = token_create(user=user, name="test", scopes=scopes, days=1)
    return {"Authorization": f"Token {text}"}


def sent(client, address: str, body: dict, headers: dict | None = None, method: str = "post"):
    return getattr(client, method)(address, body, content_type="application/json", headers=headers or {})


def test_a_token_reads_what_its_person_may_see_if_it_may_read(client, published, people):
    published(owner=people.owner)
    Survey.objects.update(visibility="private", owner=people.owner)
    address = "/api/v1/surveys/sdss-dr14-simulated/"
    assert client.get(address).status_code == 404
    assert client.get(address, headers=programs(people.owner, "read")).status_code == 200
    assert client.get(address, headers=programs(people.owner, "runs")).status_code == 404
    assert client.get(address, headers=programs(people.other, "read")).status_code == 404
    assert client.get(address, headers=programs(people.staff, "read")).status_code == 200


@pytest.mark.parametrize("text", ["Token alm_nonsense", "Token", "Token a b", "Bearer alm_nonsense", "Token \xff"])
def test_a_wrong_token_is_refused_and_says_what_is_wanted(client, published, text):
    answer = client.get("/api/v1/surveys/", headers={"Authorization": text})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Token")
    assert "oken" in answer.json()["detail"]


def test_runs_are_started_followed_and_cancelled(client, published, people):
    published(owner=people.owner)
    unknown = sent(client, "/api/v1/runs/score/", SCORE)
    assert (unknown.status_code, "/account/" in unknown.json()["detail"]) == (401, True)
    refused = sent(client, "/api/v1/runs/score/", SCORE, programs(people.owner, "read"))
    assert (refused.status_code, "has not the scope 'runs'" in refused.json()["detail"]) == (403, True)
    headers = programs(people.owner, "runs", "read")
    started = sent(client, "/api/v1/runs/score/", SCORE, headers)
    assert started.status_code == 202
    run = started.json()
    assert started.headers["Location"] == f"/api/v1/runs/{run['id']}/"
    assert (run["state"], run["owner_name"], run["is_over"]) == ("queued", "owner", False)
    others = sent(client, f"/api/v1/runs/{run['id']}/cancel/", {}, programs(people.other, "runs"))
    assert others.status_code == 403
    cancelled = sent(client, f"/api/v1/runs/{run['id']}/cancel/", {}, headers)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    again = sent(client, f"/api/v1/runs/{run['id']}/cancel/", {}, headers)
    assert (again.status_code, "nothing to cancel" in again.json()["detail"]) == (409, True)
    lines = client.get(f"/api/v1/runs/{run['id']}/log/").json()["lines"]
    assert [line["text"] for line in lines] == ["cancel asked for", "cancelled"]
    assert client.get(f"/api/v1/runs/{run['id']}/log/?after={lines[0]['id']}").json()["lines"] == lines[1:]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [("train", SCORE | {"sample": "tiny"}, 202), ("train", SCORE | {"sample": "nope"}, 404),
     ("train", SCORE | {"sample": "tiny", "parameters": {"nonsense": 1}}, 400), ("train", {"sample": "tiny"}, 400),
     ("publish-catalog", SCORE | {"slug": "again", "threshold": 0.5, "title": "Again"}, 202),
     ("publish-catalog", SCORE | {"slug": "again", "threshold": 2}, 400),
     ("freeze-sample", SCORE | {"name": "new", "surveys": ["sdss-dr14-simulated"]}, 202),
     ("freeze-sample", SCORE | {"name": "tiny", "surveys": ["sdss-dr14-simulated"]}, 400),
     ("verify", SCORE | {"survey": "evcc-simulated", "radius_arcsec": 2}, 202),
     ("verify", SCORE | {"survey": "nope", "radius_arcsec": 2}, 404),
     ("compare", {"plugin": "dwarf_galaxies", "study": "algorithms", "sample": "tiny"}, 202),
     ("compare", {"plugin": "dwarf_galaxies", "study": "nope", "sample": "tiny"}, 400), ("score", SCORE | {"number": 9}, 404)],
)  # fmt: skip
def test_every_kind_of_run_can_be_started(client, published, people, simulated_files, kind, body, status):
    published(owner=people.owner)
    ingest_file(survey="evcc-simulated", path=simulated_files / "evcc.fits")
    client.force_login(people.owner)
    before = Run.objects.count()
    answer = sent(client, f"/api/v1/runs/{kind}/", body)
    assert answer.status_code == status, answer.content
    assert Run.objects.count() - before == (status == 202)
    if status == 202:
        assert Run.objects.get(pk=answer.json()["id"]).owner == people.owner


def test_the_owner_shows_things_to_others(client, published, people):
    published(owner=people.owner)
    address, body = "/api/v1/catalogs/dwarfs/visibility/", {"visibility": "private"}
    assert sent(client, address, body, method="put").status_code == 401
    assert sent(client, address, body, programs(people.owner, "runs"), "put").status_code == 403
    assert sent(client, address, body, programs(people.other, "manage"), "put").status_code == 403
    done = sent(client, address, body, programs(people.owner, "manage", "read"), "put")
    assert (done.status_code, done.json()) == (200, {"visibility": "private", "group": ""})
    assert Catalog.objects.get().visibility == "private"
    assert client.get("/api/v1/catalogs/dwarfs/").status_code == 404
    assert sent(client, address, body, programs(people.other, "manage", "read"), "put").status_code == 404


def test_a_browser_that_writes_needs_its_csrf_token(published, people):
    published(owner=people.owner)
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(people.owner)
    answer = sent(careful, "/api/v1/runs/score/", SCORE)
    assert (answer.status_code, "CSRF" in answer.json()["detail"]) == (403, True)


def test_who_one_is(client, people):
    assert client.get("/api/v1/account/").json() == {
        "username": None,
        "groups": [],
        "scopes": [],
        "token_expires": None,
    }
    told = client.get("/api/v1/account/", headers=programs(people.member, "read")).json()
    assert (told["username"], told["groups"], told["scopes"]) == ("member", ["dwarfs"], ["read"])


def test_who_asks_too_often_is_told_how_long_to_wait(client, people, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "rates"}}
    settings.API_RATES = {"anonymous": "3/min", "person": "5/min"}
    left = [client.get("/api/v1/").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = client.get("/api/v1/")
    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "application/problem+json")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "wait" in refused.json()["detail"]
    assert client.get("/api/v1/", headers=programs(people.reader, "read")).status_code == 200


def test_without_a_cache_all_may_ask(client, people, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    }
    assert client.get("/api/v1/").status_code == 200
