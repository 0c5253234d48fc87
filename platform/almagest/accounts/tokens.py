"""Tokens as text: what they look like, and what they allow."""

import hashlib
import secrets

from django.db import models

# Says what it is where somebody finds one, and lets scanners of published code find it.
START = "alm_"
PREFIX_LENGTH = 8


class Scope(models.TextChoices):
    """What a token allows a program to do for its person."""

    READ = "read", "see what you may see, private things included"
    RUNS = "runs", "start and cancel runs"
    VET = "vet", "give and withdraw your verdicts on candidates"
    MANAGE = "manage", "change who may see your things, and their words"


def new_text() -> str:
    """A token that nobody has seen before: 256 random bits."""
    return START + secrets.token_urlsafe(32)


def text_sha256(text: str) -> str:
    """What is kept of a token; its text is random enough that no salt is needed."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
