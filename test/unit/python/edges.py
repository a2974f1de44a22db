"""Whether PyTorch's optimisers go away from 0 on λx²/2: python3 edges.py '[[optimiser, momentum, rate, λ], …]' prints a list of booleans."""
import json
import sys

import torch


def diverges(optimiser, momentum, rate, curvature, steps=4000):
    x = torch.ones(1, dtype=torch.float64, requires_grad=True)
    chosen = torch.optim.SGD([x], rate, momentum=momentum, nesterov=optimiser == "nesterov")
    for _ in range(steps):
        chosen.zero_grad()
        (curvature / 2 * x**2).sum().backward()
        chosen.step()
        if abs(x.item()) > 1e6:
            return True
    return False


print(json.dumps([diverges(*case) for case in json.loads(sys.argv[1])]))
