"""Commands that start a run and wait for it, showing how it goes."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from almagest.runs.models import LogLine, Run
from almagest.runs.services import RunError, run_cancel

LOOK_SECONDS = 0.3


def run_wait(run: Run) -> Run:
    """Follow a run to its end; Ctrl-C cancels it.

    Raises
    ------
    RunError
        When the run failed or was cancelled.
    """
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(run.title, total=1.0)
        last = 0
        try:
            while not run.is_over:
                time.sleep(LOOK_SECONDS)
                run.refresh_from_db()
                last = _print_log(run, last, bar.console)
                bar.update(task, completed=run.progress)
        except KeyboardInterrupt:
            run_cancel(run_id=run.pk)
            raise RunError(f"run {run.pk} was cancelled") from None
    if run.state != Run.State.DONE:
        raise RunError(f"run {run.pk} ({run.title}) {run.state}: {run.error or 'no reason given'}")
    return run


def _print_log(run: Run, last: int, console: Console) -> int:
    for line in LogLine.objects.filter(run=run, pk__gt=last):
        console.print(f"  run {run.pk}: {line.text}", highlight=False, markup=False)
        last = line.pk
    return last
