"""Errors of the Virtual Observatory."""

from almagest.contract import AlmagestError


class VoError(AlmagestError):
    """A service was asked in words that it does not understand, or for what is not here."""
