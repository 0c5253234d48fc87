"""Errors of accounts."""

from almagest.contract import AlmagestError


class AccountError(AlmagestError):
    """A token, a group or a visibility is not there, or cannot be so."""


class NotAllowed(AccountError):
    """What was asked for is somebody else's to do."""


def http_status(error: AlmagestError) -> int:
    """What an error is over HTTP: 403 where it is another's to do, 404 where a thing is not there, else 400."""
    if isinstance(error, NotAllowed):
        return 403
    return 404 if error.absent else 400
