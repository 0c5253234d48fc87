"""A release of the owner's: not begun, built, published, and shown by a link."""

import re
from types import SimpleNamespace

import pytest
from django.test import Client

from almagest.accounts.models import User
from almagest.releases.models import Release
from almagest.releases.services import release_publish
from tests.almagest.given.asking import login, markup
from tests.almagest.given.releases import work_on

from .pages import V1


@pytest.fixture
def owner(published, people, settings, tmp_path) -> Client:
    """Whoever owns a catalog that is not released yet."""
    settings.ALMAGEST_HOME = tmp_path
    published(owner=people.owner, threshold=0.5)
    User.objects.filter(pk=people.owner.pk).update(first_name="Cecilia", last_name="Payne-Gaposchkin")
    return login(people.owner)


@pytest.fixture
def owned(drafted, people) -> Release:
    """A release of the owner's, built and checked."""
    return work_on(drafted(owner=people.owner, description="Dwarfs of a <b>simulated</b> sky."))


@pytest.fixture
def out(owned) -> Release:
    """The same, published."""
    return release_publish(user=None, release=owned)


@pytest.fixture
def linked(owned, people) -> SimpleNamespace:
    """A checked release, which only its owner sees, and the link that he was shown: its address and its text."""
    text = markup(login(people.owner).post(f"{V1}links/", {"hours": "48"}))
    address = re.search(r'aria-label="The link">([^<]+)<', text)[1]
    return SimpleNamespace(release=owned, address=address, path=address.removeprefix("http://testserver"))
