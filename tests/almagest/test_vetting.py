"""Verdicts: who may give which, what becomes of the one before, what they come to, and who reads what of them."""

from collections import Counter
from itertools import permutations
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction

from almagest.accounts.errors import NotAllowed
from almagest.accounts.models import User
from almagest.catalogs.errors import CatalogError
from almagest.catalogs.models import Catalog
from almagest.core.listings import ListingError, count_rows, read_page
from almagest.core.tables import quote
from almagest.sky.models import Survey
from almagest.vetting import selectors
from almagest.vetting.agreement import catalog_alpha
from almagest.vetting.choices import choice_list, choices_change
from almagest.vetting.errors import VettingError
from almagest.vetting.listings import consensus_listing, parse_tag, verdict_listing
from almagest.vetting.models import Choice, Consensus, Verdict
from almagest.vetting.services import verdict_give, verdict_withdraw
from almagest.vetting.words import parse_choices, parse_tags

pytestmark = pytest.mark.django_db
SCORED = "sdss-dr14-simulated"


@pytest.fixture
def vetted(published, people) -> SimpleNamespace:
    """A catalog of the owner's, `give(user, n, choice)` for a verdict on its n-th candidate, and the candidates' numbers."""
    edition = published(threshold=0.5, owner=people.owner)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT object_id FROM {quote(edition.table_name)} ORDER BY p_s DESC, object_id")
        ids = [row[0] for row in cursor.fetchall()]

    def give(user: User, n: int, choice: str, **more) -> Verdict:
        return verdict_give(user=user, catalog="dwarfs", object_id=ids[n], choice=choice, **more)

    def settled(n: int) -> tuple:
        found = Consensus.objects.get(object_id=ids[n])
        return found.verdicts, found.choice and found.choice.name, found.agreement and round(found.agreement, 3)

    return SimpleNamespace(edition=edition, ids=ids, give=give, settled=settled)


def test_the_first_choices_are_the_plugins_classes_and_two_more(vetted, people):
    assert not Choice.objects.exists()
    names = [choice.name for choice in choice_list(vetted.edition)]
    assert names == ["s", "nsl", "lm", "nm", "hm", "ns", "af", "artifact", "unsure"]
    vetted.give(people.reader, 0, "s")
    kept = choice_list(vetted.edition)
    assert [choice.name for choice in kept] == names and all(choice.pk for choice in kept)
    assert {c.name: c.sample_class for c in kept if c.name in ("s", "af", "artifact", "unsure")} == {
        "s": "S", "af": "AF", "artifact": "", "unsure": "",
    }  # fmt: skip


def test_a_verdict_says_what_the_person_saw(vetted, people):
    verdict = vetted.give(people.reader, 0, "s", confidence=3, tags="Ringed, lsb ringed", comment="  clear\ntail ")
    verdict.refresh_from_db()
    assert (verdict.choice.name, verdict.confidence, verdict.tags) == ("s", 3, ["ringed", "lsb"])
    assert (verdict.comment, verdict.revision, verdict.score) == ("clear\ntail", 1, 1.0)
    assert (verdict.survey.slug, verdict.user, verdict.is_current) == (SCORED, people.reader, True)


def test_a_later_verdict_follows_and_the_earlier_stays(vetted, people):
    first, second = vetted.give(people.reader, 0, "s"), vetted.give(people.reader, 0, "artifact", confidence=1)
    vetted.give(people.other, 0, "artifact")
    found = list(selectors.verdict_list(user=people.owner, catalog="dwarfs", object_id=vetted.ids[0]))
    assert [(v.pk, v.is_current) for v in found[1:]] == [(second.pk, True), (first.pk, False)]
    assert vetted.settled(0) == (2, "artifact", 1.0)


def test_what_most_say_and_how_many_of_all(vetted, people):
    vetted.give(people.reader, 0, "s")
    assert vetted.settled(0) == (1, "s", 1.0)
    vetted.give(people.other, 0, "artifact")
    assert vetted.settled(0) == (2, None, 0.5)
    vetted.give(people.member, 0, "s")
    assert vetted.settled(0) == (3, "s", 0.667)


def test_a_withdrawn_verdict_counts_no_more_and_is_remembered(vetted, people):
    vetted.give(people.reader, 0, "s")
    verdict_withdraw(user=people.reader, catalog="dwarfs", object_id=vetted.ids[0])
    assert vetted.settled(0) == (0, None, None)
    said = [(v.choice and v.choice.name, v.is_current) for v in Verdict.objects.all()]
    assert said == [(None, False), ("s", False)]
    assert selectors.standing(user=None, edition=vetted.edition) == selectors.Standing(0, None)
    for who in (people.reader, people.other):
        with pytest.raises(VettingError, match="no verdict on object"):
            verdict_withdraw(user=who, catalog="dwarfs", object_id=vetted.ids[0])
    vetted.give(people.reader, 0, "unsure")
    assert vetted.settled(0) == (1, "unsure", 1.0)


def test_the_database_itself_keeps_one_current_verdict_of_a_person(vetted, people):
    verdict = vetted.give(people.reader, 0, "s")
    for wrong in ({"is_current": True}, {"is_current": True, "choice": None, "user": people.other}):
        values = (
            {field.name: getattr(verdict, field.name) for field in Verdict._meta.concrete_fields} | {"id": None} | wrong
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            Verdict.objects.create(**values)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"choice": "spiral"}, "dwarfs has no choice 'spiral'; choose s, nsl"),
        ({"confidence": 4}, "confidence 4: choose one of 1 .guess."),
        ({"confidence": 0}, "confidence 0"), ({"tags": ["two words"]}, "tag 'two words': write a word"),
        ({"tags": [f"t{n}" for n in range(21)]}, "21 tags"), ({"tags": ["x" * 41]}, "at most 40"),
        ({"comment": "x" * 5001}, "comment of 5,001 characters"), ({"comment": "a\0b"}, "comment of 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_and_leaves_nothing(vetted, people, said, words):
    with pytest.raises(VettingError, match=words):
        vetted.give(people.reader, 0, **{"choice": "s"} | said)
    assert not Verdict.objects.exists() and not Consensus.objects.exists()


def test_verdicts_are_for_those_who_log_in_and_see_the_catalog(vetted, people):
    for nobody in (None, people.anonymous):
        with pytest.raises(NotAllowed, match="log in"):
            vetted.give(nobody, 0, "s")
    Catalog.objects.update(visibility="private")
    vetted.give(people.owner, 0, "s")
    for call in (lambda: vetted.give(people.reader, 0, "s"),
                 lambda: list(selectors.verdict_list(user=people.reader, catalog="dwarfs"))):  # fmt: skip
        with pytest.raises(CatalogError, match="no published catalog"):
            call()


def test_only_candidates_of_now_or_of_before_are_vetted(vetted, people):
    with pytest.raises(VettingError, match="object 999999 is no candidate of dwarfs and was never vetted there"):
        verdict_give(user=people.reader, catalog="dwarfs", object_id=999999, choice="s")
    vetted.give(people.reader, 0, "s")
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {quote(vetted.edition.table_name)} WHERE object_id = ANY(%s)", [vetted.ids[:2]])
    later = vetted.give(people.other, 0, "artifact")
    assert later.score is None and vetted.settled(0) == (2, None, 0.5)
    with pytest.raises(VettingError, match="never vetted"):
        vetted.give(people.other, 1, "s")
    verdict_withdraw(user=people.reader, catalog="dwarfs", object_id=vetted.ids[0])
    assert vetted.settled(0) == (1, "artifact", 1.0)


def test_verdicts_survive_the_next_revision(vetted, people, published):
    vetted.give(people.reader, 0, "s")
    edition = published(threshold=0.9, owner=people.owner)
    (found,) = selectors.object_verdicts(
        user=people.reader, object_id=vetted.ids[0], survey=Survey.objects.get(slug=SCORED)
    )
    assert (edition.revision, found.edition, found.is_candidate, found.mine.revision) == (2, edition, True, 1)
    (left,) = [n for n, object_id in enumerate(vetted.ids) if object_id == vetted.ids[-1]]
    with pytest.raises(VettingError, match="never vetted"):
        vetted.give(people.reader, left, "s")


def test_what_is_said_of_objects_of_hidden_surveys_is_hidden(vetted, people):
    """A survey that was in an earlier revision may be hidden from those who see the catalog now."""
    vetted.give(people.reader, 0, "s", tags="odd")
    vetted.give(people.reader, 1, "s")
    hidden = Survey.objects.create(
        slug="hidden", name="h", release="1", observed=True, visibility="private", owner=people.owner
    )
    for model in (Verdict, Consensus):
        model.objects.filter(object_id=vetted.ids[0]).update(survey=hidden)
    for user, seen in ((people.owner, 2), (people.staff, 2), (people.other, 1), (None, 1)):
        told = {"user": user, "edition": vetted.edition}
        assert selectors.standing(**told).vetted == seen
        assert selectors.verdict_list(user=user, catalog="dwarfs").count() == seen
        assert selectors.consensus_list(user=user, catalog="dwarfs").count() == seen
        assert (
            len(read_page(verdict_listing(**told), size=9).rows)
            == len(read_page(consensus_listing(**told), size=9).rows)
            == seen
        )
        assert sum(n for _, n in selectors.choice_counts(**told)) == seen
        assert bool(selectors.tag_counts(**told)) == (seen == 2)
        assert sum(n for _, n in selectors.people_counts(**told)) == (seen if user else 0)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {quote(vetted.edition.table_name)} WHERE object_id = %s", [vetted.ids[0]])
    with pytest.raises(VettingError, match="never vetted"):
        vetted.give(people.other, 0, "s")


def test_names_and_words_are_for_those_who_log_in(vetted, people):
    vetted.give(people.reader, 0, "s", comment="as Leavitt said", tags="lsb")
    for user, told in (
        (people.other, ("reader", "as Leavitt said")),
        (None, (None, None)),
        (people.anonymous, (None, None)),
    ):
        (row,) = read_page(verdict_listing(user=user, edition=vetted.edition), size=9).rows
        assert (row["person"], row["comment"]) == told
        assert (row["choice"], row["sample_class"], row["tags"], row["survey"]) == ("s", "S", "lsb", SCORED)


def test_verdicts_are_found_by_tag(vetted, people):
    vetted.give(people.reader, 0, "s", tags="lsb ringed")
    vetted.give(people.reader, 1, "s", tags="ringed")
    listing = verdict_listing(user=people.reader, edition=vetted.edition)
    for tag, seen in (("ringed", 2), ("lsb", 1), ("lsb, ringed", 1), ("ring", 0), ("", 2)):
        assert count_rows(parse_tag(listing, {"tag": tag}))[0] == seen
    with pytest.raises(VettingError, match="write a word"):
        parse_tag(listing, {"tag": "'"})
    assert selectors.tag_counts(user=None, edition=vetted.edition) == [("ringed", 2), ("lsb", 1)]


def test_an_object_tells_of_each_catalog_that_has_it(vetted, people):
    survey = Survey.objects.get(slug=SCORED)
    seen = {"object_id": vetted.ids[0], "survey": survey}
    (nothing,) = selectors.object_verdicts(user=people.reader, **seen)
    assert (nothing.consensus, nothing.current, nothing.mine, len(nothing.choices)) == (None, [], None, 9)
    mine = vetted.give(people.reader, 0, "s")
    vetted.give(people.other, 0, "s")
    (found,) = selectors.object_verdicts(user=people.reader, **seen)
    assert (found.mine, len(found.current), found.history) == (mine, 2, [])
    vetted.give(people.reader, 0, "unsure")
    (found,) = selectors.object_verdicts(user=None, **seen)
    assert (found.mine, found.choices, len(found.current), len(found.history)) == (None, [], 2, 3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM objects WHERE NOT id = ANY(%s)", [vetted.ids])
        elsewhere = cursor.fetchone()[0]
    assert selectors.object_verdicts(user=people.reader, object_id=elsewhere, survey=survey) == []


def choices(*names: str) -> list[dict]:
    return [{"name": name, "title": name.title(), "sample_class": "S" if name == "s" else ""} for name in names]


def test_choices_are_changed_by_the_owner_and_used_ones_retired(vetted, people):
    vetted.give(people.reader, 0, "s")
    vetted.give(people.reader, 1, "nm")
    assert [
        c.name for c in choices_change(user=people.owner, edition=vetted.edition, choices=choices("ring", "s"))
    ] == ["ring", "s"]
    with pytest.raises(VettingError, match="no choice 'nm'; choose ring, s"):
        vetted.give(people.other, 1, "nm")
    assert vetted.settled(1) == (1, "nm", 1.0)
    counts = selectors.choice_counts(user=None, edition=vetted.edition)
    assert sorted((choice.name, n) for choice, n in counts) == [("nm", 1), ("ring", 0), ("s", 1)]
    choices_change(user=people.staff, edition=vetted.edition, choices=choices("nm"))
    vetted.give(people.other, 1, "nm")
    assert vetted.settled(1) == (2, "nm", 1.0)
    for who in (people.reader, people.anonymous):
        with pytest.raises(NotAllowed, match="only the owner"):
            choices_change(user=who, edition=vetted.edition, choices=choices("s"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "0 choices"), (choices("s", "s"), "s stands there twice"), (choices("S p"), "'S p': its name is a word"),
        ([{"name": "s", "title": ""}], "give it a title"), ([{"name": "s", "title": "a\nb"}], "one line"),
        ([{"name": "s", "title": "s", "sample_class": "X"}], "no class 'X'; leave it empty or take one of S, NM"),
        (choices(*(f"c{n}" for n in range(51))), "51 choices"),
        ([{"name": "s", "title": "s", "description": "x" * 5001}], "description"),
    ],
)  # fmt: skip
def test_choices_that_cannot_be(given, words):
    with pytest.raises(VettingError, match=words):
        parse_choices(given, ["S", "NM"])


def test_tags_are_words_once_each_in_lower_case():
    assert parse_tags(" LSB, lsb ,two-armed\n x_1") == ["lsb", "two-armed", "x_1"]
    assert parse_tags(["A", "b", "a"]) == ["a", "b"] and parse_tags("") == []


# Krippendorff (2011), section C: four observers, twelve units; the alpha of nominal data that the paper gives is 0.743.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def by_pairs(units: list[list[str]]) -> float:
    """Alpha as its definition has it: disagreeing pairs within units over those of all values that have a partner."""
    units = [unit for unit in units if len(unit) > 1]
    observed = sum(sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    values = Counter(value for unit in units for value in unit)
    n = values.total()
    expected = sum(values[a] * values[b] for a, b in permutations(values, 2)) / (n - 1)
    return 1 - observed / expected


def test_alpha_is_the_papers(vetted, people):
    choices_change(user=people.owner, edition=vetted.edition, choices=choices("1", "2", "3", "4", "5"))
    columns = [line.split() for line in OBSERVERS]
    observers = (people.reader, people.owner, people.other, people.member)
    for user, line in zip(observers, columns, strict=True):
        for unit, value in enumerate(line):
            if value != ".":
                vetted.give(user, unit, value)
    units = [[value for value in unit if value != "."] for unit in zip(*columns, strict=True)]
    found, objects = catalog_alpha(vetted.edition.catalog)
    assert (round(found, 3), objects) == (0.743, 11)
    assert found == pytest.approx(by_pairs(units), abs=1e-12)
    # An earlier verdict, and one of another catalog, say nothing.
    vetted.give(people.reader, 0, "5")
    vetted.give(people.reader, 0, "1")
    assert catalog_alpha(vetted.edition.catalog)[0] == pytest.approx(found, abs=1e-12)
    assert catalog_alpha(vetted.edition.catalog, [10**6]) == (found, objects)
    assert catalog_alpha(vetted.edition.catalog, [Survey.objects.get(slug=SCORED).pk]) == (None, 0)


def test_alpha_is_not_there_where_nothing_can_be_said(vetted, people):
    assert selectors.alpha(user=None, edition=vetted.edition) == (None, 0)
    vetted.give(people.reader, 0, "s")
    assert selectors.alpha(user=None, edition=vetted.edition) == (None, 0)
    vetted.give(people.other, 0, "s")
    assert selectors.alpha(user=None, edition=vetted.edition) == (None, 1)
    vetted.give(people.other, 0, "nm")
    assert selectors.alpha(user=None, edition=vetted.edition) == (0.0, 1)
    assert selectors.standing(user=None, edition=vetted.edition) == selectors.Standing(1, 0.5)
    with pytest.raises(ListingError):
        verdict_listing(user=None, edition=vetted.edition).sorted_by("nothing")
