"""Addresses of releases in the API, and what is sent to them."""

from django.core.files.storage import default_storage
from django.test import Client

from almagest.releases.models import Release
from tests.almagest.given.asking import sent

START, V1 = "/api/v1/catalogs/dwarfs/releases/", "/api/v1/releases/dwarfs/v1/"
BODY = {
    "title": "Dwarfs",
    "creators": ["Ptolemy, Claudius; 0000-0002-1825-0097; Alexandria", "Mouseion"],
    "formats": ["csv"],
}
ACTIONS = {"publish": {}, "retract": {"reason": "wrong"}, "discard": {}, "build": {}, "links": {"hours": 2},
           "visibility": {"visibility": "private"}}  # fmt: skip


def stored(release: Release, path: str) -> bytes:
    with default_storage.open(f"{release.folder}/{path}") as file:
        return file.read()


def asked(client: Client, action: str):
    return sent(client, f"{V1}{action}/", ACTIONS[action], "put" if action == "visibility" else "post")
