"""python3 make_products.py  writes NAME.onnx and NAME.npz: products of the Hessian and of the Gauss-Newton matrix with a
vector, by PyTorch in float64 (double backward), for small networks with random weights. Made with PyTorch 1.13.

Vectors are flat in the order of the forward pass and in the layout of the ONNX file, where the weight of a Linear on more
than two dimensions is transposed."""
import math, os
import numpy as np, torch
from torch import nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))

# As the file holds them: float32.
EPS, ROOT2 = float(np.float32(1e-5)), float(np.float32(math.sqrt(2)))

class Wide(nn.Linear):
    """A Linear whose input has three dimensions."""

def gelu(x):
    return x * (torch.erf(x / ROOT2) + 1) * 0.5

def norm(m):
    """Random scale and shift: the exporter makes one initialiser of equal ones."""
    nn.init.normal_(m.weight, 1, 0.2); nn.init.normal_(m.bias, 0, 0.2)
    return m

class Cnn(nn.Module):
    def __init__(s):
        super().__init__()
        s.conv1 = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        s.conv2 = nn.Conv2d(4, 6, (3, 2), groups=2, dilation=(1, 2))
        s.fc = nn.Linear(6, 5)
    def forward(s, x):
        x = F.avg_pool2d(torch.tanh(s.conv1(x)), 2, stride=1)
        return s.fc(F.silu(s.conv2(x)).mean((2, 3)))
    order = ['conv1.weight', 'conv1.bias', 'conv2.weight', 'conv2.bias', 'fc.weight', 'fc.bias']
    shape = (6, 2, 12, 13)

class Transformer(nn.Module):
    def __init__(s, d=8, h=2, t=5):
        super().__init__()
        s.h = h
        s.emb = Wide(3, d); s.pos = nn.Parameter(torch.randn(t, d) * 0.3)
        s.ln1 = norm(nn.LayerNorm(d, eps=EPS)); s.q = Wide(d, d); s.k = Wide(d, d); s.v = Wide(d, d); s.o = Wide(d, d)
        s.ln2 = norm(nn.LayerNorm(d, eps=EPS)); s.f1 = Wide(d, 12); s.f2 = Wide(12, d)
        s.ln = norm(nn.LayerNorm(d, eps=EPS)); s.head = nn.Linear(d, 5)
    def forward(s, x):
        x = s.emb(x) + s.pos
        n, t, d = x.shape
        y = s.ln1(x)
        split = lambda z: z.reshape(n, t, s.h, d // s.h).transpose(1, 2)
        a = torch.softmax(split(s.q(y)) @ split(s.k(y)).transpose(-1, -2) * (1 / math.sqrt(d // s.h)), -1)
        x = x + s.o((a @ split(s.v(y))).transpose(1, 2).reshape(n, t, d))
        x = x + s.f2(gelu(s.f1(s.ln2(x))))
        return s.head(s.ln(x).mean(1))
    order = [f'{m}.{p}' if m != 'pos' else 'pos' for m in 'emb pos ln1 q k v o ln2 f1 f2 ln head'.split()
             for p in (['weight', 'bias'] if m != 'pos' else [''])]
    shape = (6, 5, 3)

class ResNet(nn.Module):
    def __init__(s):
        super().__init__()
        s.conv1 = nn.Conv2d(1, 4, 3, padding=1, bias=False); s.bn1 = nn.BatchNorm2d(4, eps=EPS)
        s.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False); s.bn2 = nn.BatchNorm2d(4, eps=EPS)
        s.fc = nn.Linear(4, 5)
        for b in (s.bn1, s.bn2):
            b.running_mean.normal_(std=0.3); b.running_var.uniform_(0.5, 1.5); nn.init.normal_(b.weight, 1, 0.2); nn.init.normal_(b.bias, 0, 0.2)
    def forward(s, x):
        x = F.max_pool2d(F.relu(s.bn1(s.conv1(x))), 3, stride=2, padding=1)
        x = F.relu(s.bn2(s.conv2(x)) + x)
        return s.fc(x.mean((2, 3)))
    order = ['conv1.weight', 'bn1.weight', 'bn1.bias', 'conv2.weight', 'bn2.weight', 'bn2.bias', 'fc.weight', 'fc.bias']
    shape = (6, 1, 9, 10)

def main():
    for seed, (name, build) in enumerate(dict(cnn=Cnn, transformer=Transformer, resnet=ResNet).items()):
        torch.manual_seed(seed)
        m = build().eval()
        x = torch.randn(m.shape); y = torch.randint(0, 5, (m.shape[0],))
        torch.onnx.export(m, x, f'{HERE}/{name}.onnx', opset_version=13, input_names=['input'], output_names=['logits'],
                          dynamic_axes={'input': {0: 'N'}, 'logits': {0: 'N'}}, training=torch.onnx.TrainingMode.PRESERVE)
        m = m.double(); x = x.double()
        named = dict(m.named_parameters()); ps = [named[k] for k in m.order]
        assert len(ps) == len(named)
        wide = {f'{k}.weight' for k, c in m.named_modules() if isinstance(c, Wide)}
        flat = lambda ts: torch.cat([(t.T if k in wide else t).reshape(-1) for k, t in zip(m.order, ts)]).detach().numpy()
        v = [torch.randn_like(p) for p in ps]
        z = m(x); loss = F.cross_entropy(z, y)
        g = torch.autograd.grad(loss, ps, create_graph=True)
        h = torch.autograd.grad(sum((a * b).sum() for a, b in zip(g, v)), ps, retain_graph=True)
        u = torch.zeros_like(z, requires_grad=True)
        back = torch.autograd.grad(z, ps, u, create_graph=True)
        jv, = torch.autograd.grad(sum((a * b).sum() for a, b in zip(back, v)), u, retain_graph=True)
        p = z.softmax(1); mjv = (p * (jv - (p * jv).sum(1, keepdim=True)) / len(y)).detach()
        gn = torch.autograd.grad(z, ps, mjv)
        np.savez(f'{HERE}/{name}.npz', inputs=x.float().numpy(), labels=y.numpy(), loss=loss.detach().numpy().reshape(1), gradient=flat(g),
                 vector=flat(v), hessianProduct=flat(h), gaussNewtonProduct=flat(gn))
        print(name, sum(p.numel() for p in ps), float(loss))

main()
