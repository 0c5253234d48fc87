"""A progress bar for commands; silent where no person looks at the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from almagest.contract import Report


@contextmanager
def progress_bar(console: Console, title: str) -> Iterator[Report]:
    """Show how far something is, by the report function that it is given."""
    title_column, message_column = TextColumn("{task.description}"), TextColumn("{task.fields[message]}")
    columns = (title_column, BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), message_column)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=1.0, message="")
        yield lambda fraction, message="": progress.update(task, completed=fraction, message=message)
