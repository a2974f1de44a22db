"""Forms the full float64 Hessian of a reference case by double backward in PyTorch, one thread: what one would do without
the closed form. Prints JSON: the median seconds of the faster one of two ways, its name and the trace.

    python3 bench/fullHessian.py CASE.npz ROUNDS
"""
import json
import statistics
import sys
import time

import numpy
import torch

torch.set_num_threads(1)
case = numpy.load(sys.argv[1])
rounds = int(sys.argv[2])
double = lambda array: torch.tensor(array, dtype=torch.float64)
inputs, labels = double(case["inputs"]), torch.tensor(case["labels"])
names = [name for name in case.files if name.startswith("param:")]
parameters = [double(case[name]).requires_grad_() for name in names]
count = sum(parameter.numel() for parameter in parameters)


def gradient():
    activation = inputs
    for layer in range(0, len(parameters), 2):
        activation = torch.nn.functional.linear(activation, parameters[layer], parameters[layer + 1])
        if layer + 2 < len(parameters):
            activation = torch.tanh(activation)
    loss = torch.nn.functional.cross_entropy(activation, labels)
    return flat(torch.autograd.grad(loss, parameters, create_graph=True))


def flat(tensors):
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def row_by_row():
    rows = gradient()
    return torch.stack([flat(torch.autograd.grad(row, parameters, retain_graph=True)) for row in rows])


def batched(step=64):
    rows = gradient()
    identity = torch.eye(count, dtype=torch.float64)
    parts = []
    for start in range(0, count, step):
        vectors = identity[start : start + step]
        products = torch.autograd.grad(rows, parameters, vectors, retain_graph=True, is_grads_batched=True)
        parts.append(torch.cat([product.reshape(len(vectors), -1) for product in products], dim=1))
    return torch.cat(parts)


results = []
for way in (row_by_row, batched):
    hessian = way()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        hessian = way()
        seconds.append(time.perf_counter() - start)
    results.append({"seconds": statistics.median(seconds), "way": way.__name__, "trace": hessian.trace().item()})
best = min(results, key=lambda result: result["seconds"])
print(json.dumps({**best, "version": torch.__version__}))
