"""Makes architectures/*.pt, *.npz and architectures.json: state dicts of small networks, and the layers that a person says.

Every number is from the full Hessian of the float32 network widened to float64, column by column. Usage, with PyTorch
1.13: python3 make_architectures.py
"""

import json
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))


class Residual(nn.Module):
    """What a block of ResNet is: two convolutions beside another of one place."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(3)
        self.conv2 = nn.Conv2d(3, 3, 3, 1, 1)
        self.down = nn.Conv2d(1, 3, 1, 2)
        self.fc = nn.Linear(3, 3)

    def forward(self, x):
        inner = self.conv2(torch.tanh(self.bn1(self.conv1(x))))
        return self.fc(F.silu(self.down(x) + inner).mean((2, 3)))


class Recurrent(nn.Module):
    """A recurrent module, and a linear layer on its last step."""

    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, -1])


class Encoder(nn.Module):
    """Tokens through a layer of attention that normalises first."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(7, 4)
        self.enc = nn.TransformerEncoderLayer(4, 2, 5, 0.0, batch_first=True, norm_first=True)
        self.norm = nn.LayerNorm(4)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(self.norm(self.enc(self.emb(x))).mean(1))


def dense(of, features):
    """The layers, then one that gives three classes."""
    return nn.Sequential(*of, nn.Flatten(), nn.Linear(features, 3))


CASES = {
    "residual": (
        Residual,
        (1, 5, 5),
        [
            {
                "residual": [
                    {"conv": "conv1", "stride": 2, "padding": 1},
                    *[{"batchNorm": "bn1"}, "tanh", {"conv": "conv2", "padding": 1}],
                ],
                "shortcut": [{"conv": "down", "stride": 2}],
            },
            *["silu", "globalAvgPool", "flatten", {"linear": "fc"}],
        ],
    ),
    "gru": (
        lambda: Recurrent(nn.GRU(3, 4, batch_first=True)),
        (4, 3),
        [{"gru": "rnn"}, "last", {"linear": "fc"}],
    ),
    "bidirectional": (
        lambda: Recurrent(nn.GRU(3, 2, 2, batch_first=True, bidirectional=True)),
        (4, 3),
        [{"gru": "rnn"}, "last", {"linear": "fc"}],
    ),
    "bidirectional_lstm": (
        lambda: Recurrent(nn.LSTM(3, 2, batch_first=True, bidirectional=True)),
        (4, 3),
        [{"lstm": "rnn"}, "last", {"linear": "fc"}],
    ),
    "norm_first": (
        Encoder,
        (5,),
        [
            {"embedding": "emb"},
            {"transformerEncoderLayer": "enc", "heads": 2, "activation": "relu", "normFirst": True},
            *[{"layerNorm": "norm"}, "mean", {"linear": "fc"}],
        ],
    ),
    "transposed": (
        lambda: dense(
            [nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, groups=2), nn.Tanh(), nn.ConvTranspose2d(4, 1, 2, dilation=2)],
            36,
        ),
        (2, 2, 2),
        [
            {"convTranspose": "0", "stride": 2, "padding": 1, "outputPadding": 1, "groups": 2},
            *["tanh", {"convTranspose": "2", "dilation": 2}, "flatten", {"linear": "4"}],
        ],
    ),
    "one_dimension": (
        lambda: dense(
            [
                *[nn.Conv1d(2, 4, 3, padding=2, dilation=2), nn.GroupNorm(2, 4), nn.SiLU()],
                *[nn.ConvTranspose1d(4, 2, 2, 2), nn.InstanceNorm1d(2)],
            ],
            20,
        ),
        (2, 5),
        [
            {"conv": "0", "padding": 2, "dilation": 2},
            *[{"groupNorm": "1", "groups": 2}, "silu", {"convTranspose": "3", "stride": 2}],
            *[{"instanceNorm": "4"}, "flatten", {"linear": "6"}],
        ],
    ),
    "three_dimensions": (
        lambda: dense(
            [nn.Conv3d(1, 2, 2), nn.InstanceNorm3d(2, affine=True), nn.GELU(), nn.AvgPool3d((1, 2, 2))], 4
        ),
        (1, 3, 3, 3),
        [
            *[{"conv": "0"}, {"instanceNorm": "1"}, "gelu", {"avgPool": [1, 2, 2]}],
            *["flatten", {"linear": "5"}],
        ],
    ),
    "depthwise": (
        lambda: dense(
            [
                *[nn.Conv2d(1, 4, 2), nn.ELU(), nn.Conv2d(4, 4, 3, 2, 1, groups=4, bias=False)],
                *[nn.BatchNorm2d(4), nn.Tanh(), nn.Conv2d(4, 2, 1)],
            ],
            8,
        ),
        (1, 5, 5),
        [
            *[{"conv": "0"}, "elu", {"conv": "2", "stride": 2, "padding": 1, "groups": 4}],
            *[{"batchNorm": "3"}, "tanh", {"conv": "5"}, "flatten", {"linear": "7"}],
        ],
    ),
}
references = {}
for name, (make, shape, layers) in CASES.items():
    torch.manual_seed(7)
    model = make()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.4 + (0.7 if parameter.dim() == 1 else 0)
    x = torch.randint(0, 7, (8, *shape)) if name == "norm_first" else torch.randn(8, *shape)
    y = torch.randint(0, 3, (8,))
    model(x)  # running statistics of its own
    model = model.eval()
    torch.save(model.state_dict(), os.path.join(HERE, name + ".pt"))
    np.savez(os.path.join(HERE, name + ".npz"), x=x.numpy(), y=y.numpy())
    # The encoder layer's fast path has no second derivative; its modules by themselves have.
    model = model.double().train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    parameters = list(model.parameters())
    loss = F.cross_entropy(model(x if name == "norm_first" else x.double()), y)
    gradient = torch.autograd.grad(loss, parameters, create_graph=True)
    flat = torch.cat([part.reshape(-1) for part in gradient])
    columns = [torch.autograd.grad(each, parameters, retain_graph=True, allow_unused=True) for each in flat]
    hessian = torch.stack(
        [
            torch.cat([(torch.zeros_like(of) if part is None else part).reshape(-1) for part, of in zip(column, parameters)])
            for column in columns
        ]
    )
    diagonal = torch.split(hessian.diagonal(), [parameter.numel() for parameter in parameters])
    references[name] = {
        "architecture": {"input": list(shape), "layers": layers},
        "count": len(flat),
        "loss": loss.item(),
        "grad_norm": flat.norm().item(),
        "trace": hessian.trace().item(),
        "fro2": (hessian * hessian).sum().item(),
        "lambda_max": torch.linalg.eigvalsh((hessian + hessian.T) / 2)[-1].item(),
        "blocks": [
            {"name": own, "trace": part.sum().item()} for (own, _), part in zip(model.named_parameters(), diagonal)
        ],
    }
with open(os.path.join(HERE, "architectures.json"), "w") as file:
    json.dump(references, file, indent=1)
