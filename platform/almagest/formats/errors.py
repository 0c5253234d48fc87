"""Errors of the formats."""

from almagest.contract import AlmagestError


class FormatError(AlmagestError):
    """A table cannot be written in a format, or the format is not known."""
