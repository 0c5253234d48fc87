"""Errors of listings."""

from almagest.contract import AlmagestError


class ListingError(AlmagestError):
    """A listing was asked for a column, an order, a filter or a page that it does not have."""
