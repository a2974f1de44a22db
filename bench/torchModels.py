"""The reference cases and the 12-layer transformer as PyTorch modules, with the weights of their files."""
import math

import numpy
import torch
from torch import nn
from torch.nn import functional


class Perceptron(nn.Module):
    """Affine layers with tanh between them."""

    def __init__(self, widths):
        super().__init__()
        self.fc = nn.ModuleList([nn.Linear(inputs, outputs) for inputs, outputs in zip(widths, widths[1:])])

    def forward(self, x):
        for layer in self.fc[:-1]:
            x = torch.tanh(layer(x))
        return self.fc[-1](x)


class Convolutions(nn.Module):
    """Twice convolution, ReLU and pooling; then a dense layer."""

    def __init__(self, first, second, size):
        super().__init__()
        self.conv1 = nn.Conv2d(1, first, 3, padding=1)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1)
        self.fc = nn.Linear(second * (size // 4) ** 2, 10)

    def forward(self, x):
        for convolution in (self.conv1, self.conv2):
            x = functional.max_pool2d(torch.relu(convolution(x)), 2)
        return self.fc(torch.flatten(x, 1))


class Block(nn.Module):
    """Self-attention and a feed-forward part with GELU, each after its normalisation."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.f1, self.f2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        count, tokens, width = x.shape
        size = width // self.heads
        split = lambda y: y.reshape(count, tokens, self.heads, size).transpose(1, 2)
        y = self.ln1(x)
        q, k, v = split(self.q(y)), split(self.k(y)), split(self.v(y))
        weights = torch.softmax(q @ k.transpose(-1, -2) * (1 / math.sqrt(size)), -1)
        x = x + self.o((weights @ v).transpose(1, 2).reshape(count, tokens, width))
        return x + self.f2(functional.gelu(self.f1(self.ln2(x))))


class Transformer(nn.Module):
    """Rows of numbers as tokens, embedded by an affine layer; the mean over the tokens is classified."""

    def __init__(self, inputs, tokens, width, heads, hidden, layers):
        super().__init__()
        self.emb = nn.Linear(inputs, width)
        self.pos = nn.Parameter(torch.zeros(tokens, width))
        self.blocks = nn.ModuleList([Block(width, heads, hidden) for _ in range(layers)])
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.emb(x) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln(x).mean(1))


MODELS = {
    "b": lambda: Perceptron([784, 512, 256, 10]),
    "c": lambda: Convolutions(16, 32, 28),
    "d": lambda: Transformer(inputs=8, tokens=8, width=64, heads=4, hidden=128, layers=2),
    "transformer": lambda: Transformer(inputs=16, tokens=64, width=192, heads=3, hidden=768, layers=12),
}


def load(name, path):
    """The model with the weights of CASE.npz, its inputs and its labels; float32."""
    case = numpy.load(path)
    model = MODELS[name]()
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(case["param:" + parameter_name]))
    return model.eval(), torch.from_numpy(case["inputs"]), torch.from_numpy(case["labels"])
