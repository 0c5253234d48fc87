"""Pages of a release for people: README, licences, changes, known issues."""

from collections.abc import Sequence

from almagest.contract import Table
from almagest.releases.content.citing import SPDX, bibtex, citation_line
from almagest.releases.content.data import CHANGES, DataFile
from almagest.releases.content.facts import ReleaseFacts, SurveyFacts
from almagest.releases.content.manifest import MANIFEST, WORDS
from almagest.releases.content.partitions import MOC_ORDER
from almagest.releases.content.text import bullets, markdown, table

README = "README.md"
SIMULATED = (
    "**Simulated objects are among the rows of this release: nothing in it may be taken for a measurement of the sky.**"
)
READING = {
    "fits": "from astropy.table import Table\nrows = Table.read({path!r})",
    "votable": "from astropy.table import Table\nrows = Table.read({path!r})",
    "parquet": "import pandas\nrows = pandas.read_parquet({path!r})",
    "csv": "import pandas\nrows = pandas.read_csv({path!r})",
    "hats": "import lsdb\nrows = lsdb.open_catalog({path!r}, columns='all').compute()",
}


def readme(
    facts: ReleaseFacts, declared: Table, rows: int, files: Sequence[DataFile], *, weights: bool, changes: bool
) -> str:
    """``README.md``; whether the folder holds the model's weights, and a table of changes."""
    shown = [(f"`{file.path}`", file.title, f"`datamodel/{file.path}.md`") for file in files]
    return markdown(
        f"# {facts.title}, version {facts.version}",
        SIMULATED * facts.is_simulated,
        facts.description,
        f"{rows:,} rows of {len(declared.columns)} columns, in the order of their HEALPix and object numbers. Released "
        f"{facts.date} by {facts.publisher}.",
        "## Files",
        table(("File", "Format", "Columns"), shown) + "\n\nAll hold the same rows.",
        table(("File", "What"), [(f"`{name}`", WORDS[name]) for name in WORDS if name != README]),
        f"`{CHANGES}.parquet` and `{CHANGES}.csv` list the rows that differ from the previous release." * changes,
        "`weights/` holds the weights of the model." * weights,
        f"The coverage is a MOC of order {MOC_ORDER}: cells that hold a row, which is not where the survey has looked.",
        f"`sha256sum -c {MANIFEST}` checks that all files are whole.",
        "## Reading it",
        *(f"```python\n{READING[file.format].format(path=file.path)}\n```" for file in files),
        *_selection(facts),
        *_model(facts),
        "## How to cite",
        citation_line(facts),
        "" if facts.doi else "No DOI has been registered for this release; cite it by its title and version.",
        f"```bibtex\n{bibtex(facts)}```",
        "Please cite the surveys and the paper too: `LICENSE.md` has their words.",
    )


def licence(facts: ReleaseFacts) -> str:
    """``LICENSE.md``."""
    address = facts.licence_url or SPDX.get(facts.licence, "")
    holders = ", ".join(creator.name for creator in facts.creators)
    return markdown(
        f"# Licence of {facts.title}, version {facts.version}",
        f"{facts.licence}{f' ({address})' * bool(address)}. © {facts.date[:4]} {holders}.",
        "The measurements come from the surveys below, under their own licences. Whoever uses this release keeps them, "
        "and cites them.",
        *(_survey(survey) for survey in facts.surveys),
        "No survey is named: the rows rest on none." * (not facts.surveys),
    )


def changelog(facts: ReleaseFacts) -> str:
    """``CHANGELOG.md``."""
    previous, changes = facts.previous, facts.changes
    head = f"# Changes of {facts.title}\n\n## Version {facts.version}, {facts.date}"
    if not previous:
        return markdown(head, "The first release.")
    if not changes:
        return markdown(head, f"Follows version {previous.version}; what has changed was not counted.")
    columns = {"added": changes.columns_added, "removed": changes.columns_removed, "changed": changes.columns_changed}
    return markdown(
        head,
        f"Against version {previous.version}:",
        table(
            ("Rows", "Number"),
            [("added", changes.added), ("removed", changes.removed), ("changed", changes.changed)],
        ),
        bullets(f"Columns {what}: {', '.join(f'`{n}`' for n in names)}" for what, names in columns.items() if names),
        "The columns are the same." * (not any(columns.values())),
    )


def known_issues(facts: ReleaseFacts) -> str:
    """``known_issues.md``."""
    issues = (*(["Simulated objects are among the rows."] if facts.is_simulated else []), *facts.known_issues)
    return markdown(
        f"# Known issues of {facts.title}, version {facts.version}", bullets(issues) or f"None known on {facts.date}."
    )


def _selection(facts: ReleaseFacts) -> list[str]:
    steps = table(("Step", "Rows left"), [(step.name, f"{step.count:,}") for step in facts.steps])
    parts = [facts.selection, steps if facts.steps else ""]
    return ["## What is in it", *parts] if any(parts) else []


def _model(facts: ReleaseFacts) -> list[str]:
    model, sample = facts.model, facts.sample
    said = (model.paper_authors.rstrip("."), str(model.paper_year or ""), model.paper_title, model.paper_reference)
    paper = ". ".join(filter(None, said))
    lines = [
        f"Model {model}, plugin version {model.plugin_version}, code {model.code_version}, seed {model.seed}",
        f"Weights: SHA-256 `{model.weights_sha256}`",
        *([f"Trained on sample {sample.name}: {sample.rows:,} rows, checksum `{sample.checksum}`"] if sample else []),
        f"Catalog revision {facts.catalog_revision}, prediction set {facts.prediction_set}",
        *([f"Method: {paper} {model.paper_url}"] if paper else []),
    ]
    return ["## Where it is from", bullets(lines), "`provenance.json` has the whole chain, down to the surveys' files."]


def _survey(survey: SurveyFacts) -> str:
    return markdown(
        f"## {survey.title}",
        "" if survey.observed else "Simulated, not observed.",
        f"**Licence.** {survey.licence or 'Not stated.'}",
        f"**Citation.** {survey.citation or 'Not stated.'}",
        survey.url,
    )
