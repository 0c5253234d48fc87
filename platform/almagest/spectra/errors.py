"""What can go wrong with spectra; every message is meant for the person who asked."""

from almagest.contract import AlmagestError


class SpectrumError(AlmagestError):
    """A spectrum cannot be read, or is not there; the message names the file, or the object."""
