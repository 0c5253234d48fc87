"""A version's scores beside the labels of another catalog."""
