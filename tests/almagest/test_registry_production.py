"""Which version of a method catalogs follow: named on its page and by the API, by whom it concerns."""

import html

import pytest
from django.test import Client

from almagest.accounts.services import token_create
from almagest.registry.models import Method, ModelVersion

pytestmark = pytest.mark.django_db
FIRST, SECOND = "/models/dwarf_galaxies/forest/1/", "/models/dwarf_galaxies/forest/2/"
API = "/api/v1/models/"


@pytest.fixture
def versions(version, people) -> list[ModelVersion]:
    """Two versions of a method, the owner's."""
    found = [version]
    values = {field.name: getattr(version, field.name) for field in ModelVersion._meta.concrete_fields}
    found.append(ModelVersion.objects.create(**values | {"id": None, "number": 2}))
    ModelVersion.objects.update(owner=people.owner)
    return list(ModelVersion.objects.order_by("number"))


def login(user) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def words(response, status: int = 200) -> str:
    assert response.status_code == status, response.content[:500]
    return html.unescape(response.content.decode())


def production() -> ModelVersion | None:
    return Method.objects.select_related("production").get(name="forest").production


def test_the_owner_puts_a_version_into_production_on_its_page(versions, people):
    owner = login(people.owner)
    text = words(owner.get(FIRST))
    assert f'action="{FIRST}promote/"' in text and "in production" not in text
    assert owner.post(f"{FIRST}promote/").headers["Location"] == FIRST and production() == versions[0]
    text = words(owner.get(FIRST))
    assert "It is the production version" in text and "in production</span>" in text and "promote/" not in text
    assert "in production</span>" not in words(owner.get(SECOND))
    owner.post(f"{SECOND}promote/")
    assert production() == versions[1] and f'action="{FIRST}promote/"' in words(owner.get(FIRST))


@pytest.mark.parametrize("who", ["reader", "other"])
def test_others_are_not_offered_it_and_are_refused(versions, people, who):
    client = login(getattr(people, who))
    assert "promote/" not in words(client.get(FIRST)) and "<dt>Production</dt><dd>no</dd>" in words(client.get(FIRST))
    assert "only the staff, and who owns both it and the one before" in words(client.post(f"{FIRST}promote/"), 403)
    assert login(None).post(f"{FIRST}promote/").headers["Location"].startswith("/login/")
    assert login(people.owner).get(f"{FIRST}promote/").status_code == 405
    assert production() is None


def test_who_does_not_own_the_one_before_does_not_replace_it(versions, people):
    ModelVersion.objects.filter(number=1).update(owner=people.other)
    assert login(people.staff).post(f"{FIRST}promote/").status_code == 302
    assert "promote/" not in words(login(people.owner).get(SECOND))
    assert login(people.owner).post(f"{SECOND}promote/").status_code == 403 and production() == versions[0]
    assert login(people.staff).post(f"{SECOND}promote/").status_code == 302 and production() == versions[1]


def test_a_variant_is_not_for_production(versions, people):
    ModelVersion.objects.filter(number=2).update(is_variant=True)
    assert "promote/" not in words(login(people.staff).get(SECOND))
    assert "variant of an ablation" in words(login(people.staff).post(f"{SECOND}promote/"), 400)
    assert production() is None


def test_a_form_without_its_token_against_forgery_is_refused(versions, people):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.owner)
    assert strict.post(f"{FIRST}promote/").status_code == 403 and production() is None


def test_programs_put_a_version_into_production(versions, people):
    answers = {}
    for name, scope in (("owner", "manage"), ("owner", "runs"), ("other", "manage")):
        _, text = token_create(user=getattr(people, name), name="t", scopes=["read", scope], days=1)
        client = Client(headers={"Authorization": f"Token {text}"})
        answers[name, scope] = client.post(f"{API}dwarf_galaxies/forest/2/promote/")
        if scope == "runs":
            assert client.get(f"{API}?is_production=true").json()["rows"][0]["version_number"] == 2
    told = answers["owner", "manage"].json()
    assert (told["version_number"], told["is_production"]) == (2, True) and production() == versions[1]
    assert answers["owner", "runs"].status_code == 403 and "manage" in answers["owner", "runs"].json()["detail"]
    assert answers["other", "manage"].status_code == 403
    assert "who owns both" in answers["other", "manage"].json()["detail"]
    rows = Client().get(API).json()["rows"]
    assert [(row["version_number"], row["is_production"]) for row in rows] == [(2, True), (1, False)]
    assert Client().post(f"{API}dwarf_galaxies/forest/1/promote/").status_code == 401
    assert Client().get(f"{API}dwarf_galaxies/forest/1/").json()["is_production"] is False
