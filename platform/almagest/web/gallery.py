"""Cards of a gallery: a candidate's small spectrum, its scores, and what people say of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from almagest.catalogs.models import Edition
from almagest.catalogs.selectors import candidate_ranks
from almagest.catalogs.tables import source_name
from almagest.contract import Column
from almagest.predictions.reconstruction.selectors import current_reconstructions
from almagest.spectra.selectors import ObjectSpectrum, spectra_list
from almagest.spectra.thumbnails import drawn
from almagest.vetting.choices import choice_list
from almagest.vetting.models import Choice, Consensus, Verdict
from almagest.vetting.selectors import consensus_of, current_verdicts
from almagest.vetting.tags import tag_list

# Scores on a card beside the one that candidates are ranked by.
MOST_SCORES = 3


@dataclass(frozen=True)
class Said:
    """What people say of a candidate, and the form to say something, as the reader sees both."""

    object_id: int
    consensus: Consensus | None
    tags: list[str]
    mine: Verdict | None
    choices: list[Choice]
    offered: list[tuple[str, bool]]


@dataclass(frozen=True)
class Card:
    """One candidate."""

    row: Mapping[str, Any]
    rank: int | None
    href: str
    drawing: SafeString | None
    has_model: bool
    facts: Mapping[str, Any]
    scores: list[tuple[Column, Any]]
    said: Said


def cards(*, user, edition: Edition, rows: list[dict[str, Any]]) -> list[Card]:
    """Cards of a page of candidates, in its order; everything is read for all of them at once."""
    ids = [row["object_id"] for row in rows]
    spectra = {each.object_id: each for each in spectra_list(user=user, object_ids=ids)}
    models = current_reconstructions(
        version=edition.version, revisions={number: each.revision for number, each in spectra.items()}
    )
    ranks = candidate_ranks(edition=edition, scores=[row[edition.rank_by] for row in rows])
    said, columns = said_of(user=user, edition=edition, object_ids=ids), score_columns(edition)
    return [
        _card(row, ranks.get(row[edition.rank_by]), spectra.get(number), models.get(number), said[number], columns)
        for number, row in zip(ids, rows, strict=True)
    ]


def said_of(*, user, edition: Edition, object_ids: Iterable[int]) -> dict[int, Said]:
    """What is said of these candidates; the form is for those who are logged in."""
    ids = list(object_ids)
    settled, verdicts = consensus_of(edition, ids), current_verdicts(edition, ids)
    choices, offered = (choice_list(edition), tag_list(edition)) if user.is_authenticated else ([], [])
    return {each: _said(each, settled.get(each), verdicts.get(each, []), user, choices, offered) for each in ids}


def score_columns(edition: Edition) -> list[Column]:
    """What the model says of a candidate in numbers: what it is ranked by first."""
    method, outputs = edition.version.method, edition.version.output_table
    shown = [
        c
        for c in edition.table.columns
        if c.level < 3 and c.is_number and not c.shape and source_name(method, c.name) in outputs
    ]
    return [edition.table[edition.rank_by], *[c for c in shown if c.name != edition.rank_by][:MOST_SCORES]]


def _card(row: dict, rank: int | None, found: ObjectSpectrum | None, model, said: Said, columns: list[Column]) -> Card:
    over = None if model is None else (model.grid.wavelength, model.flux)
    return Card(
        row, rank, reverse("object", args=[row["survey"], row["source_id"]]), found and drawn(found, over), model is not None,
        found.facts if found else {}, [(column, row[column.name]) for column in columns], said,
    )  # fmt: skip


def _said(
    object_id: int, settled: Consensus | None, verdicts: list[Verdict], user, choices, offered: list[str]
) -> Said:
    mine = next((each for each in verdicts if user.is_authenticated and each.user_id == user.pk), None)
    own = mine.tags if mine else []
    # Tags that the person has written elsewhere are kept when they tick another here.
    ticks = [(tag, tag in own) for tag in dict.fromkeys((*offered, *own))]
    tags = list(dict.fromkeys(tag for each in verdicts for tag in each.tags))
    return Said(object_id, settled, tags, mine, choices, ticks)
