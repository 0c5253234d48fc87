"""Encoding and training of `spectral_outliers` beside spender 0.3, the paper's own code, on the same spectra and processor.

    pip install --no-deps --target FOLDER spender==0.3 accelerate GPUtil humanize datasets huggingface_hub
    PYTHONPATH=FOLDER python bench/outliers_speed.py [--spectra 1500] [--epochs 3] [--batch 128]

Simulated galaxies of DESI's 7,781 bins, 6 latents for both; spender with the sizes and activations of its authors' training on DESI.
Both learn fidelity alone (Eq. 1), with Adam and one cycle of the learning rate, the same rows and epochs. Fidelity is that of the
same spectra held back, by one function for both; rates count all that an epoch does. Encoding is timed on ready arrays, in turns.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from spectral_outliers.autoencoder import Autoencoder, Shape
from spectral_outliers.losses import chi_square, fidelity_loss
from spectral_outliers.preparation import GRID, prepare
from spectral_outliers.simulation.__main__ import noise_of
from spectral_outliers.simulation.galaxies import draw
from spectral_outliers.simulation.noise import written_noise
from spectral_outliers.simulation.templates import read_templates, written_templates
from spectral_outliers.starting import set_components

LATENTS, HIDDEN, ROUNDS = 6, (64, 256, 1024), 5


def made(spectra: int, data: Path | None) -> tuple[torch.Tensor, ...]:
    """Flux, weight and redshift of simulated galaxies, prepared."""
    templates, noise = (
        (read_templates(data / "templates"), noise_of(data)) if data else (written_templates(), written_noise())
    )
    rows = draw(templates, noise, spectra, np.random.default_rng(1))
    found = prepare(rows["flux"], rows["ivar"], rows["redshift"])
    fine = np.isfinite(found.norm)
    return tuple(torch.from_numpy(values[fine]).float() for values in (found.flux, found.weight, rows["redshift"]))


class Spender:
    """The peer: its encoder, its decoder, its own loss."""

    def __init__(self):
        from spender import SpectrumAutoencoder  # noqa: PLC0415  (the peer, where it is installed)
        from spender.instrument import Instrument  # noqa: PLC0415

        wavelength = torch.as_tensor(GRID.wavelength, dtype=torch.float32)
        self.instrument = Instrument(wavelength)
        rest = torch.linspace(2000.0, 9824.0, 9780)
        self.model = SpectrumAutoencoder(
            self.instrument, rest, n_latent=LATENTS, n_hidden=HIDDEN, act=[torch.nn.LeakyReLU()] * (len(HIDDEN) + 1)
        )

    def encode(self, flux, weight, redshift):
        return self.model.encode(flux)

    def loss(self, flux, weight, redshift):
        return self.model.loss(flux, weight, self.instrument, z=redshift) / len(flux)

    def expected(self, flux, weight, redshift):
        return self.model._forward(flux, instrument=self.instrument, z=redshift)[2]


class Ours:
    """The plugin's model."""

    def __init__(self, width: int, frame: str):
        self.model = Autoencoder(Shape("galaxy", LATENTS, width, frame))

    def encode(self, flux, weight, redshift):
        return self.model.encode(flux, weight, redshift)

    def expected(self, flux, weight, redshift):
        return self.model.observed(self.model.decoder(self.encode(flux, weight, redshift)), redshift)

    def loss(self, flux, weight, redshift):
        return fidelity_loss(flux, weight, self.expected(flux, weight, redshift))


def learn(peer, rows, batch: int, epochs: int, precision: str) -> float:
    """Train; spectra a second."""
    started, size = time.perf_counter(), len(rows[0])
    torch.manual_seed(1)
    if isinstance(peer, Ours):
        set_components(peer.model, *rows)
    optimiser = torch.optim.Adam(peer.model.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 1e-3, total_steps=epochs * -(-size // batch) + 1, pct_start=0.1
    )
    for _ in range(epochs):
        for at in torch.randperm(size).split(batch):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                loss = peer.loss(*(values[at] for values in rows))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(peer.model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return epochs * size / (time.perf_counter() - started)


@torch.inference_mode()
def fidelity(peer, rows, batch: int) -> np.ndarray:
    """Eq. 1 of each row, the same for both."""
    peer.model.eval()
    found = []
    for at in torch.arange(len(rows[0])).split(batch):
        flux, weight, redshift = (values[at] for values in rows)
        found.append(chi_square(flux, weight, peer.expected(flux, weight, redshift)) / (2 * flux.shape[1]))
    return torch.cat(found).numpy()


def told(found: np.ndarray) -> str:
    """The mean is what is learned; a few bursts with lines of a high signal to noise make much of it."""
    return f"{found.mean():.4f} (median {np.median(found):.4f})"


@torch.inference_mode()
def encoding(peer, rows, batch: int, precision: str = "float32") -> float:
    """Spectra encoded in a second."""
    peer.model.eval()
    started = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        for at in torch.arange(len(rows[0])).split(batch):
            peer.encode(*(values[at] for values in rows))
    return len(rows[0]) / (time.perf_counter() - started)


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spectra", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--frames", nargs="+", default=["rest", "observed"])
    parser.add_argument("--data", type=Path, help="folder of real spectra and templates; formulas without it")
    parser.add_argument("--without-spender", action="store_true")
    given = parser.parse_args()
    rows = made(given.spectra, given.data)
    held = len(rows[0]) // 5
    train, test = (tuple(values[part] for values in rows) for part in (slice(held, None), slice(held)))
    print(f"{len(train[0])} simulated galaxies to learn from, {held} held back; {torch.get_num_threads()} threads")
    print(f"fidelity of the noise alone: {float((test[1] > 0).sum(1).float().mean()) / (2 * GRID.bins):.4f}")
    peers = {} if given.without_spender else {"spender": Spender()}
    peers |= {f"ours, {frame} frame": Ours(given.width, frame) for frame in given.frames}
    rates = {}
    for name, peer in peers.items():
        rates[name] = learn(peer, train, given.batch, given.epochs, "float32")
        print(
            f"{name:22s} trains {rates[name]:7.1f} spectra/s; fidelity {told(fidelity(peer, test, given.batch))} held back, "
            f"{told(fidelity(peer, train, given.batch))} learned from",
            flush=True,
        )
    few = tuple(values[:256] for values in test)
    speeds = {name: [] for name in peers}
    for _ in range(ROUNDS):
        for name, peer in peers.items():
            speeds[name].append(encoding(peer, few, given.batch))
    for name, found in speeds.items():
        print(f"{name:22s} encodes {np.median(found):7.1f} spectra/s, median of {ROUNDS}")
    first = next(iter(peers))
    for name in list(peers)[1:]:
        ratio = np.median([a / b for a, b in zip(speeds[name], speeds[first], strict=True)])
        print(f"{name} against {first}: encoding {ratio:.1f} times, training {rates[name] / rates[first]:.1f} times")


if __name__ == "__main__":
    main()
