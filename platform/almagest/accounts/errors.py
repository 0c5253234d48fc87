"""Errors of accounts."""

from almagest.contract import AlmagestError


class AccountError(AlmagestError):
    """A token, a group or a visibility is not there, or cannot be so."""


class NotAllowed(AccountError):
    """What was asked for is somebody else's to do."""
