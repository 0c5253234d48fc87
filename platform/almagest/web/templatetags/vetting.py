"""Verdicts on other pages: an object's, a catalog's, and the labels that a sample was made with."""

from django import template

from almagest.catalogs.models import Edition
from almagest.samples.models import Sample
from almagest.sky.selectors import SkyObject
from almagest.vetting.filters import VERDICTS
from almagest.vetting.models import Confidence, Consensus
from almagest.vetting.selectors import ObjectVerdicts, label_set_list, object_verdicts, standing
from almagest.web.verdicts import agreeing, split_tags, verdict_kept

register = template.Library()


@register.inclusion_tag("vetting/_object.html", takes_context=True)
def verdicts_of(context, found: SkyObject) -> dict:
    """What people say of the object in each catalog, and the form to say something, with what was refused in it."""
    told = object_verdicts(user=context["user"], object_id=found.id, survey=found.survey)
    panels = [(each, _form(each, context.get("refused"))) for each in told]
    confidences = [(str(value), label) for value, label in Confidence.choices]
    return {"panels": panels, "object": found, "user": context["user"], "request": context["request"],
            "csrf_token": context.get("csrf_token"), "confidences": confidences}  # fmt: skip


def _form(found: ObjectVerdicts, refused: dict | None) -> dict:
    is_refused = refused is not None and refused["catalog"] == found.edition.catalog.slug
    form = refused if is_refused else {"typed": verdict_kept(found.mine)}
    return form | {"tags": split_tags(form["typed"]["tags"], found.tags)}


@register.inclusion_tag("vetting/_catalog.html", takes_context=True)
def verdicts_in(context, edition: Edition) -> dict:
    """How far the catalog is vetted, and the way to all verdicts."""
    told = standing(user=context["user"], edition=edition) if context["is_vetted"] else None
    return {"edition": edition, "standing": told, "request": context["request"]}


@register.inclusion_tag("vetting/_filters.html", takes_context=True)
def verdict_filters(context) -> dict:
    """Fields of the catalog's filters."""
    shown = context["filters"].shown
    chosen = {name: shown.get(name, "") for name in VERDICTS}
    choices = [(choice.name, choice.title) for choice in context["choices"]]
    if chosen["verdict"] and chosen["verdict"] not in dict(choices):
        choices.append((chosen["verdict"], chosen["verdict"]))
    return {"chosen": chosen, "choices": choices, "user": context["user"]}


@register.inclusion_tag("vetting/_of_sample.html", takes_context=True)
def labels_of(context, sample: Sample) -> dict:
    """Labels that people gave, where the sample was made with any; a link for those who may see where they are from."""
    given = sample.definition.get("given_labels")
    seen = given and label_set_list(user=context["user"]).filter(name=given["name"]).exists()
    return {"given": given, "counts": sample.given_counts, "is_seen": seen}


@register.filter
def agreed(consensus: Consensus | None) -> str:
    """How many of how many say the same: ``2 of 3``."""
    return agreeing(consensus) if consensus else ""
