"""Makes recurrent/*.onnx, *.npz and recurrent.json: LSTM, GRU and RNN as PyTorch 1.13 exports them.

Every number is from the full Hessian of the float32 network widened to float64, column by column. Usage: python3
make_recurrent.py
"""

import json
import os
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))


class Sequence(nn.Module):
    """A recurrent module and a linear layer on what is picked of its outputs."""

    def __init__(self, recurrent, features, pick):
        super().__init__()
        self.recurrent = recurrent
        self.out = nn.Linear(features, 3)
        self.pick = pick

    def forward(self, x):
        return self.out(self.pick(*self.recurrent(x)))


class LearnedState(nn.Module):
    """A GRU whose first state is a parameter."""

    def __init__(self):
        super().__init__()
        self.state = nn.Parameter(torch.randn(1, 1, 4) * 0.5)
        self.recurrent = nn.GRU(3, 4, batch_first=True)
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        state = self.state.expand(1, x.shape[0], 4).contiguous()
        return self.out(self.recurrent(x, state)[0][:, -1])


class Tokens(nn.Module):
    """A prediction for every token."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 3)
        self.recurrent = nn.LSTM(3, 3, batch_first=True, bidirectional=True)
        self.out = nn.Linear(6, 7)

    def forward(self, x):
        return self.out(self.recurrent(self.embedding(x))[0])


def last(outputs, _):
    return outputs[:, -1]


def mean(outputs, _):
    return outputs.mean(1)


NETWORKS = {
    "lstm": lambda: Sequence(nn.LSTM(3, 4, batch_first=True), 4, last),
    "gru": lambda: Sequence(nn.GRU(3, 4, batch_first=True), 4, last),
    "rnn": lambda: Sequence(nn.RNN(3, 4, batch_first=True), 4, last),
    "relu": lambda: Sequence(nn.RNN(3, 4, batch_first=True, nonlinearity="relu"), 4, mean),
    "stacked": lambda: Sequence(nn.LSTM(3, 3, 2, batch_first=True), 3, lambda _, state: state[0][-1]),
    "both": lambda: Sequence(nn.GRU(3, 2, 2, batch_first=True, bidirectional=True), 4, mean),
    "cell": lambda: Sequence(nn.LSTM(3, 4, batch_first=True), 4, lambda _, state: state[1][0]),
    "nobias": lambda: Sequence(nn.GRU(3, 4, bias=False, batch_first=True), 4, last),
    "state": LearnedState,
    "tokens": Tokens,
}
# As nodes that turn the named weights into those of ONNX.
unfolded = {"stacked", "both"}
references = {}
for name, make in NETWORKS.items():
    torch.manual_seed(5)
    model = make().eval()
    for parameter in model.parameters():
        parameter.data *= 1.5
    if name == "tokens":
        x, y = torch.randint(0, 7, (10, 5)), torch.randint(0, 7, (10, 5))
    else:
        x, y = torch.randn(10, 5, 3), torch.randint(0, 3, (10,))
    torch.onnx.export(
        model,
        x,
        os.path.join(HERE, name + ".onnx"),
        opset_version=13,
        do_constant_folding=name not in unfolded,
        input_names=["x"],
        output_names=["logits"],
        dynamic_axes={"x": {0: "N"}, "logits": {0: "N"}},
    )
    np.savez(os.path.join(HERE, name + ".npz"), x=x.numpy(), y=y.numpy())
    model, x = model.double(), x if name == "tokens" else x.double()
    logits = model(x)
    loss = F.cross_entropy(logits.transpose(1, 2) if name == "tokens" else logits, y)
    parameters = list(model.parameters())
    gradient = torch.autograd.grad(loss, parameters, create_graph=True)
    flat = torch.cat([part.reshape(-1) for part in gradient])
    columns = [torch.autograd.grad(each, parameters, retain_graph=True) for each in flat]
    hessian = torch.stack([torch.cat([part.reshape(-1) for part in column]) for column in columns])
    eigenvalues = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    references[name] = {
        "parameters": len(flat),
        "loss": loss.item(),
        "trace": hessian.trace().item(),
        "frobeniusSquared": (hessian * hessian).sum().item(),
        "lambdaMax": eigenvalues[-1].item(),
        "lambdaMin": eigenvalues[0].item(),
    }
with open(os.path.join(HERE, "recurrent.json"), "w") as file:
    json.dump(references, file, indent=1)
