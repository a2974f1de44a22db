"""Exports models with media/python/model_sharpness.py and writes the Hessians of PyTorch's own autograd beside them.

python3 models.py FOLDER: NAME.onnx, NAME.npz, NAME.sharpness.json and NAME.truth.json for every model.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "media" / "python"))
from model_sharpness import export  # noqa: E402

N = 12
folder = Path(sys.argv[1])


class Tokens(nn.Module):
    def __init__(self, padding=None):
        super().__init__()
        self.emb = nn.Embedding(7, 4, padding_idx=padding)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.out = nn.Linear(4, 3)

    def forward(self, ids):
        x = self.emb(ids)
        return self.out(torch.tanh(x + self.attention(x, x, x, need_weights=False)[0]).mean(1))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(2, 4)
        self.out = nn.Linear(4, 3)

    def forward(self, first, second):
        return self.out(torch.tanh(self.a(first) * self.b(second)))


class Tied(nn.Module):
    def __init__(self, padding=None):
        super().__init__()
        self.emb = nn.Embedding(5, 4, padding_idx=padding)
        self.mix = nn.Linear(4, 4)

    def forward(self, ids):
        return F.linear(torch.tanh(self.mix(self.emb(ids).mean(1))), self.emb.weight)


def mlp(*widths):
    layers = [part for a, b in zip(widths, widths[1:]) for part in (nn.Linear(a, b), nn.Tanh())]
    return nn.Sequential(*layers[:-1])


def frozen():
    model = mlp(4, 5, 3)
    model[0].weight.requires_grad_(False)
    return model


def convolutional():
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Softplus(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(3, 3))


def focal(z, y):
    p = torch.log_softmax(z, 1).gather(1, y[:, None])[:, 0]
    return (-((1 - p.exp()) ** 2) * p).mean()


class Quartic(nn.Module):
    """A loss with a reduction of its own."""

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, z, y):
        losses = ((z - y) ** 4).mean(1)
        return losses.mean() if self.reduction == "mean" else losses


def classes(count=3):
    return torch.randint(0, count, (N,))


def sgd(model, **options):
    return torch.optim.SGD(model.parameters(), 0.1, **options)


def weights_decay(model):
    groups = [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.02},
              {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0}]
    return torch.optim.SGD(groups, 0.05, momentum=0.9, nesterov=True)


# name: model, inputs, labels, criterion, optimizer, and the weight decay of a parameter by its dimensions
MODELS = {
    "perceptron": (mlp(4, 5, 3), torch.randn(N, 4), classes(), nn.CrossEntropyLoss(), None),
    "weighted": (mlp(4, 5, 3), torch.randn(N, 4), classes(),
                 nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.1), None),
    "decayed": (mlp(4, 5, 3), torch.randn(N, 4), classes(), nn.CrossEntropyLoss(), weights_decay),
    "binary": (mlp(4, 5, 2), torch.randn(N, 4), torch.randint(0, 2, (N, 2)).float(),
               nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0, 0.5])), None),
    "regression": (mlp(4, 5, 2), torch.randn(N, 4), torch.randn(N, 2), nn.MSELoss(), lambda m: sgd(m, weight_decay=0.01)),
    "frozen": (frozen(), torch.randn(N, 4), classes(), nn.CrossEntropyLoss(), None),
    "convolutional": (convolutional(), torch.randn(N, 1, 6, 6), classes(), nn.CrossEntropyLoss(), None),
    "tokens": (Tokens(), torch.randint(0, 7, (N, 5)), classes(), nn.CrossEntropyLoss(), None),
    "two-inputs": (Two(), (torch.randn(N, 3), torch.randn(N, 2)), classes(), nn.CrossEntropyLoss(), None),
    "tied": (Tied(), torch.randint(0, 5, (N, 3)), classes(5), nn.CrossEntropyLoss(), None),
    "focal": (mlp(4, 5, 3), torch.randn(N, 4), classes(), focal, None),
    "padding": (Tokens(2), torch.randint(0, 7, (N, 5)), classes(), nn.CrossEntropyLoss(), lambda m: sgd(m, weight_decay=0.01)),
    "padding-tied": (Tied(-4), torch.randint(0, 5, (N, 3)), classes(5), nn.CrossEntropyLoss(), None),
    "quartic": (mlp(4, 5, 2), torch.randn(N, 4), torch.randn(N, 2), Quartic(), None),
}


def truth(model, inputs, labels, criterion, optimizer):
    model.double().eval()
    inputs = [x.double() if x.is_floating_point() else x for x in inputs]
    labels = labels.double() if labels.is_floating_point() else labels
    if isinstance(criterion, nn.Module):
        criterion.double()
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    parameters = [p for _, p in named]
    decay = {} if optimizer is None else {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    value = criterion(model(*inputs), labels) + sum(decay.get(id(p), 0) / 2 * (p**2).sum() for p in parameters)
    flat = lambda of, **o: torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1) for g, p in zip(
        torch.autograd.grad(of, parameters, allow_unused=True, **o), parameters)])
    gradient = flat(value, create_graph=True)
    hessian = torch.stack([flat(g, retain_graph=True) for g in gradient]).numpy()
    return {"names": [name for name, _ in named], "parameters": len(gradient), "loss": value.item(),
            "gradient": gradient.norm().item(), "trace": float(np.trace(hessian)), "squared": float((hessian**2).sum()),
            "lambdaMax": float(np.linalg.eigvalsh(hessian)[-1])}


for seed, (name, (model, inputs, labels, criterion, optimise)) in enumerate(MODELS.items()):
    torch.manual_seed(seed)
    several = inputs if isinstance(inputs, tuple) else (inputs,)
    optimizer = None if optimise is None else optimise(model)
    if name == "convolutional":
        # Statistics other than those of a fresh layer.
        model.train()(torch.randn(32, 1, 6, 6))
    if name == "perceptron":
        dataset = torch.utils.data.TensorDataset(inputs, labels)
        data = torch.utils.data.DataLoader(dataset, batch_size=4, shuffle=True)
    else:
        data = (several if len(several) > 1 else inputs, labels)
    export(model, data, criterion, name=str(folder / name), optimizer=optimizer)
    (folder / f"{name}.truth.json").write_text(json.dumps(truth(model, several, labels, criterion, optimizer)))

# What cannot be had is refused by name.
refused = []
for criterion in (lambda z, y: (z.mean(0) ** 2).sum(), nn.MultiMarginLoss(), lambda z, y: z):
    try:
        export(mlp(4, 5, 3), (torch.randn(N, 4), classes()), criterion, name=str(folder / "refused"))
    except (ValueError, RuntimeError) as error:
        refused.append(str(error))
(folder / "refused.json").write_text(json.dumps(refused))
