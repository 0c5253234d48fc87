"""Spectral outliers: an autoencoder and a normalizing flow, after Liang et al. 2023."""
