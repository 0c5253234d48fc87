"""How a release is cited: CITATION.cff 1.2.0, BibTeX, and a line of text."""

import re

from almagest.releases.content.facts import Creator, ReleaseFacts
from almagest.releases.content.text import yaml_text

# Licences of data by their SPDX identifiers; CITATION.cff and DataCite take no other words for them.
SPDX = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/legalcode",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/legalcode",
    "CC-BY-SA-3.0": "https://creativecommons.org/licenses/by-sa/3.0/legalcode",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/legalcode",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "ODC-By-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "PDDL-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
    "MIT": "https://opensource.org/license/mit",
    "BSD-3-Clause": "https://opensource.org/license/bsd-3-clause",
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
}
TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    c: f"\\{c}" for c in "&%$#_{}"
}
DOI = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)$", re.IGNORECASE)
ARXIV = re.compile(
    r"^(?:https?://arxiv\.org/(?:abs|pdf)/|arxiv:)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.IGNORECASE
)


def citation_cff(facts: ReleaseFacts) -> str:
    """The file that GitHub, Zenodo and reference managers read."""
    licence_url = facts.licence_url or SPDX.get(facts.licence, "")
    entries = {
        "cff-version": "1.2.0",
        "message": "If you use this release, please cite it, the paper of its method, and the surveys that it is made from.",
        "type": "dataset",
        "title": facts.title,
        "abstract": facts.description,
        "version": str(facts.version),
        "date-released": facts.date,
        "authors": [_author(creator) for creator in facts.creators],
        "doi": facts.doi,
        "url": facts.url,
        "license": facts.licence if facts.licence in SPDX else "",
        "license-url": "" if facts.licence in SPDX else licence_url,
        "keywords": list(dict.fromkeys(facts.keywords)),
        "references": _references(facts),
    }
    return yaml_text({key: value for key, value in entries.items() if value})


def bibtex(facts: ReleaseFacts) -> str:
    """One ``@misc`` entry."""
    names = " and ".join(_bibtex_name(creator) for creator in facts.creators)
    fields = {
        "author": names, "title": f"{{{_tex(facts.title)}}}", "year": facts.date[:4], "month": str(int(facts.date[5:7])),
        "version": _tex(str(facts.version)), "publisher": _tex(facts.publisher), "doi": facts.doi, "url": facts.url,
        "note": _tex(f"Data release {facts.stem}"),
    }  # fmt: skip
    lines = [f"  {key:9} = {{{value}}}" for key, value in fields.items() if value]
    return f"@misc{{{re.sub(r'[^A-Za-z0-9:_.-]', '-', facts.stem)},\n" + ",\n".join(lines) + "\n}\n"


def citation_line(facts: ReleaseFacts) -> str:
    """As it stands in a list of references."""
    names = ", ".join(creator.name for creator in facts.creators)
    address = f"https://doi.org/{facts.doi}" if facts.doi else facts.url
    return f"{names} ({facts.date[:4]}). {facts.title}, version {facts.version}. {facts.publisher}.{f' {address}' * bool(address)}"


def identifier(*spellings: str) -> tuple[str, str] | None:
    """The first DOI, arXiv number or address among these, with DataCite's word for what it is."""
    for text in filter(None, (spelling.strip() for spelling in spellings)):
        if found := DOI.match(text):
            return found[1], "DOI"
        if found := ARXIV.match(text):
            return f"arXiv:{found[1]}", "arXiv"
        if text.startswith(("http://", "https://")) and not re.search(r"\s", text):
            return text, "URL"
    return None


def _author(creator: Creator) -> dict[str, str]:
    orcid = f"https://orcid.org/{creator.orcid.removeprefix('https://orcid.org/')}" if creator.orcid else ""
    if not creator.is_person:
        return {"name": creator.name} | ({"orcid": orcid} if orcid else {})
    names = {"family-names": creator.family, "given-names": creator.given} if creator.family else {"name": creator.name}
    more = names | {"orcid": orcid, "affiliation": creator.affiliation if creator.family else ""}
    return {key: value for key, value in more.items() if value}


def _references(facts: ReleaseFacts) -> list[dict]:
    model = facts.model
    paper = {
        "type": "article", "title": model.paper_title, "authors": [{"name": model.paper_authors or "unknown"}],
        "year": model.paper_year, "notes": model.paper_reference, **_address(model.paper_reference, model.paper_url),
    }  # fmt: skip
    surveys = [
        {"type": "data", "title": survey.title, "authors": [{"name": survey.name}],
         "version": survey.release, "notes": survey.citation, **_address(survey.url)}
        for survey in facts.surveys
    ]  # fmt: skip
    found = [*([paper] if model.paper_title else []), *surveys]
    return [{key: value for key, value in each.items() if value} for each in found]


def _address(*spellings: str) -> dict[str, str]:
    found = identifier(*spellings)
    if not found:
        return {}
    name, kind = found
    return {"doi": name} if kind == "DOI" else {"url": _url(name, kind)}


def _url(name: str, kind: str) -> str:
    return f"https://arxiv.org/abs/{name.removeprefix('arXiv:')}" if kind == "arXiv" else name


def _bibtex_name(creator: Creator) -> str:
    if creator.is_person and creator.family:
        return ", ".join(_tex(part) for part in (creator.family, creator.given) if part)
    return _tex(creator.name) if creator.is_person else f"{{{_tex(creator.name)}}}"


def _tex(text: str) -> str:
    return "".join(TEX.get(character, character) for character in " ".join(text.split()))
