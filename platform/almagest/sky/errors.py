"""What can go wrong with the sky; every message is meant for the person who asked."""

from almagest.contract import AlmagestError


class SurveyError(AlmagestError):
    """A survey or one of its objects is unknown, or not visible to the reader."""


class IngestError(AlmagestError):
    """A file cannot be ingested; the message names file, column and row."""


class SearchError(AlmagestError):
    """A search or a cross-match was asked for with values that make no sense."""
