"""How far people agree, beyond what chance alone would do."""

from collections.abc import Iterable

from django.db import connection

from almagest.catalogs.models import Catalog

# Of each object with two verdicts or more: how many say each choice; then the sums that alpha is made of.
SUMS = """
WITH said AS (
    SELECT object_id, choice_id, count(*)::float8 AS n FROM vetting_verdict
    WHERE catalog_id = %s AND is_current AND NOT (survey_id = ANY(%s)) GROUP BY object_id, choice_id
), objects_said AS (
    SELECT object_id, sum(n) AS m, sum(n * n) AS squares FROM said GROUP BY object_id HAVING sum(n) > 1
), choices_said AS (
    SELECT sum(n) AS n FROM said JOIN objects_said USING (object_id) GROUP BY choice_id
)
SELECT (SELECT count(*) FROM objects_said), (SELECT sum((m * m - squares) / (m - 1)) FROM objects_said),
       (SELECT sum(n) FROM choices_said), (SELECT sum(n * n) FROM choices_said)
"""


def catalog_alpha(catalog: Catalog, hidden_surveys: Iterable[int] = ()) -> tuple[float | None, int]:
    """Krippendorff's alpha for nominal data over a catalog's current verdicts, and how many objects it is from.

    1 is perfect agreement, 0 what chance gives, below 0 is less than that. Any number of people may have looked at any of the
    objects; those with one verdict say nothing of agreement and are left out. None where nothing can be said: no object has
    two verdicts, or all verdicts are the same. With ``m_u`` verdicts on object u, ``n_uc`` of them for choice c, and n and
    ``n_c`` their sums over objects,

        alpha = 1 - (n - 1) * sum_u[ sum_c n_uc (m_u - n_uc) / (m_u - 1) ] / sum_c n_c (n - n_c)

    K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C; after "Content Analysis" (2004), chapter 11.
    """
    with connection.cursor() as cursor:
        cursor.execute(SUMS, [catalog.pk, list(hidden_surveys)])
        objects, disagreeing, n, squares = cursor.fetchone()
    by_chance = n * n - squares if n else 0
    return (1 - (n - 1) * disagreeing / by_chance if by_chance else None), objects
