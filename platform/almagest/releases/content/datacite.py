"""Metadata of a release as DataCite 4.5 has them."""

from collections.abc import Iterable

from almagest.releases.content.citing import SPDX, identifier
from almagest.releases.content.facts import Creator, ReleaseFacts
from almagest.releases.content.manifest import MEDIA_TYPES

SCHEMA = "http://datacite.org/schema/kernel-4"
NO_DOI = "No DOI has been registered for this release, so these metadata have no identifier."


def datacite(facts: ReleaseFacts, *, rows: int, data_paths: Iterable[str]) -> dict:
    """What is sent to DataCite to register the release; without a DOI there is no identifier, and a description says so."""
    found = {
        "schemaVersion": SCHEMA,
        **_identifiers(facts),
        "creators": [_creator(creator) for creator in facts.creators],
        "titles": [{"title": facts.title}],
        "publisher": {"name": facts.publisher},
        "publicationYear": facts.date[:4],
        "types": {"resourceType": "Catalog", "resourceTypeGeneral": "Dataset"},
        "subjects": [{"subject": "Astronomy"}, *({"subject": word} for word in facts.keywords)],
        "contributors": [{"name": facts.publisher, "nameType": "Organizational", "contributorType": "Distributor"}],
        "dates": [{"date": facts.date, "dateType": "Issued"}, {"date": f"{facts.time}Z", "dateType": "Created"}],
        "language": "en",
        "relatedIdentifiers": _related_identifiers(facts),
        "relatedItems": _related_items(facts),
        "sizes": [f"{rows} rows"],
        "formats": sorted({MEDIA_TYPES[path.rpartition(".")[2]].partition(";")[0] for path in data_paths}),
        "version": str(facts.version),
        "rightsList": [_rights(facts)],
        "descriptions": _descriptions(facts),
    }
    return {key: value for key, value in found.items() if value}


def _identifiers(facts: ReleaseFacts) -> dict:
    doi = {"doi": facts.doi, "identifiers": [{"identifier": facts.doi, "identifierType": "DOI"}]} if facts.doi else {}
    addresses = [{"alternateIdentifier": facts.url, "alternateIdentifierType": "URL"}] if facts.url else []
    return doi | ({"url": facts.url, "alternateIdentifiers": addresses} if addresses else {})


def _creator(creator: Creator) -> dict:
    found: dict = {"name": creator.name, "nameType": "Personal" if creator.is_person else "Organizational"}
    if creator.is_person and creator.family:
        given = {"givenName": creator.given} if creator.given else {}
        name = ", ".join(filter(None, (creator.family, creator.given)))
        found |= {"name": name, "familyName": creator.family, **given}
    if creator.orcid:
        orcid = f"https://orcid.org/{creator.orcid.removeprefix('https://orcid.org/')}"
        scheme = {"nameIdentifierScheme": "ORCID", "schemeUri": "https://orcid.org"}
        found["nameIdentifiers"] = [{"nameIdentifier": orcid, **scheme}]
    if creator.affiliation:
        scheme = {"affiliationIdentifierScheme": "ROR", "schemeUri": "https://ror.org"}
        ror = {"affiliationIdentifier": creator.ror, **scheme} if creator.ror else {}
        found["affiliation"] = [{"name": creator.affiliation, **ror}]
    return found


def _related(facts: ReleaseFacts) -> list[tuple[str, str, tuple[str, str] | None]]:
    """What the release rests on: relation, title, and an identifier where one is known."""
    model, previous = facts.model, facts.previous
    found = [("IsDerivedFrom", s.title, identifier(s.url)) for s in facts.surveys]
    if model.paper_title:
        found.insert(
            0, ("IsSupplementTo", model.paper_title, identifier(model.paper_url, *model.paper_reference.split()))
        )
    if previous:
        title = f"{facts.title}, version {previous.version}"
        found.append(("IsNewVersionOf", title, identifier(previous.doi, previous.url)))
    return found


def _related_identifiers(facts: ReleaseFacts) -> list[dict]:
    return [
        {"relatedIdentifier": found[0], "relatedIdentifierType": found[1], "relationType": relation}
        for relation, _, found in _related(facts)
        if found
    ]


def _related_items(facts: ReleaseFacts) -> list[dict]:
    """What has a name and no identifier."""
    kinds = {"IsSupplementTo": "JournalArticle"}
    return [
        {"relatedItemType": kinds.get(relation, "Dataset"), "relationType": relation, "titles": [{"title": title}]}
        for relation, title, found in _related(facts)
        if not found
    ]


def _rights(facts: ReleaseFacts) -> dict[str, str]:
    uri = facts.licence_url or SPDX.get(facts.licence, "")
    scheme = {"rightsIdentifierScheme": "SPDX", "schemeUri": "https://spdx.org/licenses/"}
    spdx = {"rightsIdentifier": facts.licence, **scheme} if facts.licence in SPDX else {}
    return {"rights": facts.licence} | ({"rightsUri": uri} if uri else {}) | spdx


def _descriptions(facts: ReleaseFacts) -> list[dict[str, str]]:
    technical = [facts.selection, f"Scores by model {facts.model}, catalog revision {facts.catalog_revision}."]
    technical += ["Simulated objects are among the rows."] * facts.is_simulated + [NO_DOI] * (not facts.doi)
    words = {"Abstract": facts.description or facts.title, "TechnicalInfo": " ".join(filter(None, technical))}
    return [{"description": text, "descriptionType": kind, "lang": "en"} for kind, text in words.items()]
