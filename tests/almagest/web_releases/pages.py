"""Addresses and forms of data releases, and what stands in their pages."""

import re

from django.test import Client

from almagest.releases.models import Release

LIST, V1, V2, NEW = "/releases/", "/releases/dwarfs/v1/", "/releases/dwarfs/v2/", "/catalogs/dwarfs/release/"
HOSTILE = "<script>alert(1)</script>"
SCORED = "sdss-dr14-simulated"
FORM = {
    "title": "Dwarfs of the simulated sky", "description": "All of them.", "licence": "CC0-1.0", "doi": "10.5281/zenodo.1234567",
    "creators": "Payne-Gaposchkin, Cecilia; 0000-0002-1825-0097; Harvard\r\n\r\nMouseion", "known_issues": "Few.\nSmall.",
    "formats": ["fits", "csv"], "columns": ["source_id", "g", "p_s"],
}  # fmt: skip
State = Release.State


def fetched(client: Client, address: str, **given):
    """The answer with a file, read to its end."""
    answer = client.get(address, **given)
    answer.getvalue()
    return answer


def pre(text: str, label: str) -> str:
    """What stands in a box to be copied."""
    return re.search(rf'aria-label="{label}">(.*?)</pre>', text, re.DOTALL)[1]


def typed(text: str, name: str) -> str:
    """What stands in a field."""
    return (
        re.search(rf'<input name="{name}" value="([^"]*)"', text)
        or re.search(rf'<textarea name="{name}"[^>]*>([^<]*)<', text)
    )[1]


def ticked(text: str, name: str) -> set[str]:
    return set(re.findall(rf'name="{name}" value="(\w+)" checked', text))


def another(release: Release, **given) -> Release:
    """A later release of the same rows, with the same files; how a real one differs is seen where servers are real."""
    values = {field.name: getattr(release, field.name) for field in Release._meta.concrete_fields}
    more = {"id": None, "number": release.number + 1, "run": None, "previous": release}
    return Release.objects.create(**values | more | given)
