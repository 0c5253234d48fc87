"""Verdicts: all of a catalog's, giving and withdrawing one, what may be said, and labels made of them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from almagest.accounts.selectors import may_change
from almagest.catalogs.selectors import catalog_get, catalog_list
from almagest.core.listings import count_rows, parse_filters, read_page
from almagest.sky.models import Survey
from almagest.vetting import selectors
from almagest.vetting.choices import choices_change
from almagest.vetting.errors import VettingError
from almagest.vetting.labels import label_rows, labels_freeze
from almagest.vetting.listings import parse_tag, verdict_listing
from almagest.vetting.models import Confidence, Verdict
from almagest.vetting.services import verdict_give, verdict_withdraw
from almagest.vetting.tags import tag_list, tags_change
from almagest.web.downloads import download
from almagest.web.verdicts import choice_lines, read_choices, read_number, typed_tags, verdict_typed
from almagest.web.views.sky import object_shown

ROWS = 50


def verdicts(request: HttpRequest, slug: str) -> HttpResponse:
    """All verdicts in a catalog, newest first, with what they come to; the whole state is in the address."""
    edition = catalog_get(user=request.user, slug=slug)
    listing = parse_tag(parse_filters(verdict_listing(user=request.user, edition=edition), request.GET), request.GET)
    listing = listing.sorted_by(request.GET.get("sort", ""))
    if file := download(request, listing):
        return file
    told = {"user": request.user, "edition": edition}
    alpha, compared = selectors.alpha(**told)
    count, is_exact = count_rows(listing)
    context = {
        "edition": edition, "page": read_page(listing, cursor=request.GET.get("cursor", ""), size=ROWS), "count": count,
        "is_exact": is_exact, "filters": listing.shown, "standing": selectors.standing(**told), "alpha": alpha, "compared": compared,
        "by_choice": selectors.choice_counts(**told), "people": selectors.people_counts(**told), "tags": selectors.tag_counts(**told),
        "offered_tags": tag_list(edition), "confidences": dict(Confidence.choices), "may_change": may_change(request.user, edition.catalog),
        "label_sets": selectors.label_set_list(user=request.user).filter(catalog=edition.catalog_id),
    }  # fmt: skip
    return render(request, "vetting/verdicts.html", context | choice_lines(edition))


@require_POST
@login_required
def give(request: HttpRequest, slug: str, object_id: int) -> HttpResponse:
    """Say what a candidate is, and go back to its page; what is refused stays in the form there."""
    form = request.POST
    try:
        verdict = verdict_give(
            user=request.user, catalog=slug, object_id=object_id, choice=form.get("choice", ""), tags=typed_tags(form),
            confidence=read_number(form, "confidence", int, Confidence.LIKELY), comment=form.get("comment", ""),
        )  # fmt: skip
    except VettingError as error:
        edition = catalog_get(user=request.user, slug=slug)
        seen = selectors.candidate_get(user=request.user, edition=edition, object_id=object_id)
        survey = Survey.objects.get(pk=seen.survey_id).slug
        refused = {"catalog": slug, "error": str(error), "typed": verdict_typed(form)}
        return object_shown(request, survey, seen.source_id, status=400, refused=refused)
    messages.success(request, f"Your verdict is kept: {verdict.choice.title}.")
    return _to_object(verdict, slug)


@require_POST
@login_required
def withdraw(request: HttpRequest, slug: str, object_id: int) -> HttpResponse:
    """Take one's verdict back, and go back to the object's page."""
    verdict = verdict_withdraw(user=request.user, catalog=slug, object_id=object_id)
    messages.success(request, "Your verdict is withdrawn.")
    return _to_object(verdict, slug)


def _to_object(verdict: Verdict, slug: str) -> HttpResponse:
    return redirect(f"{reverse('object', args=[verdict.survey.slug, verdict.source_id])}#verdicts-{slug}")


@require_POST
@login_required
def choices(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what candidates of a catalog may be found to be."""
    edition = catalog_get(user=request.user, slug=slug)
    choices_change(user=request.user, edition=edition, choices=read_choices(request.POST))
    messages.success(request, "The choices are changed.")
    return redirect(f"{reverse('verdicts', args=[slug])}#choices")


@require_POST
@login_required
def tags(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the tags that a catalog offers."""
    edition = catalog_get(user=request.user, slug=slug)
    tags_change(user=request.user, edition=edition, tags=request.POST.get("tags", ""))
    messages.success(request, "The tags are changed.")
    return redirect(f"{reverse('verdicts', args=[slug])}#tags")


@require_POST
@login_required
def freeze(request: HttpRequest, slug: str) -> HttpResponse:
    """Freeze verdicts as labels, and go to them."""
    made = labels_freeze(
        user=request.user, edition=catalog_get(user=request.user, slug=slug), name=request.POST.get("name", "").strip(),
        minimum_verdicts=read_number(request.POST, "minimum_verdicts", int, 1),
        minimum_agreement=read_number(request.POST, "minimum_agreement", float, 0.5),
    )  # fmt: skip
    return redirect("label-set", made.name)


def label_set(request: HttpRequest, name: str) -> HttpResponse:
    """Verdicts frozen as labels: where they are from, how many of each class, and how to make a sample with them."""
    found = selectors.label_set_get(user=request.user, name=name)
    if request.GET.get("format") and (file := download(request, label_rows(found))):
        return file
    edition = catalog_list(user=request.user).filter(catalog=found.catalog_id).first()
    return render(request, "vetting/label_set.html", {"labels": found, "method": edition and edition.version.method})
