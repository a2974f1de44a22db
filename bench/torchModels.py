"""The reference cases and what is made beside them as PyTorch modules, with the weights of their files."""
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

    def __init__(self, width, heads, hidden, causal=False):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.f1, self.f2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        count, tokens, width = x.shape
        size = width // self.heads
        split = lambda y: y.reshape(count, tokens, self.heads, size).transpose(1, 2)
        y = self.ln1(x)
        q, k, v = split(self.q(y)), split(self.k(y)), split(self.v(y))
        scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(size))
        if self.causal:
            scores = scores + torch.full((tokens, tokens), -1e4).triu(1)
        weights = torch.softmax(scores, -1)
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


class Gpt(nn.Module):
    """A decoder: the next token is told at every place."""

    def __init__(self, words, tokens, width, heads, hidden, layers):
        super().__init__()
        self.emb = nn.Embedding(words, width)
        self.pos = nn.Parameter(torch.zeros(tokens, width))
        self.blocks = nn.ModuleList([Block(width, heads, hidden, causal=True) for _ in range(layers)])
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, words)

    def forward(self, x):
        x = self.emb(x) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln(x))


def normalised(inputs, outputs, size, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)
    )


class Residual(nn.Module):
    """The basic block of ResNet-18."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.one = normalised(inputs, outputs, 3, stride)
        self.two = normalised(outputs, outputs, 3)
        self.short = nn.Sequential() if stride == 1 else normalised(inputs, outputs, 1, stride)

    def forward(self, x):
        return torch.relu(self.two(torch.relu(self.one(x))) + self.short(x))


class Images(nn.Module):
    """A stem, blocks, the mean over the places, an affine layer."""

    def __init__(self, stem, blocks, outputs):
        super().__init__()
        self.stem, self.blocks = stem, nn.Sequential(*blocks)
        self.head = nn.Linear(outputs, 10)

    def forward(self, x):
        return self.head(self.blocks(torch.relu(self.stem(x))).mean((2, 3)))


def resnet18(width):
    widths = [width * factor for factor in (1, 1, 2, 2, 4, 4, 8, 8)]
    pairs = zip([width] + widths, widths)
    blocks = [Residual(inputs, outputs, outputs // inputs) for inputs, outputs in pairs]
    return Images(normalised(3, width, 3), blocks, widths[-1])


def mobilenet(width):
    """Depthwise and pointwise convolutions in turn, as of MobileNet."""
    blocks = []
    for inputs, outputs, stride in [(1, 2, 1), (2, 4, 2), (4, 4, 1), (4, 8, 2), (8, 8, 1), (8, 16, 2), (16, 16, 1)]:
        blocks += [normalised(width * inputs, width * inputs, 3, stride, width * inputs), nn.ReLU6()]
        blocks += [normalised(width * inputs, width * outputs, 1), nn.ReLU6()]
    return Images(normalised(3, width, 3), blocks, 16 * width)


class Recurrent(nn.Module):
    """An LSTM; its last state is classified."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


MODELS = {
    "b": lambda: Perceptron([784, 512, 256, 10]),
    "c": lambda: Convolutions(16, 32, 28),
    "d": lambda: Transformer(inputs=8, tokens=8, width=64, heads=4, hidden=128, layers=2),
    "transformer": lambda: Transformer(inputs=16, tokens=64, width=192, heads=3, hidden=768, layers=12),
    "gpt": lambda: Gpt(words=256, tokens=128, width=256, heads=4, hidden=1024, layers=6),
    "resnet18": lambda: resnet18(16),
    "mobilenet": lambda: mobilenet(8),
    "lstm": lambda: Recurrent(16, 64),
}

# Random samples and labels of those that no file brings.
SAMPLES = {
    "transformer": lambda: (torch.randn(4, 64, 16), torch.randint(0, 10, (4,))),
    "gpt": lambda: (torch.randint(0, 256, (4, 128)), torch.randint(0, 256, (4, 128))),
    "resnet18": lambda: (torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,))),
    "mobilenet": lambda: (torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,))),
    "lstm": lambda: (torch.randn(256, 16, 16), torch.randint(0, 10, (256,))),
}


def load(name, path):
    """The model with the weights of CASE.npz, its inputs and its labels; float32."""
    case = numpy.load(path)
    model = MODELS[name]()
    with torch.no_grad():
        for tensor_name, tensor in model.state_dict().items():
            tensor.copy_(torch.from_numpy(case["param:" + tensor_name]))
    return model.eval(), torch.from_numpy(case["inputs"]), torch.from_numpy(case["labels"])
