"""Hessian-vector products of a case in PyTorch, float32, one thread, the graph of the gradient kept: double backward, all
samples at once or in batches. Prints a line of JSON that tells the same product as ours where it is right, whatever the order and
layout of the parameters: loss, ‖Hθ‖ and θᵀHθ; and the least work of a product. Then every line of standard input, "whole" or
"batches", asks for one product more, "gradient" for one pass forward and back, answered by its seconds.

    python3 bench/torchProducts.py CASE CASE.npz SAMPLES_IN_A_BATCH
"""
import ctypes
import json
import sys
import time

import torch
from torch.overrides import TorchFunctionMode
from torchModels import load

torch.set_num_threads(1)
model, inputs, labels = load(sys.argv[1], sys.argv[2])
parameters = list(model.parameters())
size = int(sys.argv[3])


def loss_of(start, end):
    """The part of the mean loss that some of the samples make."""
    outputs = model(inputs[start:end])
    outputs = outputs.reshape(-1, outputs.shape[-1])
    return torch.nn.functional.cross_entropy(outputs, labels[start:end].flatten(), reduction="sum") / labels.numel()


class LeastWork(TorchFunctionMode):
    """Counts what no product with kept activations can do without, in operations: six products of matrices for every one of
    the pass forward, two where the data are a factor."""

    total = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = getattr(function, "__name__", "")
        if name in ("linear", "conv2d"):
            self.count(args[0], result.numel() * args[1][0].numel())
        elif name in ("matmul", "__matmul__"):
            self.count(args[0], result.numel() * args[0].shape[-1])
        elif name == "lstm":
            from_inputs, from_state = args[2][0], args[2][1]
            places = args[0].numel() // args[0].shape[-1]
            self.count(args[0], places * from_inputs.numel())
            self.count(from_state, places * from_state.numel())
        return result

    def count(self, factor, multiply_adds):
        self.total += 2 * multiply_adds * (6 if factor.requires_grad else 2)


def gradient(loss):
    return torch.autograd.grad(loss, parameters, create_graph=True)


def product(gradients, vectors):
    total = None
    for part in gradients:
        summand = torch.autograd.grad(part, parameters, vectors, retain_graph=True)
        total = summand if total is None else [a.add_(b) for a, b in zip(total, summand)]
    return total


def blas_kernels():
    """For which processor OpenBLAS chose its kernels, or None where it is not what multiplies."""
    try:
        name = ctypes.CDLL("libopenblas.so.0").openblas_get_corename
    except (OSError, AttributeError):
        return None
    name.restype = ctypes.c_char_p
    return name().decode()


work = LeastWork()
with work:
    loss = loss_of(0, len(labels))
kept = {
    "whole": [gradient(loss)],
    "batches": [gradient(loss_of(start, start + size)) for start in range(0, len(labels), size)],
}
weights = [parameter.detach() for parameter in parameters]
of_weights = product(kept["whole"], weights)
inner = lambda one, other: sum((a.double() * b.double()).sum().item() for a, b in zip(one, other))
facts = {
    "version": torch.__version__,
    "kernels": blas_kernels(),
    "loss": loss.item(),
    "norm": inner(of_weights, of_weights) ** 0.5,
    "curvature": inner(weights, of_weights),
    "leastWork": work.total,
}
print(json.dumps(facts), flush=True)

torch.manual_seed(0)
vectors = [torch.randn_like(parameter) for parameter in parameters]
for line in sys.stdin:
    gradients = kept.get(line.strip())
    start = time.perf_counter()
    if gradients is None:
        torch.autograd.grad(loss_of(0, len(labels)), parameters)
    else:
        product(gradients, vectors)
    print(time.perf_counter() - start, flush=True)
