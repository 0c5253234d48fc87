"""What people write in a verdict and in a catalog's choices, looked at before it is kept."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from almagest.vetting.errors import VettingError
from almagest.vetting.models import Confidence

SLUG = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?")
LONGEST_NAME, LONGEST_TITLE, LONGEST_SET, LONGEST_TEXT, MOST_TAGS, MOST_CHOICES = 40, 80, 80, 5000, 20, 50


@dataclass(frozen=True)
class ChoiceWords:
    """A choice as it is asked for."""

    name: str
    title: str
    description: str = ""
    sample_class: str = ""


def parse_tags(tags: str | Iterable[str]) -> list[str]:
    """Tags in their order, each once, in lower case; of a text those between commas and spaces.

    Raises
    ------
    VettingError
        When one is no short word, or there are too many.
    """
    words = re.split(r"[\s,]+", tags) if isinstance(tags, str) else tags
    found = list(dict.fromkeys(word.strip().lower() for word in words if word.strip()))
    for tag in found:
        if len(tag) > LONGEST_NAME or not SLUG.fullmatch(tag):
            raise VettingError(f"tag {tag[:60]!r}: write a word of a to z, 0 to 9, - and _, of at most {LONGEST_NAME}")
    if len(found) > MOST_TAGS:
        raise VettingError(f"{len(found)} tags; give at most {MOST_TAGS}")
    return found


def check_verdict(*, confidence: int, comment: str) -> None:
    """Refuse a confidence and a comment that cannot be kept, with `VettingError`."""
    if confidence not in Confidence.values:
        said = ", ".join(f"{value} ({label})" for value, label in Confidence.choices)
        raise VettingError(f"confidence {confidence!r}: choose one of {said}")
    if len(comment) > LONGEST_TEXT or "\0" in comment:
        raise VettingError(f"comment of {len(comment):,} characters: write text of at most {LONGEST_TEXT:,}")


def parse_choices(choices: Iterable[Mapping[str, str]], classes: Sequence[str]) -> list[ChoiceWords]:
    """A catalog's choices as they shall be, in their order.

    Raises
    ------
    VettingError
        When a name is no short word or stands there twice, a title is missing, or a class is none of `classes`.
    """
    found = [ChoiceWords(**{name: text.strip() for name, text in choice.items()}) for choice in choices]
    if not 0 < len(found) <= MOST_CHOICES:
        raise VettingError(f"{len(found)} choices; a catalog has 1 to {MOST_CHOICES}")
    for choice in found:
        _check(choice, classes)
    names = [choice.name for choice in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise VettingError(f"choice {', '.join(twice)} stands there twice; give each a name of its own")
    return found


def _check(choice: ChoiceWords, classes: Sequence[str]) -> None:
    named = f"choice {choice.name[:60]!r}"
    if len(choice.name) > LONGEST_NAME or not SLUG.fullmatch(choice.name):
        raise VettingError(f"{named}: its name is a word of a to z, 0 to 9, - and _, of at most {LONGEST_NAME}")
    if not (choice.title and len(choice.title) <= LONGEST_TITLE and choice.title.isprintable()):
        raise VettingError(f"{named}: give it a title, one line of at most {LONGEST_TITLE} characters")
    if len(choice.description) > LONGEST_TEXT or "\0" in choice.description:
        raise VettingError(f"{named}: its description has at most {LONGEST_TEXT:,} characters of text")
    if choice.sample_class and choice.sample_class not in classes:
        there = ", ".join(classes)
        raise VettingError(
            f"{named}: the plugin has no class {choice.sample_class[:60]!r}; leave it empty or take one of {there}"
        )
