"""Bringing catalogs up to date: what is stale is scored, merged, and told of."""
