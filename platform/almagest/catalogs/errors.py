"""Errors of catalogs."""

from almagest.contract import AlmagestError


class CatalogError(AlmagestError):
    """A catalog is not there, cannot be published, or was asked for something that it does not have."""
