"""The Virtual Observatory: public surveys and catalogs for TOPCAT, Aladin, pyvo and all that speak its protocols.

`scs/` is the Simple Cone Search; each further protocol is a folder beside it. Everybody gets the same answers here:
only what is public is here at all, logged in or not.
"""
