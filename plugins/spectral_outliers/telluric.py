"""Wavelengths at which the night sky outshines what is behind it: Section 2's mask."""

import numpy as np

# (vacuum wavelength in angstroms, strength in its source's units) of the strongest lines of the night sky: OH, O I and Na I, lines nearer
# than 2 A counted once as the stronger. From the list of sky lines of the Subaru PFS pipeline (pfs/drp_stella), whose OH lines are those
# of Rousselot et al. 2000, A&A 354, 1134 and whose others are of Osterbrock et al. 1996, PASP 108, 277; here all above `FAINTEST`.
LINES = (
    (5578.9, 100), (5891.6, 800), (5897.6, 400), (6172.3, 2.06), (6302.0, 10), (6365.5, 10), (6500.5, 3), (6534.8, 3),
    (6555.4, 3), (6865.8, 3.07), (6902.7, 2.31), (6925.1, 2.66), (6951.0, 3), (7242.2, 2.41), (7246.9, 2.66), (7278.4, 6.54),
    (7286.4, 2.56), (7318.3, 4.83), (7342.9, 5.66), (7371.4, 4.3), (7403.9, 2.48), (7475.7, 2.02), (7485.5, 2.5),
    (7526.1, 6.88), (7532.8, 2.4), (7573.8, 5.13), (7600.5, 5.34), (7630.7, 3.51), (7714.7, 3.61), (7719.0, 3.8),
    (7752.8, 9.12), (7762.1, 3.67), (7796.3, 6.67), (7810.6, 2.73), (7823.7, 7.95), (7843.4, 2.45), (7855.5, 6.24),
    (7862.8, 5.25), (7869.9, 2.15), (7872.9, 6.31), (7883.9, 2.29), (7892.0, 3.74), (7915.9, 16.63), (7923.3, 6.04),
    (7933.9, 2.04), (7951.4, 3.68), (7966.8, 12.36), (7982.0, 4.72), (7995.5, 13.51), (8016.3, 3.78), (8028.0, 9.29),
    (8054.2, 2.15), (8064.4, 4.68), (8280.6, 2.57), (8284.0, 6.37), (8288.7, 2.89), (8290.9, 11.65), (8298.5, 4.71),
    (8301.2, 13.56), (8313.0, 4.84), (8346.9, 34.37), (8355.2, 12.83), (8367.0, 4.49), (8384.7, 7.49), (8401.5, 25.18),
    (8417.5, 9.75), (8432.5, 27.9), (8454.6, 7.97), (8467.7, 19.75), (8495.7, 4.7), (8507.2, 10.36), (8541.0, 2.09),
    (8551.1, 4.2), (8761.1, 4.45), (8763.7, 10.42), (8770.3, 18.21), (8778.6, 7.29), (8780.7, 20.49), (8793.6, 7.25),
    (8829.5, 50.45), (8838.9, 19.32), (8852.2, 6.99), (8870.0, 10.91), (8888.3, 36.64), (8905.6, 14.39), (8922.1, 41.4),
    (8945.9, 12.08), (8960.5, 30.2), (8990.8, 7.39), (9003.8, 16.47), (9040.5, 3.45), (9052.0, 7.01), (9095.2, 2.26),
    (9105.3, 2.37), (9309.9, 14.99), (9311.9, 2.43), (9315.9, 24.93), (9326.3, 26.99), (9340.4, 9.48), (9378.5, 64.68),
    (9385.5, 2.17), (9389.3, 25.45), (9404.7, 9.56), (9422.3, 13.88), (9424.9, 3.21), (9442.2, 46.56), (9461.1, 18.62),
    (9479.5, 53.79), (9505.4, 16.09), (9522.0, 40.57), (9555.2, 10.27), (9570.0, 23.13), (9610.4, 5.07), (9623.6, 10.4),
    (9671.3, 5.24), (9676.9, 2.69), (9684.9, 15.24), (9693.2, 7.12), (9702.0, 31.79), (9714.4, 13.2), (9722.5, 40.8),
    (9740.8, 14.85), (9793.8, 110.2), (9799.2, 3.55), (9802.4, 38.12), (9814.7, 12.03),
)  # fmt: skip
FAINTEST = 2.0
# Section 2 masks 5 A to each side. So narrow, lines as many as these cover 18 % of the bins and not the paper's quarter: wings of
# bright lines reach farther. Its width grows with the logarithm of the strength, as in the authors' published code, and covers 25 %.
HALF_WIDTH = 5.0


def is_telluric(wavelength: np.ndarray) -> np.ndarray:
    """Whether each wavelength, in vacuum and as observed, in angstroms, is in the light of a sky line; shape of the input."""
    mask = np.zeros(np.shape(wavelength), bool)
    for line, strength in LINES:
        mask |= np.abs(wavelength - line) <= HALF_WIDTH * (1 + np.log10(strength / FAINTEST))
    return mask
