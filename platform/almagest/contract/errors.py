"""Errors that people read: each message names the thing, says what is wrong with it, and what to do."""


class AlmagestError(Exception):
    """Base of all errors of Almagest; its text is shown to people as it stands.

    `absent`: what was asked for by its name or number is not there, or not for this reader.
    """

    def __init__(self, message: str = "", *, absent: bool = False):
        super().__init__(message)
        self.absent = absent


class TableError(AlmagestError):
    """A declared table, or data that claim to fit one, is wrong."""


class SampleError(AlmagestError):
    """A sample folder is missing, incomplete or damaged."""


class PluginError(AlmagestError):
    """A plugin does not keep the contract."""


class Cancelled(AlmagestError):
    """Somebody has asked the run that is under way to stop."""
