"""Parameters on a command line."""

from django.core.management.base import CommandError


def parse_pairs(pairs: list[str]) -> dict[str, str]:
    """``["epochs=50"]`` as a dictionary; anything else is a `CommandError`."""
    if bad := [pair for pair in pairs if "=" not in pair]:
        raise CommandError(f"--set takes NAME=VALUE, not {', '.join(bad)}")
    return dict(pair.split("=", 1) for pair in pairs)
