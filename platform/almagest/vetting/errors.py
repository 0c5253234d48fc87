"""Errors of vetting."""

from almagest.contract import AlmagestError


class VettingError(AlmagestError):
    """A verdict, a choice or a set of labels is not there, or cannot be so."""
