"""Parameters on a command line."""

from django.core.management.base import CommandError


def parse_pairs(pairs: list[str]) -> dict[str, str]:
    """``["epochs=50"]`` as a dictionary; anything else, and a name that is given twice, is a `CommandError`."""
    if bad := [pair for pair in pairs if "=" not in pair]:
        raise CommandError(f"--set takes NAME=VALUE, not {', '.join(bad)}")
    names = [pair.split("=", 1)[0] for pair in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CommandError(f"--set gives {', '.join(twice)} more than once: which value is meant?")
    return dict(pair.split("=", 1) for pair in pairs)
