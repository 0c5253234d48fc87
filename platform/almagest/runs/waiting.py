"""Commands that start a run and wait for it, showing how it goes."""

import time

from django.db import InterfaceError, OperationalError, connection
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from almagest.runs.models import LogLine, Run
from almagest.runs.services import RunError, run_cancel

LOOK_SECONDS = 0.3
# A database that is restarted may be away for so long; the run does not need us meanwhile.
AWAY_SECONDS = 60.0


def run_wait(run: Run) -> Run:
    """Follow a run to its end; Ctrl-C cancels it.

    Raises
    ------
    RunError
        When the run failed or was cancelled, or the database stays away.
    """
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(run.title, total=1.0)
        last, seen = 0, time.monotonic()
        try:
            while not run.is_over:
                time.sleep(LOOK_SECONDS)
                try:
                    run.refresh_from_db()
                    last, seen = _print_log(run, last, bar.console), time.monotonic()
                except (InterfaceError, OperationalError) as error:
                    _reconnect(run, error, time.monotonic() - seen)
                bar.update(task, completed=run.progress)
        except KeyboardInterrupt:
            run_cancel(run_id=run.pk)
            raise RunError(f"run {run.pk} was cancelled") from None
    if run.state != Run.State.DONE:
        raise RunError(f"run {run.pk} ({run.title}) {run.state}: {run.error or 'no reason given'}")
    return run


def _reconnect(run: Run, error: Exception, away_seconds: float) -> None:
    if away_seconds > AWAY_SECONDS:
        raise RunError(
            f"run {run.pk}: the database has not answered for {AWAY_SECONDS:.0f} s ({error}); the run goes on when it "
            "answers again, and its page says how"
        ) from error
    connection.close()


def _print_log(run: Run, last: int, console: Console) -> int:
    for line in LogLine.objects.filter(run=run, pk__gt=last):
        console.print(f"  run {run.pk}: {line.text}", highlight=False, markup=False)
        last = line.pk
    return last
