"""The page of an account, and the form that changes who sees a thing."""

import html
import re
from dataclasses import asdict

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from almagest.accounts.errors import AccountError
from almagest.accounts.models import Token
from almagest.accounts.services import token_check, token_create
from almagest.catalogs.models import Catalog
from almagest.contract.metrics import proportion
from almagest.predictions.models import Verification
from almagest.registry.comparisons import comparison_start
from almagest.registry.models import ModelVersion
from almagest.releases.models import Release
from almagest.runs.models import Run
from almagest.samples.models import Sample
from almagest.sky.models import Survey
from almagest.vetting.models import LabelSet
from almagest.web.sharing import KINDS, address_of

pytestmark = pytest.mark.django_db
FORM = {"name": "my notebook", "scopes": ["read", "runs"], "days": "30"}
SUMMARY = "Who may see this:"


def words(response) -> str:
    """What the page says."""
    return html.unescape(response.content.decode())


# Tokens ------------------------------------------------------------------------------------------------------------------


def test_the_account_is_for_those_who_are_logged_in(client, people):
    for address in ("/account/", "/account/tokens/1/revoke/", "/visibility/survey/1/"):
        response = client.get(address) if address == "/account/" else client.post(address)
        assert response.headers["Location"].startswith("/login/?next=")
    assert 'href="/account/"' not in words(client.get("/"))
    client.force_login(people.member)
    assert 'href="/account/"' in words(client.get("/"))
    text = words(client.get("/account/"))
    assert "member" in text and "dwarfs" in text and "see what you may see, private things included" in text
    assert "None. A program" in text and "alm_" not in text


def test_a_token_is_shown_once(client, people):
    client.force_login(people.owner)
    response = client.post("/account/", FORM)
    text = re.search(r'aria-label="The token">(alm_[\w-]{43})</pre>', words(response))[1]
    assert f'curl -H "Authorization: Token {text}" http://testserver/api/v1/' in words(response)
    assert "no-store" in response.headers["Cache-Control"]
    assert token_check(text=text).user == people.owner
    assert text not in str([session.get_decoded() for session in Session.objects.all()])
    token = Token.objects.get()
    assert (token.name, token.scopes, (token.expires - timezone.now()).days) == ("my notebook", ["read", "runs"], 29)
    again = client.get("/account/")
    assert text not in words(again) and f"{text[:8]}…" in words(again)
    assert "no-store" in again.headers["Cache-Control"]
    for cell in (
        "my notebook",
        "read, runs",
        f"{token.expires:%Y-%m-%d %H:%M} UTC",
        f"{token.last_used:%Y-%m-%d %H:%M}",
    ):
        assert cell in words(again)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scopes": []}, "would allow nothing"), ({"scopes": ["root"]}, "no scope is named root"), ({"name": ""}, "a token's name"),
        ({"days": "366"}, "is not between 1 and 365"), ({"days": "soon"}, "'soon' is not a whole number"),
        ({"days": "9" * 5000}, "is not a whole number"), ({"days": ""}, "is not a whole number"),
    ],
)  # fmt: skip
def test_a_bad_form_is_answered_in_words(client, people, change, said):
    client.force_login(people.owner)
    response = client.post("/account/", FORM | change)
    assert response.status_code == 400 and said in words(response)
    assert not Token.objects.exists()


def test_a_token_is_revoked_by_its_owner_alone(client, people):
    token, text = token_create(user=people.owner, name="<b>x</b>", scopes=["read"], days=3)
    address = f"/account/tokens/{token.pk}/revoke/"
    client.force_login(people.other)
    assert "x</b>" not in words(client.get("/account/"))
    assert client.get(address).status_code == 405
    response = client.post(address)
    assert response.status_code == 404 and "there is no token" in words(response)
    client.force_login(people.owner)
    page = client.get("/account/").content.decode()
    assert address in page and "&lt;b&gt;x" in page and "never" in page
    response = client.post(address, follow=True)
    assert response.redirect_chain == [("/account/", 302)] and "opens nothing any more" in words(response)
    assert address not in words(response) and ">revoked<" in words(response)
    with pytest.raises(AccountError, match="revoked"):
        token_check(text=text)
    Token.objects.update(revoked=None, expires=timezone.now())
    assert ">expired<" in words(client.get("/account/"))


def test_forms_want_the_token_of_the_page(people):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.owner)
    assert strict.post("/account/", FORM).status_code == 403
    assert strict.post("/visibility/survey/1/", {"visibility": "public"}).status_code == 403
    assert not Token.objects.exists()


# Who may see this --------------------------------------------------------------------------------------------------------


@pytest.fixture
def things(released, people, toys) -> dict:
    """One of each kind, all the owner's and everybody's."""
    release = released(formats=["csv"])
    edition = release.edition
    comparison = comparison_start(plugin=toys.row, study="duel", sample=toys.sample)
    survey = Survey.objects.get(slug="sdss-dr14-simulated")
    said = [asdict(proportion("precision", "all", 1, 2))]
    verification = Verification.objects.create(
        version=edition.version, survey=survey, surveys=[survey.slug], radius_arcsec=2, ingest_id=1, cross_match_id=1,
        published=timezone.now(), metrics={"not_trained_on": said, "all": said}, figures={"not_trained_on": [], "all": []},
        counts=[{"name": "objects", "count": 1, "surveys": {}}],
    )  # fmt: skip
    labels = LabelSet.objects.create(
        name="agreed",
        catalog=edition.catalog,
        revision=1,
        criteria={},
        surveys=[survey.slug],
        people=1,
        rows=1,
        counts={"S": 1},
    )
    for model in (Survey, Sample, ModelVersion, Catalog, Release, Run, LabelSet):
        model.objects.update(owner=people.owner)
    for it in (comparison, verification):
        type(it).objects.filter(pk=it.pk).update(owner=people.owner)
    return {
        "catalog": edition.catalog, "comparison": comparison, "labels": labels, "model": edition.version, "run": edition.run,
        "release": release, "sample": edition.version.sample, "survey": survey, "verification": verification,
    }  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_owner_shows_a_thing_to_the_group_on_its_page(client, people, things, kind):
    thing = things[kind]
    page, form = address_of(kind, thing), f"/visibility/{kind}/{thing.pk}/"
    for person in (None, people.reader):
        client.force_login(person) if person else client.logout()
        text = words(client.get(page))
        assert SUMMARY not in text and "Seen by" not in text and form not in text
    people.owner.groups.add(people.group)
    client.force_login(people.owner)
    text = words(client.get(page))
    assert f"{SUMMARY} <b>everybody</b>" in text and f'action="{form}"' in text
    choices = re.findall(r'<option value="(public|private|group:\w+)"( selected)?>', text)
    assert choices == [("public", " selected"), ("private", ""), ("group:dwarfs", "")]
    response = client.post(form, {"visibility": "group:dwarfs"}, follow=True)
    assert response.redirect_chain == [(page, 302)]
    assert "Seen by the members of dwarfs from now on." in words(response)
    assert '<option value="group:dwarfs" selected>' in words(response)
    thing.refresh_from_db()
    assert (thing.visibility, thing.group) == ("group", people.group)
    client.force_login(people.reader)
    assert client.get(page).status_code == 404
    assert client.post(form, {"visibility": "public"}).status_code == 404, "nothing tells that it is there"
    client.force_login(people.member)
    assert "Seen by the members of dwarfs." in words(client.get(page))
    response = client.post(form, {"visibility": "public"})
    assert response.status_code == 403 and "Not allowed" in words(response) and "only the owner of" in words(response)
    client.force_login(people.owner)
    client.post(form, {"visibility": "private"})
    client.force_login(people.member)
    assert client.get(page).status_code == 404
    client.force_login(people.staff)
    assert f"{SUMMARY} <b>its owner and the staff</b>" in words(client.get(page))
    client.post(form, {"visibility": "public"})
    client.logout()
    assert client.get(page).status_code == 200


@pytest.mark.parametrize(
    ("address", "given", "status", "said"),
    [
        ("survey/{survey}", "secret", 400, "visibility 'secret' is none of public, group, private"),
        ("survey/{survey}", "", 400, "visibility '' is none of"), ("survey/{survey}", "group", 400, "to a group ''"),
        ("survey/{survey}", "group:dwarfs", 400, "cannot show things to a group 'dwarfs': you are in none"),
        ("survey/999999", "public", 404, "there is no survey 999999"), ("user/1", "public", 404, "there is no user 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_answered_in_words(client, people, things, address, given, status, said):
    client.force_login(people.owner)
    address = f"/visibility/{address.format(survey=things['survey'].pk)}/"
    assert client.get(address).status_code == 405
    response = client.post(address, {"visibility": given})
    assert response.status_code == status and said in words(response)
    things["survey"].refresh_from_db()
    assert things["survey"].visibility == "public"


def test_an_owner_who_is_not_in_the_group_sees_what_is_so(client, people, things):
    """Others may have chosen it: the form does not offer to undo it by accident."""
    Survey.objects.filter(pk=things["survey"].pk).update(visibility="group", group=people.group)
    client.force_login(people.owner)
    text = words(client.get(address_of("survey", things["survey"])))
    assert '<option value="group:dwarfs" selected>the members of dwarfs</option>' in text
    people.group.delete()
    text = words(client.get(address_of("survey", things["survey"])))
    assert f"{SUMMARY} <b>its owner and the staff</b>" in text and "dwarfs</option>" not in text


def test_a_run_is_cancelled_by_its_owner_and_the_staff_alone(client, people, things):
    run = things["comparison"].run
    client.force_login(people.reader)
    response = client.post(f"/runs/{run.pk}/cancel/")
    assert response.status_code == 403 and f"only the owner of run {run.pk} and the staff" in words(response)
    client.force_login(people.owner)
    assert client.post(f"/runs/{run.pk}/cancel/").status_code == 302
