"""Letters about passes that have ended: sent once, tried again for a day where the mail server does not answer."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now

from almagest.rescoring.models import Pass
from almagest.runs.models import Run

logger = logging.getLogger(__name__)
TRIED_FOR = timedelta(days=1)


def letters_send() -> list[str]:
    """Send what is due; the subjects of what went out."""
    due = (
        Pass.objects.filter(is_open=False, notified=None, created__gt=Now() - TRIED_FOR)
        .exclude(policy=None)
        .exclude(policy__notify=[])
    )
    sent = []
    for pk in due.values_list("pk", flat=True):
        with transaction.atomic():
            found = due.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if found and (subject := _send(found)):
                Pass.objects.filter(pk=pk).update(notified=Now())
                sent.append(subject)
    return sent


def _send(found: Pass) -> str:
    subject, text = letter(found)
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, found.policy.notify)
    except OSError as error:  # smtplib's own errors are such too
        logger.warning("%s: the letter could not be sent: %s", found, error)
        return ""
    return subject


def letter(found: Pass) -> tuple[str, str]:
    """Subject and text."""
    run, told = found.run, found.report
    slug = found.catalog.slug
    address = f"{settings.SITE_URL}/catalogs/{slug}/"
    if run is None or run.state != Run.State.DONE:
        state, why = (run.state, run.error) if run else ("lost", "")
        return (
            f"{slug}: rescoring {state}",
            f"Run {found.run_id} of {slug} has {state}: {why or 'no reason given'}\n{address}\n",
        )
    drifted = [each["column"] for each in told.get("drift", []) if each["exceeds"]]
    subject = f"{slug}: revision {found.after.revision}" + (f", drift in {', '.join(drifted)}" if drifted else "")
    counts = ", ".join(f"{told[name]} {name}" for name in ("added", "removed", "changed"))
    moved = [
        f"{each['column']} has moved from what the model learned from: stability index {each['index']:.2f}"
        for each in told.get("drift", []) if each["exceeds"]
    ]  # fmt: skip
    lines = [f"{told['scored']:,} objects were scored; candidates: {counts}.", *moved, address]
    return subject, "\n".join(lines) + "\n"
