"""Tokens: made once, kept as a hash, checked, worn out."""

from datetime import timedelta

import pytest
from django.contrib.admin.sites import site
from django.utils import timezone

from almagest.accounts import services
from almagest.accounts.errors import AccountError
from almagest.accounts.models import Token
from almagest.accounts.selectors import token_list
from almagest.accounts.services import token_check, token_create, token_revoke

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(people):
    """A function that makes a token, the owner's if nothing else is said: gives row and text."""

    def make_it(user=people.owner, name="topcat", scopes=("read",), days=30) -> tuple[Token, str]:
        return token_create(user=user, name=name, scopes=scopes, days=days)

    return make_it


def test_a_token_opens_and_its_text_is_kept_nowhere(make, people):
    token, text = make(scopes=["runs", "read", "read"], name="  my script ", days=2)
    assert text.startswith("alm_") and len(text) > 40
    found = token_check(text=text)
    assert (found, found.user, found.scopes) == (token, people.owner, ["read", "runs"])
    assert (token.name, token.prefix) == ("my script", text[:8])
    assert timedelta(days=2) - timedelta(minutes=1) < token.expires - timezone.now() <= timedelta(days=2)
    row = Token.objects.values().get()
    assert not any(text[8:] in str(value) for value in row.values())
    assert make()[1] != make()[1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"scopes": []}, "would allow nothing; choose among the scopes read, runs, vet, manage"),
        ({"scopes": ["read", "root"]}, "no scope is named root; there is read, runs, vet, manage"),
        ({"days": 0}, "days = 0 is not between 1 and 365"), ({"days": 366}, "days = 366 is not between 1 and 365"),
        ({"days": -1}, "is not between"), ({"name": "  "}, "one line of 1 to 80 characters"),
        ({"name": "x" * 81}, "one line of 1 to 80 characters"), ({"name": "a\x00b"}, "one line of 1 to 80 characters"),
    ],
)  # fmt: skip
def test_what_makes_no_token_is_said(make, given, words):
    with pytest.raises(AccountError, match=words.replace("(", r"\(")):
        make(**given)
    assert not Token.objects.exists()


def test_the_last_day_of_a_year_is_allowed(make):
    assert make(days=365)[0].is_live and make(days=1)[0].is_live


@pytest.mark.parametrize("text", ["", "alm_", "alm_nothing", "Æ\udce4\x00", "x" * 100_000])
def test_an_unknown_token_is_refused(make, text):
    make()
    with pytest.raises(AccountError, match="this token is unknown"):
        token_check(text=text)


def test_neither_a_prefix_nor_a_hash_opens(make):
    token, text = make()
    for other in (text[:-1], text + "a", text.upper(), token.prefix, token.sha256):
        with pytest.raises(AccountError, match="unknown"):
            token_check(text=other)


def test_tokens_that_are_over_say_why(make, people):
    token, text = make()
    Token.objects.update(expires=timezone.now().replace(year=2020, month=2, day=3))
    with pytest.raises(AccountError, match="expired on 2020-02-03"):
        token_check(text=text)
    assert not Token.objects.get().is_live
    Token.objects.update(expires=timezone.now() + timedelta(days=1))
    people.owner.is_active = False
    people.owner.save()
    with pytest.raises(AccountError, match=r"account of token .* is closed"):
        token_check(text=text)
    people.owner.is_active = True
    people.owner.save()
    revoked = token_revoke(user=people.owner, token_id=token.pk).revoked
    with pytest.raises(AccountError, match=f"was revoked on {revoked:%Y-%m-%d}"):
        token_check(text=text)
    assert token_revoke(user=people.owner, token_id=token.pk).revoked == revoked, "the first time counts"
    assert Token.objects.get().last_used is None, "a refused token was not used"


def test_nobody_revokes_anothers(make, people):
    token, text = make()
    for person in (people.other, people.staff):
        with pytest.raises(AccountError, match=f"there is no token {token.pk} of yours") as caught:
            token_revoke(user=person, token_id=token.pk)
        assert caught.value.absent
    assert token_check(text=text) == token


def test_use_is_written_down_once_a_minute(make, django_assert_num_queries):
    _, text = make()
    with django_assert_num_queries(2):
        first = token_check(text=text).last_used
    with django_assert_num_queries(1):
        assert token_check(text=text).last_used == first
    Token.objects.update(last_used=timezone.now() - timedelta(seconds=61))
    assert token_check(text=text).last_used > first
    assert Token.objects.get().last_used > first


def test_there_is_an_end_to_live_tokens(make, people, monkeypatch):
    monkeypatch.setattr(services, "MOST_TOKENS", 3)
    made = [make()[0] for _ in range(3)]
    with pytest.raises(AccountError, match="you have 3 live tokens, the most"):
        make()
    make(user=people.other)
    token_revoke(user=people.owner, token_id=made[0].pk)
    make()
    Token.objects.filter(pk=made[1].pk).update(expires=timezone.now())
    make()
    with pytest.raises(AccountError, match="the most"):
        make()
    assert len(token_list(user=people.owner)) == 5 and len(token_list(user=people.other)) == 1


def test_the_admin_shows_no_secret_and_revokes(make, people, client):
    token, text = make()
    people.staff.is_superuser = True
    people.staff.save()
    client.force_login(people.staff)
    admin = "/admin/accounts/token/"
    shown = client.get(admin).content.decode() + client.get(f"{admin}{token.pk}/change/").content.decode()
    assert token.prefix in shown and token.sha256 not in shown and text not in shown
    assert client.get(f"{admin}add/").status_code == 403
    assert "revoke" in site._registry[Token].actions
    client.post(admin, {"action": "revoke", "_selected_action": [token.pk]})
    with pytest.raises(AccountError, match="was revoked"):
        token_check(text=text)
