"""Local dwarf galaxies (Zhang et al.): see README.md."""
