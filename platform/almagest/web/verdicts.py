"""Verdicts as pages show them: a candidate's in the table of its catalog, and the catalog's choices as a form."""

from itertools import zip_longest

from django.http import QueryDict
from django.urls import reverse
from django.utils.html import escape

from almagest.catalogs.models import Edition
from almagest.vetting.choices import choice_list, classes_of
from almagest.vetting.errors import VettingError
from almagest.vetting.models import Confidence, Consensus, Verdict
from almagest.vetting.words import MOST_CHOICES

# Lines for new choices below those that are there.
EMPTY_LINES = 3
FIELDS = ("name", "title", "sample_class", "description")


def agreeing(consensus: Consensus) -> str:
    """How many of how many say the same."""
    return f"{round((consensus.agreement or 0) * consensus.verdicts)} of {consensus.verdicts}"


def verdict_cell(row: dict, consensus: Consensus | None, edition: Edition) -> str:
    """What most say of a candidate, in a cell that leads to who says it."""
    if consensus is None:
        return '<td class="soft">–</td>'
    said = consensus.choice.title if consensus.choice else "split"
    address = reverse("object", args=[row["survey"], row["source_id"]])
    link = f'<a href="{escape(address)}#verdicts-{escape(edition.catalog.slug)}">{escape(said)}</a>'
    return f'<td>{link} <span class="soft small">{agreeing(consensus)}</span></td>'


def verdict_typed(form: QueryDict) -> dict[str, str]:
    """What was typed into the form of a verdict, as it was."""
    return {name: form.get(name, "") for name in ("choice", "confidence", "comment")} | {"tags": typed_tags(form)}


def typed_tags(form: QueryDict) -> str:
    """Tags that were ticked, and those that were written beside them."""
    return " ".join(form.getlist("tags")).strip()


def split_tags(text: str, offered: list[str]) -> dict:
    """The tags of a form: those that are offered, each with whether it is ticked; and the others, to be written."""
    words = text.replace(",", " ").split()
    ticked = {word.lower() for word in words}
    return {"offered": [(tag, tag in ticked) for tag in offered],
            "others": " ".join(word for word in words if word.lower() not in offered)}  # fmt: skip


def verdict_kept(mine: Verdict | None) -> dict[str, str]:
    """What stands in that form at first: what the person has said before, where they have."""
    if mine is None:
        return {"choice": "", "confidence": str(Confidence.LIKELY.value), "tags": "", "comment": ""}
    words = {"choice": mine.choice.name, "confidence": str(mine.confidence), "comment": mine.comment}
    return words | {"tags": " ".join(mine.tags)}


def choice_lines(edition: Edition) -> dict:
    """Lines of the form: what is offered now, and room for more."""
    kept = [{name: getattr(choice, name) for name in FIELDS} for choice in choice_list(edition)]
    more = max(0, min(EMPTY_LINES, MOST_CHOICES - len(kept)))
    return {"lines": kept + [dict.fromkeys(FIELDS, "")] * more, "classes": classes_of(edition)}


def read_choices(form: QueryDict) -> list[dict[str, str]]:
    """The choices of the form, line by line; a line without a name is left out.

    Raises
    ------
    VettingError
        When lines lack fields.
    """
    columns = [form.getlist(name) for name in FIELDS]
    if len({len(column) for column in columns}) != 1:
        raise VettingError(f"choices: give {', '.join(FIELDS)} of each line")
    lines = [dict(zip(FIELDS, line, strict=True)) for line in zip_longest(*columns)]
    return [line for line in lines if line["name"].strip()]


def read_number(form: QueryDict, name: str, kind: type, first: float) -> float:
    """A number of a form, `first` where it is left empty, or `VettingError`."""
    text = form.get(name, "").strip()
    try:
        return kind(text) if text else first
    except ValueError:
        raise VettingError(f"{name} = {text[:60]!r} is no {'whole ' * (kind is int)}number") from None
