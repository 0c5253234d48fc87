"""Errors of releases."""

from almagest.contract import AlmagestError


class ReleaseError(AlmagestError):
    """A release cannot be made, or one that was made is not what it says."""
