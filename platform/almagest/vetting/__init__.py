"""Vetting: what people say of a catalog's candidates, how far they agree, and labels made of it."""
