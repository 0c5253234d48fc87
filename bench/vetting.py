"""A catalog of a million candidates that people have vetted: server time of its pages, with what is said as a filter.

    python bench/vetting.py [--rows 1000000] [--vetted 100000]

Uses the configured server with a scratch database of its own. People vet from the best candidate down, which is the worst that
can be for those that are still to do: the walk along the order passes all that is done.
"""

import argparse
import time

from catalog_page import make_edition, measure
from django.db import connection
from django.test import Client
from scratch import scratch_database  # isort: split  (it sets Django up)

from almagest.accounts.models import User
from almagest.catalogs.models import Edition
from almagest.core.tables import quote
from almagest.sky.models import Survey
from almagest.vetting.choices import choices_make
from almagest.vetting.models import Choice
from almagest.vetting.services import verdict_give

VERDICT = """
INSERT INTO vetting_verdict (catalog_id, object_id, survey_id, source_id, user_id, choice_id, confidence, tags, comment, revision, score,
                             created, is_current)
SELECT %s, object_id, %s, source_id, %s, (%s::bigint[])[1 + floor(random() ^ 3 * 3)::int], 2, '["lsb"]', '', 1, p_s, now(), true
FROM (SELECT * FROM {table} ORDER BY p_s DESC, object_id DESC LIMIT %s) AS best
"""
# What most of two say, where they do.
CONSENSUS = """
INSERT INTO vetting_consensus (catalog_id, object_id, survey_id, source_id, verdicts, choice_id, agreement, updated)
SELECT catalog_id, object_id, survey_id, source_id, count(*), CASE WHEN min(choice_id) = max(choice_id) THEN min(choice_id) END,
       CASE WHEN min(choice_id) = max(choice_id) THEN 1 ELSE 0.5 END, now()
FROM vetting_verdict GROUP BY 1, 2, 3, 4
"""


def vet(edition: Edition, vetted: int) -> User:
    """Verdicts of two people on the best candidates; one of the two."""
    survey = Survey.objects.create(slug="survey-1", name="s", release="1", observed=False)
    users = [User.objects.create_user(name, password="payne-1900") for name in ("leavitt", "cannon")]
    choices_make(edition)
    choices = list(Choice.objects.values_list("pk", flat=True)[:3])
    with connection.cursor() as cursor:
        for user in users:
            sql = VERDICT.format(table=quote(edition.table_name))
            cursor.execute(sql, [edition.catalog_id, survey.pk, user.pk, choices, vetted])
        cursor.execute(CONSENSUS)
        for table in ("vetting_verdict", "vetting_consensus"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    return users[0]


def giving(edition: Edition, user: User, times: int = 200) -> float:
    """Milliseconds of one verdict, as the service gives it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT object_id FROM {quote(edition.table_name)} WHERE survey = 'survey-1' ORDER BY p_s LIMIT {times}"
        )
        ids = [row[0] for row in cursor.fetchall()]
    start = time.perf_counter()
    for object_id in ids:
        verdict_give(user=user, catalog=edition.catalog.slug, object_id=object_id, choice="s")
    return 1000 * (time.perf_counter() - start) / len(ids)


def main(rows: int, vetted: int) -> None:
    """Make the catalog and the verdicts, and measure pages."""
    with scratch_database():
        edition, client = make_edition(rows), Client()
        base = f"/catalogs/{edition.catalog.slug}/"
        print(f"{rows:,} candidates, 50 rows a page")
        measure(client, "first page, before anybody has vetted", base)
        user = vet(edition, vetted)
        print(f"the best {vetted:,} with verdicts of two people")
        client.force_login(user)
        measure(client, "first page", base)
        for query in ("vetted=true", "vetted=false", "mine=true", "mine=false", "verdict=s", "verdict=nm&sort=-g", "vetted=false&sort=-g",
                      "vetted=true&sort=p_s", "vetted=false&g__max=18&sort=ra"):  # fmt: skip
            measure(client, query, f"{base}?{query}")
        measure(client, "all verdicts", f"{base}verdicts/")
        print(f"  {'giving a verdict':44s} mean {giving(edition, user):6.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--vetted", type=int, default=100_000)
    arguments = parser.parse_args()
    main(arguments.rows, arguments.vetted)
