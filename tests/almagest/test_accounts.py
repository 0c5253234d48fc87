"""Who sees what, who may change it, and what is inherited."""

import pytest

from almagest.accounts.errors import AccountError, NotAllowed
from almagest.accounts.models import Visibility
from almagest.accounts.selectors import group_names, may_change, may_see, owner_check
from almagest.accounts.services import visibility_change
from almagest.accounts.sharing import narrowest
from almagest.runs.models import Run
from almagest.runs.services import ChunkSpec, run_start

pytestmark = pytest.mark.django_db
ALL = {"anonymous", "reader", "owner", "other", "member", "staff"}


@pytest.fixture
def thing(people):
    """A function that makes something owned: ``thing("group")``."""

    def make(visibility: str = "public", group="its own", owner=people.owner) -> Run:
        group = people.group if group == "its own" and visibility == "group" else None
        chunks = [ChunkSpec("data")]
        return run_start(kind="toy", title="Toy", chunks=chunks, owner=owner, visibility=visibility, group=group)

    return make


def seers(people, thing: Run) -> set[str]:
    """Names of those who see it, by the list and one by one."""
    found = {name for name in ALL if thing in Run.objects.visible_to(getattr(people, name))}
    assert found == {name for name in ALL if may_see(getattr(people, name), thing)}
    assert found == ALL - {name for name in ALL if thing in Run.objects.hidden_from(getattr(people, name))}
    assert ("anonymous" in found) == (thing in Run.objects.visible_to(None))
    return found


@pytest.mark.parametrize(
    ("visibility", "expected"),
    [("public", ALL), ("private", {"owner", "staff"}), ("group", {"owner", "staff", "member"})],
)
def test_each_visibility_shows_a_thing_to_these(people, thing, visibility, expected):
    assert seers(people, thing(visibility)) == expected


def test_a_group_that_is_gone_leaves_the_owner_and_the_staff(people, thing):
    it = thing("group")
    people.group.delete()
    it.refresh_from_db()
    assert (it.visibility, it.group) == ("group", None)
    assert seers(people, it) == {"owner", "staff"}
    assert narrowest([it]) == {"visibility": Visibility.PRIVATE, "group": None}


def test_who_leaves_a_group_sees_its_things_no_more(people, thing):
    it = thing("group")
    people.member.groups.clear()
    assert seers(people, it) == {"owner", "staff"}


def test_a_private_thing_of_nobody_is_the_staffs(people, thing):
    assert seers(people, thing("private", owner=None)) == {"staff"}


def test_what_is_shown_with_a_thing(people, thing):
    public, private, shared = thing("public"), thing("private"), thing("group")
    foreign = thing("private", owner=people.other)
    everything = Run.objects.all()
    assert set(everything.visible_with(public)) == {public}
    assert set(everything.visible_with(shared)) == {public, shared}
    assert set(everything.visible_with(private)) == {public, private, shared}
    assert set(everything.visible_with(foreign)) == {public, foreign}
    assert set(everything.visible_with(thing("private", owner=None))) == {public}


def test_what_is_made_of_things_is_as_narrow_as_the_narrowest(people, thing):
    public, private, shared = thing("public"), thing("private"), thing("group")
    others = thing("group")
    others.group = people.other.groups.create(name="others")
    others.save()
    private_one = {"visibility": Visibility.PRIVATE, "group": None}
    shared_one = {"visibility": Visibility.GROUP, "group": people.group}
    assert narrowest([]) == narrowest([public, public]) == {"visibility": Visibility.PUBLIC, "group": None}
    assert narrowest([public, shared]) == narrowest([shared, shared, public]) == shared_one
    assert narrowest([public, private]) == narrowest([shared, private]) == narrowest([shared, others]) == private_one


def test_only_the_owner_and_the_staff_change_a_thing(people, thing):
    it = thing()
    assert {name for name in ALL if may_change(getattr(people, name), it)} == {"owner", "staff"}
    assert not may_change(None, it)
    owner_check(user=None, thing=it, name=it, what="change it")  # whoever runs commands
    for name in ALL - {"owner", "staff"}:
        with pytest.raises(NotAllowed, match=r"only the owner of run .* and the staff may change who sees it"):
            visibility_change(user=getattr(people, name), thing=it, visibility="private")
    it.refresh_from_db()
    assert it.visibility == "public"


def test_a_thing_is_shown_to_ones_own_groups_and_by_the_staff_to_any(people, thing):
    it = thing()
    with pytest.raises(AccountError, match="cannot show things to a group 'dwarfs': you are in none"):
        visibility_change(user=people.owner, thing=it, visibility="group", group_name="dwarfs")
    people.owner.groups.create(name="spirals")
    for name in ("dwarfs", "nothing", ""):
        with pytest.raises(AccountError, match=f"to a group '{name}': you are in spirals"):
            visibility_change(user=people.owner, thing=it, visibility="group", group_name=name)
    visibility_change(user=people.staff, thing=it, visibility="group", group_name="dwarfs")
    assert seers(people, it) == {"owner", "staff", "member"}
    visibility_change(user=people.owner, thing=it, visibility="group", group_name="spirals")
    it.refresh_from_db()
    assert it.group.name == "spirals"
    assert group_names(user=people.owner) == ["spirals"]
    assert group_names(user=people.staff) == ["dwarfs", "spirals"]


def test_a_thing_that_is_no_more_a_groups_forgets_the_group(people, thing):
    it = thing("group")
    visibility_change(user=people.owner, thing=it, visibility="private", group_name="dwarfs")
    it.refresh_from_db()
    assert (it.visibility, it.group) == ("private", None)


def test_a_visibility_that_does_not_exist_is_refused(people, thing):
    with pytest.raises(AccountError, match="'secret' is none of public, group, private"):
        visibility_change(user=people.owner, thing=thing(), visibility="secret")
