"""Policies as pages show them: what each says and does, and the form that makes or changes one."""

import re
from typing import Any

from django.conf import settings
from django.http import QueryDict

from almagest.catalogs.models import Edition
from almagest.rescoring.drift import THRESHOLD
from almagest.rescoring.errors import RescoringError
from almagest.rescoring.models import Pass, Policy
from almagest.rescoring.policies import REASONS, reasons_of
from almagest.rescoring.policy_selectors import next_due, runs_seen, times_of
from almagest.rescoring.schedules import LONGEST

NUMBERS = {"at_least": int, "drift_threshold": float}


def policy_rows(user, policies: list[Policy]) -> list[dict[str, Any]]:
    """Policies in words, with their last passes; runs are named that the user may see."""
    seen = runs_seen(user=user, policies=policies)
    return [
        {
            "policy": policy, "times": times_of(policy) or "never", "due": next_due(policy),
            "reasons": [REASONS[name] for name in reasons_of(policy)],
            "passes": [_pass_row(each) | {"is_run_seen": each.run_id in seen} for each in policy.last_passes],
        } for policy in policies
    ]  # fmt: skip


def _pass_row(found: Pass) -> dict[str, Any]:
    return {"pass": found, "why": ", ".join(REASONS.get(name, name) for name in found.reasons)}


def form_context(typed: dict[str, Any]) -> dict[str, Any]:
    """What the form needs: what stands in it, and what may be chosen."""
    reasons = [(name, words, name in typed["reasons"]) for name, words in REASONS.items()]
    return {"typed": typed, "reasons": reasons, "longest": LONGEST, "has_mail": bool(settings.EMAIL_HOST)}


def first_typed(user, edition: Edition) -> dict[str, Any]:
    """What stands in the form of a new policy of a catalog."""
    letters_to = user.email if user.is_authenticated else ""
    return {"schedule": "", "reasons": [], "at_least": 1, "drift_threshold": THRESHOLD, "notify": letters_to}


def policy_typed(policy: Policy) -> dict[str, Any]:
    """What stands in the form of a policy that is there."""
    return {
        "schedule": times_of(policy), "reasons": reasons_of(policy), "at_least": policy.at_least,
        "drift_threshold": policy.drift_threshold, "notify": "\n".join(policy.notify),
    }  # fmt: skip


def form_typed(form: QueryDict) -> dict[str, Any]:
    """What was typed, as it was."""
    words = {name: form.get(name, "") for name in ("schedule", "at_least", "drift_threshold", "notify")}
    return words | {"reasons": form.getlist("reasons")}


def read_form(form: QueryDict) -> dict[str, Any]:
    """The arguments of `policy_create` and `policy_change`.

    Raises
    ------
    RescoringError
        When a number is none, or times are too long.
    """
    typed = form_typed(form)
    if len(typed["schedule"]) > LONGEST:
        raise RescoringError(f"times of {len(typed['schedule'])} characters; write them in at most {LONGEST}")
    addresses = [address for address in re.split(r"[\s,;]+", typed["notify"]) if address]
    return typed | {name: _number(typed[name], name, kind) for name, kind in NUMBERS.items()} | {"notify": addresses}


def _number(text: str, name: str, kind: type) -> float:
    try:
        return kind(text.strip())
    except ValueError:
        words = name.replace("_", " ")
        raise RescoringError(f"{words}: {text[:40]!r} is no {'whole ' * (kind is int)}number") from None
