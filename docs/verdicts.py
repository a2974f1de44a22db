#!/usr/bin/env python3
"""Holds the verdict's cuts against what happens to trained models.

Small networks are trained in every way that makes them robust or fragile, and written as ONNX without folding. Beside what the
command line says of each stands what the verdict should tell beforehand: the loss and accuracy after rounding every weight
tensor to 4 and to 3 bits, and after one more epoch of plain SGD, both done here in PyTorch.

    python3 docs/verdicts.py --cli dist/cli.js --out docs/verdicts.md

Needs PyTorch 1.13, onnx and numpy. --only REGEX takes the models whose names match, --jobs N runs N at a time. --file
NAME=MODEL,SAMPLES[,OPTION...] adds a model that was trained elsewhere, any number of times; its loss after rounding is then the
command line's, and it is not trained further.
"""
import argparse
import copy
import functools
import json
import math
import multiprocessing
import re
import subprocess
import sys
import tempfile
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

BITS = (4, 3)
ROOT = Path(__file__).parent.parent


@dataclass
class Case:
    """A network and how it was trained. The functions do not travel between processes: a case goes as its name."""

    name: str
    build: Callable[[], nn.Module]
    data: Callable[[], tuple]
    loss: str = "cross-entropy"
    optimiser: str = "Adam"
    rate: float = 2e-3
    decay: float = 0.0
    epochs: int = 60
    batch: int = 32
    after: "Callable[[nn.Module], nn.Module] | None" = None


CASES: list = []


def case(name, build, data, **options):
    CASES.append(Case(name, build, data, **options))


# --- data: inputs and labels ---------------------------------------------------------------------------------------------


def digits(count=1000, noise=0.0, scale=1.0, picture=False, first=0):
    def draw():
        with np.load(ROOT / "examples" / "digits.npz") as file:
            x, y = torch.tensor(file["x"])[first:first + count] * scale, torch.tensor(file["y"])[first:first + count]
        wrong = torch.rand(len(y)) < noise
        y = torch.where(wrong, torch.randint(0, 10, y.shape), y)
        return (x.reshape(-1, 1, 8, 8) if picture else x), y

    return draw


def autoencoder():
    x, _ = digits()()
    return x, x


def ink():
    x, _ = digits()()
    return x, x.sum(1, keepdim=True) / 10


def halves():
    """Which of four quarters of the picture holds more ink than the mean: four labels at once."""
    x, _ = digits()()
    parts = F.avg_pool2d(x.reshape(-1, 1, 8, 8), 4).flatten(1)
    return x, (parts > parts.mean(0)).float()


def spirals(noise=0.05):
    def draw():
        t, side = torch.rand(500).sqrt() * 9, torch.randint(0, 2, (500,))
        angle = t + math.pi * side
        x = torch.stack([t * angle.cos(), t * angle.sin()], 1) / 9
        return x + noise * torch.randn(500, 2), side.float()[:, None]

    return draw


def blobs():
    y = torch.randint(0, 4, (400,))
    return 3 * torch.randn(4, 6)[y] + torch.randn(400, 6), y


def curve(count=300, noise=0.05):
    def draw():
        x = torch.rand(count, 1) * 4 - 2
        return x, torch.sin(3 * x) + noise * torch.randn(count, 1)

    return draw


def linear():
    x = torch.randn(300, 8)
    return x, x @ torch.randn(8, 1) + 0.3 * torch.randn(300, 1)


def sequences():
    """Which of three tokens is the commonest of nine."""
    x = torch.randint(0, 3, (600, 9))
    return x, F.one_hot(x, 3).sum(1).argmax(1)


# --- networks --------------------------------------------------------------------------------------------------------------


def mlp(*widths, act=nn.ReLU):
    parts = []
    for a, b in zip(widths, widths[1:]):
        parts += [nn.Linear(a, b), act()]
    return nn.Sequential(*parts[:-1])


def mlp_norm(*widths):
    parts = []
    for a, b in zip(widths, widths[1:-1]):
        parts += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(*widths[-2:]))


def conv_block(a, b, norm, groups=1):
    return [nn.Conv2d(a, b, 3, padding=1, groups=groups), *([nn.BatchNorm2d(b)] if norm else []), nn.ReLU()]


def cnn(norm=False, width=8):
    return nn.Sequential(*conv_block(1, width, norm), nn.MaxPool2d(2), *conv_block(width, 2 * width, norm), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(8 * width, 10))


def depthwise():
    return nn.Sequential(*conv_block(1, 12, True), *conv_block(12, 12, True, 12), nn.Conv2d(12, 16, 1), nn.BatchNorm2d(16),
                         nn.ReLU(), nn.AvgPool2d(4), nn.Flatten(), nn.Linear(64, 10))


class Residual(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Sequential(*conv_block(1, width, True))
        self.blocks = nn.ModuleList(nn.Sequential(*conv_block(width, width, True), nn.Conv2d(width, width, 3, padding=1),
                                                  nn.BatchNorm2d(width)) for _ in range(2))
        self.head = nn.Linear(4 * width, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = torch.relu(x + block(x))
        return self.head(F.avg_pool2d(x, 4).flatten(1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.rnn, self.out = nn.Embedding(3, 6), nn.GRU(6, 12, batch_first=True), nn.Linear(12, 3)

    def forward(self, x):
        return self.out(self.rnn(self.embedding(x))[0][:, -1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(3, 12), nn.Parameter(0.1 * torch.randn(9, 12))
        self.block = nn.TransformerEncoderLayer(12, 2, 24, dropout=0.0, batch_first=True, norm_first=True)
        self.out = nn.Linear(12, 3)

    def forward(self, x):
        return self.out(self.block(self.embedding(x) + self.positions).mean(1))


def rescale(factor):
    """The same function: each unit of the first layer that much larger, from 1/factor to factor, and smaller in the second."""

    def change(model):
        first, second = model[0], model[2]
        scale = torch.logspace(-math.log10(factor), math.log10(factor), first.out_features)
        with torch.no_grad():
            first.weight *= scale[:, None]
            first.bias *= scale
            second.weight /= scale
        return model

    return change


def larger(factor):
    """The same function: the first layer that much larger, the second smaller."""

    def change(model):
        with torch.no_grad():
            model[0].weight *= factor
            model[0].bias *= factor
            model[2].weight /= factor
        return model

    return change


def opposed(model):
    """The same function: each unit twice, its output weights split into two large ones of opposite signs."""
    first, second = model[0], model[2]
    wide = mlp(first.in_features, 2 * first.out_features, second.out_features)
    with torch.no_grad():
        wide[0].weight.copy_(torch.cat([first.weight, first.weight]))
        wide[0].bias.copy_(torch.cat([first.bias, first.bias]))
        wide[2].weight.copy_(torch.cat([second.weight / 2 + 4, second.weight / 2 - 4], 1))
        wide[2].bias.copy_(second.bias)
    return wide


def cases():
    tanh = lambda *widths: mlp(*widths, act=nn.Tanh)
    small = lambda: mlp(64, 24, 10)
    sgd = {"optimiser": "SGD", "rate": 0.1}
    case("tanh, SGD", lambda: tanh(64, 24, 10), digits(), **sgd)
    case("ReLU, SGD", small, digits(), **sgd)
    case("ReLU, SGD, 3 epochs", small, digits(), **{**sgd, "epochs": 3})
    case("ReLU, SGD at a small rate, 20 epochs", small, digits(), optimiser="SGD", rate=0.01, epochs=20)
    case("ReLU, SGD at a large rate", small, digits(), optimiser="SGD", rate=0.6)
    case("ReLU, SGD in batches of 4", small, digits(), optimiser="SGD", rate=0.05, batch=4)
    case("ReLU, SGD, weight decay 0.01", small, digits(), decay=0.01, **sgd)
    case("ReLU, Adam", small, digits())
    case("ReLU, Adam, 4 epochs", small, digits(), epochs=4)
    case("ReLU, Adam, weight decay 0.001", small, digits(), decay=1e-3)
    case("ReLU, Adam, 200 samples, 400 epochs", small, digits(200), epochs=400)
    case("ReLU, Adam, 30 samples", small, digits(30))
    case("ReLU, Adam, 20 % wrong labels, 15 epochs", small, digits(noise=0.2), epochs=15)
    case("wide, Adam, 20 % wrong labels, fitted", lambda: mlp(64, 96, 10), digits(600, noise=0.2), epochs=200)
    case("narrow, Adam", lambda: mlp(64, 5, 10), digits(), epochs=150)
    case("wide, Adam", lambda: mlp(64, 128, 10), digits(), epochs=30)
    case("six layers, Adam", lambda: mlp(64, 24, 24, 24, 24, 24, 10), digits())
    case("six tanh layers, SGD", lambda: tanh(64, 24, 24, 24, 24, 24, 10), digits(), **sgd)
    case("sigmoid, Adam", lambda: mlp(64, 24, 10, act=nn.Sigmoid), digits())
    case("GELU, Adam", lambda: mlp(64, 24, 10, act=nn.GELU), digits())
    case("batch norm, SGD", lambda: mlp_norm(64, 24, 24, 10), digits(), **sgd)
    case("softmax regression", lambda: mlp(64, 10), digits(), **sgd)
    case("inputs from 0 to 16, Adam", small, digits(scale=16))
    case("inputs from 0 to 255, Adam", small, digits(scale=255))
    case("one layer 10 times larger, the next smaller", small, digits(), after=larger(10))
    case("units from 0.02 to 50 times their size", small, digits(), after=rescale(50))
    case("large weights that cancel", small, digits(), after=opposed)
    case("CNN, Adam", cnn, digits(500, picture=True), epochs=30)
    case("CNN, SGD, 2 epochs", cnn, digits(500, picture=True), optimiser="SGD", rate=0.05, epochs=2)
    case("CNN, Adam, 20 % wrong labels, fitted", cnn, digits(300, noise=0.2, picture=True), epochs=200)
    case("CNN with batch norm, SGD", lambda: cnn(True), digits(500, picture=True), epochs=30, **sgd)
    case("CNN with batch norm, Adam, weight decay 0.01", lambda: cnn(True), digits(500, picture=True), epochs=30, decay=0.01)
    case("depthwise CNN with batch norm, Adam", depthwise, digits(400, picture=True), epochs=40)
    case("residual CNN with batch norm, Adam", Residual, digits(400, picture=True), epochs=40)
    case("GRU on tokens", Recurrent, sequences, rate=5e-3)
    case("transformer on tokens", Encoder, sequences, rate=3e-3)
    case("two spirals", lambda: tanh(2, 24, 24, 1), spirals(), loss="binary-cross-entropy", rate=5e-3, epochs=400)
    case("two spirals, 100 epochs", lambda: tanh(2, 24, 24, 1), spirals(), loss="binary-cross-entropy", rate=5e-3,
         epochs=100)
    case("blobs", lambda: mlp(6, 12, 4), blobs)
    case("four labels at once", lambda: mlp(64, 24, 4), halves, loss="binary-cross-entropy")
    squares = {"loss": "mean-squared-error"}
    case("curve", lambda: tanh(1, 32, 32, 1), curve(), epochs=200, **squares)
    case("curve, 20 epochs", lambda: tanh(1, 32, 32, 1), curve(), epochs=20, **squares)
    case("curve of 15 points, overfitted", lambda: tanh(1, 32, 32, 1), curve(15, 0.4), epochs=4000, **squares)
    case("linear regression", lambda: mlp(8, 1), linear, **squares)
    case("sum of the pixels, Huber", lambda: mlp(64, 24, 1), ink, loss="huber")
    case("autoencoder", lambda: mlp(64, 24, 8, 24, 64), autoencoder, epochs=100, **squares)
    case("ReLU, untrained", small, digits(), epochs=0)


# --- training and what fragile models do -----------------------------------------------------------------------------------


LOSSES = {
    "cross-entropy": F.cross_entropy,
    "binary-cross-entropy": F.binary_cross_entropy_with_logits,
    "mean-squared-error": F.mse_loss,
    "huber": F.huber_loss,
}


def train(model, x, y, loss, optimiser, epochs, batch):
    model.train()
    for _ in range(epochs):
        for at in torch.randperm(len(x)).split(batch):
            optimiser.zero_grad()
            loss(model(x[at]), y[at]).backward()
            optimiser.step()
    model.eval()


def fitted(case_):
    torch.manual_seed(zlib.crc32(case_.name.encode()))
    x, y = case_.data()
    model = case_.build()
    optimisers = {"SGD": torch.optim.SGD, "Adam": torch.optim.AdamW}
    optimiser = optimisers[case_.optimiser](model.parameters(), case_.rate, weight_decay=case_.decay)
    train(model, x, y, LOSSES[case_.loss], optimiser, case_.epochs, case_.batch)
    if case_.after is not None:
        model = case_.after(model)
    return model, x, y


def state_of(model, x, y, loss):
    """Mean loss and accuracy; no accuracy of numbers, or of several labels at once."""
    with torch.no_grad():
        z = model(x)
        value = LOSSES[loss](z, y).item()
    if loss == "cross-entropy":
        return value, (z.argmax(1) == y).double().mean().item()
    if loss == "binary-cross-entropy" and y.shape[1] == 1:
        return value, ((z > 0) == (y > 0.5)).double().mean().item()
    return value, None


def rounded(values, bits):
    """To the nearest of the 2^bits − 1 symmetric steps."""
    most = 2 ** (bits - 1) - 1
    step = np.abs(values).max() / most
    return values if step == 0 else (np.rint(values / step) * step).astype(values.dtype)


def rounded_model(model, bits):
    changed = copy.deepcopy(model)
    with torch.no_grad():
        for p in changed.parameters():
            if p.ndim > 1:
                p.copy_(torch.from_numpy(rounded(p.numpy(), bits)))
    return changed


def trained_further(model, x, y, loss):
    further = copy.deepcopy(model)
    train(further, x, y, LOSSES[loss], torch.optim.SGD(further.parameters(), 0.02), 1, 32)
    return further


def stepped(model, x, y, loss, rate):
    """One step of plain gradient descent on all samples, as the model is when it is used."""
    further = copy.deepcopy(model)
    LOSSES[loss](further(x), y).backward()
    with torch.no_grad():
        for p in further.parameters():
            p -= rate * p.grad
    return further


# --- the file and what the program says of it ------------------------------------------------------------------------------


def write(model, x, y, stem):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, x[:2], f"{stem}.onnx", input_names=["x"], output_names=["z"], opset_version=13,
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                          dynamic_axes={"x": {0: "N"}, "z": {0: "N"}})
    np.savez(f"{stem}.npz", x=x.numpy(), y=y.numpy())


def analyse(cli, model, samples, *options):
    command = ["node", cli, "analyze", model, "--samples", samples, "--json", "--threads", "1", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(" ".join(done.stderr.split()))
    return json.loads(done.stdout)


def rounded_file(path, bits, stem):
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1:
            tensor.CopyFrom(numpy_helper.from_array(rounded(numpy_helper.to_array(tensor), bits), tensor.name))
    onnx.save(model, f"{stem}-{bits}.onnx")
    return f"{stem}-{bits}.onnx"


def numbers_of(report, others):
    """What the page shows; others: loss and accuracy after each change."""
    response, lambda_max = report["response"], (report.get("sharpness") or {}).get("lambdaMax")
    loss, accuracy = report["samples"]["meanLoss"], report["samples"]["accuracy"]
    found = {"parameters": report["model"]["parameters"], "loss": loss, "accuracy": accuracy,
             "kind": (report["verdict"] or {}).get("kind"), "text": (report["verdict"] or {}).get("text")}
    if response is None or response["guessLoss"] is None:
        return found
    taken = response["guessLoss"] - loss
    share = lambda after: math.inf if after is None or not math.isfinite(after) else (after - loss) / taken
    found["m"] = report["gradientNorm"] ** 2 / (2 * lambda_max["upper"] * loss)
    found["error"] = lambda_max.get("samplingError") and lambda_max["samplingError"] / lambda_max["lower"]
    if taken > 0:
        found["s"] = share(response["worst"]["loss"])
        found["after"] = {name: [share(value), exact] for name, (value, exact) in others.items()}
    found["worst"], found["random"] = response["worst"]["accuracy"], response["random"]["accuracy"]
    return found


def judge(name, cli, folder):
    case_ = next(c for c in CASES if c.name == name)
    stem = str(Path(folder) / re.sub(r"\W+", "-", name))
    model, x, y = fitted(case_)
    write(model, x, y, stem)
    report = analyse(cli, f"{stem}.onnx", f"{stem}.npz", "--loss", case_.loss)
    before, _ = state_of(model, x, y, case_.loss)
    if not math.isclose(before, report["samples"]["meanLoss"], rel_tol=1e-3, abs_tol=1e-6):
        raise RuntimeError(f"the loss is {before}, not {report['samples']['meanLoss']}")
    others = {str(bits): state_of(rounded_model(model, bits), x, y, case_.loss) for bits in BITS}
    others["epoch"] = state_of(trained_further(model, x, y, case_.loss), x, y, case_.loss)
    after, _ = state_of(stepped(model, x, y, case_.loss, 1 / report["sharpness"]["lambdaMax"]["upper"]), x, y, case_.loss)
    saved = 1 - after / before
    return {**numbers_of(report, others), "saved": saved}


def judge_file(text, cli, folder):
    name, _, rest = text.partition("=")
    model, samples, *options = rest.split(",")
    report = analyse(cli, model, samples, *options)
    others = {}
    for bits in BITS:
        after = analyse(cli, rounded_file(model, bits, str(Path(folder) / Path(model).stem)), samples, *options)
        others[str(bits)] = after["samples"]["meanLoss"], after["samples"]["accuracy"]
    return numbers_of(report, others)


def judged(job, cli, folder):
    """The row of a model, which stands in the table whatever happens."""
    kind, text = job
    name = text.partition("=")[0]
    torch.set_num_threads(1)
    try:
        return {"name": name, **(judge if kind == "own" else judge_file)(text, cli, folder)}
    except Exception as error:
        return {"name": name, "refused": f"{type(error).__name__}: {str(error)[:300]}"}


# --- the page ----------------------------------------------------------------------------------------------------------------


def table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


def number(value):
    if value is None:
        return ""
    if not math.isfinite(value):
        return "no number"
    if abs(value) < 9.5e-4:
        return f"{value:.0e}".replace("e-0", "e-") if abs(value) >= 5e-5 else "0"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def percent(value):
    return "" if value is None else f"{100 * value:.1f} %"


def ranks(values):
    return np.argsort(np.argsort(values))


def agreement(rows, name):
    """Spearman's correlation of s with what a change costs."""
    known = [(r["s"], r["after"][name][0]) for r in rows]
    return np.corrcoef(*[ranks(values) for values in zip(*known)])[0, 1]


def summary(rows):
    head = ["Verdict", "Models", "s", "Costs of 4 bits: median", "most", "of 3 bits: median", "least", "most"]
    body = []
    for kind in ("tolerant", "ordinary", "delicate"):
        of = [r for r in rows if r["kind"] == kind]
        four, three = [[r["after"][str(bits)][0] for r in of] for bits in BITS]
        s = [r["s"] for r in of]
        body.append([kind, str(len(of)), f"{number(min(s))} to {number(max(s))}", number(np.median(four)), number(max(four)),
                     number(np.median(three)), number(min(three)), number(max(three))])
    return table(head, body)


def page(rows):
    trained = sorted([r for r in rows if "s" in r and r["kind"] != "void"], key=lambda r: r["s"])
    void = [r for r in rows if r.get("kind") == "void"]
    head = ["Model", "P", "Loss", "Accuracy", "s", "m", "Error", "Worst move", "4 bits", "", "3 bits", "", "One epoch", "One step",
            "Verdict"]
    body = []
    for r in trained:
        costs = [cell for bits in BITS for cell in (number(r["after"][str(bits)][0]), percent(r["after"][str(bits)][1]))]
        epoch = r["after"].get("epoch", [None])[0]
        body.append([r["name"], str(r["parameters"]), number(r["loss"]), percent(r["accuracy"]), number(r["s"]), number(r["m"]),
                     number(r["error"]), percent(r["worst"]), *costs, number(epoch), number(r.get("saved")), r["kind"]])
    return f"""# The verdict beside what happened

What the verdict's cuts ([numbers.md](numbers.md#the-verdict)) were chosen by. The page is made by [verdicts.py](verdicts.py), from the root of a built clone; those with a name in brackets, and the example, were trained elsewhere and added by `--file`:

    python3 docs/verdicts.py --cli dist/cli.js --out docs/verdicts.md

- **s:** the loss that the worst move of 1 % of the weights adds, over what training took off it (the loss of guessing less the loss). **m:** ‖∇L‖²/(2 λ_max L). **Error:** λ_max's standard error over samples, over λ_max. **Worst move:** the accuracy after it.
- **4 bits, 3 bits:** the loss that is added where every weight tensor (no biases, no norms) is rounded to the nearest of 15 or 7 symmetric steps, over what training took off, as s is; and the accuracy then. **One epoch:** the same after one more epoch of plain SGD, rate 0.02, batches of 32; negative: the loss fell. **One step:** the share of the loss that one step of plain gradient descent at the rate 1/λ_max saved, beside m.

{len(trained)} models. Spearman's correlation of s with the cost of 4 bits is {agreement(trained, "4"):.2f}, with that of 3 bits {agreement(trained, "3"):.2f}.

{summary(trained)}

## All of them, by s

{table(head, body)}

Void: {", ".join(r["name"] for r in void)}.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default="dist/cli.js")
    parser.add_argument("--out")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    parser.add_argument("--file", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    cases()
    jobs = [("own", c.name) for c in CASES] + [("file", text) for text in options.file]
    jobs = [job for job in jobs if re.search(options.only, job[1].partition("=")[0])]
    rows = []
    with tempfile.TemporaryDirectory() as made, multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        folder = options.keep or made
        Path(folder).mkdir(parents=True, exist_ok=True)
        for row in pool.imap(functools.partial(judged, cli=options.cli, folder=folder), jobs):
            rows.append(row)
            print(json.dumps(row), flush=True)
    if options.out:
        Path(options.out).write_text(page(rows), encoding="utf-8")
    return 1 if any("refused" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
