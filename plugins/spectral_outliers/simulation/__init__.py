"""Galaxies that were never observed, made of real eigenspectra, real noise and disturbances."""
