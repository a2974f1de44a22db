#!/usr/bin/env python3
"""Holds Model Sharpness against PyTorch.

Small models of every kind that PyTorch exports are written as ONNX without folding. Loss, gradient and the whole Hessian
come from PyTorch's autograd in float64, column by column, with the weights as the file holds them (float32); beside them
stands what the command line says of the file. Exits with 1 where the two disagree.

    python3 docs/truth.py --cli dist/cli.js --out docs/truth.md

Needs PyTorch 1.13 and numpy. --only REGEX takes the models whose names match, --keep FOLDER leaves the files there,
--jobs N runs N at a time.
"""
import argparse
import functools
import itertools
import json
import math
import multiprocessing
import re
import subprocess
import sys
import tempfile
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

N = 12  # samples of every model
EXACT = 1e-8
ROUNDED = 1e-6  # where the file writes a constant of the function in float32, such as the √2 of GELU
TIMEOUT = 240


@dataclass
class Case:
    """A model, its data and its loss. The functions do not travel between processes: a case goes as its name."""

    name: str
    kind: str
    build: Callable[[], nn.Module]
    inputs: Callable[[], object]  # a tensor, or several
    labels: Callable[[Sequence[torch.Tensor]], torch.Tensor]
    loss: str = "cross-entropy"
    options: Sequence[str] = ()
    truth: "Callable | None" = None  # (output, labels) -> loss, where it is not the loss of that name
    tolerance: float = EXACT
    opset: int = 13
    steps: int = 3  # of SGD, so that the zeros and ones of fresh layers move
    decay: float = 0.0  # of the weights
    extra: dict = field(default_factory=dict)  # further arrays of the data file

    def __reduce__(self):
        return case_named, (self.name,)


CASES: list = []


def case_named(name):
    return next(c for c in CASES if c.name == name)


def case(kind, name, build, inputs, labels=None, **options):
    CASES.append(Case(name, kind, build, inputs, labels or classes(3), **options))


# --- inputs and labels -------------------------------------------------------------------------------------------------


def normal(*dims):
    return lambda: torch.randn(N, *dims)


def tokens(length, words=7):
    return lambda: torch.randint(0, words, (N, length))


def classes(count, *dims):
    return lambda _: torch.randint(0, count, (N, *dims))


def numbers(*dims):
    return lambda _: torch.randn(N, *dims)


def bits(*dims):
    return lambda _: torch.randint(0, 2, (N, *dims)).float()


# --- losses ------------------------------------------------------------------------------------------------------------


def cross_entropy(weight=None, smoothing=0.0):
    def loss(z, y):
        w = None if weight is None else torch.tensor(weight, dtype=z.dtype)
        return F.cross_entropy(z, y, weight=w, label_smoothing=smoothing)

    return loss


def of_tokens(z, y):
    return F.cross_entropy(z.transpose(1, 2), y)


LOSSES = {
    "cross-entropy": cross_entropy(),
    "binary-cross-entropy": lambda z, y: F.binary_cross_entropy_with_logits(z.reshape(y.shape), y.to(z.dtype)),
    "mean-squared-error": lambda z, y: F.mse_loss(z.reshape(y.shape), y),
    "huber": lambda z, y: F.huber_loss(z.reshape(y.shape), y),
}


# --- models ------------------------------------------------------------------------------------------------------------


class Net(nn.Module):
    """Modules and parameters by name, and what is done with them."""

    def __init__(self, forward, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.run = forward

    def forward(self, *inputs):
        return self.run(self, *inputs)


def net(forward, **parts):
    return Net(forward, **parts)


class Act(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def mlp(*widths, act=torch.tanh, bias=True, head=None):
    parts = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        parts.append(nn.Linear(a, b, bias=bias))
        if i < len(widths) - 2:
            parts.append(act() if isinstance(act, type) else Act(act))
    return nn.Sequential(*parts, *([head] if head else []))


def param(*dims, scale=1.0):
    return nn.Parameter(scale * torch.randn(dims))


def flat(x):
    return x.flatten(1)


def rms(m, x):
    return m.gain * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def rotate(x):
    """Rotary positions of N × T × 4."""
    angle = torch.arange(x.shape[1], dtype=x.dtype)[:, None] * torch.tensor([1.0, 0.25], dtype=x.dtype)
    a, b = x[..., :2], x[..., 2:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


def causal(m, ids):
    """A decoder of one block: masked attention of two heads, a gated feed-forward, RMS norms and a tied head."""
    x = m.tok(ids) + m.pos
    q, k, v = m.qkv(m.n1(x)).reshape(-1, 5, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
    scores = (q @ k.transpose(-2, -1)) * 0.5
    scores = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), float("-inf"))
    x = x + m.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, 5, 8))
    h = m.n2(x)
    x = x + m.down(F.silu(m.gate(h)) * m.up(h))
    return F.linear(m.n3(x), m.tok.weight)


def decoder():
    norm = lambda: Net(rms, gain=param(8))
    return net(causal, tok=nn.Embedding(7, 8), pos=param(5, 8), n1=norm(), qkv=nn.Linear(8, 24, bias=False),
               proj=nn.Linear(8, 8, bias=False), n2=norm(), gate=nn.Linear(8, 6, bias=False),
               up=nn.Linear(8, 6, bias=False), down=nn.Linear(6, 8, bias=False), n3=norm())


def rotary(m, x):
    q, k, v = rotate(m.q(x)), rotate(m.k(x)), m.v(x)
    return m.out(((q @ k.transpose(1, 2) * 0.5).softmax(-1) @ v).mean(1))


def encoder(norm_first, activation="relu", layers=1, dim=8):
    one = lambda: nn.TransformerEncoderLayer(dim, 2, 10, dropout=0.1, activation=activation, batch_first=True,
                                             norm_first=norm_first)
    if layers == 1:
        return net(lambda m, x: m.head(m.block(x).mean(1)), block=one(), head=nn.Linear(dim, 3))
    stack = nn.TransformerEncoder(one(), layers, enable_nested_tensor=False)
    return net(lambda m, x: m.head(m.stack(x).mean(1)), stack=stack, head=nn.Linear(dim, 3))


def attention(batch_first=True, **options):
    return net(lambda m, x: m.out(m.attn(x, x, x, need_weights=False)[0].mean(1)),
               attn=nn.MultiheadAttention(8, 2, batch_first=batch_first, **options), out=nn.Linear(8, 3))


def residual(zero=False):
    conv = lambda a: nn.Conv2d(a, 3, 3, padding=1, bias=False)
    made = net(lambda m, x: m.out(flat(torch.relu(m.skip(x) + m.bn2(m.c2(torch.relu(m.bn1(m.c1(x)))))))), c1=conv(1),
               bn1=nn.BatchNorm2d(3), c2=conv(3), bn2=nn.BatchNorm2d(3), skip=nn.Conv2d(1, 3, 1), out=nn.Linear(48, 3))
    if zero:
        nn.init.zeros_(made.bn2.weight)
    return made


def response_norm():
    part = lambda: param(1, 4, 1, 1)
    scaled = lambda m, x: m.gamma * x * torch.rsqrt(x.pow(2).mean((2, 3), keepdim=True) + 1e-3) + m.beta
    return net(lambda m, x: torch.maximum(scaled(m, x), m.tau), gamma=part(), beta=part(), tau=part())


def recurrent(kind, **options):
    width = options.get("hidden", 4) * (2 if options.get("bidirectional") else 1)
    made = kind(3, options.pop("hidden", 4), batch_first=True, **options)
    return net(lambda m, x: m.out(m.rnn(x)[0][:, -1]), rnn=made, out=nn.Linear(width, 3))


def last_state(kind):
    take = (lambda s: s[1][0][-1]) if kind is nn.LSTM else (lambda s: s[1][-1])
    return net(lambda m, x: m.out(take(m.rnn(x))), rnn=kind(3, 4, batch_first=True), out=nn.Linear(4, 3))


def convs1(*layers, out):
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(out, 3))


def spectral(module):
    return nn.utils.parametrizations.spectral_norm(module)


def perceptrons():
    def one(name, act, **options):
        case("perceptron", f"MLP {name}", lambda: mlp(5, 6, 4, 3, act=act), normal(5), **options)

    for name in ("Tanh", "ReLU", "Sigmoid", "SiLU", "Mish", "ELU", "CELU", "Softplus", "Softsign", "Hardtanh", "ReLU6",
                 "LogSigmoid", "Tanhshrink", "Softshrink", "Hardshrink"):
        one(name, getattr(nn, name), opset=14 if name == "Hardtanh" else 13)
    for name in ("GELU", "SELU", "LeakyReLU", "Hardsigmoid", "Hardswish", "RReLU"):
        one(name, getattr(nn, name), tolerance=ROUNDED, opset=14 if name.startswith("Hard") else 13)
    one("GELU by tanh", lambda x: F.gelu(x, approximate="tanh"), tolerance=ROUNDED)
    one("GELU written out", lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))), tolerance=ROUNDED)
    one("quick GELU", lambda x: x * torch.sigmoid(1.702 * x), tolerance=ROUNDED)
    one("SiLU written out", lambda x: x * torch.sigmoid(x))
    one("SiLU by exp", lambda x: x / (1 + torch.exp(-x)))
    one("Mish written out", lambda x: x * torch.tanh(torch.log1p(torch.exp(x))))
    one("sine", torch.sin)
    one("snake", lambda x: x + torch.sin(x) ** 2)
    one("square of ReLU", lambda x: torch.relu(x) ** 2)
    one("arc tangent", torch.atan)
    one("bump", lambda x: torch.exp(-x * x))
    one("ELU 0.5", lambda x: F.elu(x, 0.5))
    one("tanh, opset 11", nn.Tanh, opset=11)
    one("GELU, opset 17", nn.GELU, opset=17, tolerance=ROUNDED)
    case("perceptron", "MLP PReLU", lambda: mlp(5, 6, 4, 3, act=nn.PReLU), normal(5))
    case("perceptron", "PReLU of channels", lambda: nn.Sequential(nn.Linear(5, 6), nn.PReLU(6), nn.Linear(6, 3)),
         normal(5))
    case("perceptron", "MLP no bias", lambda: mlp(5, 6, 4, 3, bias=False), normal(5))
    case("perceptron", "MLP deep", lambda: mlp(4, 5, 5, 5, 5, 5, 5, 3), normal(4))
    case("perceptron", "deep linear", lambda: mlp(5, 4, 4, 3, act=nn.Identity), normal(5))
    case("perceptron", "softmax regression", lambda: nn.Linear(6, 3), normal(6))
    case("perceptron", "MLP fresh", lambda: mlp(5, 6, 4, 3), normal(5), steps=0)
    case("perceptron", "MLP zero biases", lambda: zero_biases(mlp(5, 4, 4, 4, 3)), normal(5), steps=0)
    case("perceptron", "MLP on pictures", lambda: nn.Sequential(nn.Flatten(), mlp(16, 6, 3, act=nn.ReLU)),
         normal(1, 4, 4))
    case("perceptron", "MLP dropout", lambda: nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Dropout(0.3),
         nn.Linear(7, 3)), normal(5))
    case("perceptron", "MLP by matmul", lambda: net(lambda m, x: torch.tanh(x @ m.w1 + m.b1) @ m.w2 + m.b2,
         w1=param(5, 6), b1=param(6), w2=param(6, 3), b2=param(3)), normal(5))


def zero_biases(model):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
    return model


def heads_and_losses():
    k = "loss and head"
    nll = lambda z, y: F.nll_loss(z, y)
    case(k, "softmax head", lambda: mlp(5, 6, 3, head=nn.Softmax(1)), normal(5), truth=lambda z, y: nll(z.log(), y))
    case(k, "log-softmax head", lambda: mlp(5, 6, 3, head=nn.LogSoftmax(1)), normal(5), truth=nll)
    case(k, "sigmoid head", lambda: mlp(5, 6, 1, head=nn.Sigmoid()), normal(5), bits(), loss="binary-cross-entropy",
         truth=lambda z, y: F.binary_cross_entropy(z[:, 0], y))
    case(k, "single logit", lambda: mlp(5, 6, 1), normal(5), bits(), loss="binary-cross-entropy")
    case(k, "single logit squeezed", lambda: net(lambda m, x: m.body(x).squeeze(1), body=mlp(5, 6, 1)), normal(5),
         bits(), loss="binary-cross-entropy")
    case(k, "multi-label", lambda: mlp(5, 6, 4), normal(5), bits(4), loss="binary-cross-entropy")
    case(k, "soft targets of BCE", lambda: mlp(5, 6, 2), normal(5), lambda _: torch.rand(N, 2),
         loss="binary-cross-entropy")
    case(k, "regression", lambda: mlp(5, 6, 2), normal(5), numbers(2), loss="mean-squared-error")
    case(k, "regression, one output", lambda: mlp(5, 6, 1), normal(5), numbers(), loss="mean-squared-error")
    case(k, "bounded regression", lambda: mlp(5, 6, 2, head=nn.Tanh()), normal(5), numbers(2),
         loss="mean-squared-error")
    case(k, "Huber", lambda: mlp(5, 6, 2), normal(5), lambda _: 2 * torch.randn(N, 2), loss="huber")
    case(k, "class weights", lambda: mlp(5, 6, 3), normal(5), options=["--class-weights", "1,2,0.5"],
         truth=cross_entropy([1, 2, 0.5]))
    case(k, "label smoothing", lambda: mlp(5, 6, 3), normal(5), options=["--label-smoothing", "0.125"],
         truth=cross_entropy(smoothing=0.125))
    case(k, "both of them", lambda: mlp(5, 6, 3), normal(5), truth=cross_entropy([1, 2, 0.5], 0.125),
         options=["--label-smoothing", "0.125", "--class-weights", "1,2,0.5"])
    case(k, "soft labels", lambda: mlp(5, 6, 3), normal(5), lambda _: torch.randn(N, 3).softmax(1))
    case(k, "ignored labels", lambda: mlp(5, 6, 3), normal(5),
         lambda _: torch.tensor([0, 1, 2, -100, 1, 0, 2, -100, 1, 1, 0, 2]))
    case(k, "autoencoder", lambda: mlp(6, 4, 2, 4, 6), normal(6), lambda x: x[0], loss="mean-squared-error")
    case(k, "softmax with squared error", lambda: mlp(5, 6, 3, head=nn.Softmax(1)), normal(5),
         lambda _: torch.randn(N, 3).softmax(1), loss="mean-squared-error")
    case(k, "convolutional autoencoder", lambda: nn.Sequential(nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.Tanh(),
         nn.ConvTranspose2d(3, 1, 3, stride=2, padding=1, output_padding=1)), normal(1, 6, 6), lambda x: x[0],
         loss="mean-squared-error")
    case(k, "segmentation", lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1)),
         normal(1, 4, 5), classes(3, 4, 5))
    case(k, "segmentation, binary", lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 1)),
         normal(1, 4, 5), bits(1, 4, 5), loss="binary-cross-entropy")
    case(k, "tokens", lambda: net(lambda m, x: m.out(torch.tanh(m.fc(x))), fc=nn.Linear(4, 6), out=nn.Linear(6, 3)),
         normal(5, 4), classes(3, 5), truth=of_tokens)
    case(k, "tokens, some ignored", lambda: net(lambda m, x: m.out(torch.tanh(m.fc(x))), fc=nn.Linear(4, 6),
         out=nn.Linear(6, 3)), normal(5, 4), lambda _: torch.where(torch.rand(N, 5) < 0.3, -100,
         torch.randint(0, 3, (N, 5))), truth=of_tokens)
    case(k, "tokens, class weights", lambda: net(lambda m, x: m.out(torch.tanh(m.fc(x))), fc=nn.Linear(4, 6),
         out=nn.Linear(6, 3)), normal(5, 4), classes(3, 5), options=["--class-weights", "1,2,0.5"], truth=lambda z,
         y: cross_entropy([1, 2, 0.5])(z.transpose(1, 2), y))


    case(k, "weight decay", lambda: mlp(5, 6, 3), normal(5), options=["--weight-decay", "0.25"], decay=0.25)
    case(k, "label 255 ignored", lambda: mlp(5, 6, 3), normal(5),
         lambda _: torch.tensor([0, 1, 2, 255, 1, 0, 2, 255, 1, 1, 0, 2]), options=["--ignore-label", "255"],
         truth=lambda z, y: F.cross_entropy(z, y, ignore_index=255))
    case(k, "ignored label and class weights", lambda: mlp(5, 6, 3), normal(5),
         lambda _: torch.tensor([0, 1, 2, -100, 1, 0, 2, -100, 1, 1, 0, 2]), options=["--class-weights", "1,2,0.5"],
         truth=cross_entropy([1, 2, 0.5]))
    case(k, "pos_weight", lambda: mlp(5, 6, 3), normal(5), bits(3), loss="binary-cross-entropy",
         options=["--pos-weight", "2,0.5,3"], truth=lambda z,
         y: F.binary_cross_entropy_with_logits(z, y, pos_weight=z.new_tensor([2, 0.5, 3])))
    case(k, "missing targets", lambda: mlp(5, 6, 2), normal(5),
         lambda _: torch.where(torch.rand(N, 2) < 0.3, math.nan, torch.randn(N, 2)), loss="mean-squared-error",
         truth=lambda z, y: F.mse_loss(z[~y.isnan()], y[~y.isnan()]))
    weights = torch.linspace(0.5, 2, N).double()
    case(k, "weights of samples", lambda: mlp(5, 6, 3), normal(5), extra={"sample_weight": weights.numpy()},
         truth=lambda z, y: (weights * F.cross_entropy(z, y, reduction="none")).sum() / weights.sum())
    case(k, "soft labels, class weights", lambda: mlp(5, 6, 3), normal(5), lambda _: torch.randn(N, 3).softmax(1),
         options=["--class-weights", "1,2,0.5"], truth=cross_entropy([1, 2, 0.5]))
    case(k, "several class labels under BCE", lambda: mlp(5, 6, 3), normal(5), loss="binary-cross-entropy",
         truth=lambda z, y: F.binary_cross_entropy_with_logits(z, F.one_hot(y, 3).to(z.dtype)))
    case(k, "class labels under squared error", lambda: mlp(5, 6, 3), normal(5), loss="mean-squared-error",
         truth=lambda z, y: F.mse_loss(z, F.one_hot(y, 3).to(z.dtype)))
    case(k, "softmax with classes and squared error", lambda: mlp(5, 6, 3, head=nn.Softmax(1)), normal(5),
         loss="mean-squared-error", truth=lambda z, y: F.mse_loss(z, F.one_hot(y, 3).to(z.dtype)))
    case(k, "softmax with BCE", lambda: mlp(5, 6, 3, head=nn.Softmax(1)), normal(5), bits(3),
         loss="binary-cross-entropy", truth=lambda z, y: F.binary_cross_entropy(z, y))
    case(k, "sigmoid with squared error", lambda: mlp(5, 6, 2, head=nn.Sigmoid()), normal(5),
         lambda _: torch.rand(N, 2), loss="mean-squared-error")
    case(k, "softmax of segmentation", lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(),
         nn.Conv2d(4, 3, 1), nn.Softmax(1)), normal(1, 4, 5), classes(3, 4, 5), truth=lambda z,
         y: F.nll_loss(z.log(), y))
    case(k, "tokens, multi-label", lambda: net(lambda m, x: m.out(torch.tanh(m.fc(x))), fc=nn.Linear(4, 6),
         out=nn.Linear(6, 3)), normal(5, 4), bits(5, 3), loss="binary-cross-entropy")
    case(k, "regression of sequences", lambda: net(lambda m, x: m.out(torch.tanh(m.fc(x))), fc=nn.Linear(4, 6),
         out=nn.Linear(6, 2)), normal(5, 4), numbers(5, 2), loss="mean-squared-error")
    case(k, "Huber of pictures", lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 1, 1)),
         normal(1, 4, 4), lambda _: 2 * torch.randn(N, 1, 4, 4), loss="huber")


def convolutions():
    k = "convolution"
    case(k, "Conv1d", lambda: convs1(nn.Conv1d(2, 4, 3), nn.Tanh(), out=24), normal(2, 8))
    case(k, "Conv1d dilated", lambda: convs1(nn.Conv1d(2, 4, 3, dilation=2, padding=2), nn.ReLU(), out=32),
         normal(2, 8))
    case(k, "Conv1d causal", lambda: convs1(nn.ConstantPad1d((2, 0), 0.0), nn.Conv1d(2, 4, 3), nn.Tanh(), out=32),
         normal(2, 8))
    case(k, "Conv2d", lambda: convs1(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Conv2d(3, 4, 3), nn.ReLU(), out=16),
         normal(1, 6, 6))
    case(k, "Conv2d strided", lambda: convs1(nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.Tanh(), out=36),
         normal(2, 6, 6))
    case(k, "Conv2d dilated", lambda: convs1(nn.Conv2d(2, 4, 3, dilation=2, padding=2), nn.Tanh(), nn.AvgPool2d(2),
         out=36), normal(2, 6, 6))
    case(k, "Conv2d grouped", lambda: convs1(nn.Conv2d(4, 4, 3, groups=2), nn.Tanh(), out=16), normal(4, 4, 4))
    case(k, "Conv2d depthwise", lambda: convs1(nn.Conv2d(3, 6, 3, groups=3, padding=1, bias=False), nn.Conv2d(6, 4, 1),
         nn.SiLU(), out=64), normal(3, 4, 4))
    case(k, "Conv2d no bias", lambda: convs1(nn.Conv2d(1, 4, 3, bias=False), nn.Tanh(), out=64), normal(1, 6, 6))
    case(k, "Conv2d uneven padding", lambda: convs1(nn.Conv2d(1, 4, (3, 2), padding=(1, 0), stride=(1, 2)), nn.Tanh(),
         out=48), normal(1, 4, 6))
    case(k, "Conv2d reflected", lambda: convs1(nn.Conv2d(1, 3, 3, padding=1, padding_mode="reflect"), nn.Tanh(),
         out=48), normal(1, 4, 4))
    case(k, "Conv3d", lambda: convs1(nn.Conv3d(1, 3, 2), nn.Tanh(), out=24), normal(1, 3, 3, 3))
    case(k, "ConvTranspose1d", lambda: convs1(nn.ConvTranspose1d(2, 3, 3, stride=2), nn.Tanh(), out=27), normal(2, 4))
    case(k, "ConvTranspose2d", lambda: convs1(nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1),
         nn.Tanh(), out=108), normal(2, 3, 3))
    case(k, "ConvTranspose2d grouped", lambda: convs1(nn.ConvTranspose2d(4, 4, 2, groups=2), nn.Tanh(), out=64),
         normal(4, 3, 3))
    case(k, "ConvTranspose3d", lambda: convs1(nn.ConvTranspose3d(1, 2, 2), nn.Tanh(), out=54), normal(1, 2, 2, 2))
    case(k, "global mean head", lambda: net(lambda m, x: m.out(torch.tanh(m.conv(x)).mean((2, 3))),
         conv=nn.Conv2d(2, 5, 3), out=nn.Linear(5, 3)), normal(2, 5, 5))
    case(k, "fully convolutional", lambda: nn.Sequential(nn.Conv2d(2, 5, 3), nn.ReLU(), nn.Conv2d(5, 3, 1),
         nn.AdaptiveAvgPool2d(1), nn.Flatten()), normal(2, 5, 5))
    k = "pooling"
    for name, pool, out in (("MaxPool2d", nn.MaxPool2d(2), 16), ("AvgPool2d", nn.AvgPool2d(2), 16),
                            ("MaxPool2d overlapping", nn.MaxPool2d(3, 1, padding=1), 64),
                            ("AvgPool2d padded", nn.AvgPool2d(3, 2, padding=1), 16),
                            ("AvgPool2d without padding in its mean", nn.AvgPool2d(3, 2, padding=1,
                            count_include_pad=False), 16),
                            ("AdaptiveAvgPool2d 1", nn.AdaptiveAvgPool2d(1), 4),
                            ("AdaptiveAvgPool2d 2", nn.AdaptiveAvgPool2d(2), 16),
                            ("AdaptiveMaxPool2d 1", nn.AdaptiveMaxPool2d(1), 4), ("LPPool2d", nn.LPPool2d(2, 2), 16)):
        case(k, name, lambda pool=pool, out=out: convs1(nn.Conv2d(1, 4, 3), nn.Softplus(), pool, out=out),
             normal(1, 6, 6))
    case(k, "MaxPool1d", lambda: convs1(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.MaxPool1d(2), out=12), normal(2, 8))
    case(k, "AvgPool3d", lambda: convs1(nn.Conv3d(1, 3, 2), nn.Tanh(), nn.AvgPool3d(2), out=3), normal(1, 3, 3, 3))
    case(k, "upsample nearest", lambda: nn.Sequential(nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.Tanh(),
         nn.Upsample(scale_factor=2), nn.Conv2d(3, 3, 1)), normal(1, 4, 4), classes(3, 4, 4))
    case(k, "upsample bilinear", lambda: nn.Sequential(nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.Tanh(),
         nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(3, 3, 1)), normal(1, 4, 4), classes(3, 4, 4))
    case(k, "PixelShuffle", lambda: nn.Sequential(nn.Conv2d(1, 12, 2, stride=2), nn.PixelShuffle(2), nn.Tanh(),
         nn.Conv2d(3, 3, 1)), normal(1, 4, 4), classes(3, 4, 4))


def normalisations():
    k = "normalisation"
    for suffix, steps in (("", 3), (" fresh", 0)):
        case(k, "BatchNorm1d" + suffix, lambda: nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Tanh(),
             nn.Linear(6, 3)), normal(5), steps=steps)
        case(k, "BatchNorm2d" + suffix, lambda: convs1(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(),
             nn.Conv2d(4, 4, 2, bias=False), nn.BatchNorm2d(4), nn.ReLU(), out=36), normal(1, 6, 6), steps=steps,
             opset=16)
        case(k, "LayerNorm" + suffix, lambda: nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6), nn.Tanh(),
             nn.Linear(6, 6), nn.LayerNorm(6), nn.Tanh(), nn.Linear(6, 3)), normal(5), steps=steps)
        case(k, "GroupNorm" + suffix, lambda: convs1(nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.Tanh(), out=16),
             normal(1, 4, 4), steps=steps)
        case(k, "InstanceNorm2d" + suffix, lambda: convs1(nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4, affine=True),
             nn.Tanh(), out=16), normal(1, 4, 4), steps=steps)
        case(k, "RMS by hand" + suffix, lambda: net(lambda m, x: m.out(m.norm(torch.tanh(m.fc(x)))), fc=nn.Linear(5, 6),
             norm=Net(rms, gain=nn.Parameter(torch.ones(6))), out=nn.Linear(6, 3)), normal(5), steps=steps)
    case(k, "BatchNorm before the first layer", lambda: nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 6), nn.Tanh(),
         nn.Linear(6, 3)), normal(5))
    case(k, "BatchNorm1d of sequences", lambda: convs1(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.ReLU(), out=24),
         normal(2, 8))
    case(k, "BatchNorm3d", lambda: convs1(nn.Conv3d(1, 3, 2), nn.BatchNorm3d(3), nn.ReLU(), nn.MaxPool3d(2), out=3),
         normal(1, 3, 3, 3))
    case(k, "BatchNorm not affine", lambda: nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6, affine=False), nn.Tanh(),
         nn.Linear(6, 3)), normal(5))
    case(k, "LayerNorm, opset 17", lambda: nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6), nn.Tanh(), nn.Linear(6, 3)),
         normal(5), opset=17)
    case(k, "LayerNorm not affine", lambda: nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6, elementwise_affine=False),
         nn.Tanh(), nn.Linear(6, 3)), normal(5))
    case(k, "LayerNorm of pictures", lambda: convs1(nn.Conv2d(1, 2, 3), nn.LayerNorm([2, 3, 3]), nn.Tanh(), out=18),
         normal(1, 5, 5))
    case(k, "InstanceNorm1d not affine", lambda: convs1(nn.Conv1d(2, 4, 3), nn.InstanceNorm1d(4), nn.Tanh(), out=24),
         normal(2, 8))
    case(k, "LocalResponseNorm", lambda: convs1(nn.Conv2d(1, 4, 3), nn.LocalResponseNorm(3), nn.Tanh(), out=16),
         normal(1, 4, 4), tolerance=ROUNDED)
    case(k, "unit length", lambda: net(lambda m, x: m.out(F.normalize(m.fc(x), dim=1)), fc=nn.Linear(5, 6),
         out=nn.Linear(6, 3)), normal(5))
    k = "parametrisation"
    case(k, "weight norm", lambda: nn.Sequential(nn.utils.weight_norm(nn.Linear(5, 6)), nn.Tanh(), nn.Linear(6, 3)),
         normal(5))
    case(k, "weight norm of a convolution", lambda: convs1(nn.utils.weight_norm(nn.Conv2d(1, 4, 3)), nn.Tanh(), out=16),
         normal(1, 4, 4))
    case(k, "spectral norm", lambda: nn.Sequential(nn.utils.spectral_norm(nn.Linear(5, 6)), nn.Tanh(), nn.Linear(6, 3)),
         normal(5))
    case(k, "spectral norm of a convolution", lambda: convs1(nn.utils.spectral_norm(nn.Conv2d(1, 4, 3)), nn.Tanh(),
         out=16), normal(1, 4, 4))
    case(k, "spectral norm, parametrised", lambda: nn.Sequential(spectral(nn.Linear(5, 6)), nn.Tanh(), nn.Linear(6, 3)),
         normal(5))
    case(k, "standardised weights", lambda: net(lambda m,
         x: m.out(torch.tanh(F.linear(x, (m.w - m.w.mean(1, keepdim=True)) / (m.w.std(1, unbiased=False,
         keepdim=True) + 1e-3)))), w=param(6, 5), out=nn.Linear(6, 3)), normal(5))
    case(k, "low rank", lambda: net(lambda m, x: m.out(torch.tanh(F.linear(x, m.a @ m.b))), a=param(6, 2),
         b=param(2, 5), out=nn.Linear(6, 3)), normal(5))
    case(k, "LoRA", lambda: net(lambda m, x: m.out(torch.tanh(m.fc(x) + F.linear(F.linear(x, m.a), m.b) * 2)),
         fc=nn.Linear(5, 6), a=param(2, 5), b=param(6, 2, scale=0.1), out=nn.Linear(6, 3)), normal(5))
    case(k, "symmetric weight", lambda: net(lambda m, x: m.out(torch.tanh(x @ (m.w + m.w.t()))), w=param(5, 5),
         out=nn.Linear(5, 3)), normal(5))


def wirings():
    k = "wiring"
    case(k, "residual", lambda: net(lambda m, x: m.out(x + m.b(torch.tanh(m.a(x)))), a=nn.Linear(5, 6),
         b=nn.Linear(6, 5), out=nn.Linear(5, 3)), normal(5), opset=11)
    case(k, "residual of convolutions", residual, normal(1, 4, 4))
    case(k, "residual of convolutions fresh", lambda: residual(zero=True), normal(1, 4, 4), steps=0)
    case(k, "squeeze and excite",
         lambda: net(lambda m, x: m.out(flat((lambda h: h * torch.sigmoid(m.up(torch.relu(m.down(h.mean((2, 3),
         keepdim=True))))))(torch.tanh(m.conv(x))))), conv=nn.Conv2d(1, 4, 3), down=nn.Conv2d(4, 2, 1),
         up=nn.Conv2d(2, 4, 1), out=nn.Linear(16, 3)), normal(1, 4, 4))
    case(k, "gated", lambda: net(lambda m, x: m.out(torch.tanh(m.value(x)) * torch.sigmoid(m.gate(x))),
         value=nn.Linear(5, 6), gate=nn.Linear(5, 6), out=nn.Linear(6, 3)), normal(5))
    case(k, "GLU", lambda: nn.Sequential(nn.Linear(5, 12), nn.GLU(), nn.Linear(6, 3)), normal(5))
    case(k, "SwiGLU", lambda: net(lambda m, x: m.down(F.silu(m.gate(x)) * m.up(x)), gate=nn.Linear(5, 6, bias=False),
         up=nn.Linear(5, 6, bias=False), down=nn.Linear(6, 3, bias=False)), normal(5))
    case(k, "bilinear by einsum", lambda: net(lambda m, x: m.out(torch.tanh(torch.einsum("ni,kij,nj->nk", x, m.w, x))),
         w=param(4, 5, 5, scale=0.2), out=nn.Linear(4, 3)), normal(5))
    case(k, "two inputs", lambda: net(lambda m, a, b: m.out(torch.tanh(torch.cat([m.a(a), m.b(b)], 1))),
         a=nn.Linear(5, 4), b=nn.Linear(3, 3), out=nn.Linear(7, 3)), lambda: (torch.randn(N, 5), torch.randn(N, 3)))
    case(k, "dense connections", lambda: net(lambda m, x: m.out((lambda h: torch.cat([h, torch.tanh(m.b(h))],
         1))(torch.cat([x, torch.tanh(m.a(x))], 1))), a=nn.Linear(5, 3), b=nn.Linear(8, 3), out=nn.Linear(11, 3)),
         normal(5))
    case(k, "U-net", lambda: net(lambda m, x: (lambda d: m.out(torch.cat([d,
         torch.relu(m.up(torch.relu(m.down(F.max_pool2d(d, 2)))))], 1)))(torch.relu(m.enter(x))),
         enter=nn.Conv2d(1, 3, 3, padding=1), down=nn.Conv2d(3, 4, 3, padding=1),
         up=nn.ConvTranspose2d(4, 3, 2, stride=2), out=nn.Conv2d(6, 3, 1)), normal(1, 4, 4), classes(3, 4, 4))
    case(k, "tied autoencoder", lambda: net(lambda m, x: F.linear(torch.tanh(m.enc(x)), m.enc.weight.t(), m.b),
         enc=nn.Linear(6, 3), b=param(6)), normal(6), lambda x: x[0], loss="mean-squared-error")
    case(k, "module used twice",
         lambda: net(lambda m, x: m.out(torch.tanh(m.mid(torch.tanh(m.mid(torch.tanh(m.enter(x))))))),
         enter=nn.Linear(5, 4), mid=nn.Linear(4, 4), out=nn.Linear(4, 3)), normal(5))
    case(k, "siamese", lambda: net(lambda m, a, b: m.out((torch.tanh(m.body(a)) - torch.tanh(m.body(b))).abs()),
         body=nn.Linear(5, 4), out=nn.Linear(4, 3)), lambda: (torch.randn(N, 5), torch.randn(N, 5)))
    case(k, "convolution used twice", lambda: net(lambda m, x: m.out(flat(torch.tanh(m.mid(torch.tanh(m.mid(x)))))),
         mid=nn.Conv2d(2, 2, 3, padding=1), out=nn.Linear(32, 3)), normal(2, 4, 4))
    case(k, "learned temperature", lambda: net(lambda m, x: m.body(x) * m.logit_scale.exp(), body=mlp(5, 6, 3),
         logit_scale=param()), normal(5))
    case(k, "learned scale", lambda: net(lambda m, x: m.out(x + m.scale * torch.tanh(m.fc(x))), fc=nn.Linear(5, 5),
         scale=param(5), out=nn.Linear(5, 3)), normal(5))
    case(k, "layer scale fresh", lambda: net(lambda m, x: m.out(x + m.gamma * torch.tanh(m.fc(x))), fc=nn.Linear(5, 5),
         gamma=nn.Parameter(torch.full((5,), 0.125)), out=nn.Linear(5, 3)), normal(5), steps=0)
    case(k, "ReZero", lambda: net(lambda m, x: m.out(x + m.alpha * torch.tanh(m.fc(x))), fc=nn.Linear(5, 5),
         alpha=nn.Parameter(torch.zeros(1)), out=nn.Linear(5, 3)), normal(5), steps=0)
    case(k, "highway",
         lambda: net(lambda m, x: m.out((lambda t: t * torch.relu(m.fc(x)) + (1 - t) * x)(torch.sigmoid(m.gate(x)))),
         fc=nn.Linear(5, 5), gate=nn.Linear(5, 5), out=nn.Linear(5, 3)), normal(5))
    case(k, "mixture of experts", lambda: net(lambda m, x: (torch.stack([e(x) for e in m.experts],
         1) * m.gate(x).softmax(1)[:, :, None]).sum(1), experts=nn.ModuleList([mlp(5, 4, 3) for _ in range(3)]),
         gate=nn.Linear(5, 3)), normal(5))
    case(k, "mixer", lambda: net(lambda m, x: m.out((lambda h: h + m.c(h))(x + m.t(x.transpose(1, 2)).transpose(1,
         2)).mean(1)), t=mlp(4, 5, 4, act=nn.GELU), c=mlp(6, 5, 6, act=nn.GELU), out=nn.Linear(6, 3)), normal(4, 6),
         tolerance=ROUNDED)
    case(k, "distances to prototypes", lambda: net(lambda m, x: -(m.fc(x)[:, None, :] - m.centres[None]).pow(2).sum(-1),
         fc=nn.Linear(5, 4), centres=param(3, 4)), normal(5))
    case(k, "cosine head", lambda: net(lambda m, x: 4 * F.linear(F.normalize(m.fc(x), dim=1), F.normalize(m.w, dim=1)),
         fc=nn.Linear(5, 4), w=param(3, 4)), normal(5))
    case(k, "maxout", lambda: net(lambda m, x: m.out(m.fc(x).reshape(-1, 4, 2).max(2)[0]), fc=nn.Linear(5, 8),
         out=nn.Linear(4, 3)), normal(5))


def operations():
    """Functions inside a network: two layers with one between them, or a parameter that is no weight."""
    k = "operation"

    def between(name, function, hidden=6, width=6, **options):
        case(k, name, lambda: net(lambda m, x: m.out(function(m.fc(x))), fc=nn.Linear(5, hidden),
             out=nn.Linear(width, 3)), normal(5), **options)

    between("softmax inside", lambda h: h.softmax(1))
    between("log-softmax inside", lambda h: F.log_softmax(h, 1))
    between("logsumexp", lambda h: torch.logsumexp(h.reshape(-1, 2, 3), 1), width=3)
    between("cumsum", lambda h: torch.tanh(h).cumsum(1))
    between("product", lambda h: torch.sigmoid(h).reshape(-1, 3, 2).prod(2), width=3)
    between("largest and smallest", lambda h: torch.cat([h.max(1, keepdim=True)[0], h.min(1, keepdim=True)[0]], 1), width=2)
    between("sorted", lambda h: torch.tanh(h).topk(6, 1)[0])
    between("clamp", lambda h: h.clamp(-0.5, 0.75))
    between("minimum and maximum", lambda h: torch.maximum(h, -h * 0.5) + torch.minimum(h, h * h))
    between("where", lambda h: torch.where(h > 0, h * h, torch.sin(h)))
    between("norm", lambda h: torch.cat([h, h.norm(dim=1, keepdim=True)], 1), width=7)
    between("deviation", lambda h: (h - h.mean(1, keepdim=True)) / (h.std(1, keepdim=True) + 0.5))
    between("variance", lambda h: torch.cat([h, h.var(1, keepdim=True)], 1), width=7)
    between("powers", lambda h: (h.abs() + 1) ** 1.5 + h**3 * 0.25)
    between("quotient", lambda h: h / (1 + h * h))
    between("roots and logarithms", lambda h: torch.sqrt(h * h + 1) + torch.log(2 + h * h) - torch.rsqrt(3 + h * h))
    between("outer product", lambda h: flat(torch.tanh(h)[:, :, None] @ torch.tanh(h)[:, None, :]), hidden=3, width=9)
    between("slices and flips", lambda h: torch.cat([h[:, ::2], h.flip(1)[:, 1:4], h.roll(2, 1)], 1).sin(), width=12)
    between("chunks", lambda h: (lambda a, b, c: a * b + torch.sigmoid(c))(*h.chunk(3, 1)), width=2)
    between("gather", lambda h: torch.tanh(h)[:, torch.tensor([0, 2, 2, 5])], width=4)
    between("hyperbolic", lambda h: (h.exp() - (-h).exp()) * 0.25 + torch.tanh(h) ** 2)
    between("cosine", torch.cos)
    case(k, "bounded arcs", lambda: mlp(5, 6, 3, act=lambda h: torch.asin(torch.tanh(h) * 0.75)), normal(5))
    case(k, "scale of the inputs", lambda: net(lambda m, x: m.body(x * m.scale + m.shift), body=mlp(5, 6, 3),
         scale=param(5), shift=param(5)), normal(5), options=["--trained", "scale", "--trained", "shift"])
    case(k, "learned slope", lambda: net(lambda m, x: m.out((lambda h: h * torch.sigmoid(m.beta * h))(m.fc(x))),
         fc=nn.Linear(5, 6), beta=nn.Parameter(torch.tensor(1.25)), out=nn.Linear(6, 3)), normal(5))
    case(k, "radial basis", lambda: net(lambda m, x: m.out(torch.exp(-((x[:,
         None] - m.centres) ** 2).sum(2) * torch.exp(m.log_width))), centres=param(4, 5),
         log_width=param(4, scale=0.25), out=nn.Linear(4, 3)), normal(5))
    case(k, "generalised mean", lambda: net(lambda m, x: m.out(F.softplus(m.conv(x)).pow(m.p).mean((2,
         3)).pow(1 / m.p)), conv=nn.Conv2d(1, 4, 3), p=nn.Parameter(torch.tensor([2.5])), out=nn.Linear(4, 3)),
         normal(1, 5, 5))
    case(k, "thresholded response norm", lambda: net(lambda m, x: m.out(m.norm(m.conv(x)).mean((2, 3))),
         conv=nn.Conv2d(1, 4, 3), norm=response_norm(), out=nn.Linear(4, 3)), normal(1, 5, 5))
    case(k, "mask token", lambda: net(lambda m, x, k: m.out(torch.tanh(m.mix(torch.where(k[:, :, None] > 0, m.token,
         m.fc(x)))).mean(1)), fc=nn.Linear(4, 5), token=param(1, 1, 5), mix=nn.Linear(5, 5), out=nn.Linear(5, 3)),
         lambda: (torch.randn(N, 4, 4), torch.randint(0, 2, (N, 4)).float()))
    case(k, "learned powers", lambda: net(lambda m, x: m.out(F.softplus(m.fc(x)) ** m.e), fc=nn.Linear(5, 6),
         e=nn.Parameter(torch.rand(6) + 1), out=nn.Linear(6, 3)), normal(5))
    case(k, "learned base", lambda: net(lambda m, x: m.out(m.e ** m.fc(x)), fc=nn.Linear(5, 6),
         e=nn.Parameter(torch.rand(6) + 1), out=nn.Linear(6, 3)), normal(5))
    case(k, "learned limit", lambda: net(lambda m, x: m.out(torch.minimum(torch.relu(m.fc(x)), m.alpha)),
         fc=nn.Linear(5, 6), alpha=nn.Parameter(torch.tensor(0.75)), out=nn.Linear(6, 3)), normal(5))
    case(k, "learned first state", lambda: net(lambda m,
         x: m.out(m.rnn(x, m.h0.expand(-1, x.shape[0], -1).contiguous())[0][:, -1]), rnn=nn.GRU(3, 4, batch_first=True),
         h0=param(1, 1, 4), out=nn.Linear(4, 3)), normal(3, 3))
    case(k, "low-rank interactions", lambda: net(lambda m,
         x: m.fc(x) + 0.5 * ((x @ m.v) ** 2 - x**2 @ m.v**2).sum(1, keepdim=True), fc=nn.Linear(6, 1),
         v=param(6, 3, scale=0.25)), normal(6), numbers(1), loss="mean-squared-error")
    case(k, "cross network", lambda: net(lambda m, x: m.out((lambda h: x * m.c2(h) + h)(x * m.c1(x) + x)),
         c1=nn.Linear(5, 1), c2=nn.Linear(5, 1), out=nn.Linear(5, 3)), normal(5))
    case(k, "graph convolution", lambda: net(lambda m, x,
         a: m.out(torch.relu(a @ m.w2(torch.relu(a @ m.w1(x)))).mean(1)), w1=nn.Linear(3, 4),
         w2=nn.Linear(4, 4, bias=False), out=nn.Linear(4, 3)),
         lambda: (torch.randn(N, 5, 3), torch.rand(N, 5, 5).softmax(2)))
    case(k, "deep sets", lambda: net(lambda m, x: m.rho(m.phi(x).sum(1)), phi=mlp(3, 5, 4), rho=mlp(4, 4, 3)),
         normal(4, 3))
    case(k, "linear attention", lambda: net(lambda m, x: (lambda q, k,
         v: m.out(((q @ (k.transpose(1, 2) @ v)) / (q @ k.sum(1)[:, :, None])).mean(1)))(F.elu(m.q(x)) + 1,
         F.elu(m.k(x)) + 1, m.v(x)), q=nn.Linear(6, 4), k=nn.Linear(6, 4), v=nn.Linear(6, 4), out=nn.Linear(4, 3)),
         normal(4, 6))
    case(k, "patches by unfold", lambda: net(lambda m, x: m.out(torch.tanh(m.fc(x.reshape(-1, 2, 2, 2, 2).permute(0, 1,
         3, 2, 4) .reshape(-1, 4, 4))).mean(1)), fc=nn.Linear(4, 6), out=nn.Linear(6, 3)), normal(1, 4, 4))
    case(k, "channel shuffle", lambda: net(lambda m, x: m.out(flat(torch.relu(m.b(m.a(x).reshape(-1, 2, 2, 4,
         4).transpose(1, 2) .reshape(-1, 4, 4, 4))))), a=nn.Conv2d(4, 4, 1, groups=2), b=nn.Conv2d(4, 4, 3, groups=2),
         out=nn.Linear(16, 3)), normal(4, 4, 4))
    case(k, "two heads added", lambda: net(lambda m, x: (lambda h: m.v(h) + m.a(h) - m.a(h).mean(1,
         keepdim=True))(torch.relu(m.fc(x))), fc=nn.Linear(5, 6), v=nn.Linear(6, 1), a=nn.Linear(6, 3)), normal(5),
         numbers(3), loss="mean-squared-error")
    case(k, "variational code", lambda: net(lambda m, x: m.dec(torch.tanh(m.mu(x)) * torch.exp(0.5 * m.lv(x))),
         mu=nn.Linear(6, 3), lv=nn.Linear(6, 3), dec=nn.Linear(3, 6)), normal(6), lambda x: x[0],
         loss="mean-squared-error")
    case(k, "neural ODE by Euler", lambda: net(lambda m, x: m.out(euler(m.f, x)), f=mlp(4, 5, 4), out=nn.Linear(4, 3)),
         normal(4))
    case(k, "periodic features", lambda: net(lambda m, x: m.out((lambda h: torch.cat([h.sin(), h.cos()],
         1))(6.25 * m.fc(x))), fc=nn.Linear(5, 4), out=nn.Linear(8, 3)), normal(5))


def euler(f, x):
    for _ in range(3):
        x = x + 0.25 * f(x)
    return x


def sequences():
    k = "embedding"
    case(k, "embedding, mean", lambda: net(lambda m, i: m.out(m.emb(i).mean(1)), emb=nn.Embedding(7, 5),
         out=nn.Linear(5, 3)), tokens(4))
    case(k, "embedding, flattened", lambda: nn.Sequential(nn.Embedding(7, 4), nn.Flatten(), nn.Linear(16, 5), nn.Tanh(),
         nn.Linear(5, 3)), tokens(4))
    case(k, "EmbeddingBag", lambda: net(lambda m, i: m.out(m.emb(i)), emb=nn.EmbeddingBag(7, 5, mode="sum"),
         out=nn.Linear(5, 3)), tokens(4))
    case(k, "positions", lambda: net(lambda m, i: m.out(torch.tanh(m.tok(i) + m.pos(torch.arange(4))).mean(1)),
         tok=nn.Embedding(7, 5), pos=nn.Embedding(4, 5), out=nn.Linear(5, 3)), tokens(4))
    case(k, "positions as a parameter", lambda: net(lambda m, i: m.out(torch.tanh(m.tok(i) + m.pos).mean(1)),
         tok=nn.Embedding(7, 5), pos=param(1, 4, 5), out=nn.Linear(5, 3)), tokens(4))
    case(k, "matrix factorisation", lambda: net(lambda m, u,
         i: (m.u(u) * m.i(i)).sum(1) + m.bu(u)[:, 0] + m.bi(i)[:, 0], u=nn.Embedding(5, 3), i=nn.Embedding(6, 3),
         bu=nn.Embedding(5, 1), bi=nn.Embedding(6, 1)), lambda: (torch.randint(0, 5, (N,)), torch.randint(0, 6, (N,))),
         numbers(), loss="mean-squared-error")
    case(k, "embedding and convolution", lambda: net(lambda m,
         i: m.out(torch.relu(m.conv(m.emb(i).transpose(1, 2))).max(2)[0]), emb=nn.Embedding(7, 4),
         conv=nn.Conv1d(4, 5, 3), out=nn.Linear(5, 3)), tokens(6))
    case(k, "tied language model", lambda: net(lambda m, i: F.linear(torch.tanh(m.fc(m.emb(i))), m.emb.weight),
         emb=nn.Embedding(7, 5), fc=nn.Linear(5, 5)), tokens(4), classes(7, 4), truth=of_tokens)
    k = "attention"
    case(k, "encoder, norm last", lambda: encoder(False), normal(4, 8))
    case(k, "encoder, norm first", lambda: encoder(True), normal(4, 8))
    case(k, "encoder, GELU", lambda: encoder(True, "gelu"), normal(4, 8), tolerance=ROUNDED)
    case(k, "encoder fresh", lambda: encoder(False), normal(4, 8), steps=0)
    case(k, "encoder of two layers fresh", lambda: encoder(False, layers=2, dim=4), normal(3, 4), steps=0,
         tolerance=ROUNDED)
    case(k, "encoder, opset 17", lambda: encoder(False), normal(4, 8), opset=17)
    case(k, "MultiheadAttention", lambda: attention(), normal(4, 8))
    case(k, "MultiheadAttention no bias", lambda: attention(bias=False), normal(4, 8), opset=16)
    case(k, "cross attention", lambda: net(lambda m, a, b: m.out(m.attn(a, b, b, need_weights=False)[0].mean(1)),
         attn=nn.MultiheadAttention(8, 2, kdim=3, vdim=3, batch_first=True), out=nn.Linear(8, 3)),
         lambda: (torch.randn(N, 3, 8), torch.randn(N, 4, 3)))
    case(k, "TransformerDecoderLayer", lambda: net(lambda m, a, b: m.head(m.block(a, b).mean(1)),
         block=nn.TransformerDecoderLayer(8, 2, 6, batch_first=True), head=nn.Linear(8, 3)),
         lambda: (torch.randn(N, 3, 8), torch.randn(N, 4, 8)))
    case(k, "decoder, causal", decoder, tokens(5), classes(7, 5), truth=of_tokens)
    case(k, "rotary positions", lambda: net(rotary, q=nn.Linear(6, 4), k=nn.Linear(6, 4), v=nn.Linear(6, 4),
         out=nn.Linear(4, 3)), normal(5, 6), tolerance=ROUNDED)
    case(k, "attention pooling", lambda: net(lambda m, x: m.out((m.score(torch.tanh(m.fc(x))).softmax(1) * x).sum(1)),
         fc=nn.Linear(6, 5), score=nn.Linear(5, 1), out=nn.Linear(6, 3)), normal(4, 6))
    case(k, "class token", lambda: net(lambda m, x: m.out(m.attn(*3 * [torch.cat([m.cls.expand(x.shape[0], -1, -1),
         m.patch(x)], 1) + m.pos], need_weights=False)[0][:, 0]), patch=nn.Linear(4, 8), cls=param(1, 1, 8),
         pos=param(1, 5, 8), attn=nn.MultiheadAttention(8, 2, batch_first=True), out=nn.Linear(8, 3)), normal(4, 4))
    k = "recurrent"
    for kind in (nn.RNN, nn.LSTM, nn.GRU):
        name = kind.__name__
        case(k, name, lambda kind=kind: recurrent(kind), normal(4, 3))
        case(k, f"{name} bidirectional", lambda kind=kind: recurrent(kind, bidirectional=True), normal(4, 3))
        case(k, f"{name} 2 layers", lambda kind=kind: recurrent(kind, num_layers=2), normal(4, 3))
        case(k, f"{name} no bias", lambda kind=kind: recurrent(kind, bias=False), normal(4, 3))
        case(k, f"{name} last state", lambda kind=kind: last_state(kind), normal(4, 3))
    case(k, "RNN ReLU", lambda: recurrent(nn.RNN, nonlinearity="relu"), normal(4, 3))
    case(k, "GRU 2 layers, bidirectional", lambda: recurrent(nn.GRU, num_layers=2, bidirectional=True, hidden=3),
         normal(3, 3))
    case(k, "LSTM tagger", lambda: net(lambda m, i: m.out(m.rnn(m.emb(i))[0]), emb=nn.Embedding(7, 3),
         rnn=nn.LSTM(3, 4, batch_first=True), out=nn.Linear(4, 3)), tokens(4), classes(3, 4), truth=of_tokens)
    case(k, "LSTMCell by hand", lambda: net(unrolled, cell=nn.LSTMCell(3, 4), out=nn.Linear(4, 3)), normal(3, 3))


def unrolled(m, x):
    state = (x.new_zeros(x.shape[0], 4), x.new_zeros(x.shape[0], 4))
    for t in range(3):
        state = m.cell(x[:, t], state)
    return m.out(state[0])


# --- the truth ---------------------------------------------------------------------------------------------------------


def train(model, inputs, labels, loss, steps):
    model.train()
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(model(*inputs), labels).backward()
        optimiser.step()


@contextmanager
def right_second_derivatives():
    """
    PyTorch 1.13 has no second derivative of hardsigmoid, and a wrong one of weight norm, whose norms it takes for constants
    (its Hessian is asymmetric by half): both are written out here. The file has PyTorch's own.
    """
    norms = sys.modules["torch.nn.utils.weight_norm"]
    theirs = F.hardsigmoid, norms._weight_norm
    F.hardsigmoid = lambda x, inplace=False: F.relu6(x + 3) / 6
    norms._weight_norm = lambda v, g, dim: g * v / v.transpose(0, dim).flatten(1).norm(dim=1).reshape(g.shape)
    try:
        yield
    finally:
        F.hardsigmoid, norms._weight_norm = theirs


def truth_of(model, inputs, labels, loss, decay):
    """Loss, gradient and Hessian in float64, and the trace of every parameter's own block."""
    model.double()
    inputs = [x.double() if x.is_floating_point() else x for x in inputs]
    labels = labels.double() if labels.is_floating_point() else labels
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    parameters = [p for _, p in named]

    def flat_gradient(of, **options):
        found = torch.autograd.grad(of, parameters, allow_unused=True, **options)
        return torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1) for g, p in zip(found, parameters)])

    value = loss(model(*inputs), labels) + decay / 2 * sum((p**2).sum() for p in parameters)
    gradient = flat_gradient(value, create_graph=True)
    hessian = torch.stack([flat_gradient(g, retain_graph=True) for g in gradient]).numpy()
    eigenvalues = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    ends = np.cumsum([p.numel() for p in parameters])
    diagonal = np.split(np.diag(hessian), ends[:-1])
    return {
        "parameters": int(ends[-1]),
        "loss": value.item(),
        "gradient": gradient.norm().item(),
        "T": float(np.trace(hessian)),
        "F2": float((hessian**2).sum()),
        "max": float(eigenvalues[-1]),
        "min": float(eigenvalues[0]),
        "asymmetry": float(np.abs(hessian - hessian.T).max() / np.abs(hessian).max()),
        "traces": [(name, p.numel(), float(d.sum())) for (name, p), d in zip(named, diagonal)],
    }


# --- the file and what the program says of it ----------------------------------------------------------------------------


def write(case_, model, inputs, labels, stem):
    names = ["x"] if len(inputs) == 1 else [f"x{i}" for i in range(len(inputs))]
    model.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, tuple(inputs), f"{stem}.onnx", input_names=names, output_names=["z"],
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                          opset_version=case_.opset,
                          dynamic_axes={name: {0: "N"} for name in [*names, "z"]})
    np.savez(f"{stem}.npz", y=labels.numpy(), **case_.extra, **{name: x.numpy() for name, x in zip(names, inputs)})


def analyse(cli, case_, stem, method):
    command = ["node", cli, "analyze", f"{stem}.onnx", "--samples", f"{stem}.npz", "--labels", "y", "--loss", case_.loss,
               "--method", method, "--json", "--threads", "1", *case_.options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        return None, f"exit {done.returncode}: " + " ".join(done.stderr.split())
    return json.loads(done.stdout), None


def relative(found, true, size=None):
    size = abs(true) if size is None else size
    return 0.0 if found == true else abs(found - true) / size if size > 0 else math.inf


def middle(interval):
    return (interval["lower"] + interval["upper"]) / 2


def match_layers(report, truth):
    """
    Pairs of traces and how many layers of the report they are of. A layer of the report is a module's parameters, or a
    single one, by its name; what is left is split as it fits best with the right numbers of parameters, or summed where nothing
    has them.
    """
    groups, pairs, left = {}, [], []
    for name, size, trace in truth["traces"]:
        stem = name.rpartition(".")[0]
        groups.setdefault(stem, []).append((name, size, trace))
    for layer in report["layers"]:
        name, size, trace = layer["name"], layer["parameters"], layer["trace"]["value"]
        members = groups.get(name, [])
        single = [m for g in groups.values() for m in g if m[0] == name]
        if members and sum(m[1] for m in members) == size:
            pairs.append((trace, sum(m[2] for m in members)))
            del groups[name]
        elif single and single[0][1] == size:
            pairs.append((trace, single[0][2]))
            next(g for g in groups.values() if single[0] in g).remove(single[0])
        else:
            left.append((size, trace))
    rest = [m for m in truth["traces"] if any(m in g for g in groups.values())]
    split = best_split(left, rest)
    if split is not None:
        return pairs + split, len(report["layers"])
    return [*pairs, (sum(t for _, t in left), sum(m[2] for m in rest))], len(pairs)


def best_split(layers, tensors):
    """The pairs of traces, of all ways to give every layer tensors with its number of parameters, that fit best."""
    if not layers:
        return None if tensors else []
    (size, trace), *others = layers
    found = []
    for count in range(1, min(len(tensors), 6) + 1):
        for taken in itertools.combinations(tensors, count):
            if sum(t[1] for t in taken) == size:
                split = best_split(others, [t for t in tensors if t not in taken])
                if split is not None:
                    found.append([(trace, sum(t[2] for t in taken)), *split])
    return min(found, key=lambda pairs: max(abs(a - b) for a, b in pairs), default=None)


MAYBE_CLOSED = ("perceptron", "loss and head")
COLUMNS = ("loss", "‖∇L‖", "T", "F²", "λ_max", "λ_min", "layers")


def compare(report, truth):
    norm = math.sqrt(truth["F2"])
    size = max(abs(truth["T"]), norm)
    spectral_norm = max(abs(truth["max"]), abs(truth["min"]))
    pairs, matched = match_layers(report, truth)
    sharpness = report.get("sharpness")
    lowest, highest = (sharpness or {}).get("lambdaMin"), (sharpness or {}).get("lambdaMax")
    errors = {
        "loss": relative(report["samples"]["meanLoss"], truth["loss"]),
        "‖∇L‖": relative(report["gradientNorm"], truth["gradient"]),
        "T": relative(report["trace"]["value"], truth["T"], size),
        "F²": relative(report["frobeniusSquared"]["value"], truth["F2"]),
        "λ_max": relative(middle(highest), truth["max"]) if highest else math.inf,
        "λ_min": relative(middle(lowest), truth["min"], spectral_norm) if lowest else math.inf,
        "layers": max(relative(a, b, size) for a, b in pairs),
    }
    return errors, f"{matched} of {len(report['layers'])}"


def compare_closed(report, truth):
    """The closed form; its intervals need only hold the truth."""
    errors, _ = compare(report, truth)
    for key, name in (("λ_max", "lambdaMax"), ("λ_min", "lambdaMin")):
        interval, true = report["sharpness"][name], truth["max" if name == "lambdaMax" else "min"]
        outside = max(interval["lower"] - true, true - interval["upper"], 0)
        errors[key] = outside / max(abs(truth["max"]), abs(truth["min"]))
    return max(errors.values())


@dataclass
class Row:
    case: Case
    parameters: int = 0
    errors: dict = field(default_factory=dict)
    layers: str = ""
    closed: "float | None" = None
    refused: "str | None" = None
    wrong: list = field(default_factory=list)  # sentences

    @property
    def worst(self):
        return max([*self.errors.values(), self.closed or 0.0], default=math.nan)


def judge(case_, cli, folder):
    torch.manual_seed(zlib.crc32(case_.name.encode()))
    model = case_.build()
    inputs = case_.inputs()
    inputs = [inputs] if torch.is_tensor(inputs) else list(inputs)
    labels = case_.labels(inputs)
    loss = case_.truth or LOSSES[case_.loss]
    train(model, inputs, labels, loss, case_.steps)
    stem = str(Path(folder) / re.sub(r"\W+", "-", case_.name))
    write(case_, model, inputs, labels, stem)
    row = Row(case_, sum(p.numel() for p in model.parameters() if p.requires_grad))
    report, refusal = analyse(cli, case_, stem, "exact")
    if report is None:
        row.refused = refusal
        return row
    with right_second_derivatives():
        truth = truth_of(model, inputs, labels, loss, case_.decay)
    if truth["asymmetry"] > 1e-9:
        row.wrong.append(f"PyTorch's own Hessian is asymmetric by {truth['asymmetry']:.0e}")
    row.errors, row.layers = compare(report, truth)
    if report["model"]["parameters"] != row.parameters:
        row.wrong.append(f"{report['model']['parameters']} parameters, PyTorch has {row.parameters}")
    if case_.kind in MAYBE_CLOSED:
        closed, refusal = analyse(cli, case_, stem, "auto")
        if closed is None:
            row.wrong.append(f"the automatic method: {refusal}")
        elif closed["method"] == "closed-form":
            row.closed = compare_closed(closed, truth)
            if closed["model"]["parameters"] != row.parameters:
                row.wrong.append(f"closed form: {closed['model']['parameters']} parameters, PyTorch has {row.parameters}")
    row.wrong += [f"{key}: {error:.1e}" for key, error in row.errors.items() if not error <= case_.tolerance]
    if row.closed is not None and not row.closed <= case_.tolerance:
        row.wrong.append(f"closed form: {row.closed:.1e}")
    if row.wrong:
        print(json.dumps({key: truth[key] for key in truth}), file=sys.stderr)
        print(json.dumps({"T": report["trace"]["value"], "F2": report["frobeniusSquared"]["value"],
                          "loss": report["samples"]["meanLoss"], "gradient": report["gradientNorm"],
                          "sharpness": report["sharpness"], "warnings": report["warnings"],
                          "layers": [(x["name"], x["parameters"], x["trace"]["value"]) for x in report["layers"]]}),
                          file=sys.stderr)
    return row


# --- the page ------------------------------------------------------------------------------------------------------------


def table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


def short(error):
    return "0" if error == 0 else f"{error:.0e}".replace("e-0", "e-")


def summary(rows):
    compared = [row for row in rows if row.refused is None]
    agree = [row for row in compared if not row.wrong]
    closed = [row for row in agree if row.closed is not None]
    worst = {mark: max((r.worst for r in agree if r.case.tolerance == mark), default=0.0) for mark in (EXACT, ROUNDED)}
    return (f"{len(rows)} models: {len(agree)} agree, {len(compared) - len(agree)} disagree, {len(rows) - len(compared)} are "
            f"refused. Of those that agree the worst error is {short(worst[EXACT])}, and {short(worst[ROUNDED])} where the file "
            f"rounds a constant; {len(closed)} of them are perceptrons whose closed form agrees, too.")


def page(rows):
    head = ["Model", "Kind", "Opset", "P", *COLUMNS, "Layers matched", "Closed form", "Worst", ""]
    body = [[r.case.name, r.case.kind, str(r.case.opset), str(r.parameters), *[short(r.errors[c]) for c in COLUMNS], r.layers,
             "" if r.closed is None else short(r.closed), short(r.worst) + ("*" if r.case.tolerance == ROUNDED else ""),
             "disagrees" if r.wrong else "agrees"] for r in rows if r.errors]
    text = f"""# Against PyTorch

Whether the numbers are those that PyTorch finds. The page is made by [truth.py](truth.py), from the root of a built clone:

    python3 docs/truth.py --cli dist/cli.js --out docs/truth.md

Every model is exported without folding (`model.eval()`, `training=TrainingMode.PRESERVE, do_constant_folding=False`), most after three steps of SGD, those called fresh as they were made. The truth is the loss, its gradient and its whole Hessian by PyTorch {torch.__version__.partition('a')[0]}'s autograd in float64, column by column, on {N} samples and with the weights of the file; beside it stands `--method exact`. Of hardsigmoid PyTorch has no second derivative, and of weight norm a wrong one: the truth has them written out. Errors are relative: those of traces to max(|T|, ‖H‖_F), that of λ_min to the largest |λ|, all others to the number itself. The closed form's column has the largest of its errors; its intervals must hold PyTorch's eigenvalues. Rows agree where the number of parameters is PyTorch's and no error exceeds {short(EXACT)}, or {short(ROUNDED)} where the file writes a constant of the function in float32 (\\*).

{summary(rows)}

{table(head, body)}
"""
    wrong = [(r.case.name, "; ".join(r.wrong)) for r in rows if r.wrong]
    if wrong:
        text += "\n## Disagreements\n\n" + "\n".join(f"- **{name}:** {what}" for name, what in wrong) + "\n"
    refused = [(r.case.name, r.parameters, r.refused) for r in rows if r.refused is not None]
    if refused:
        text += "\n## Refused\n\n" + "\n".join(f"- **{name}** ({size} parameters): {what}" for name, size, what in refused) + "\n"
    return text


def judged(index, cli, folder):
    """The row of a case, which stands in the table whatever happens."""
    try:
        return judge(CASES[index], cli, folder)
    except Exception as error:
        return Row(CASES[index], wrong=[f"not compared: {type(error).__name__}: {str(error).splitlines()[0][:200]}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default="dist/cli.js")
    parser.add_argument("--out")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for fill in (perceptrons, heads_and_losses, convolutions, normalisations, wirings, operations, sequences):
        fill()
    names = [c.name for c in CASES]
    assert len(set(names)) == len(names), "a name is used twice"
    rows = []
    with tempfile.TemporaryDirectory() as made, multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        folder = options.keep or made
        Path(folder).mkdir(parents=True, exist_ok=True)
        chosen = [i for i, c in enumerate(CASES) if re.search(options.only, c.name)]
        for row in pool.imap(functools.partial(judged, cli=options.cli, folder=folder), chosen):
            rows.append(row)
            print(f"{row.case.name}: P {row.parameters}, " + (row.refused or "; ".join(row.wrong)
                  or f"agrees, {row.worst:.1e}, layers {row.layers}" + ("" if row.closed is None else ", closed form too")),
                  flush=True)
    print(summary(rows))
    if options.out:
        Path(options.out).write_text(page(rows), encoding="utf-8")
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
