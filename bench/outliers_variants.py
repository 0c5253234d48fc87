"""What makes the model of `spectral_outliers` faster and what does not: batches, bf16, compiled graphs, the layout of channels.

    python bench/outliers_variants.py [--spectra 1200] [--epochs 2] [--data ../shared/data/spectra]

Each variant learns the same simulated galaxies from the same start, and encodes the same spectra; rates in turns, medians. Fidelity (Eq. 1)
is that of spectra held back, computed as the variant computes.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from outliers_speed import Ours, encoding, fidelity, learn, made
from torch import nn

ROUNDS = 5


@dataclass(frozen=True)
class Variant:
    """A way to compute the same."""

    batch: int = 64
    precision: str = "float32"
    change: Callable[[Ours], None] = lambda peer: None


class AsRows(nn.Module):
    """The convolutions as those of rows of bins."""

    def __init__(self, convolutions: nn.Sequential):
        super().__init__()
        layers = []
        for conv, active in zip(convolutions[::2], convolutions[1::2], strict=True):
            flat = nn.Conv1d(conv.in_channels, conv.out_channels, conv.kernel_size[1], conv.stride[1], conv.padding[1])
            flat.weight.data, flat.bias.data = conv.weight.data[:, :, 0].contiguous(), conv.bias.data
            layers += [flat, active]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x[:, :, 0].contiguous())[:, :, None]


def as_rows(peer: Ours) -> None:
    """Exchange the encoder's convolutions."""
    peer.model.encoder.convolutions = AsRows(peer.model.encoder.convolutions)


def compiled(peer: Ours) -> None:
    """A compiled graph of encoder and decoder."""
    peer.model.encoder.compile(dynamic=False)
    peer.model.decoder.compile(dynamic=False)


VARIANTS = {f"batches of {size}": Variant(size) for size in (64, 16, 32, 128, 256)} | {
    "channels first": Variant(change=as_rows),
    "compiled": Variant(change=compiled),
    "bf16": Variant(precision="bfloat16"),
    "bf16, channels first": Variant(precision="bfloat16", change=as_rows),
    "bf16, compiled": Variant(precision="bfloat16", change=compiled),
}


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spectra", type=int, default=1200)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--data", type=Path, help="folder of real spectra and templates; formulas without it")
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    given = parser.parse_args()
    rows = made(given.spectra, given.data)
    few = 256
    train, test = (tuple(values[part] for values in rows) for part in (slice(few, None), slice(few)))
    # Whole batches alone: a graph is compiled for one shape.
    train = tuple(values[: len(train[0]) // 256 * 256] for values in train)
    chosen, peers, rates = {name: VARIANTS[name] for name in given.only}, {}, {}
    for name, variant in chosen.items():
        torch.manual_seed(1)
        peers[name] = Ours(256, "rest")
        variant.change(peers[name])
        learn(
            peers[name], tuple(values[:256] for values in train), variant.batch, 1, variant.precision
        )  # compiles, warms
        torch.manual_seed(1)
        rates[name] = learn(peers[name], train, variant.batch, given.epochs, variant.precision)
    speeds = {name: [] for name in chosen}
    for _ in range(ROUNDS + 1):
        for name, variant in chosen.items():
            speeds[name].append(encoding(peers[name], test, variant.batch, variant.precision))
    for name, variant in chosen.items():
        with torch.autocast("cpu", torch.bfloat16, enabled=variant.precision == "bfloat16"):
            found = fidelity(peers[name], test, variant.batch).mean()
        print(
            f"{name:20s} encodes {np.median(speeds[name][1:]):8.1f}, trains {rates[name]:7.1f} spectra/s; fidelity {found:.4f}"
        )


if __name__ == "__main__":
    main()
