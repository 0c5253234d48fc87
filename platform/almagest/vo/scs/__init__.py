"""Simple Cone Search 1.03: the rows of one public survey or catalog around a position."""
