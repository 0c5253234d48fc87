"""People with a browser and programs with a token, who ask; and what they are answered, in words."""

import html
import re

from django.test import Client

from almagest.accounts.models import User
from almagest.accounts.services import token_create


def login(user: User | None = None) -> Client:
    """The browser of somebody who is logged in, or of nobody."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def program(user: User | None = None, *scopes: str) -> Client:
    """A program with that person's token of these scopes; without a person one without a token."""
    if user is None:
        return Client()
    _, text = token_create(user=user, name="test", scopes=scopes, days=1)
    return Client(headers={"Authorization": f"Token {text}"})


def sent(client: Client, address: str, body: dict | None = None, method: str = "post"):
    """The answer to a body of JSON."""
    return getattr(client, method)(address, body or {}, content_type="application/json")


def detail(answer, status: int = 400) -> str:
    """What a problem says."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.content
    return answer.json()["detail"]


def markup(response, status: int = 200) -> str:
    """What the page says, in its tags."""
    assert response.status_code == status, response.content[:800]
    return html.unescape(response.content.decode())


def words(response, status: int = 200) -> str:
    """What the page says, without its tags."""
    assert response.status_code == status, response.content[:800]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))
