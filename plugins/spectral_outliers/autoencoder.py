"""The autoencoder of Melchior et al. 2022 (AJ 166, 74): a few numbers for each spectrum, and from them the spectrum at rest.

Its parts are the paper's: convolutions whose last channels are half values and half attention, dense layers to the latents; dense
layers from the latents to a spectrum at rest, which is redshifted and resampled to the observed wavelengths. What differs makes it
cheaper (README, "Speed"): convolutions step over the bins instead of being pooled after each, there are fewer channels, and the
decoder ends in a basis of `width` spectra instead of 1024.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from almagest.contract import SpectralGrid
from spectral_outliers.preparation import GRID, MAX_REDSHIFT, MAX_STAR_REDSHIFT
from spectral_outliers.resampling import KNOWN, resample

STEP = GRID.step
# At rest, from the bluest to the reddest that can be seen.
REST_GRIDS = {
    "galaxy": (GRID.start / (1 + MAX_REDSHIFT), GRID.wavelength[-1]),
    "star": (GRID.start / (1 + MAX_STAR_REDSHIFT), GRID.wavelength[-1] / (1 - MAX_STAR_REDSHIFT)),
}
# Kernel, stride and channels of the convolutions.
CONVOLUTIONS = ((9, 4, 32), (9, 4, 64), (5, 2, 128))
CLOSED = -10.0
# Below zero, features keep so much: as PReLU begins, whose learned slopes take a fifth of a training's time.
SLOPE = 0.25
# Brightest lines are told from one another still, none drowns the rest.
SOFT = 3.0


def rest_grid(kind: str) -> SpectralGrid:
    """Wavelengths at rest of the ``galaxy`` or the ``star`` model, in steps of the observed ones."""
    low, high = REST_GRIDS[kind]
    return SpectralGrid(low, STEP, int((high - low) / STEP) + 2)


@dataclass(frozen=True)
class Shape:
    """Sizes of a model: kind of object, latents, and neurons of the decoder's last hidden layer."""

    kind: str
    latents: int = 6
    width: int = 256
    frame: str = "rest"


class Encoder(nn.Module):
    """Spectra to latents: convolutions, attention over wavelengths, dense layers."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.frame, self.rest = shape.frame, rest_grid(shape.kind)
        layers, channels = [], 2
        for kernel, stride, filters in CONVOLUTIONS:
            # Images one bin high with channels last in memory: processors are quicker at these than at rows of bins.
            layers += [nn.Conv2d(channels, filters, (1, kernel), (1, stride), (0, kernel // 2)), nn.LeakyReLU(SLOPE)]
            channels = filters
        self.convolutions = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        bins = self._bins()
        half = channels // 2
        # Where a feature stands, which the convolutions do not tell: each pair of value and attention begins with its own region.
        self.place = nn.Parameter(torch.cat([torch.zeros(half, bins), regions(half, bins)])[None])
        self.dense = nn.Sequential(
            nn.Linear(half, 128), nn.PReLU(128), nn.Linear(128, 64), nn.PReLU(64), nn.Linear(64, shape.latents)
        )

    def _bins(self) -> int:
        bins = self.rest.bins if self.frame == "rest" else GRID.bins
        for kernel, stride, _ in CONVOLUTIONS:
            bins = (bins + 2 * (kernel // 2) - kernel) // stride + 1
        return bins

    def forward(self, flux: Tensor, weight: Tensor, redshift: Tensor) -> Tensor:
        """Latents, shape (rows, latents), of flux and weight as `preparation.prepare` gives them, shape (rows, bins)."""
        known = (weight > 0).float()
        x = torch.stack([SOFT * torch.asinh((flux - 1) / SOFT) * known, known], dim=1)
        if self.frame == "rest":
            x = resample(x, GRID, self.rest, 1 / (1 + redshift))
        found = self.convolutions(x[:, :, None].contiguous(memory_format=torch.channels_last))[:, :, 0]
        values, attention = (found + self.place).chunk(2, dim=1)
        return self.dense((values * attention.softmax(dim=-1)).sum(dim=-1))


def regions(heads: int, bins: int) -> Tensor:
    """Attention that looks at one region each, side by side along the bins, shape (heads, bins)."""
    centre = (torch.arange(heads) + 0.5) * bins / heads
    logits = -0.5 * ((torch.arange(bins) - centre[:, None]) / (bins / heads)) ** 2
    # Deeper ones are as good as closed, and their exponentials so small that processors slow down on them.
    return logits.clamp(min=CLOSED)


class Decoder(nn.Module):
    """Latents to a spectrum at rest."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.dense = nn.Sequential(
            nn.Linear(shape.latents, 64), nn.LeakyReLU(), nn.Linear(64, 256), nn.LeakyReLU(),
            nn.Linear(256, shape.width), nn.LeakyReLU(),
        )  # fmt: skip
        self.basis = nn.Linear(shape.width, rest_grid(shape.kind).bins)

    def forward(self, latents: Tensor) -> Tensor:
        """Spectra at rest, shape (rows, rest bins), in units of the median over the window."""
        return 1 + self.basis(self.dense(latents))


class Autoencoder(nn.Module):
    """Encoder and decoder, and the way from rest to observed wavelengths."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, self.rest = shape, rest_grid(shape.kind)
        self.encoder, self.decoder = Encoder(shape), Decoder(shape)
        # Which bins at rest the training spectra have shown: in others, the decoder's flux means nothing.
        self.register_buffer("seen", torch.ones(self.rest.bins))

    def encode(self, flux: Tensor, weight: Tensor, redshift: Tensor) -> Tensor:
        """Latents of prepared spectra."""
        return self.encoder(flux, weight, redshift)

    def observed(self, at_rest: Tensor, redshift: Tensor) -> Tensor:
        """Spectra at rest as they are seen on `GRID`, shape (rows, bins)."""
        return resample(at_rest, self.rest, GRID, 1 + redshift)

    def covered(self, redshift: Tensor) -> Tensor:
        """Which bins of `GRID` the model knows, for spectra at these redshifts, shape (rows, bins)."""
        return self.observed(self.seen.expand(len(redshift), -1), redshift) > KNOWN

    def counted(self, weight: Tensor, redshift: Tensor) -> Tensor:
        """The weights of what the model can be asked about, shape (rows, bins)."""
        return weight * self.covered(redshift)
