"""What can go wrong with a verification."""

from almagest.contract import AlmagestError


class VerificationError(AlmagestError):
    """A verification cannot be made, or is not there."""
