"""TabNet (Arik & Pfister 2019, arXiv:1908.07442): the layers of pytorch-tabnet, with a training loop and files of our own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from almagest.contract import Report
from dwarf_galaxies.algorithm import Algorithm, Fitted, score
from dwarf_galaxies.fitting import VALIDATION, fit, fitted, split
from dwarf_galaxies.methods import tabnet as method
from dwarf_galaxies.rows import Rows

BATCH = 8192
WEIGHTS, LAYERS = "tabnet.safetensors", "tabnet.json"
# Rows that are normalised together (the paper's ghost batches), and the inertia of the means.
VIRTUAL_BATCH, MOMENTUM = 128, 0.1
LARGEST_GRADIENT = 2.0


@dataclass(frozen=True)
class TabNet:
    """A torch module with the sizes that it was built from."""

    module: Any
    layers: dict

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Shape (n, classes)."""
        import torch  # noqa: PLC0415  (on workers only)

        self.module.eval()
        place, parts = next(self.module.parameters()).device, []
        with torch.no_grad():
            for start in range(0, len(features), BATCH):
                part = torch.from_numpy(features[start : start + BATCH]).to(place)
                parts.append(torch.softmax(self.module(part)[0], dim=1).cpu().numpy())
        return np.concatenate(parts or [np.zeros((0, self.layers["output_dim"]), np.float32)])

    def save(self, folder: Path) -> None:
        """Write ``tabnet.safetensors`` and ``tabnet.json``."""
        from safetensors.torch import save_model  # noqa: PLC0415  (on workers only)

        save_model(self.module, str(folder / WEIGHTS))  # layers that share weights are written once
        (folder / LAYERS).write_text(json.dumps(self.layers, indent=2, sort_keys=True) + "\n")


class Learner:
    """The training steps, with all rows where the module is."""

    def __init__(self, module: Any, learned: Rows, looked_at: Rows, parameters: dict):
        import torch  # noqa: PLC0415  (on workers only)

        self.model, self._sparsity = module, parameters["sparsity"]
        self._learned, self._looked_at = _tensors(learned), _tensors(looked_at)
        self._optimizer = torch.optim.Adam(module.parameters(), lr=parameters["learning_rate"])

    def epoch(self, order: np.ndarray) -> float:
        """One pass over the rows in that order, shape (steps, batch); gives the mean loss."""
        import torch  # noqa: PLC0415  (on workers only)

        self.model.train()
        losses = []
        for rows in torch.from_numpy(order).long():
            loss, masks = self._loss(*(values[rows] for values in self._learned))
            self._optimizer.zero_grad()
            (loss - self._sparsity * masks).backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
            self._optimizer.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses))

    def validation_loss(self) -> float:
        """The loss on the rows that it does not learn from."""
        import torch  # noqa: PLC0415  (on workers only)

        self.model.eval()
        with torch.no_grad():
            return float(self._loss(*self._looked_at)[0])

    def _loss(self, features: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        import torch  # noqa: PLC0415  (on workers only)

        logits, masks = self.model(features)
        losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        return (losses * weights).sum() / weights.sum(), masks

    def weights(self) -> dict:
        """A copy of the weights."""
        return {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}

    def restore(self, weights: dict) -> None:
        """Go back to them."""
        self.model.load_state_dict(weights)


def fit_tabnet(rows: Rows, parameters: dict, report: Report) -> Fitted:
    """Train with early stopping."""
    import torch  # noqa: PLC0415  (on workers only)

    learned, looked_at = split(rows, parameters)
    torch.manual_seed(parameters["seed"])
    layers = {
        "input_dim": rows.features.shape[1], "output_dim": len(rows.classes), "n_d": parameters["width"],
        "n_a": parameters["width"], "n_steps": parameters["steps"], "gamma": parameters["gamma"],
        "mask_type": parameters["mask"], "virtual_batch_size": VIRTUAL_BATCH, "momentum": MOMENTUM,
    }  # fmt: skip
    module = _module(layers)
    with _one_thread():
        history = fit(Learner(module, learned, looked_at, parameters), len(learned), parameters, report)
    return fitted(TabNet(module, layers), history, parameters)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Batches are so small that threads would only wait for each other, and on a busy machine for long."""
    import torch  # noqa: PLC0415  (on workers only)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _module(layers: dict) -> Any:
    import torch  # noqa: PLC0415  (on workers only)
    from pytorch_tabnet.tab_network import TabNet as Layers  # noqa: PLC0415  (on workers only)

    module = Layers(**layers, group_attention_matrix=torch.eye(layers["input_dim"], device=_place()))
    return module.to(_place())


def _place() -> str:
    import torch  # noqa: PLC0415  (on workers only)

    return "cuda" if torch.cuda.is_available() else "cpu"


def _tensors(rows: Rows) -> tuple[Any, ...]:
    import torch  # noqa: PLC0415  (on workers only)

    arrays = rows.features.astype(np.float32), rows.labels.astype(np.int64), rows.weights.astype(np.float32)
    return tuple(torch.from_numpy(array).to(_place()) for array in arrays)


def read(folder: Path, classes: int) -> TabNet:
    """Read numbers and sizes; neither file can hold code."""
    from safetensors.torch import load_model  # noqa: PLC0415  (on workers only)

    layers = json.loads((folder / LAYERS).read_text())
    module = _module(layers)
    load_model(module, folder / WEIGHTS, device=_place())
    return TabNet(module, layers)


algorithm = Algorithm(method, fit_tabnet, read, validates=VALIDATION)
train, load = algorithm.train, algorithm.load
__all__ = ["load", "score", "train"]
