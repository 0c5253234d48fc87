"""Errors of rescoring."""

from almagest.contract import AlmagestError


class RescoringError(AlmagestError):
    """A pass cannot be started, or is not there."""
