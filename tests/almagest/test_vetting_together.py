"""People who vet at the same moment, on connections of their own: nothing is lost, nothing counted twice."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, connections

from almagest.accounts.models import User
from almagest.catalogs.models import Edition
from almagest.vetting.models import Choice, Consensus, Verdict
from almagest.vetting.services import verdict_give, verdict_withdraw

from .test_vetting_filters import invented_catalog


def at_once(*calls) -> list:
    """What each call gives, all begun at the same time, each on a connection of its own."""
    ready = Barrier(len(calls))

    def one(call):
        try:
            connection.ensure_connection()
            ready.wait(30)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.fixture
def edition(cloned_database) -> Edition:
    return invented_catalog(20)


def people(n: int) -> list[User]:
    return [User.objects.create_user(f"p{i}", password="payne-1900") for i in range(n)]


def giving(user: User, object_id: int, choice: str) -> Callable:
    return partial(verdict_give, user=user, catalog="million", object_id=object_id, choice=choice)


def test_the_first_verdicts_of_several_people_all_count(edition):
    users = people(4)
    for object_id in range(1, 9):
        at_once(*(giving(user, object_id, "unsure") for user in users))
        found = Consensus.objects.get(object_id=object_id)
        assert (found.verdicts, found.choice.name, found.agreement) == (4, "unsure", 1.0)
    assert Verdict.objects.filter(is_current=True).count() == Verdict.objects.count() == 32


def test_a_catalogs_choices_are_made_once(edition):
    """Those who give the first verdicts on different candidates wait for one another nowhere else."""
    at_once(*(giving(user, n, "s") for n, user in enumerate(people(4), 1)))
    assert set(Counter(Choice.objects.values_list("name", flat=True)).values()) == {1}
    assert Consensus.objects.filter(choice__name="s", verdicts=1).count() == 4


def test_the_same_person_twice_has_one_verdict_and_a_history(edition):
    (user,) = people(1)
    for object_id in range(1, 9):
        at_once(*(giving(user, object_id, choice) for choice in ("s", "nm", "unsure", "artifact")))
        said = Verdict.objects.filter(object_id=object_id)
        (current,) = said.filter(is_current=True)
        found = Consensus.objects.get(object_id=object_id)
        assert (said.count(), found.verdicts, found.choice_id) == (4, 1, current.choice_id)


def test_a_verdict_and_withdrawals_come_one_after_another(edition):
    one, two, three = people(3)
    for object_id in range(1, 9):
        giving(one, object_id, "s")()
        giving(two, object_id, "s")()
        taking = [partial(verdict_withdraw, user=user, catalog="million", object_id=object_id) for user in (one, two)]
        at_once(*taking, giving(three, object_id, "nm"))
        found = Consensus.objects.get(object_id=object_id)
        assert (found.verdicts, found.choice.name, found.agreement) == (1, "nm", 1.0)
