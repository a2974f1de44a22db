"""python3 make_rows.py  writes NAME.onnx, NAME.npz and rows.json: loss, gradient norm, trace, squared Frobenius norm and extreme
eigenvalues of the full Hessian, by PyTorch in float64 (double backward, its own losses), for small networks that make
several predictions of each sample. Made with PyTorch 1.13."""
import json, math, os
import numpy as np, torch
from torch import nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(11)

class Tagger(nn.Module):
    """A class for every token, after causal attention."""
    def __init__(s, d=6, words=9, classes=4, t=5):
        super().__init__()
        s.emb = nn.Embedding(words, d)
        s.q, s.k, s.v, s.head = (nn.Linear(d, n) for n in (d, d, d, classes))
        s.register_buffer('later', torch.triu(torch.ones(t, t), 1).bool())
        s.scale = float(np.float32(1 / math.sqrt(d)))
    def forward(s, ids):
        x = s.emb(ids)
        scores = s.q(x) @ s.k(x).transpose(1, 2) * s.scale
        a = torch.softmax(scores.masked_fill(s.later, -30.), -1)
        return s.head(x + torch.tanh(a @ s.v(x)))

class Turned(Tagger):
    """[N, C, T], as CrossEntropyLoss takes it."""
    def forward(s, ids):
        return super().forward(ids).transpose(1, 2)

class Probabilities(Tagger):
    def forward(s, ids):
        return torch.log_softmax(super().forward(ids), -1)

class Segmentation(nn.Module):
    def __init__(s, classes=3):
        super().__init__()
        s.a, s.b = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, classes, 1)
    def forward(s, x):
        return s.b(torch.tanh(s.a(x)))

class Regression(nn.Module):
    def __init__(s):
        super().__init__()
        s.a, s.b = nn.Linear(3, 5), nn.Linear(5, 2)
    def forward(s, x):
        return s.b(torch.tanh(s.a(x)))

ids = lambda: torch.randint(0, 9, (6, 5))
images = lambda: torch.randn(5, 2, 4, 3)
ignoring = lambda labels: torch.where(torch.rand(labels.shape) < 0.3, torch.full_like(labels, -100), labels)
classes = lambda c, *shape: torch.randint(0, c, shape)
last = lambda loss: lambda z, y: loss(z.flatten(0, 1), y.flatten())

# name: (model, inputs, labels, loss of PyTorch, what the analysis is told)
CLASS_WEIGHTS = [1.0, 2.0, 0.5, 1.5]
CASES = {
    'tagger': (Tagger(), ids(), classes(4, 6, 5), last(F.cross_entropy), {}),
    'ignored': (Tagger(), ids(), ignoring(classes(4, 6, 5)), last(F.cross_entropy), {}),
    'weighted': (Tagger(), ids(), ignoring(classes(4, 6, 5)),
                 last(lambda z, y: F.cross_entropy(z, y, weight=torch.tensor(CLASS_WEIGHTS, dtype=z.dtype), label_smoothing=0.1)),
                 {'classWeights': CLASS_WEIGHTS, 'labelSmoothing': 0.1}),
    'turned': (Turned(), ids(), classes(4, 6, 5), F.cross_entropy, {}),
    'probabilities': (Probabilities(), ids(), classes(4, 6, 5), last(lambda z, y: F.nll_loss(z, y)), {}),
    'segmentation': (Segmentation(), images(), ignoring(classes(3, 5, 4, 3)), F.cross_entropy, {}),
    'soft': (Segmentation(), images(), torch.softmax(torch.randn(5, 3, 4, 3), 1), F.cross_entropy, {'loss': 'cross-entropy'}),
    'mask': (Segmentation(1), images(), classes(2, 5, 4, 3),
             lambda z, y: F.binary_cross_entropy_with_logits(z[:, 0], y.to(z.dtype)), {}),
    'regression': (Regression(), torch.randn(6, 4, 3), torch.randn(6, 4, 2), F.mse_loss, {}),
}

def hessian(model, x, y, loss):
    parameters = list(model.parameters())
    value = loss(model(x), y)
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(value, parameters, create_graph=True)])
    rows = [torch.cat([g.flatten() for g in torch.autograd.grad(each, parameters, retain_graph=True)]) for each in gradient]
    return value, gradient, torch.stack(rows)

facts = {}
for name, (model, x, y, loss, told) in CASES.items():
    for p in model.parameters():
        p.data.mul_(1.5)
    torch.onnx.export(model, (x,), os.path.join(HERE, f'{name}.onnx'), input_names=['x'], output_names=['out'],
                      dynamic_axes={'x': {0: 'N'}, 'out': {0: 'N'}}, opset_version=13)
    np.savez(os.path.join(HERE, f'{name}.npz'), x=x.numpy(), y=y.numpy())
    model = model.double()
    x, y = (z.double() if z.is_floating_point() else z for z in (x, y))
    value, gradient, h = hessian(model, x, y, loss)
    assert (h - h.T).abs().max() < 1e-12
    eigenvalues = torch.linalg.eigvalsh(h)
    facts[name] = {'loss': value.item(), 'gradientNorm': gradient.norm().item(), 'trace': h.trace().item(),
                   'frobeniusSquared': (h ** 2).sum().item(), 'lambdaMin': eigenvalues[0].item(),
                   'lambdaMax': eigenvalues[-1].item(), 'predictions': int((y != -100).sum()) if not y.is_floating_point() else None,
                   'told': told}
with open(os.path.join(HERE, 'rows.json'), 'w') as f:
    json.dump(facts, f, indent=1)
