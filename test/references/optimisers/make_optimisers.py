"""Checkpoints with the state of an optimiser, and the largest eigenvalue of P^-1/2 H P^-1/2, P = sqrt(v) + eps, from
PyTorch's own Hessian in float64.

    python3 make_optimisers.py
"""

import json

import numpy as np
import torch

torch.manual_seed(4)
torch.set_default_dtype(torch.float64)
inputs = torch.randn(24, 5)
labels = torch.randint(0, 3, (24,))
np.savez("samples.npz", x=inputs.float().numpy(), y=labels.numpy())
inputs = inputs.float().double()
criterion = torch.nn.CrossEntropyLoss()


def network():
    torch.manual_seed(5)
    return torch.nn.Sequential(torch.nn.Linear(5, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3)).float()


def trained(model, optimiser, steps):
    for _ in range(steps):
        optimiser.zero_grad()
        criterion(model(inputs.float()), labels).backward()
        optimiser.step()


def hessian(model):
    shapes = [(name, p.shape, p.numel()) for name, p in model.named_parameters()]
    flat = torch.cat([p.detach().double().reshape(-1) for p in model.parameters()])

    def loss(theta):
        parts, at = [], 0
        for _, shape, count in shapes:
            parts.append(theta[at : at + count].reshape(shape))
            at += count
        hidden = torch.tanh(inputs @ parts[0].T + parts[1])
        return criterion(hidden @ parts[2].T + parts[3], labels)

    return torch.autograd.functional.hessian(loss, flat)


def preconditioner(model, optimiser):
    groups = {id(p): group for group in optimiser.param_groups for p in group["params"]}
    parts = []
    for p in model.parameters():
        group, state = groups[id(p)], optimiser.state[p]
        squares = state["max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq"].double()
        unbiased = squares / (1 - group["betas"][1] ** int(state["step"]))
        parts.append((unbiased.sqrt() + group["eps"]).reshape(-1))
    return torch.cat(parts)


def lambda_max(model, optimiser):
    scale = preconditioner(model, optimiser).rsqrt()
    return torch.linalg.eigvalsh(scale[:, None] * hessian(model) * scale[None, :])[-1].item()


references = {}


def save(name, model, optimiser, steps, checkpoint):
    trained(model, optimiser, steps)
    found = {"plain": torch.linalg.eigvalsh(hessian(model))[-1].item()}
    if isinstance(optimiser, (torch.optim.Adam, torch.optim.AdamW)):
        found["preconditioned"] = lambda_max(model, optimiser)
    torch.save(checkpoint(model, optimiser), name)
    references[name] = found


def usual(model, optimiser):
    return {
        "epoch": 3,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimiser.state_dict(),
        "loss": 0.25,
    }


def lightning(model, optimiser):
    weights = {f"model.{name}": value for name, value in model.state_dict().items()}
    return {"epoch": 3, "state_dict": weights, "optimizer_states": [optimiser.state_dict()], "lr_schedulers": []}


def named(model, optimiser):
    """As PyTorch writes it since 2.6 where the optimiser was given model.named_parameters()."""
    checkpoint = usual(model, optimiser)
    names = {id(p): name for name, p in model.named_parameters()}
    for group, saved in zip(optimiser.param_groups, checkpoint["optimizer_state_dict"]["param_groups"]):
        saved["param_names"] = [names[id(p)] for p in group["params"]]
    return checkpoint


def by_decay(model):
    weights = [p for p in model.parameters() if p.dim() > 1]
    biases = [p for p in model.parameters() if p.dim() == 1]
    return [{"params": weights, "weight_decay": 0.01}, {"params": biases, "weight_decay": 0.0}]


net = network()
save("adam.pt", net, torch.optim.Adam(net.parameters(), lr=0.01), 30, usual)
net = network()
save("amsgrad.ckpt", net, torch.optim.AdamW(net.parameters(), lr=0.02, betas=(0.8, 0.99), amsgrad=True), 12, lightning)
net = network()
save("groups.pt", net, torch.optim.AdamW(by_decay(net), lr=0.01), 20, usual)
net = network()
save("named.pt", net, torch.optim.AdamW(by_decay(net), lr=0.01, eps=1e-4), 20, named)
net = network()
save("nesterov.pt", net, torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.8, nesterov=True), 30, usual)
net = network()
save("nadam.pt", net, torch.optim.NAdam(net.parameters(), lr=0.01), 10, usual)

with open("optimisers.ref.json", "w") as file:
    json.dump(references, file, indent=2)
    file.write("\n")
