"""Data releases: frozen, citable, reproducible copies of catalogs that people download."""
