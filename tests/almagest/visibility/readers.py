"""Things are given and hidden here, and pages asked for by whoever may not see them."""

from types import SimpleNamespace

from django.db import connection

from almagest.accounts.services import visibility_change
from almagest.sky.models import Survey

SURVEY, OTHER = "sdss-dr14-simulated", "evcc-simulated"
MODEL = "/models/dwarf_galaxies/forest/1/"


def give(thing, owner, visibility: str, group=None) -> None:
    """Make it somebody's, and as visible as that."""
    type(thing).objects.filter(pk=thing.pk).update(owner=owner, visibility=visibility, group=group)
    thing.refresh_from_db()


def hide(people, thing, visibility: str = "private") -> None:
    """The owner shows it to nobody else any more, or to the group."""
    people.owner.groups.add(people.group)
    visibility_change(user=people.owner, thing=thing, visibility=visibility, group_name=people.group.name)


def survey_of(slug: str = SURVEY) -> Survey:
    return Survey.objects.get(slug=slug)


def of(thing) -> tuple[str, str]:
    """Visibility and group, as they are in the database."""
    thing.refresh_from_db()
    return thing.visibility, thing.group.name if thing.group else ""


def objects(survey: str) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.source_id FROM objects o JOIN sky_survey s ON s.id = o.survey_id WHERE slug = %s ORDER BY o.id",
            [survey],
        )
        return cursor.fetchall()


def page(client, person, address: str) -> SimpleNamespace:
    """A page as a person sees it."""
    client.logout()
    if person.is_authenticated:
        client.force_login(person)
    response = client.get(address)
    text = response.getvalue().decode() if response.streaming else response.content.decode()
    return SimpleNamespace(status=response.status_code, text=text)
