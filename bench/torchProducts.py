"""Hessian-vector products of a case in PyTorch, float32, one thread, the graph of the gradient kept: double backward, all
samples at once. Prints a line of JSON that tells the same product as ours where it is right, whatever the order and
layout of the parameters: loss, ‖Hθ‖ and θᵀHθ. Then every line of standard input asks for one product more, answered by
its seconds.

    python3 bench/torchProducts.py CASE CASE.npz
"""
import json
import sys
import time

import torch
from torchModels import load

torch.set_num_threads(1)
model, inputs, labels = load(sys.argv[1], sys.argv[2])
parameters = list(model.parameters())
loss = torch.nn.functional.cross_entropy(model(inputs), labels)
gradient = torch.autograd.grad(loss, parameters, create_graph=True)


def product(vectors):
    return torch.autograd.grad(gradient, parameters, vectors, retain_graph=True)


weights = [parameter.detach() for parameter in parameters]
of_weights = product(weights)
inner = lambda one, other: sum((a.double() * b.double()).sum().item() for a, b in zip(one, other))
facts = {
    "version": torch.__version__,
    "loss": loss.item(),
    "norm": inner(of_weights, of_weights) ** 0.5,
    "curvature": inner(weights, of_weights),
}
print(json.dumps(facts), flush=True)

torch.manual_seed(0)
vectors = [torch.randn_like(parameter) for parameter in parameters]
for _ in sys.stdin:
    start = time.perf_counter()
    product(vectors)
    print(time.perf_counter() - start, flush=True)
