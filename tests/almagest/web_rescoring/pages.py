"""The catalog's pages, and its lists as files."""

import csv
import io

from django.test import Client

HOME = "/catalogs/dwarfs/"
MOST_QUERIES = 25


def rows(client: Client, address: str) -> list[dict]:
    """A list as CSV."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
