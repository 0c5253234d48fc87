"""What a release says of itself: citations, DataCite, pages, provenance."""

import json
from dataclasses import replace

import pytest
import yaml
from jsonschema import validate

from almagest.releases.content import ReleaseFacts, bibtex
from almagest.releases.content.citing import citation_cff
from almagest.releases.content.datacite import NO_DOI, datacite

from .folders import BARE, DATA, FACTS, MODEL, SURVEYS, release, rows_of

CFF = {
    "type": "object",
    "required": ["authors", "cff-version", "message", "title"],
    "additionalProperties": False,
    "properties": {
        "cff-version": {"const": "1.2.0"}, "message": {"type": "string", "minLength": 1}, "type": {"const": "dataset"},
        "title": {"type": "string", "minLength": 1}, "abstract": {"type": "string"}, "version": {"type": ["string", "number"]},
        "date-released": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}, "url": {"type": "string", "pattern": "^https?://"},
        "doi": {"type": "string", "pattern": r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-\.\(\)\[\]\\]+$"},
        "license": {"enum": ["CC-BY-4.0"]}, "license-url": {"type": "string", "pattern": "^https?://"},
        "keywords": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}},
        "authors": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/author"}},
        "references": {"type": "array", "minItems": 1, "items": {
            "required": ["authors", "title", "type"], "properties": {
                "type": {"enum": ["article", "data"]}, "authors": {"items": {"$ref": "#/$defs/author"}},
                "year": {"type": "integer"}, "title": {"type": "string"}}}},
    },
    "$defs": {"author": {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": {
        "name": {"type": "string"}, "family-names": {"type": "string"}, "given-names": {"type": "string"},
        "affiliation": {"type": "string"},
        "orcid": {"type": "string", "pattern": r"^https://orcid\.org/[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$"}}}},
}  # fmt: skip
DATACITE = {
    "type": "object",
    "required": ["creators", "titles", "publisher", "publicationYear", "types", "schemaVersion", "subjects", "contributors",
                 "dates", "relatedIdentifiers", "descriptions", "rightsList", "version", "formats", "sizes"],
    "properties": {
        "schemaVersion": {"const": "http://datacite.org/schema/kernel-4"},
        "creators": {"minItems": 1, "items": {"required": ["name"], "properties": {
            "nameType": {"enum": ["Organizational", "Personal"]},
            "nameIdentifiers": {"items": {"required": ["nameIdentifier", "nameIdentifierScheme"]}},
            "affiliation": {"items": {"required": ["name"]}}}}},
        "titles": {"minItems": 1, "items": {"required": ["title"]}},
        "publisher": {"type": "object", "required": ["name"]},
        "publicationYear": {"type": "string", "pattern": "^[0-9]{4}$"},
        "types": {"required": ["resourceTypeGeneral"], "properties": {"resourceTypeGeneral": {"const": "Dataset"}}},
        "contributors": {"items": {"required": ["contributorType", "name"]}},
        "dates": {"items": {"required": ["date", "dateType"], "properties": {"dateType": {"enum": ["Issued", "Created"]}}}},
        "relatedIdentifiers": {"items": {"required": ["relatedIdentifier", "relatedIdentifierType", "relationType"],
                                         "properties": {"relatedIdentifierType": {"enum": ["DOI", "URL", "arXiv"]}}}},
        "relatedItems": {"items": {"required": ["titles", "relatedItemType", "relationType"]}},
        "descriptions": {"items": {"required": ["description", "descriptionType"], "properties": {
            "descriptionType": {"enum": ["Abstract", "TechnicalInfo"]}}}},
        "rightsList": {"minItems": 1},
    },
}  # fmt: skip


@pytest.mark.parametrize("facts", [FACTS, BARE])
def test_citation_files_keep_their_schemas(facts):
    citation = yaml.safe_load(citation_cff(facts))
    validate(citation, CFF)
    found = datacite(facts, rows=5, data_paths=DATA)
    required = [name for name in DATACITE["required"] if name != "relatedIdentifiers" or facts.surveys]
    validate(json.loads(json.dumps(found)), DATACITE | {"required": required})
    assert citation["title"] == found["titles"][0]["title"] == facts.title


def test_datacite_relates_the_release_to_what_it_rests_on(built):
    found = json.loads((built / "datacite.json").read_text())
    related = {
        (each["relationType"], each["relatedIdentifierType"], each["relatedIdentifier"])
        for each in found["relatedIdentifiers"]
    }
    assert related == {
        ("IsSupplementTo", "DOI", "10.1051/0004-6361/202449548"),
        ("IsDerivedFrom", "URL", "https://www.sdss.org/dr14"),
        ("IsNewVersionOf", "URL", "https://example.org/releases/local-dwarfs/0.9"),
    }
    assert [each["titles"][0]["title"] for each in found["relatedItems"]] == ["Our survey v2"]
    assert found["doi"] == found["identifiers"][0]["identifier"] == "10.5281/zenodo.1234567"
    assert found["rightsList"][0]["rightsIdentifier"] == "CC-BY-4.0"


def test_without_a_doi_there_is_no_identifier_and_it_is_said():
    found = datacite(BARE, rows=5, data_paths=DATA)
    assert not {"doi", "identifiers"} & set(found)
    assert NO_DOI in found["descriptions"][1]["description"]
    assert "doi" not in yaml.safe_load(citation_cff(BARE)) and "doi" not in bibtex(BARE)


def test_bibtex_escapes_what_tex_would_take_for_its_own():
    found = bibtex(FACTS)
    assert found.startswith("@misc{local-dwarfs-v1.0,\n") and found.endswith("}\n}\n")
    assert "author    = {Lovelace, Ada and {The Group}}" in found
    assert r"title     = {{Local dwarf galaxies \& friends}}" in found
    assert found.count("{") - found.count(r"\{") == found.count("}") - found.count(r"\}")


def test_pages_say_what_there_is(built):
    pages = {path.name: path.read_text() for path in built.glob("*.md")}
    assert all(f"`{name}`" in pages["README.md"] for name in (*DATA, "hats", "MANIFEST.sha256"))
    assert "300 rows of 12 columns" in pages["README.md"] and "Simulated" not in pages["README.md"]
    for survey in SURVEYS:
        assert survey.licence in pages["LICENSE.md"] and survey.citation in pages["LICENSE.md"]
    for line in (
        "| added | 5 |",
        "| removed | 4 |",
        "| changed | 3 |",
        "Columns added: `flux`",
        "Columns changed: `mag`",
    ):
        assert line in pages["CHANGELOG.md"]
    assert "Stars are among them." in pages["known_issues.md"]


def test_simulated_rows_and_a_first_release_are_said(tmp_path):
    release(tmp_path / "bare", rows_of(5), facts=BARE)
    pages = {path.name: path.read_text() for path in (tmp_path / "bare").glob("*.md")}
    assert "Simulated objects" in pages["README.md"] and "Simulated objects" in pages["known_issues.md"]
    assert "first release" in pages["CHANGELOG.md"] and "No DOI" in pages["README.md"]
    assert "SIMULATED" in (tmp_path / "bare" / "local-dwarfs-v2.vot").read_text()
    assert not list((tmp_path / "bare").glob("changes.*"))


def test_the_provenance_is_a_chain_down_to_the_files(built):
    chain = json.loads((built / "provenance.json").read_text())["chain"]
    links = ["release", "catalog", "prediction set", "model version", "sample", "survey", "survey"]
    assert [each["link"] for each in chain] == links
    assert chain[3]["weights_sha256"] == MODEL.weights_sha256 and chain[4]["checksum"] == "ef" * 32
    assert chain[5]["ingests"] == [{"file_name": "sdss.csv", "sha256": "cd" * 32, "rows": 10_000}]


@pytest.mark.parametrize("facts", [FACTS, BARE])
def test_facts_survive_json(facts):
    assert ReleaseFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


@pytest.mark.parametrize(("version", "label"), [(1, "v1"), ("1.0", "v1.0"), ("v2", "v2")])
def test_versions_have_one_spelling(version, label):
    assert replace(FACTS, version=version).stem == f"local-dwarfs-{label}"
