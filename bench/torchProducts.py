"""Hessian-vector products of a case in PyTorch, float32, one thread, the graph of the gradient kept: double backward, all
samples at once or in batches. Prints a line of JSON that tells the same product as ours where it is right, whatever the order and
layout of the parameters: loss, ‖Hθ‖ and θᵀHθ. Then every line of standard input, "whole" or "batches", asks for one
product more, answered by its seconds.

    python3 bench/torchProducts.py CASE CASE.npz SAMPLES_IN_A_BATCH
"""
import ctypes
import json
import sys
import time

import torch
from torchModels import load

torch.set_num_threads(1)
model, inputs, labels = load(sys.argv[1], sys.argv[2])
parameters = list(model.parameters())
size = int(sys.argv[3])


def loss_of(start, end):
    """The part of the mean loss that some of the samples make."""
    outputs = model(inputs[start:end])
    return torch.nn.functional.cross_entropy(outputs, labels[start:end], reduction="sum") / len(labels)


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
}
print(json.dumps(facts), flush=True)

torch.manual_seed(0)
vectors = [torch.randn_like(parameter) for parameter in parameters]
for line in sys.stdin:
    gradients = kept[line.strip()]
    start = time.perf_counter()
    product(gradients, vectors)
    print(time.perf_counter() - start, flush=True)
