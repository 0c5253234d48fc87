"""What people say of a release, looked at before anything is built from it."""

import re
from collections.abc import Sequence

from almagest.releases.content import Creator
from almagest.releases.content.citing import DOI
from almagest.releases.errors import ReleaseError

LONGEST, LONGEST_TEXT, MOST_CREATORS = 200, 20_000, 500
ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")


def parse_creator(text: str) -> Creator:
    """A person as ``Family, Given``, with an ORCID and an affiliation after semicolons; without a comma, an organisation.

    Raises
    ------
    ReleaseError
        When there is no name, or the ORCID is none: its last character is a checksum of the others.
    """
    name, *more = (" ".join(part.split()) for part in text.split(";"))
    orcid = next((found[0] for part in more if (found := ORCID.search(part))), "")
    rest = [part for part in more if part and not ORCID.search(part)]
    if not name:
        raise ReleaseError(
            f"creator {text!r} has no name; write 'Payne-Gaposchkin, Cecilia; 0000-0001-2345-6789; Harvard'"
        )
    if orcid and not _is_orcid(orcid):
        raise ReleaseError(
            f"creator {name}: {orcid} is no ORCID, its last character does not fit; copy it from orcid.org"
        )
    family, comma, given = (part.strip() for part in name.partition(","))
    shown = f"{given} {family}".strip() if comma else name
    return Creator(shown, given, family if comma else "", orcid, "; ".join(rest), is_person=bool(comma))


def written(creator: Creator) -> str:
    """As `parse_creator` reads it."""
    name = ", ".join(filter(None, (creator.family, creator.given))) if creator.family else creator.name
    return "; ".join(filter(None, (name, creator.orcid, creator.affiliation)))


def check_words(
    *, title: str, description: str, licence: str, doi: str, known_issues: Sequence[str], creators: Sequence[Creator]
) -> None:
    """Refuse what could not be cited, or would not be one line where it must be; `ReleaseError` says which."""
    for name, text in {"title": title, "licence": licence}.items():
        if not (text.strip() and len(text) <= LONGEST and text.isprintable()):
            raise ReleaseError(f"{name} {text[:40]!r}: give one line of 1 to {LONGEST} characters")
    for name, text in {"description": description, "known issues": "\n".join(known_issues)}.items():
        if len(text) > LONGEST_TEXT or "\0" in text:
            raise ReleaseError(f"{name}: give at most {LONGEST_TEXT:,} characters of text")
    if doi and not ((found := DOI.match(doi)) and found[1] == doi and doi.isprintable() and len(doi) <= LONGEST):
        raise ReleaseError(f"DOI {doi[:60]!r}: write it as 10.5281/zenodo.1234567, without an address before it")
    if not 0 < len(creators) <= MOST_CREATORS:
        raise ReleaseError(f"{len(creators)} creators; name 1 to {MOST_CREATORS}")
    for creator in creators:
        if not creator.name.isprintable() or len(creator.name) > LONGEST:
            raise ReleaseError(f"creator {creator.name[:40]!r}: a name is one line of at most {LONGEST} characters")


def _is_orcid(text: str) -> bool:
    """Whether the check digit fits (ISO 7064 11,2)."""
    total = 0
    for digit in text.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    expected = (12 - total % 11) % 11
    return text[-1] == ("X" if expected == 10 else str(expected))
