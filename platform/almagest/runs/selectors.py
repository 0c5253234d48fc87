"""Reading runs."""

from django.db.models import QuerySet

from almagest.runs.models import LogLine, Run
from almagest.runs.services import RunError


def run_list(*, user, kind: str = "", state: str = "") -> QuerySet[Run]:
    """Runs that the user may see, newest first."""
    runs = Run.objects.visible_to(user).select_related("owner")
    if kind:
        runs = runs.filter(kind=kind)
    return runs.filter(state=state) if state else runs


def run_get(*, user, run_id: int) -> Run:
    """One run, or `RunError` when there is none that the user may see."""
    run = run_list(user=user).filter(pk=run_id).first()
    if run is None:
        raise RunError(f"there is no run {run_id}", absent=True)
    return run


def run_log(*, user, run_id: int, after: int = 0) -> QuerySet[LogLine]:
    """Log lines of a run, from the one after `after` on."""
    return run_get(user=user, run_id=run_id).log.filter(pk__gt=after)
