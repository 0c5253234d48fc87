#!/usr/bin/env python3
"""Almagest's command line: `python manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    """Run one command; errors that are meant for people come without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almagest.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  (settings are named first)

    from almagest.contract.errors import AlmagestError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except AlmagestError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
